"""One lease from its taking to its last report.

    taken → stage in → [staged] → start → [started] → wait → stage out → sign → [returned]
                 └────────────── whatever goes wrong ──────────────────→ [failed]

Words in brackets are reports; each is repeated until the server has it or refuses it. A refusal
for an old token ends everything: the job is killed, nothing more is said.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from suanwang.agent import archive_run, work_order
from suanwang.agent.backends.order import Ended, EndedBy, JobOrder, Running, Sample
from suanwang.agent.errors import (
    AgentStopped,
    Cancelled,
    DiskFull,
    LaunchFailed,
    LeaseFault,
    ServerRefused,
    TokenOld,
)
from suanwang.agent.lease import Lease
from suanwang.agent.logs import LogShipper
from suanwang.agent.meter import Meter
from suanwang.agent.outputs import Sender, collect
from suanwang.agent.reports import Reporter, Run, failed, returned
from suanwang.agent.site import Site
from suanwang.agent.staging import Stager
from suanwang.basics.errors import SuanwangError
from suanwang.basics.ids import UsageId
from suanwang.jobs.spec import JobKind, JobSpec

log = structlog.get_logger()
METER_SECONDS = 5.0
LOGS_CLOSE_SECONDS = 30.0


class LeaseRun:
    """Runs one lease. `cancel`, `stop`, `expire` and `drop` may be called at any moment."""

    def __init__(
        self, lease: Lease, site: Site, *, on_cards_free: Callable[[], None] = lambda: None
    ) -> None:
        self.lease = lease
        self.holds_cards = True
        self._on_cards_free = on_cards_free
        self._site = site
        self._folder = site.home.jobs / lease.lease_id
        self._running: Running | None = None
        self._reporter = Reporter(lease, site.api)
        self._fault: LeaseFault | None = None
        self._interrupted = False
        self._task: asyncio.Task[None] | None = None

    def sample(self) -> Sample:
        """Return what the job uses now."""
        return self._running.sample() if self._running else Sample()

    def cancel(self) -> None:
        """Stop the job on its buyer's wish; what it used is reported."""
        if self._running:
            self._running.stop(EndedBy.CANCEL)
        elif self.holds_cards:
            self._interrupt(Cancelled())

    def stop(self) -> None:
        """Stop the job because the agent stops; the grid moves it elsewhere."""
        self._interrupt(AgentStopped())

    def expire(self) -> None:
        """Kill the job, since the lease ran out by our own clock and it may run elsewhere now.

        A job that has ended already keeps its last report: the server may only have been away.
        """
        if self.holds_cards:
            self.drop()

    def drop(self) -> None:
        """Stop everything: the lease is over, nobody waits for our word."""
        if not self._interrupted:
            log.warning("lease over", lease_id=self.lease.lease_id, job_id=self.lease.job_id)
        self._interrupt(None)

    def _interrupt(self, fault: LeaseFault | None) -> None:
        # Once: a second cancel would break into the cleaning up after the first.
        if self._interrupted:
            return
        self._interrupted = True
        self._fault = fault
        if self._running:
            self._running.stop(EndedBy.LEASE_LOST)
        if self._task:
            self._task.cancel()

    async def run(self) -> None:
        """Take the lease to its end. Never raises for what a job or the server may do."""
        lease = self.lease
        self._site.journal.write(lease.lease_id, "taken", job_id=lease.job_id, token=lease.token)
        self._task = asyncio.create_task(self._guarded(), name=f"lease-{lease.lease_id}")
        await asyncio.wait([self._task])
        problem = None if self._task.cancelled() else self._task.exception()
        fault = self._named(problem) if problem else self._fault
        if fault is not None:
            log.info("lease failed", lease_id=lease.lease_id, reason=str(fault))
            await self._conclude("failed", failed(fault))
        self._site.journal.write(lease.lease_id, "over")
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    def _named(self, problem: BaseException) -> LeaseFault | None:
        if isinstance(problem, LeaseFault):
            return problem
        if isinstance(problem, TokenOld | ServerRefused):
            log.warning("lease dropped", lease_id=self.lease.lease_id, reason=str(problem))
            return None
        # Our own mistake: say it loudly here, and let another centre try.
        log.error("lease broken", lease_id=self.lease.lease_id, exc_info=problem)
        return LeaseFault()

    async def _guarded(self) -> None:
        try:
            await self._work()
        finally:
            self._free_cards()
            if self._running:
                self._running.stop(EndedBy.LEASE_LOST)
                await self._running.wait()

    async def _work(self) -> None:
        spec = work_order.spec_of(self.lease)
        environment = work_order.environment_of(spec, self._site)
        work, control = self._folder / "work", self._folder / "control"
        pool = self._site.pool(self.lease.pool)
        async with self._site.cards.taken(pool.name, self.lease.cards):
            await asyncio.to_thread(_fresh, work, control)
            bytes_in = await self._stager().stage_in(work, limit_bytes=spec.resources.disk)
            await self._reporter.send("staged", {"bytes_in": bytes_in})
            meter = await asyncio.to_thread(work_order.meter_of, self.lease, self._site)
            started_at = self._site.now()
            if spec.kind is JobKind.STORE:
                ended, outputs = await self._archive(spec, started_at)
                missing: tuple[str, ...] = ()
            else:
                order = work_order.order_of(
                    spec, self.lease, environment=environment, work=work, control=control
                )
                ended = await self._execute(order, meter)
        self._free_cards()
        if spec.kind is not JobKind.STORE:
            outputs, missing = await self._bring_home(spec, work)
        run = Run(
            lease=self.lease,
            centre_id=self._site.centre_id,
            started_at=started_at,
            ended=ended,
            energy=await asyncio.to_thread(meter.energy, ended, cards=self.lease.cards),
            bytes_in=bytes_in,
            outputs=tuple(outputs),
            missing=missing,
        )
        usage_id = self._site.make_id(UsageId)
        body = returned(run, usage_id=usage_id, key=self._site.signing_key)
        await self._conclude("returned", body)

    def _free_cards(self) -> None:
        # Before the last report: the server may answer it with the next lease at once.
        self.holds_cards = False
        self._on_cards_free()

    def _stager(self) -> Stager:
        return Stager(
            self.lease, centre=self._site.centre, api=self._site.api, cold=self._site.cold
        )

    async def _execute(self, order: JobOrder, meter: Meter) -> Ended:
        logs = LogShipper(self._reporter.send_log, secrets=self.lease.secrets.values())
        self._site.journal.write(self.lease.lease_id, "starting")
        running = self._running = await self._site.backend.start(order, logs.take)
        mark = running.mark
        self._site.journal.write(
            self.lease.lease_id, "spawned",
            pid=mark.pid, started=mark.started, groups=list(mark.groups),
        )  # fmt: skip
        # The job runs while the server hears of it; a refusal kills it.
        telling = asyncio.create_task(self._reporter.send("started", {}))
        telling.add_done_callback(self._heed)
        noting = asyncio.create_task(_note(meter))
        shipping = asyncio.create_task(logs.run())
        try:
            ended = await running.wait()
            self._running = None
            # From here on nothing runs: a lease that runs out now no longer drops the result.
            self._free_cards()
            await telling
            _say_why(logs, ended, order)
        finally:
            noting.cancel()
            telling.cancel()
            logs.close()
            with contextlib.suppress(TimeoutError, SuanwangError):
                await asyncio.wait_for(shipping, LOGS_CLOSE_SECONDS)
        if ended.by is EndedBy.CENTRE_DISK:
            raise DiskFull(free=0, needed=order.limits.disk_bytes)
        if ended.by is EndedBy.NEVER_STARTED:
            raise LaunchFailed(reason=f"its launcher ended with {ended.exit_code}")
        return ended

    def _heed(self, telling: asyncio.Task[None]) -> None:
        if not telling.cancelled() and telling.exception() and self._running:
            self._running.stop(EndedBy.LEASE_LOST)

    async def _bring_home(
        self, spec: JobSpec, work: Path
    ) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
        collected = await asyncio.to_thread(collect, spec.outputs, work)
        sender = Sender(self.lease, centre=self._site.centre, api=self._site.api)
        return [await sender.send(found) for found in collected.found], collected.missing

    async def _archive(
        self, spec: JobSpec, started_at: datetime
    ) -> tuple[Ended, list[dict[str, Any]]]:
        # A store job has no command: archiving is its run.
        await self._reporter.send("started", {})
        return await archive_run.archive(
            self.lease, self._site, folder=self._folder, stored_at=started_at, retain=spec.retain
        )

    async def _conclude(self, verb: str, body: Mapping[str, Any]) -> None:
        # On disk before it is sent: a restarted agent sends the same bytes again, once.
        self._site.journal.write(self.lease.lease_id, "report", verb=verb, body=dict(body))
        await self._reporter.send(verb, body)


async def _note(meter: Meter) -> None:
    while True:
        await asyncio.to_thread(meter.note)
        await asyncio.sleep(METER_SECONDS)


def _say_why(logs: LogShipper, ended: Ended, order: JobOrder) -> None:
    """End the log with the reason that the job itself could not see."""
    limits = order.limits
    words = {
        EndedBy.TIME_LIMIT: f"stopped: over its time limit of {limits.seconds:g} s",
        EndedBy.MEMORY: f"stopped: over its {limits.memory_bytes} bytes of memory"
        f" or {limits.processes} processes",
        EndedBy.DISK: f"stopped: over its {limits.disk_bytes} bytes of disk",
        EndedBy.CANCEL: "stopped: cancelled by its buyer",
    }
    if ended.by in words:
        logs.say(words[ended.by])


def _fresh(work: Path, control: Path) -> None:
    shutil.rmtree(work.parent, ignore_errors=True)
    work.mkdir(parents=True)
    control.mkdir(mode=0o700)

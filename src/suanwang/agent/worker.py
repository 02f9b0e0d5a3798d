"""The agent at work: says hello, takes leases, proves life, and ends cleanly.

Four loops side by side: leases (long poll within free cards), heartbeats, the clock that ends
leases, and one task for each lease. SIGTERM drains: no new leases, running jobs go on to their end;
a second SIGTERM, or the end of `drain_seconds`, stops them and hands them back to the grid.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import structlog

from suanwang.agent.api import VERSION, Welcome
from suanwang.agent.backends import cgroups
from suanwang.agent.backends.local import kill_leftovers
from suanwang.agent.config import CentreFacts, public_key_hex
from suanwang.agent.errors import AgentRestarted, ServerRefused, ServerUnreachable, TokenOld
from suanwang.agent.journal import Unfinished
from suanwang.agent.lease import Lease
from suanwang.agent.lease_run import LeaseRun
from suanwang.agent.reports import BACK_OFF_MAX_SECONDS, BACK_OFF_SECONDS, Reporter, failed
from suanwang.agent.site import Site

log = structlog.get_logger()
T = TypeVar("T")
# Long transfers and waits each keep a thread; the default pool is sized for the cores.
THREADS = 128
CLOCK_SECONDS = 0.2


class Worker:
    """Runs the agent until it is drained."""

    def __init__(self, site: Site, *, capabilities: frozenset[str]) -> None:
        self._site = site
        self._capabilities = capabilities
        self._runs: dict[str, LeaseRun] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._draining = asyncio.Event()
        self._stopping = asyncio.Event()
        self._beat_now = asyncio.Event()
        self._cards_changed = asyncio.Event()
        self._total = sum(pool.cards for pool in site.centre.pools)

    async def run(self, *, once: bool = False) -> None:
        """Work until SIGTERM; with `once`, until the first lease's end."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="agent"))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked_to_end)
        welcome = await self._unless_draining(self._hello())
        if welcome is None:
            return
        log.info("joined", centre_id=welcome.centre_id, pools=sorted(welcome.pools))
        await self._recover()
        loops = [
            asyncio.create_task(self._heartbeats(welcome.heartbeat_seconds)),
            asyncio.create_task(self._clock()),
        ]
        try:
            await self._take(once=once)
            await self._finish(self._site.centre.drain_seconds if self._draining.is_set() else None)
        finally:
            for task in loops:
                task.cancel()
            await asyncio.gather(*loops, return_exceptions=True)

    def _asked_to_end(self) -> None:
        if self._draining.is_set():
            self._stopping.set()
        self._draining.set()
        log.info("draining", leases=len(self._runs))

    def facts(self) -> dict[str, Any]:
        """Return what hello says."""
        key = public_key_hex(self._site.signing_key)
        return introduction(self._site.centre, public_key=key, offered=self._capabilities)

    async def _hello(self) -> Welcome:
        pause = BACK_OFF_SECONDS
        while True:
            try:
                welcome = await self._site.api.hello(self.facts())
                break
            except ServerUnreachable as problem:
                log.warning("server away", reason=str(problem))
                await asyncio.sleep(pause)
                pause = min(2 * pause, BACK_OFF_MAX_SECONDS)
        self._site.centre_id = welcome.centre_id
        self._site.pool_ids = {pool_id: name for name, pool_id in welcome.pools.items()}
        return welcome

    async def _recover(self) -> None:
        """End what an earlier agent left: kill it, and say its last word once more."""
        for left in self._site.journal.unfinished():
            await asyncio.to_thread(_kill, left)
            task = asyncio.create_task(self._last_word(left))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await asyncio.to_thread(shutil.rmtree, self._site.home.jobs, ignore_errors=True)

    async def _last_word(self, left: Unfinished) -> None:
        verb, body = left.report or ("failed", failed(AgentRestarted()))
        reporter = Reporter(_ghost(left), self._site.api)
        with contextlib.suppress(TokenOld, ServerRefused):
            await reporter.send(verb, body)
        self._site.journal.write(left.lease_id, "over")
        log.info("lease of an earlier agent ended", lease_id=left.lease_id, verb=verb)

    async def _take(self, *, once: bool) -> None:
        pause = BACK_OFF_SECONDS
        while not self._draining.is_set():
            most = self._free_cards()
            if most <= 0:
                await self._unless_draining(self._cards_changed.wait())
                self._cards_changed.clear()
                continue
            try:
                leases = await self._unless_draining(self._site.api.take_leases(most=most))
                pause = BACK_OFF_SECONDS
            except (ServerUnreachable, ServerRefused) as problem:
                log.warning("no leases", reason=str(problem))
                await self._unless_draining(asyncio.sleep(pause))
                pause = min(2 * pause, BACK_OFF_MAX_SECONDS)
                continue
            for lease in leases or ():
                self._begin(lease)
            if once and leases:
                return

    def _free_cards(self) -> int:
        held = sum(run.lease.cards for run in self._runs.values() if run.holds_cards)
        return self._total - held

    def _begin(self, lease: Lease) -> None:
        if lease.lease_id in self._runs:
            return
        log.info("lease taken", lease_id=lease.lease_id, job_id=lease.job_id, cards=lease.cards)
        run = LeaseRun(lease, self._site, on_cards_free=self._cards_changed.set)
        self._runs[lease.lease_id] = run
        # The long poll's answer may have travelled long: a heartbeat dates the lease exactly.
        self._beat_now.set()
        task = asyncio.create_task(self._see_through(run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _see_through(self, run: LeaseRun) -> None:
        try:
            await run.run()
        finally:
            self._runs.pop(run.lease.lease_id, None)
            self._cards_changed.set()

    async def _heartbeats(self, seconds: float) -> None:
        while True:
            try:
                await self._beat()
            except (ServerUnreachable, ServerRefused) as problem:
                # Leases run out by our own clock if this goes on.
                log.warning("heartbeat unanswered", reason=str(problem))
            self._beat_now.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._beat_now.wait(), seconds)

    async def _beat(self) -> None:
        beats = [_beat_of(run) for run in self._runs.values()]
        pulse, asked_at = await self._site.api.heartbeat(beats)
        for lease_id, (order, seconds) in pulse.orders.items():
            run = self._runs.get(lease_id)
            if run is None:
                continue
            if order == "drop":
                run.drop()
                continue
            run.lease.ends = asked_at + seconds
            if order == "stop":
                run.cancel()
        # The answer that brought these was lost: nobody extends them, so they run out.
        for lease_id in set(pulse.unknown) - self._runs.keys():
            log.warning("lease never arrived", lease_id=lease_id)

    async def _clock(self) -> None:
        while True:
            await asyncio.sleep(CLOCK_SECONDS)
            for run in list(self._runs.values()):
                if run.lease.is_over():
                    run.expire()

    async def _finish(self, seconds: float | None) -> None:
        if not self._tasks:
            return
        everything = asyncio.ensure_future(asyncio.wait(self._tasks))
        stop = asyncio.ensure_future(self._stopping.wait())
        waiting: set[asyncio.Future[Any]] = {everything, stop}
        await asyncio.wait(
            waiting, timeout=seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )  # fmt: skip
        stop.cancel()
        for run in list(self._runs.values()):
            run.stop()
        with contextlib.suppress(TimeoutError):
            # The last reports get one lease's time; what stays unsaid, the journal says later.
            await asyncio.wait_for(everything, BACK_OFF_MAX_SECONDS)

    async def _unless_draining(self, waiting: Awaitable[T]) -> T | None:
        """Await something, or return None as soon as the agent is asked to end."""
        task = asyncio.ensure_future(waiting)
        drained = asyncio.create_task(self._draining.wait())
        try:
            await asyncio.wait([task, drained], return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            drained.cancel()
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


def introduction(
    centre: CentreFacts, *, public_key: str, offered: frozenset[str]
) -> dict[str, Any]:
    """Write what an agent says at hello: who it is, what it has, what it can do."""
    return {
        "version": VERSION,
        "public_key": public_key,
        "centre": centre.to_wire(),
        "pools": [pool.to_wire() for pool in centre.pools],
        "capabilities": sorted(offered),
    }


def _beat_of(run: LeaseRun) -> dict[str, Any]:
    sample = run.sample()
    return {
        "lease_id": run.lease.lease_id,
        "token": run.lease.token,
        "cpu_seconds": int(sample.cpu_seconds),
        "memory_bytes": sample.memory_bytes,
    }


def _kill(left: Unfinished) -> None:
    if left.mark:
        kill_leftovers(left.mark)
    # Between "starting" and "spawned" only the group's name is known.
    cgroups.remove(cgroups.folders_of(f"suanwang-{left.lease_id}"))


def _ghost(left: Unfinished) -> Lease:
    # Enough of a lease to report with: the rest of it is over.
    return Lease(
        lease_id=left.lease_id, job_id=left.job_id, token=left.token, pool="", cards=0, spec={},
        time_limit_seconds=0, ends=0,
    )  # fmt: skip

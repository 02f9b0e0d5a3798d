"""What one flow changes about jobs: gathered while it decides, written at its end.

    change = Change(act)
    job = change.advance(job, JobEvent.STAGE, detail={"lease": lease.id})   by the lifecycle table
    change.write(tx)                       money, jobs, reservations, leases, timeline, outbox

Every state change of every job goes through `advance`, so none is without its line and its event,
and whatever ends lets go the jobs that wait for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from suanwang.basics.canonical import Json
from suanwang.basics.ids import EventId, JobId, LeaseId
from suanwang.flows import funds, job_money
from suanwang.flows.act import Act
from suanwang.flows.facts import plain_facts
from suanwang.jobs.lifecycle import JOB, JobEvent, JobState
from suanwang.ledger.transfers import Transfer
from suanwang.store import evidence, jobs, leases, outbox, reservations, timeline
from suanwang.store.evidence import Evidence
from suanwang.store.jobs import Job
from suanwang.store.leases import LeaseState
from suanwang.store.outbox import Event
from suanwang.store.reservations import Reservation
from suanwang.store.timeline import Line
from suanwang.store.tx import Tx


class Change:
    """Jobs as they will be, and everything that is written with them."""

    def __init__(self, act: Act) -> None:
        self.act = act
        self.jobs: dict[JobId, Job] = {}
        self.ended: list[Job] = []  # those whose outcome is known from here on
        self._new: list[Job] = []
        self._transfers: list[Transfer] = []
        self._kept: list[Reservation] = []
        self._given_back: list[JobId] = []
        self._leases_ended: list[tuple[LeaseId, LeaseState]] = []
        self._lines: list[Line] = []
        self._events: list[Event] = []
        self._evidence: list[Evidence] = []

    def submit(self, job: Job) -> None:
        """Begin a job's life."""
        self._new.append(job)
        self._tell(job, "submit", {})

    def advance(
        self,
        job: Job,
        event: JobEvent,
        *,
        detail: Mapping[str, Any] | None = None,
        **changes: Any,  # noqa: ANN401 - fields of Job
    ) -> Job:
        """Let `event` happen to a job, or refuse it; `changes` are fields of the job."""
        state = JOB.after(job.state, event, subject=job.id)
        now = self.act.now
        changes = {"next_try_at": now, "updated_at": now} | changes
        if state in JOB.final:
            changes |= {"finished_at": now, "next_try_at": None, "waits": False}
        after = replace(job, state=state, **changes)
        if state is JobState.RETURNED or (state in JOB.final and after.exit_code is None):
            self.ended.append(after)
        return self._keep(after, str(event), detail)

    def note(
        self,
        job: Job,
        verb: str,
        *,
        detail: Mapping[str, Any] | None = None,
        **changes: Any,  # noqa: ANN401 - fields of Job
    ) -> Job:
        """Write a line about something that leaves the state as it is."""
        return self._keep(replace(job, updated_at=self.act.now, **changes), verb, detail)

    def remark(self, job: Job, verb: str, detail: Mapping[str, Any]) -> None:
        """Write a line beside a job; the job itself is left alone."""
        self._tell(job, verb, plain_facts(detail))

    def end(
        self,
        job: Job,
        event: JobEvent,
        code: str,
        facts: Mapping[str, Any] | None = None,
        **changes: Any,  # noqa: ANN401 - fields of Job
    ) -> Job:
        """End a job that owes nothing: its hold is released, its cards are given back.

        `code` is one of `jobs.reasons`; `facts` say more.
        """
        self.transfer(funds.release_of(job, self.act))
        self.transfer(funds.release_loss(job, self.act))
        self.give_back(job)
        said = plain_facts(facts or {})
        changes = {"reason_code": code, "reason": said, "hold_id": None} | changes
        return self.advance(job, event, detail={"code": code, **said}, **changes)

    def transfer(self, transfers: Iterable[Transfer]) -> None:
        """Move money when the change is written."""
        self._transfers += transfers

    def testify(self, kind: str, record_id: str, record: Mapping[str, Json], *, job: Job) -> None:
        """Put on record what can be proven later, for the organisation of a job."""
        self._evidence.append(
            Evidence(
                kind=kind,
                id=record_id,
                record=record,
                at=self.act.now,
                organisation_id=job.organisation_id,
            )
        )

    def keep_cards(self, reservation: Reservation) -> None:
        """Keep cards for a job."""
        self._kept.append(reservation)

    def give_back(self, job: Job) -> None:
        """Give a job's cards back."""
        self._given_back.append(job.id)

    def end_lease(self, lease_id: LeaseId, state: LeaseState) -> None:
        """End a lease."""
        self._leases_ended.append((lease_id, state))

    def write(self, tx: Tx) -> None:
        """Write everything, in a handful of statements however many jobs there are."""
        if self._transfers:
            job_money.move(tx, self._transfers, act=self.act)
        jobs.add(tx, self._new)
        jobs.save(tx, self.jobs.values())
        reservations.drop(tx, self._given_back)
        reservations.save(tx, self._kept)
        for lease_id, state in self._leases_ended:
            leases.end(tx, lease_id, state, at=self.act.now)
        evidence.add(tx, self._evidence)
        timeline.add(tx, self._lines)
        outbox.publish_all(tx, self._events)

    def _keep(self, job: Job, verb: str, detail: Mapping[str, Any] | None) -> Job:
        self.jobs[job.id] = job
        self._tell(job, verb, plain_facts(detail or {}))
        return job

    def _tell(self, job: Job, verb: str, detail: dict[str, Any]) -> None:
        now = self.act.now
        self._lines.append(
            Line(
                job_id=job.id,
                organisation_id=job.organisation_id,
                at=now,
                verb=verb,
                state=job.state.value,
                detail=detail,
            )
        )
        self._events.append(
            Event(
                id=self.act.new_id(EventId),
                seq=None,
                organisation_id=job.organisation_id,
                kind=f"job.{verb}",
                subject=job.id,
                body={"job_id": job.id, "name": job.name, "state": job.state.value, **detail},
                at=now,
            )
        )

"""Cancel: the buyer wants no more of a job.

SUBMITTED … STAGED   CANCELLED at once, the hold is released, a live lease is dropped
RUNNING              the centre is told at its next heartbeat; what was used is billed
RETURNED …           too late: it has ended by itself
"""

from __future__ import annotations

from suanwang.basics.lifecycle import TransitionRefused
from suanwang.flows import unblock
from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.change import Change
from suanwang.jobs.lifecycle import JobEvent, JobState
from suanwang.store import jobs, leases
from suanwang.store.jobs import Job
from suanwang.store.leases import LeaseState
from suanwang.store.tx import Tx


def cancel_job(tx: Tx, job_id: str, *, act: Act) -> Job:
    """Cancel a job; cancelling twice is cancelling once.

    Raises: NotAllowed, NotFound; TransitionRefused where it is too late.
    """
    who = must_be(act, Role.BUYER, Role.BROKER, Role.OPERATOR)
    jobs.job_of(tx, job_id, None if who.sees_all else who.organisation_id)
    job = jobs.job_for_update(tx, job_id)
    if job.state is JobState.CANCELLED or job.cancel_at is not None:
        return job
    change = Change(act)
    code = "cancelled-by-operator" if who.role is Role.OPERATOR else "cancelled-by-buyer"
    if job.state is JobState.RUNNING:
        job = change.note(job, "cancel_asked", detail={"code": code}, cancel_at=act.now)
    else:
        job = _cancel_now(tx, change, job, code)
    unblock.write(tx, change)
    return job


def _cancel_now(tx: Tx, change: Change, job: Job, code: str) -> Job:
    if job.state is JobState.BILLED:
        # The table lets a bill end CANCELLED, but only settling it may do so.
        raise TransitionRefused(
            kind="job", id=job.id, found=job.state, event=JobEvent.CANCEL, expected=JobEvent.SETTLE
        )
    lease = leases.live_of_job(tx, job.id)
    if lease is not None:
        change.end_lease(lease.id, LeaseState.DONE)
    return change.end(job, JobEvent.CANCEL, code, cancel_at=change.act.now)

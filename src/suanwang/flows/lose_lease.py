"""Lose: a centre has failed a job. It goes back to PLACED with a higher token, or is LOST.

Nothing is billed for a lost run. The job has no pool until `place_jobs` finds it another one.
"""

from __future__ import annotations

from suanwang.flows.change import Change
from suanwang.flows.specs import spec_of
from suanwang.jobs.lifecycle import JobEvent
from suanwang.store.jobs import Job
from suanwang.store.leases import Lease, LeaseState


def lose_lease(change: Change, job: Job, lease: Lease, *, code: str, detail: str = "") -> Job:
    """End a live lease as lost, and say what becomes of its job."""
    change.end_lease(lease.id, LeaseState.LOST)
    why = {"code": code, "detail": detail or None, "centre_id": lease.centre_id}
    attempts = job.attempt + 1
    if job.cancel_at is None and attempts > spec_of(job).retry:
        facts = {**why, "detail": f"{code} {detail}".strip(), "attempts": attempts}
        return change.end(job, JobEvent.GIVE_UP, "retries-exhausted", facts, attempt=attempts)
    change.give_back(job)
    job = change.advance(
        job,
        JobEvent.LOSE_LEASE,
        detail={**why, "token": job.token + 1},
        token=job.token + 1,
        attempt=attempts,
        not_centres=job.not_centres | {lease.centre_id},
        centre_id=None,
        pool_id=None,
        start_at=None,
        end_at=None,
    )
    if job.cancel_at is not None:
        # Its buyer wants no more of it, so there is no reason to run it elsewhere.
        return change.end(job, JobEvent.CANCEL, "cancelled-by-buyer")
    return job

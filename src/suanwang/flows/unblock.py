"""Lets jobs go that wait for others: all of `after` ended well, or one ended badly.

Well is exit code 0. A job that waits for one that ended badly is rejected with its reason, and so
are those that wait for it, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

from suanwang.basics.ids import OrganisationId
from suanwang.flows.change import Change
from suanwang.jobs.lifecycle import JobEvent
from suanwang.store import jobs
from suanwang.store.jobs import Job
from suanwang.store.tx import Tx

ARRAY_MARK = "array:"


def write(tx: Tx, change: Change) -> None:
    """Write a change, and what follows for the jobs that wait for those that it ends."""
    change.write(tx)
    while change.ended:
        following = Change(change.act)
        for ended in change.ended:
            for waiting in _waiting_for(tx, ended):
                _decide(tx, following, following.jobs.get(waiting.id, waiting), ended)
        following.write(tx)
        change = following


def outcome_of(tx: Tx, after: Sequence[str], owner: OrganisationId) -> bool | None:
    """Say whether all of `after` ended well (True), one badly (False), or neither yet (None)."""
    outcomes = [_outcome_of_one(tx, each, owner) for each in after]
    if False in outcomes:
        return False
    return True if all(outcomes) else None


def _waiting_for(tx: Tx, job: Job) -> list[Job]:
    if tx.first("jobs_any_waiting", organisation_id=job.organisation_id) is None:
        return []
    return jobs.find(
        tx,
        "jobs_waiting_for",
        organisation_id=job.organisation_id,
        job_pattern=f'%"{job.id}"%',
        array_pattern=f'%"{ARRAY_MARK}{job.array_id or job.id}"%',
    )


def _decide(tx: Tx, change: Change, waiting: Job, ended: Job) -> None:
    if not waiting.waits:
        return
    outcome = outcome_of(tx, waiting.after, waiting.organisation_id)
    if outcome is False:
        facts = {"detail": ended.name, "job_id": ended.id}
        change.end(waiting, JobEvent.REJECT, "earlier-failed", facts)
    elif outcome is True:
        detail = {"job_id": ended.id}
        change.note(waiting, "unblock", detail=detail, waits=False, next_try_at=change.act.now)


def _outcome_of_one(tx: Tx, earlier: str, owner: OrganisationId) -> bool | None:
    if not earlier.startswith(ARRAY_MARK):
        return _ended_well(jobs.job(tx, earlier))
    array_id = earlier.removeprefix(ARRAY_MARK)
    row = tx.one("array_progress", array_id=array_id, organisation_id=owner)
    if row["badly"]:
        return False
    return True if row["well"] >= row["members"] else None


def _ended_well(job: Job) -> bool | None:
    if job.exit_code is not None:
        return job.exit_code == 0
    return False if job.is_final else None

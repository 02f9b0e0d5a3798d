"""Start: the job's command runs."""

from __future__ import annotations

from suanwang.flows import reports
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.reports import Report
from suanwang.jobs.lifecycle import JobEvent, JobState
from suanwang.store.tx import Tx

_LATER = frozenset(
    {JobState.RUNNING, JobState.RETURNED, JobState.METERED, JobState.BILLED, JobState.SETTLED}
)


def start_job(tx: Tx, lease_id: str, token: int, *, act: Act) -> Report:
    """Note that a job runs; told twice, it started once.

    Raises: NotFound; TransitionRefused where the job is not staged, or has ended meanwhile.
    """
    found = reports.load(tx, lease_id, token, act=act)
    if found.token_old:
        return reports.refused(tx, found.job, found.token_old, verb="started", act=act)
    if found.job.state in _LATER:
        return Report(found.job)
    change = Change(act)
    job = change.advance(
        found.job,
        JobEvent.START,
        detail={"lease_id": lease_id, "token": token},
        start_at=act.now,
    )
    change.write(tx)
    return Report(job)

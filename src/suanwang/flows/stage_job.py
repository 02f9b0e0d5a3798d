"""Stage: image and data are in at the centre that holds the lease."""

from __future__ import annotations

from suanwang.flows import reports
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.reports import Report
from suanwang.jobs.lifecycle import JobEvent, JobState
from suanwang.store.tx import Tx

_LATER = frozenset(
    {
        JobState.STAGED, JobState.RUNNING, JobState.RETURNED, JobState.METERED, JobState.BILLED,
        JobState.SETTLED,
    }
)  # fmt: skip


def stage_job(tx: Tx, lease_id: str, token: int, *, act: Act) -> Report:
    """Note that a job is staged; told twice, it is staged once.

    Raises: NotFound; TransitionRefused where the job has ended meanwhile.
    """
    found = reports.load(tx, lease_id, token, act=act)
    if found.token_old:
        return reports.refused(tx, found.job, found.token_old, verb="staged", act=act)
    if found.job.state in _LATER:
        return Report(found.job)
    change = Change(act)
    job = change.advance(found.job, JobEvent.STAGE, detail={"lease_id": lease_id, "token": token})
    change.write(tx)
    return Report(job)

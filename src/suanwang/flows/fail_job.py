"""Fail: an agent says that it cannot run a job, and whose fault that is.

the buyer's (an input is missing, a checksum differs)   FAILED, the hold is released
the centre's (disk full, engine down)                   the lease is lost, another centre is sought
"""

from __future__ import annotations

from enum import StrEnum

from suanwang.flows import reports, unblock
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.lose_lease import lose_lease
from suanwang.flows.reports import Report
from suanwang.jobs.lifecycle import JobEvent
from suanwang.store.leases import LeaseState
from suanwang.store.tx import Tx

DETAIL_MAX = 2_000


class Fault(StrEnum):
    """Whose fault it is that a job cannot run."""

    BUYER = "buyer"
    CENTRE = "centre"


def fail_job(
    tx: Tx, lease_id: str, token: int, *, fault: Fault, code: str, detail: str = "", act: Act
) -> Report:
    """End a lease without use; told twice, or late, it ended once.

    Raises: NotFound; TransitionRefused where the job runs and the fault is said to be the buyer's.
    """
    found = reports.load(tx, lease_id, token, act=act)
    if found.lease.state is not LeaseState.LIVE:
        return Report(found.job)
    if found.token_old:
        return reports.refused(tx, found.job, found.token_old, verb="failed", act=act)
    change = Change(act)
    said = detail[:DETAIL_MAX]
    if fault is Fault.BUYER:
        change.end_lease(found.lease.id, LeaseState.DONE)
        job = change.end(found.job, JobEvent.FAIL, code, {"detail": said or None})
    else:
        job = lose_lease(change, found.job, found.lease, code=code, detail=said)
    unblock.write(tx, change)
    return Report(job)

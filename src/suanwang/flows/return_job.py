"""Return: how a job ended and what it used come in one report, in one transaction.

A refused usage record does not undo the return: the job waits, RETURNED, for a good one, and is
closed without a charge when none comes (`close_unmetered`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suanwang.flows.act import Act
from suanwang.flows.finish_job import Ending, finish_job
from suanwang.flows.record_usage import Verify, record_usage
from suanwang.flows.reports import Report
from suanwang.store.tx import Tx


def return_job(
    tx: Tx,
    lease_id: str,
    token: int,
    ending: Ending,
    *,
    usage: Mapping[str, Any],
    signature: str,
    verify: Verify,
    act: Act,
) -> Report:
    """Finish a job and meter it; told twice, it returned once.

    Raises: NotFound; UsageUnreadable; TransitionRefused where the job does not run.
    """
    finished = finish_job(tx, lease_id, token, ending, act=act)
    if finished.refusal is not None:
        return finished
    return record_usage(tx, lease_id, token, usage, signature=signature, verify=verify, act=act)

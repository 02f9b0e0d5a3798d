"""Finish: a job's command has ended, its outputs are home. A non-zero exit ends it like others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from suanwang.flows import reports, unblock
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.reports import Report
from suanwang.flows.specs import spec_of
from suanwang.jobs.declared import is_declared
from suanwang.jobs.lifecycle import JobEvent, JobState
from suanwang.jobs.usage import EndedBy
from suanwang.store import outputs
from suanwang.store.leases import LeaseState
from suanwang.store.outputs import Output
from suanwang.store.tx import Tx

_LATER = frozenset(
    {
        JobState.RETURNED, JobState.METERED, JobState.BILLED, JobState.SETTLED, JobState.CANCELLED,
    }
)  # fmt: skip
_REASONS = {
    EndedBy.TIME_LIMIT: "time-limit",
    EndedBy.MEMORY: "memory-limit",
    EndedBy.DISK: "disk-limit",
    EndedBy.CANCEL: "cancelled-by-buyer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended, by its agent's report."""

    exit_code: int
    ended_by: EndedBy = EndedBy.EXIT
    outputs: Sequence[Output] = ()
    code: str | None = None  # a reason of the agent's own, such as output-missing
    detail: str = ""


def finish_job(tx: Tx, lease_id: str, token: int, ending: Ending, *, act: Act) -> Report:
    """Note how a job ended; told twice, it ended once. The job is RETURNED, its lease done.

    Raises: NotFound; TransitionRefused where the job does not run.
    """
    found = reports.load(tx, lease_id, token, act=act)
    if found.token_old:
        return reports.refused(tx, found.job, found.token_old, verb="returned", act=act)
    if found.job.state in _LATER:
        return Report(found.job)
    change = Change(act)
    change.end_lease(found.lease.id, LeaseState.DONE)
    change.give_back(found.job)
    code = _reason_of(ending)
    spec = spec_of(found.job)
    asked = [each for each in ending.outputs if is_declared(spec, each.name)]
    job = change.advance(
        found.job,
        JobEvent.FINISH,
        detail={
            "exit_code": ending.exit_code,
            "ended_by": ending.ended_by,
            "code": code,
            "outputs": len(asked),
            "undeclared": len(ending.outputs) - len(asked) or None,
        },
        exit_code=ending.exit_code,
        reason_code=code,
        reason={"detail": ending.detail} if ending.detail else {},
        end_at=act.now,
    )
    outputs.save(tx, job.id, [replace(each, at=act.now) for each in asked])
    unblock.write(tx, change)
    return Report(job)


def _reason_of(ending: Ending) -> str | None:
    if ending.ended_by in _REASONS:
        return _REASONS[ending.ended_by]
    return ending.code or ("command-failed" if ending.exit_code else None)

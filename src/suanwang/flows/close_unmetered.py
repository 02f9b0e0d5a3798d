"""Close: a returned job whose usage record never came is metered as nothing, and nothing is billed.

A centre that cannot say what it did is not paid, and the buyer's money is not held for ever.
"""

from __future__ import annotations

from suanwang.basics.slots import to_micros
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.timing import Timing
from suanwang.jobs.lifecycle import JobEvent
from suanwang.store import jobs
from suanwang.store.tx import Tx

BATCH = 200


def close_unmetered(tx: Tx, *, act: Act, timing: Timing) -> int:
    """Meter jobs as nothing whose usage is overdue, longest overdue first; return how many."""
    change = Change(act)
    before = to_micros(act.now - timing.usage_wait)
    overdue = jobs.find(tx, "jobs_without_usage", before=before, limit=BATCH)
    for job in overdue:
        change.advance(job, JobEvent.METER, detail={"code": "usage-missing"}, usage=None)
    change.write(tx)
    return len(overdue)

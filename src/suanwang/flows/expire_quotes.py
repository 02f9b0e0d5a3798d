"""Expire: quotes that nobody accepted in time end. Nothing was held for them."""

from __future__ import annotations

from suanwang.basics.slots import to_micros
from suanwang.flows import unblock
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.timing import Timing
from suanwang.jobs.lifecycle import JobEvent
from suanwang.store import jobs
from suanwang.store.tx import Tx

BATCH = 500


def expire_quotes(tx: Tx, *, act: Act, timing: Timing) -> int:
    """End quoted jobs whose time to accept is over, longest over first; return how many."""
    del timing  # each quote carries its own end
    change = Change(act)
    stale = jobs.find(tx, "jobs_with_stale_quotes", now=to_micros(act.now), limit=BATCH)
    for job in stale:
        change.end(job, JobEvent.EXPIRE, "quote-expired")
    unblock.write(tx, change)
    return len(stale)

"""Expire leases: a centre that falls silent loses what it was working on."""

from __future__ import annotations

from suanwang.flows import unblock
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.lose_lease import lose_lease
from suanwang.flows.timing import Timing
from suanwang.store import jobs, leases
from suanwang.store.leases import LeaseState
from suanwang.store.tx import Tx

BATCH = 200


def expire_leases(tx: Tx, *, act: Act, timing: Timing) -> int:
    """Lose leases whose heartbeats stopped, longest silent first; return how many."""
    del timing  # each lease carries its own end
    change = Change(act)
    lost = 0
    for seen in leases.expired(tx, now=act.now, limit=BATCH):
        job = jobs.job_for_update(tx, seen.job_id)
        lease = leases.lease_for_update(tx, seen.id, seen.centre_id)
        # A heartbeat or the end may have come while we waited for the locks.
        if lease.state is LeaseState.LIVE and lease.expires_at <= act.now:
            lose_lease(change, job, lease, code="centre-silent")
            lost += 1
    unblock.write(tx, change)
    return lost

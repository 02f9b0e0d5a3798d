"""Expire holds whose time is over: what they set aside is available again."""

from __future__ import annotations

from suanwang.basics.ids import TransferId
from suanwang.flows.act import Act
from suanwang.flows.timing import Timing
from suanwang.ledger.transfers import expire
from suanwang.store import ledger
from suanwang.store.tx import Tx

HOLDS_MAX = 200  # in one transaction; the loop comes again at once while there are more


def expire_holds(tx: Tx, *, act: Act, limit: int = HOLDS_MAX) -> int:
    """Expire holds that are due, longest over first; return how many."""
    due = ledger.holds_expired(tx, now=act.now, limit=limit)
    if not due:
        return 0
    transfers = [expire(act.new_id(TransferId), hold_id, at=act.now) for hold_id in due]
    return len(ledger.post(tx, transfers))


def expire_due(tx: Tx, *, act: Act, timing: Timing) -> int:
    """Expire holds that are due, as a loop does."""
    del timing  # a hold says itself when its time is over
    return expire_holds(tx, act=act)

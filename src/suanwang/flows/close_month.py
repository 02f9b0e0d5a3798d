"""Close a month's books: freeze it, then draw up its statements, a batch of accounts a step.

    open ──the month ended `close_after` ago──▶ frozen ──▶ 500 accounts ──▶ … ──▶ done

Each step is a transaction of its own that says on record how far it came. A server that is killed
leaves whole steps behind, and whoever leads next goes on from the last one.
"""

from __future__ import annotations

from suanwang.flows.act import Act
from suanwang.flows.timing import Timing
from suanwang.store import closings
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx

ACCOUNTS_MAX = 500  # in one step


def close_month(tx: Tx, *, act: Act, timing: Timing) -> int:
    """Do the next step of closing the oldest month that is due; return how many were done.

    Raises: StatementUnbalanced where the ledger's rows were changed by hand.
    """
    newest = closings.last(tx)
    if newest is not None and not closings.progress_of(tx, newest).done:
        return _draw_up(tx, act=act)
    month = closings.first_open(tx)
    if month is None or act.now < month.slot.end + timing.close_after:
        return 0
    closings.freeze(tx, month, at=act.now)
    return 1


def _draw_up(tx: Tx, *, act: Act) -> int:
    month = closings.last(tx)
    assert month is not None, "a month is frozen"
    before = closings.progress_of(tx, month)
    progress, statements = closings.draw_up_next(tx, before, limit=ACCOUNTS_MAX)
    closings.save(tx, progress, statements, at=act.now)
    if progress.done:
        publish(
            tx,
            "ledger.month_closed",
            subject=str(month),
            organisation_id=None,
            body={"month": str(month), "statements": progress.statements},
            act=act,
        )
    return 1

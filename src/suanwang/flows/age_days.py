"""Age market days by the settlement cycle: final, resettled once where that is due, closed.

final         what waits is tried once more; each member's statement of the window on record
resettlement  only where corrections wait: made in one run, a statement a member
closed        what nobody could pay lapses; the ledger takes no entry of the day any more
"""

from __future__ import annotations

from suanwang.flows.act import Act
from suanwang.flows.correct_usage import lapse_corrections, retry_corrections
from suanwang.flows.market_days import enter
from suanwang.flows.settle_day import tell
from suanwang.flows.timing import Timing
from suanwang.ledger.calendar import bank_days
from suanwang.ledger.settlement import MARKET_DAY, DayEvent, steps_of
from suanwang.store import corrections, days
from suanwang.store.days import MarketDay
from suanwang.store.tx import Tx

_EVENTS = (DayEvent.FINALISE, DayEvent.RESETTLE, DayEvent.CLOSE)


def age_days(tx: Tx, *, act: Act, timing: Timing) -> int:
    """Let the oldest market day that is due take its next step; return how many did."""
    under_way = days.run_under_way(tx)
    for each in days.unfinished(tx):
        if under_way is not None and each.day >= under_way.day:
            break  # its bills are being settled: they come first
        event = _due(tx, each, act=act, timing=timing)
        if event is not None:
            _take(tx, days.for_update(tx, each.day), event, act=act)
            return 1
    return 0


def _due(tx: Tx, day: MarketDay, *, act: Act, timing: Timing) -> DayEvent | None:
    steps = steps_of(day.day, bank_days(), timing.cycle)
    for event in _EVENTS:
        at = steps.of(event)
        if at is None or act.now < at or not MARKET_DAY.allows(day.state, event):
            continue
        if event is DayEvent.RESETTLE and not corrections.pending(tx, day.day.isoformat(), limit=1):
            continue  # nothing was corrected late: the day stays final until it is closed
        return event
    return None


def _take(tx: Tx, day: MarketDay, event: DayEvent, *, act: Act) -> None:
    run_id = None
    if event in (DayEvent.FINALISE, DayEvent.RESETTLE):
        retry_corrections(tx, day.day, act=act)
        run_id = f"{day.day}/{'final' if event is DayEvent.FINALISE else 'resettlement'}"
    else:
        lapse_corrections(tx, day.day, act=act)
    enter(tx, day, MARKET_DAY.after(day.state, event, subject=str(day.day)), act=act)
    if run_id is not None:
        stated = days.unpaid_of(tx, run_id)
        days.paid(tx, stated, at=act.now)
        for each in stated:
            tell(tx, each, act=act)

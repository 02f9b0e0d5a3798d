"""Market days go their way by the settlement cycle: opened by a bill, aged by the leader."""

from __future__ import annotations

from datetime import date, timedelta

from suanwang.basics.slots import market_day
from suanwang.flows.act import Act
from suanwang.flows.timing import Timing
from suanwang.ledger.calendar import bank_days
from suanwang.ledger.settlement import MARKET_DAY, DayEvent, DayState, steps_of
from suanwang.store import days
from suanwang.store.days import MarketDay
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx

_AGES = (DayState.PRELIMINARY, DayState.FINAL, DayState.RESETTLED)
_DAY = timedelta(days=1)


def open_day(tx: Tx, *, act: Act) -> date:
    """Return the market day that bills of this moment belong to; nobody settles it meanwhile.

    A bill that was begun before midnight and comes after its day's run belongs to the next day.
    """
    day = market_day(act.now)
    while days.opened(tx, day, act=act).state is not DayState.OPEN:
        day += _DAY
    return day


def age_days(tx: Tx, *, act: Act, timing: Timing) -> int:
    """Let the oldest market day that is due become final, then closed; return how many did."""
    for each in days.unfinished(tx):
        event = _due(each, act=act, timing=timing)
        if event is not None:
            day = days.for_update(tx, each.day)
            state = MARKET_DAY.after(day.state, event, subject=str(day.day))
            enter(tx, day, state, act=act)
            return 1
    return 0


def enter(tx: Tx, day: MarketDay, state: DayState, *, act: Act) -> MarketDay:
    """Let a market day take a step, and tell everybody."""
    after = days.enter(tx, day, state, act=act)
    name = after.day.isoformat()
    publish(
        tx,
        f"market_day.{state}",
        subject=name,
        organisation_id=None,
        body={"day": name, "state": state.value},
        act=act,
    )
    return after


def _due(day: MarketDay, *, act: Act, timing: Timing) -> DayEvent | None:
    if day.state not in _AGES:
        return None
    steps = steps_of(day.day, bank_days(), timing.cycle)
    for event in (DayEvent.FINALISE, DayEvent.CLOSE):
        at = steps.of(event)
        if MARKET_DAY.allows(day.state, event) and at is not None and act.now >= at:
            return event
    return None

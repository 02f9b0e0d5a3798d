"""Market days: opened by the first bill that is written for them, told of at every step."""

from __future__ import annotations

from datetime import date, timedelta

from suanwang.basics.slots import market_day
from suanwang.flows.act import Act
from suanwang.ledger.settlement import DayState
from suanwang.store import days
from suanwang.store.days import MarketDay
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx

_DAY = timedelta(days=1)


def open_day(tx: Tx, *, act: Act) -> date:
    """Return the market day that bills of this moment belong to; nobody settles it meanwhile.

    A bill that was begun before midnight and comes after its day's run belongs to the next day.
    """
    day = market_day(act.now)
    while days.opened(tx, day, act=act).state is not DayState.OPEN:
        day += _DAY
    return day


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

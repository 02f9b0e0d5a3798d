"""The settlement cycle over real holidays: when each step of a day comes, and when money goes out."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from suanwang.basics.errors import SuanwangError
from suanwang.basics.lifecycle import TransitionRefused
from suanwang.basics.slots import BEIJING, day_slot
from suanwang.ledger.calendar import bank_days
from suanwang.ledger.errors import BankDaysUnknown
from suanwang.ledger.settlement import (
    MARKET_DAY,
    CycleUnordered,
    DayEvent,
    DayState,
    SettlementCycle,
    payout_day,
    published_cycle,
    steps_of,
)

CYCLE = SettlementCycle()


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("day", "cycle", "preliminary", "final"),
    [
        # A Monday in an ordinary week: the tenth bank day is the second Monday after.
        ("2026-03-02", CYCLE, "2026-03-03", "2026-03-17"),
        # A Saturday is settled at its own end, but bank days are counted from Monday.
        ("2026-03-07", CYCLE, "2026-03-08", "2026-03-21"),
        # Spring Festival 2026: 15 to 23 February rest; Saturdays 14 and 28 February make up.
        ("2026-02-13", SettlementCycle(final=2), "2026-02-14", "2026-02-25"),
        ("2026-02-13", SettlementCycle(preliminary=1, final=2), "2026-02-15", "2026-02-25"),
        ("2026-02-16", SettlementCycle(final=5), "2026-02-17", "2026-03-01"),
        # National Day 2025: 1 to 8 October rest; Sunday 28 September and Saturday 11 October work.
        ("2025-09-30", SettlementCycle(final=3), "2025-10-01", "2025-10-12"),
    ],
)
def test_steps_come_at_the_ends_of_bank_days(day, cycle, preliminary, final):
    steps = steps_of(date.fromisoformat(day), bank_days(), cycle)
    assert steps.preliminary == beijing(preliminary)
    assert steps.final == beijing(final)


def test_a_step_beyond_the_calendar_has_no_instant():
    steps = steps_of(date(2026, 12, 28), bank_days(), CYCLE)
    assert steps.preliminary == day_slot(date(2026, 12, 29)).start
    assert (steps.final, steps.resettlement, steps.closed) == (None, None, None)


@pytest.mark.parametrize(
    ("available", "paid"),
    [
        ("2026-03-03T10:00", "2026-03-03"),
        ("2026-03-03T15:59:59", "2026-03-03"),
        ("2026-03-03T16:00", "2026-03-04"),
        ("2026-03-06T16:00", "2026-03-09"),  # Friday after the cut-off
        ("2026-03-07T09:00", "2026-03-09"),  # Saturday
        ("2026-02-14T09:00", "2026-02-14"),  # a Saturday that makes up for Spring Festival
        ("2026-02-14T17:00", "2026-02-24"),  # then nine days of rest
        ("2026-02-17T00:00", "2026-02-24"),  # New Year's day
        ("2026-02-28T15:00", "2026-02-28"),  # the second make-up Saturday
        ("2025-10-01T00:00", "2025-10-09"),
    ],
)
def test_money_goes_out_on_the_next_bank_day_after_the_cut_off(available, paid):
    assert payout_day(beijing(available), bank_days(), CYCLE) == date.fromisoformat(paid)


def test_a_payout_beyond_the_calendar_is_refused_not_guessed():
    with pytest.raises(BankDaysUnknown):
        payout_day(beijing("2026-12-31T17:00"), bank_days(), CYCLE)


def test_the_table_is_what_the_cycle_is_by_default():
    table = {step: days for step, (days, _) in published_cycle().items()}
    ours = {name: getattr(CYCLE, name) for name in table}
    assert table == ours
    assert all(source for _, source in published_cycle().values())


@pytest.mark.parametrize("days", [(0, 0, 40, 45), (0, 10, 10, 45), (0, 10, 40, 40), (-1, 1, 2, 3)])
def test_steps_that_do_not_follow_each_other_are_refused(days):
    names = ("preliminary", "final", "resettlement", "closed")
    with pytest.raises(CycleUnordered) as refused:
        SettlementCycle(**dict(zip(names, days, strict=True)))
    assert isinstance(refused.value, SuanwangError)


@pytest.mark.parametrize(
    ("state", "event", "after"),
    [
        ("open", "settle", "preliminary"),
        ("preliminary", "finalise", "final"),
        ("final", "resettle", "resettled"),
        ("final", "close", "closed"),
        ("resettled", "close", "closed"),
        ("resettled", "resettle", None),
        ("closed", "resettle", None),
        ("preliminary", "resettle", None),
        ("open", "close", None),
    ],
)
def test_a_day_goes_by_its_table_and_is_resettled_once(state, event, after):
    def go():
        return MARKET_DAY.after(DayState(state), DayEvent(event), subject="2026-11-24")

    if after is None:
        with pytest.raises(TransitionRefused):
            go()
    else:
        assert go() == after


def test_the_next_step_of_a_day_is_its_first_event():
    steps = steps_of(date(2026, 3, 2), bank_days(), CYCLE)
    assert steps.next_after(DayState.OPEN) == steps.preliminary
    assert steps.next_after(DayState.PRELIMINARY) == steps.final
    assert steps.next_after(DayState.FINAL) == steps.resettlement
    assert steps.next_after(DayState.RESETTLED) == steps.closed
    assert steps.next_after(DayState.CLOSED) is None

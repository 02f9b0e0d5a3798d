"""Bank days against the State Council's notices, counted by hand, and by property."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanwang.ledger.calendar import Calendar, DayKind, SpecialDay, bank_days
from suanwang.ledger.errors import BankDaysUnknown

DAYS = st.dates(date(2024, 1, 1), date(2026, 11, 30))


def on(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("day", "is_one"),
    [
        ("2024-02-09", True),  # the eve of 2024 was a working day
        ("2024-02-10", False),
        ("2024-02-18", True),  # a Sunday that makes up
        ("2025-01-01", False),
        ("2025-01-02", True),
        ("2025-01-26", True),  # Sunday before Spring Festival
        ("2025-01-28", False),  # the eve, a holiday since 2025
        ("2025-10-08", False),  # Mid-Autumn lengthens the National Day week
        ("2025-10-11", True),
        ("2026-01-02", False),
        ("2026-01-04", True),
        ("2026-02-14", True),
        ("2026-02-23", False),
        ("2026-02-24", True),
        ("2026-02-28", True),
        ("2026-11-28", False),  # a plain Saturday
        ("2026-11-30", True),  # a plain Monday
    ],
)
def test_a_bank_day_is_what_the_notice_says(day, is_one):
    assert bank_days().is_bank_day(on(day)) is is_one


# 366 or 365 days, less weekends, less holidays on weekdays, plus weekend days that make up.
@pytest.mark.parametrize(
    ("year", "weekdays", "weekday_holidays", "made_up"),
    [(2024, 262, 19, 8), (2025, 261, 18, 5), (2026, 261, 19, 6)],
)
def test_a_years_bank_days_add_up(year, weekdays, weekday_holidays, made_up):
    every = [date(year, 1, 1) + timedelta(days=n) for n in range(366)]
    days = [day for day in every if day.year == year]
    assert sum(day.weekday() < 5 for day in days) == weekdays
    found = sum(bank_days().is_bank_day(day) for day in days)
    assert found == weekdays - weekday_holidays + made_up


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-02-13", 1, "2026-02-14"),  # Friday, then the Saturday that makes up
        ("2026-02-14", 1, "2026-02-24"),  # over the whole Spring Festival
        ("2026-02-13", 2, "2026-02-24"),
        ("2026-02-16", 0, "2026-02-24"),
        ("2026-02-24", 0, "2026-02-24"),
        ("2026-02-27", 2, "2026-03-02"),
        ("2024-12-31", 1, "2025-01-02"),  # into the next year
    ],
)
def test_bank_days_are_counted_over_holidays(start, count, end):
    assert bank_days().add_bank_days(on(start), count) == on(end)


@pytest.mark.parametrize("day", ["2023-12-29", "2027-01-04"])
def test_a_year_without_a_table_is_refused_by_name(day):
    with pytest.raises(BankDaysUnknown, match=day[:4]):
        bank_days().is_bank_day(on(day))
    with pytest.raises(BankDaysUnknown):
        bank_days().add_bank_days(on(day), 1)


def test_the_way_out_of_the_last_year_is_refused_not_guessed():
    with pytest.raises(BankDaysUnknown, match="2027"):
        bank_days().next_bank_day(on("2026-12-31"))


@given(day=DAYS, first=st.integers(0, 8), second=st.integers(0, 8))
def test_steps_of_bank_days_add(day, first, second):
    calendar = bank_days()
    there = calendar.add_bank_days(day, first)
    assert calendar.is_bank_day(there)
    at_once = calendar.add_bank_days(calendar.add_bank_days(day, 0), first + second)
    start = calendar.add_bank_days(day, 0)
    assert calendar.add_bank_days(calendar.add_bank_days(start, first), second) == at_once


@given(day=DAYS)
def test_no_bank_day_is_skipped(day):
    calendar = bank_days()
    after = calendar.next_bank_day(day)
    between = [day + timedelta(days=n) for n in range(1, (after - day).days)]
    assert not any(calendar.is_bank_day(each) for each in between)


def row(day: str, kind: DayKind) -> SpecialDay:
    return SpecialDay(day=on(day), kind=kind, holiday="x", source="a notice")


@pytest.mark.parametrize(
    "rows",
    [
        [row("2026-05-06", DayKind.WORK)],  # a Wednesday is worked anyway
        [row("2026-05-01", DayKind.REST), row("2026-05-01", DayKind.REST)],
    ],
)
def test_a_table_with_a_slip_is_not_taken(rows):
    with pytest.raises(AssertionError):
        Calendar(rows)

"""Fee schedules: which is in force on which Beijing day, and that a bill names it."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from suanwang.grid import fees
from suanwang.grid.fees import TakeRates, in_force, schedules

LATER = TakeRates(Fraction(1, 100), Fraction(6, 100), "fees:2027-01-01")


def test_the_schedule_of_the_package_says_fee_and_tax_and_since_when():
    assert schedules()[0] == (
        date(2026, 1, 1),
        TakeRates(Fraction(2, 100), Fraction(6, 100), "fees:2026-01-01"),
    )


@pytest.mark.parametrize(
    ("day", "source"),
    [
        ("2025-06-01", "fees:2026-01-01"),  # before the first, the first
        ("2026-12-31", "fees:2026-01-01"),
        ("2027-01-01", "fees:2027-01-01"),
    ],
)
def test_a_schedule_begins_on_its_day(monkeypatch, day, source):
    both = (*schedules(), (date(2027, 1, 1), LATER))
    monkeypatch.setattr(fees, "schedules", lambda: both)
    assert in_force(date.fromisoformat(day)).source == source

"""Chinese bank days: Monday to Friday, less public holidays, plus the weekend days that make up.

Dates are Beijing's (`basics.slots.market_day`). The table is the State Council's yearly notice, one
row for each day that is not what its weekday says; each row names its notice. The next year's is
published in the autumn: a year that the table lacks is refused, never guessed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources

from suanwang.ledger.errors import BankDaysUnknown

ADD_MAX = 366  # nothing in the settlement cycle waits longer than a year
_DAY = timedelta(days=1)
_SATURDAY = 5


class DayKind(StrEnum):
    """What makes a day other than its weekday says."""

    REST = "rest"
    WORK = "work"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialDay:
    """One row of a notice."""

    day: date
    kind: DayKind
    holiday: str
    source: str


class Calendar:
    """Bank days of the years that are covered."""

    def __init__(self, special: Iterable[SpecialDay]) -> None:
        self._special: Mapping[date, SpecialDay] = _by_day(special)
        self.years = frozenset(day.year for day in self._special)

    def is_bank_day(self, day: date) -> bool:
        """Say whether banks settle on this day. Raises BankDaysUnknown."""
        if day.year not in self.years:
            known = ", ".join(str(year) for year in sorted(self.years)) or "none"
            raise BankDaysUnknown(year=day.year, known=known)
        special = self._special.get(day)
        if special is not None:
            return special.kind is DayKind.WORK
        return day.weekday() < _SATURDAY

    def next_bank_day(self, day: date) -> date:
        """Return the first bank day after `day`. Raises BankDaysUnknown."""
        day += _DAY
        while not self.is_bank_day(day):
            day += _DAY
        return day

    def add_bank_days(self, day: date, count: int) -> date:
        """Return the bank day that is `count` after `day`; 0: `day` itself, or else the next.

        Raises BankDaysUnknown when the way there leaves the years that are covered.
        """
        assert 0 <= count <= ADD_MAX, f"expected 0 to {ADD_MAX} bank days, found {count}"
        if count == 0:
            return day if self.is_bank_day(day) else self.next_bank_day(day)
        self.is_bank_day(day)  # a start outside the table is refused as well
        for _ in range(count):
            day = self.next_bank_day(day)
        return day


@cache
def bank_days() -> Calendar:
    """Return the calendar of the table beside the code. Loaded once, then kept."""
    text = resources.files("suanwang.ledger").joinpath("tables", "bank_days.csv").read_text("utf-8")
    return Calendar(
        SpecialDay(
            day=date.fromisoformat(row["day"]),
            kind=DayKind(row["kind"]),
            holiday=row["holiday"],
            source=row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def _by_day(special: Iterable[SpecialDay]) -> Mapping[date, SpecialDay]:
    found: dict[date, SpecialDay] = {}
    for each in special:
        assert each.day not in found, f"two rows for {each.day}"
        is_weekend = each.day.weekday() >= _SATURDAY
        # A notice makes only weekend days up: any other "work" row is a slip of the pen.
        assert each.kind is DayKind.REST or is_weekend, f"{each.day} is no weekend day"
        found[each.day] = each
    return found

"""What comes on top of a centre's charge: the exchange's fee, and the tax on that fee.

`tables/fees.csv` has the schedules: rates from a Beijing day on, and who says so. Each amount is
rounded half up to the smallest unit. A job keeps the schedule that was in force when it was
cleared; a bill looks nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache

from suanwang.basics.money import Money
from suanwang.grid.catalogue.read import rows

SOURCE = "fees:"


@dataclass(frozen=True, slots=True)
class TakeRates:
    """The share of a charge that the exchange takes, and the tax on what it takes."""

    fee: Fraction
    tax: Fraction
    source: str = ""  # "fees:2026-01-01": of the schedule that begins on that day

    def parts(self, charge: Money) -> tuple[Money, Money]:
        """Return the fee on a charge and the tax on that fee."""
        fee = charge.times(self.fee)
        return fee, fee.times(self.tax)

    def total_units(self, charge: int) -> int:
        """Return `total` of a charge that is not negative, in smallest units: the hot path."""
        fee = _half_up(charge * self.fee.numerator, self.fee.denominator)
        return charge + fee + _half_up(fee * self.tax.numerator, self.tax.denominator)

    def total(self, charge: Money) -> Money:
        """Return what a buyer pays in all for a charge."""
        fee, tax = self.parts(charge)
        return charge + fee + tax


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


@cache
def schedules() -> tuple[tuple[date, TakeRates], ...]:
    """Return the fee schedules, the first to begin in front."""
    found = sorted(
        (
            date.fromisoformat(row["from"]),
            TakeRates(Fraction(row["fee"]), Fraction(row["vat"]), f"{SOURCE}{row['from']}"),
        )
        for row in rows("fees")
    )
    assert len({day for day, _ in found}) == len(found), "two fee schedules begin on one day"
    return tuple(found)


def in_force(day: date) -> TakeRates:
    """Return the schedule in force on a Beijing day; before the first one, the first."""
    begun = [rates for begins, rates in schedules() if begins <= day]
    return begun[-1] if begun else schedules()[0][1]


#: The first schedule: of jobs that were cleared before schedules were kept with them.
TAKE_RATES = schedules()[0][1]
#: VAT on what a member sells, for invoices that state it.
VAT_RATE = TAKE_RATES.tax

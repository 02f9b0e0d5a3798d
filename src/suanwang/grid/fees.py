"""What comes on top of a centre's charge: the exchange's fee, and the tax on that fee.

Fee 2 % of the charge; VAT 6 % on the fee (财税〔2016〕36号, modern services). Each is rounded half
up to the smallest unit. This is the one place of both rates that placement and billing can share.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from suanwang.basics.money import Money

FEE_RATE = Fraction(2, 100)
VAT_RATE = Fraction(6, 100)


@dataclass(frozen=True, slots=True)
class TakeRates:
    """The share of a charge that the exchange takes, and the tax on what it takes."""

    fee: Fraction = FEE_RATE
    tax: Fraction = VAT_RATE

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


TAKE_RATES = TakeRates()

"""Money and every other thing that changes hands: whole numbers of an asset's smallest unit.

Never a float. Amounts of different assets refuse to be added; rounding has a name and a place.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import total_ordering

from suanwang.basics.errors import Invalid

# BIGINT holds 63 bits and a sign; anything larger is refused by name, never wrapped.
UNITS_MAX = 2**63 - 1
_DIGITS_MAX = 20


class AssetsMixed(Invalid):
    """Amounts of {left} and {right} cannot be added or compared."""

    zh = "{left} 与 {right} 不能相加或比较。"
    code = "assets-mixed"


class AmountTooLarge(Invalid):
    """The amount has {found} smallest units; at most 2^63 - 1 fit."""

    zh = "金额含 {found} 个最小单位；上限为 2^63 - 1。"
    code = "amount-too-large"


class AmountUnreadable(Invalid):
    """Expected a decimal number with at most {scale} places for {asset}, found {found!r}."""

    zh = "{asset} 需为最多 {scale} 位小数的十进制数，实际为 {found!r}。"
    code = "amount-unreadable"


@dataclass(frozen=True, slots=True)
class Asset:
    """What is counted. `scale` is the number of decimal places of its smallest unit."""

    code: str
    scale: int = 6

    def __str__(self) -> str:
        return self.code


CNY = Asset("CNY", 6)  # smallest unit: 10⁻⁶ yuan


GREEN_CERTIFICATE = Asset("GEC", 0)  # one certificate: 1,000 kWh of green electricity
CARBON = Asset("CO2E", 3)  # kilograms; smallest unit: one gram of CO2e
BUDGET = Asset("BUDGET", 6)  # yuan that a budget lets be spent; never money itself


def card_hours_of(product: str) -> Asset:
    """Name the asset that is card-hours of `product`, counted in micro card-hours."""
    return Asset(f"CARD_HOURS:{product}", 6)


def voucher_of(programme: str) -> Asset:
    """Name the asset that is vouchers of `programme`, in the micro-yuan that they pay."""
    return Asset(f"VOUCHER:{programme}", 6)


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount of one asset. `units` may be negative: the sign is part of the value."""

    units: int
    asset: Asset = CNY

    def __post_init__(self) -> None:
        if type(self.units) is not int:
            raise TypeError(f"expected whole smallest units, found {self.units!r}")
        if abs(self.units) > UNITS_MAX:
            raise AmountTooLarge(found=self.units)

    @classmethod
    def parse(cls, text: str, asset: Asset = CNY) -> Money:
        """Read a decimal string such as "12.50"; more places than the asset has are refused."""
        try:
            # Decimal would read "1_0", " 1", "1e3" and digits of other scripts; one amount, one
            # writing: a spreadsheet that writes 1.2E+09 has lost the digits behind.
            plain = text.isascii() and not set("_eE") & set(text) and text == text.strip()
            scaled = Decimal(text if plain else "NaN").scaleb(asset.scale)
            # "1e999999" is a short text and a number of a million digits: look before expanding.
            small = scaled.is_finite() and scaled.adjusted() < _DIGITS_MAX
        except (ArithmeticError, AttributeError, TypeError, ValueError):
            raise AmountUnreadable(scale=asset.scale, asset=asset, found=text) from None
        if not small or scaled != scaled.to_integral_value():
            raise AmountUnreadable(scale=asset.scale, asset=asset, found=text)
        return cls(int(scaled), asset)

    @classmethod
    def zero(cls, asset: Asset = CNY) -> Money:
        """Return nothing of `asset`."""
        return cls(0, asset)

    def decimal(self) -> Decimal:
        """Return the amount in whole units of the asset (yuan, card-hours)."""
        return Decimal(self.units).scaleb(-self.asset.scale)

    def __str__(self) -> str:
        return f"{self.decimal():f}"

    def _same(self, other: Money) -> None:
        if self.asset != other.asset:
            raise AssetsMixed(left=self.asset, right=other.asset)

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.units + other.units, self.asset)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.units - other.units, self.asset)

    def __neg__(self) -> Money:
        return Money(-self.units, self.asset)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.units < other.units

    def __bool__(self) -> bool:
        return self.units != 0

    def times(self, factor: int | Fraction | Decimal, *, rounding: str = ROUND_HALF_UP) -> Money:
        """Multiply by an exact factor and round once to the smallest unit, by the named rule."""
        return Money(round_exactly(Fraction(factor) * self.units, rounding=rounding), self.asset)


def round_exactly(value: Fraction, *, rounding: str = ROUND_HALF_UP) -> int:
    """Round an exact fraction to a whole number, half away from zero or half to even."""
    if rounding == ROUND_HALF_EVEN:
        return round(value)
    assert rounding == ROUND_HALF_UP, f"unknown rounding rule {rounding}"
    sign = -1 if value < 0 else 1
    return sign * ((2 * abs(value.numerator) + value.denominator) // (2 * value.denominator))


def split(total: Money, weights: list[Fraction]) -> list[Money]:
    """Split `total` in proportion to `weights` so that the parts always sum to the whole.

    Largest-remainder rounding (Hamilton 1792): floors first, then one unit each to the largest
    remainders, earlier parts first on ties.
    """
    whole = sum(weights, Fraction(0))
    assert whole > 0, "split needs a positive total weight"
    exact = [total.units * weight / whole for weight in weights]
    floors = [share.numerator // share.denominator for share in exact]
    left = total.units - sum(floors)
    by_remainder = sorted(range(len(exact)), key=lambda i: (floors[i] - exact[i], i))
    for i in by_remainder[:left]:
        floors[i] += 1
    return [Money(units, total.asset) for units in floors]

"""Physical quantities with units that refuse to be mixed.

"P" alone means nothing: a rate carries its precision and whether it is dense or sparse, and turning
card-hours into standard work needs a conversion that names the chip (DOMAIN: 1 P-day = 10¹⁵ dense
FP16 operations a second for 86,400 s).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import total_ordering

from suanwang.basics.errors import Invalid

P_DAY_OPERATIONS = 10**15 * 86_400  # 8.64e19 dense FP16 operations


class UnitsMixed(Invalid):
    """{left} and {right} cannot be added or compared without a named conversion."""

    zh = "未经指明的换算，{left} 与 {right} 不能相加或比较。"
    code = "units-mixed"


class ConversionUnknown(Invalid):
    """No conversion is known for {key}; name chip, precision and dense or sparse."""

    zh = "没有 {key} 的换算；请写明芯片、精度以及稠密或稀疏。"
    code = "conversion-unknown"


class Unit(StrEnum):
    """The units that the grid meters, plans and trades in."""

    CARD_HOUR = "card-hour"
    CORE_HOUR = "core-hour"
    GB = "GB"
    GB_MONTH = "GB-month"
    WATT_HOUR = "Wh"
    GRAM_CO2E = "gCO2e"
    TFLOPS_FP16_DENSE = "TFLOPS(FP16 dense)"
    P_DAY_FP16_DENSE = "P-day(FP16 dense)"


class Precision(StrEnum):
    """The number format a rate was stated for."""

    FP64 = "FP64"
    FP32 = "FP32"
    TF32 = "TF32"
    FP16 = "FP16"
    FP8 = "FP8"
    INT8 = "INT8"


@total_ordering
@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact amount of one unit."""

    value: Fraction
    unit: Unit

    @classmethod
    def of(cls, value: int | str | Fraction, unit: Unit) -> Quantity:
        """Make a quantity from a whole number, a decimal string or a fraction."""
        return cls(Fraction(value), unit)

    def _same(self, other: Quantity) -> None:
        if self.unit is not other.unit:
            raise UnitsMixed(left=self.unit, right=other.unit)

    def __add__(self, other: Quantity) -> Quantity:
        self._same(other)
        return Quantity(self.value + other.value, self.unit)

    def __sub__(self, other: Quantity) -> Quantity:
        self._same(other)
        return Quantity(self.value - other.value, self.unit)

    def __lt__(self, other: Quantity) -> bool:
        self._same(other)
        return self.value < other.value

    def times(self, factor: int | Fraction) -> Quantity:
        """Scale by a pure number."""
        return Quantity(self.value * factor, self.unit)

    def __str__(self) -> str:
        return f"{float(self.value):g} {self.unit}"


@dataclass(frozen=True, slots=True, order=True)
class RateKey:
    """What a computing rate was stated for: chip (with its bin), precision, dense or sparse."""

    chip: str
    precision: Precision
    sparse: bool = False

    def __str__(self) -> str:
        return f"{self.chip} {self.precision} {'sparse' if self.sparse else 'dense'}"


def standard_work(
    card_hours: Quantity, key: RateKey, rates_tflops: Mapping[RateKey, Fraction]
) -> Quantity:
    """Turn card-hours of a chip into P-days of dense FP16 work.

    P-day = card-hours × TFLOPS ÷ 1000 ÷ 24. Refuses sparse or other-precision keys, and chips
    without a rate, by name.
    """
    if card_hours.unit is not Unit.CARD_HOUR:
        raise UnitsMixed(left=card_hours.unit, right=Unit.CARD_HOUR)
    if key.sparse or key.precision is not Precision.FP16 or key not in rates_tflops:
        raise ConversionUnknown(key=key)
    return Quantity(card_hours.value * rates_tflops[key] / 1000 / 24, Unit.P_DAY_FP16_DENSE)

from __future__ import annotations

from fractions import Fraction

import pytest

from suanwang.basics.units import (
    P_DAY_OPERATIONS,
    ConversionUnknown,
    Precision,
    Quantity,
    RateKey,
    Unit,
    UnitsMixed,
    standard_work,
)  # fmt: skip

B3 = RateKey("ascend-910b3", Precision.FP16)
RATES = {B3: Fraction(313)}


def hours(value: int) -> Quantity:
    return Quantity.of(value, Unit.CARD_HOUR)


def test_one_ascend_910b3_for_a_day_is_0313_p_days():
    # The worked example of the unit table: 313 TFLOPS dense FP16 at 100 % for a day.
    assert standard_work(hours(24), B3, RATES) == Quantity.of("0.313", Unit.P_DAY_FP16_DENSE)
    assert P_DAY_OPERATIONS == 8.64e19


@pytest.mark.parametrize(
    "key",
    [
        RateKey("ascend-910b3", Precision.FP16, sparse=True),
        RateKey("ascend-910b3", Precision.INT8),
        RateKey("unheard-of", Precision.FP16),
    ],
    ids=str,
)
def test_a_conversion_without_a_key_is_refused(key):
    with pytest.raises(ConversionUnknown, match=str(key).split()[0]):
        standard_work(hours(1), key, RATES)


def test_core_hours_are_not_card_hours():
    with pytest.raises(UnitsMixed):
        standard_work(Quantity.of(1, Unit.CORE_HOUR), B3, RATES)


def test_units_refuse_to_mix():
    gb = Quantity.of(1, Unit.GB)
    for mix in (lambda: hours(1) + gb, lambda: hours(1) - gb, lambda: hours(1) < gb):
        with pytest.raises(UnitsMixed, match="card-hour and GB"):
            mix()


def test_arithmetic_is_exact():
    third = hours(1).times(Fraction(1, 3))
    assert third + third + third == hours(1)
    assert hours(2) - hours(1) == hours(1)
    assert hours(1) < hours(2)
    assert str(hours(3)) == "3 card-hour"

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanwang.basics.money import (
    CNY,
    UNITS_MAX,
    AmountTooLarge,
    AmountUnreadable,
    Asset,
    AssetsMixed,
    Money,
    card_hours_of,
    round_exactly,
    split,
)  # fmt: skip

units = st.integers(-(10**15), 10**15)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("12.5", 12_500_000), ("-0.000001", -1), ("007", 7_000_000)],
)
def test_decimal_strings_become_whole_units(text, expected):
    assert Money.parse(text) == Money(expected)


@pytest.mark.parametrize("text", ["", "x", "1.0000001", "NaN", "Infinity", None, "1,5", "1e3", "1E+09", "1e30000", "1_000", " 1",
                                  "１２", 12, "1e999999999"])  # fmt: skip
def test_what_is_not_an_exact_amount_is_refused_by_name(text):
    with pytest.raises((AmountUnreadable, AmountTooLarge)):
        Money.parse(text)


def test_a_float_is_never_money():
    with pytest.raises(TypeError, match="whole smallest units"):
        Money(1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Money(True)


def test_more_than_63_bits_are_refused():
    with pytest.raises(AmountTooLarge):
        Money(UNITS_MAX) + Money(1)


def test_assets_refuse_to_mix():
    hours = Money(1, card_hours_of("a100@guian"))
    for mix in (lambda: Money(1) + hours, lambda: Money(1) - hours, lambda: Money(1) < hours):
        with pytest.raises(AssetsMixed, match="CARD_HOURS:a100@guian"):
            mix()
    assert Money(1) != hours


def test_it_prints_as_it_is_read():
    assert str(Money.parse("3.20")) == "3.200000"
    assert str(Money(-1)) == "-0.000001"
    assert Money.zero().decimal() == 0
    assert not Money.zero()
    assert -Money(2) == Money(-2)
    assert str(Asset("GEC", 0)) == "GEC"


@pytest.mark.parametrize(
    ("value", "up", "even"),
    [("5/2", 3, 2), ("-5/2", -3, -2), ("7/2", 4, 4), ("1/3", 0, 0), ("-2/3", -1, -1), ("4", 4, 4)],
)
def test_rounding_rules(value, up, even):
    assert round_exactly(Fraction(value)) == up
    assert round_exactly(Fraction(value), rounding=ROUND_HALF_EVEN) == even


def test_times_rounds_once():
    assert Money(10).times(Decimal("0.25")) == Money(3)


@given(units)
def test_money_survives_the_wire(value):
    assert Money.parse(str(Money(value))) == Money(value)


@given(st.integers(0, 10**15), st.lists(st.fractions(0, 10), min_size=1, max_size=8).filter(any))
def test_parts_sum_to_the_whole_and_stay_within_a_unit(total, weights):
    parts = split(Money(total), weights)
    assert sum(p.units for p in parts) == total
    whole = sum(weights)
    assert all(abs(p.units - total * w / whole) < 1 for p, w in zip(parts, weights, strict=True))


def test_splitting_by_nothing_is_our_mistake():
    with pytest.raises(AssertionError):
        split(Money(1, CNY), [Fraction(0)])

"""List prices: flat, by the hour, per class; exact to the smallest unit."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.grid.builders import NOW, PEAK_AND_VALLEY, slot, yuan

from suanwang.basics.money import Money, round_exactly
from suanwang.basics.products import CardClass
from suanwang.basics.slots import BEIJING, HOUR, Slot, to_micros
from suanwang.grid.errors import GridInvalid
from suanwang.grid.hourly import HOUR_MICROS
from suanwang.grid.list_price import ListPrice, PriceTable

FLAT = {"kind": "flat", "price": "3.20"}
TABLE = {"kind": "per_class", "classes": {"a100-80g-sxm": FLAT, "xeon-8380": PEAK_AND_VALLEY}}


def beijing(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 24, hour, minute, tzinfo=BEIJING)


def by_hour(**changes) -> dict:
    return PEAK_AND_VALLEY | changes


@pytest.mark.parametrize(
    ("hour", "minute", "price"),
    [
        (0, 0, "2.00"),
        (6, 59, "2.00"),
        (7, 0, "4.00"),
        (8, 0, "6.00"),
        (11, 59, "6.00"),
        (12, 0, "4.00"),
        (17, 30, "6.00"),
        (21, 0, "4.00"),
        (23, 0, "2.00"),
    ],
)
def test_the_price_of_an_instant_follows_the_beijing_clock(hour, minute, price):
    assert ListPrice.from_wire(PEAK_AND_VALLEY).price_at(beijing(hour, minute)) == yuan(price)


@pytest.mark.parametrize(
    ("start", "end", "cards", "cost"),
    [
        ((9, 0), (10, 0), 1, "6.00"),
        ((9, 0), (10, 0), 8, "48.00"),
        ((6, 30), (8, 30), 2, "16.00"),  # 2 × (0.5 × 2 + 1 × 4 + 0.5 × 6)
        ((11, 0), (13, 0), 1, "10.00"),
        ((9, 0), (9, 1), 1, "0.10"),
        ((9, 0), (10, 0), 0, "0"),
    ],
)
def test_a_span_is_cut_at_whole_hours(start, end, cards, cost):
    price = ListPrice.from_wire(PEAK_AND_VALLEY)
    assert price.cost_over(Slot(beijing(*start), beijing(*end)), cards) == yuan(cost)


def test_a_second_of_a_flat_price_is_rounded_once_half_up():
    price = ListPrice.flat("1.00")  # 277.777… units a second
    assert price.cost_over(Slot(NOW, NOW + timedelta(seconds=1)), 1) == Money(278)
    assert price.cost_over(Slot(NOW, NOW + timedelta(seconds=2)), 1) == Money(556)


def test_a_span_is_listed_where_its_price_changes():
    price = ListPrice.from_wire(PEAK_AND_VALLEY)
    span = Slot(beijing(6, 30), beijing(13))
    assert price.prices_over(span) == [
        (Slot(beijing(6, 30), beijing(7)), yuan("2")),
        (Slot(beijing(7), beijing(8)), yuan("4")),
        (Slot(beijing(8), beijing(12)), yuan("6")),
        (Slot(beijing(12), beijing(13)), yuan("4")),
    ]
    assert ListPrice.flat(yuan("4")).prices_over(span) == [(span, yuan("4"))]


def test_a_price_whose_factors_are_all_one_is_flat():
    assert ListPrice.from_wire(by_hour(factors={"peak": "1", "valley": "1.0"})).is_flat
    assert not ListPrice.from_wire(PEAK_AND_VALLEY).is_flat


factors = st.decimals("0.01", "5", places=2).map(str)
hours = st.lists(st.integers(0, 23), unique=True, max_size=12)


@st.composite
def list_prices(draw):
    """Any price that a centre may state."""
    price = f"{draw(st.integers(0, 50_000_000)) / 10**6:.6f}"
    if draw(st.booleans()):
        return ListPrice.from_wire({"kind": "flat", "price": price})
    peak = draw(hours)
    valley = [hour for hour in draw(hours) if hour not in peak]
    wire = {"kind": "time_of_use", "price": price, "hours": {"peak": peak, "valley": valley}}
    return ListPrice.from_wire(wire | {"factors": {"peak": draw(factors), "valley": draw(factors)}})


spans = st.builds(
    lambda start, seconds: Slot(start, start + timedelta(seconds=seconds)),
    st.integers(-200_000, 200_000).map(lambda s: NOW + timedelta(seconds=s)),
    st.integers(1, 20_000),
)


@settings(max_examples=15, deadline=None)  # the twin walks every second
@given(list_prices(), spans, st.integers(1, 100))
def test_a_cost_is_the_sum_of_its_seconds(price, span, cards):
    seconds = int(span.length / timedelta(seconds=1))
    units = sum(price.price_at(span.start + timedelta(seconds=i)).units for i in range(seconds))
    assert price.cost_over(span, cards) == Money(round_exactly(Fraction(units * cards, 3600)))


@given(list_prices(), spans, spans)
def test_costs_of_touching_spans_add_up_within_a_unit(price, left, right):
    right = Slot(left.end, left.end + right.length)
    whole = price.cost_over(Slot(left.start, right.end), 3)
    parts = price.cost_over(left, 3) + price.cost_over(right, 3)
    assert abs(whole.units - parts.units) <= 1


@given(list_prices(), spans)
def test_the_parts_of_a_span_cost_what_the_span_costs(price, span):
    parts = price.prices_over(span)
    assert (parts[0][0].start, parts[-1][0].end) == (span.start, span.end)
    exact = sum(Fraction(part.length / HOUR) * each.units for part, each in parts)
    assert abs(price.cost_over(span, 1).units - exact) <= 1


@given(list_prices(), spans, st.integers(1, 60))
def test_spans_an_hour_apart_cost_what_each_costs(price, span, count):
    start, length = to_micros(span.start), to_micros(span.end) - to_micros(span.start)
    starts = [start + i * HOUR_MICROS for i in range(count)]
    expected = [price.unit_micros(each, each + length) for each in starts]
    assert price.unit_micros_each_hour(start, count, length) == expected


@given(list_prices())
def test_a_price_survives_the_wire(price):
    assert ListPrice.from_wire(price.to_wire()) == price


def test_a_table_gives_each_class_its_price_and_survives_the_wire():
    table = PriceTable.from_wire(TABLE)
    assert table.of(CardClass("xeon-8380")) == ListPrice.from_wire(PEAK_AND_VALLEY)
    assert PriceTable.from_wire(table.to_wire()) == table
    read = ListPrice.from_wire(TABLE, card_class=CardClass("a100-80g-sxm"))
    assert read == ListPrice.flat("3.20")


@pytest.mark.parametrize(
    ("wire", "code", "says"),
    [
        ("3.20", "fact-not-mapping", "price"),
        ({"price": "3.20"}, "fact-missing", "price/kind"),
        ({"kind": "auction", "price": "1"}, "fact-not-one-of", "flat, time_of_use, per_class"),
        ({"kind": "flat"}, "fact-missing", "price/price"),
        ({"kind": "flat", "price": "-1"}, "fact-not-price", "-1"),
        ({"kind": "flat", "price": 3.2}, "fact-not-price", "3.2"),
        ({"kind": "flat", "price": "0.0000001"}, "fact-not-price", "0.0000001"),
        ({"kind": "flat", "price": "1e9"}, "fact-not-price", "1e9"),
        ({"kind": "flat", "price": "1", "hours": {}}, "fact-unknown", "price/hours"),
        (by_hour(factors={"peak": "1.5"}), "periods-differ", "peak, valley"),
        (by_hour(hours={"noon": [12]}), "fact-unknown", "price/hours/noon"),
        (by_hour(factors={"noon": "2"}), "fact-unknown", "price/factors/noon"),
        (by_hour(hours={"peak": [24], "valley": []}), "fact-not-whole", "price/hours/peak/0"),
        (by_hour(hours={"peak": "8-12", "valley": []}), "fact-not-list", "8-12"),
        (by_hour(hours={"peak": [8], "valley": [8]}), "hour-priced-twice", "8"),
        (by_hour(factors={"peak": "0", "valley": "1"}), "fact-not-number", "price/factors/peak"),
        (by_hour(factors={"peak": "x", "valley": "1"}), "fact-not-number", "price/factors/peak"),
        (by_hour(factors={"peak": "NaN", "valley": "1"}), "fact-not-number", "NaN"),
        (by_hour(factors={"peak": "Infinity", "valley": "1"}), "fact-not-number", "Infinity"),
        (by_hour(factors={"peak": 1.5, "valley": "1"}), "fact-not-number", "price/factors/peak"),
        (by_hour(factors={"peak": "1.1234567", "valley": "1"}), "fact-not-number", "1.1234567"),
        (TABLE, "class-unpriced", "mlu370-x8"),
        ({"kind": "per_class", "classes": {"mlu370-x8": TABLE}}, "fact-not-one-of", "flat"),
        ({"kind": "per_class", "classes": {}, "price": "1"}, "fact-unknown", "price/price"),
        (
            {"kind": "per_class", "classes": {f"c{i}": FLAT for i in range(501)}},
            "fact-not-list",
            "501",
        ),
    ],
)  # fmt: skip
def test_a_wrong_price_is_refused_by_the_name_of_its_field(wire, code, says):
    with pytest.raises(GridInvalid) as caught:
        ListPrice.from_wire(wire, card_class=CardClass("mlu370-x8"))
    assert caught.value.code == code
    for lang in ("en", "zh"):
        assert says in caught.value.message(lang)


def test_a_table_without_a_class_to_look_for_is_refused():
    with pytest.raises(GridInvalid):
        ListPrice.from_wire(TABLE)


def test_a_price_is_also_right_in_a_slot_builder():
    assert ListPrice.flat("4").cost_over(slot(0, 1.5), 2) == yuan("12")

"""Every rule of the CASE, by what is changed in a good one and the place that is then named."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.market.builders import (
    a_case,
    a_document,
    ask,
    bid,
    block,
    both_ways,
    job,
    link,
    offer,
)

from suanwang.market.case.model import Pricing, Shape, Side
from suanwang.market.case.read import case_from_document
from suanwang.market.errors import CaseUnreadable


def refusal(**keys):
    with pytest.raises(CaseUnreadable) as refused:
        a_case(**({"zones": "A B", "classes": "x y", "slots": 3} | keys))
    return refused.value.facts


def without(order, key):
    return {name: value for name, value in order.items() if name != key}


def slot(start, end):
    return {"start": start, "end": end}


ORDERS = [
    # what stands in the file, the place named
    ({"asks": {}}, "$.asks"),
    ({"asks": [7]}, "$.asks[0]"),
    ({"asks": [ask("a"), without(ask("b"), "price")]}, "$.asks[1].price"),
    ({"asks": [ask("a", limit=1)]}, "$.asks[0]"),
    ({"bids": [bid("b", pool="p")]}, "$.bids[0]"),
    ({"bids": [bid("b", zone="C")]}, "$.bids[0].zone"),
    ({"bids": [bid("b"), bid("c", card_class="z")]}, "$.bids[1].class"),
    ({"bids": [bid("b", slot=3)]}, "$.bids[0].slot"),
    ({"bids": [bid("b", slot=-1)]}, "$.bids[0].slot"),
    ({"bids": [bid("b", slot="0.5")]}, "$.bids[0].slot"),
    ({"bids": [bid("b", slot=True)]}, "$.bids[0].slot"),
    ({"bids": [bid("b", slot=10**30)]}, "$.bids[0].slot"),
    ({"bids": [bid("b", quantity=True)]}, "$.bids[0].quantity"),
    ({"bids": [bid("b", quantity=-1)]}, "$.bids[0].quantity"),
    ({"bids": [bid("b", quantity=10**12 + 1)]}, "$.bids[0].quantity"),
    ({"bids": [bid("b", quantity="1e3000")]}, "$.bids[0].quantity"),
    ({"bids": [bid("b", quantity="1,5")]}, "$.bids[0].quantity"),
    ({"bids": [bid("b", quantity="01")]}, "$.bids[0].quantity"),
    ({"bids": [bid("b", quantity="nan")]}, "$.bids[0].quantity"),
    ({"bids": [bid("b", quantity=float("inf"))]}, "$.bids[0].quantity"),
    ({"bids": [bid("b", price=None)]}, "$.bids[0].price"),
    ({"bids": [bid("b", price="0.015")]}, "$.bids[0].price"),
    ({"bids": [bid("b", price="0.01000002")]}, "$.bids[0].price"),
    ({"bids": [bid("b", price=9 * 10**13)]}, "$.bids[0].price"),
    ({"bids": [bid("b", price="1e15")]}, "$.bids[0].price"),
    ({"bids": [bid("b", lot=0)]}, "$.bids[0].lot"),
    ({"bids": [bid("b", 10**9, lot="1e-12")]}, "$.bids[0].lot"),
    ({"bids": [bid(7)]}, "$.bids[0].id"),
    ({"bids": [bid("")]}, "$.bids[0].id"),
    ({"bids": [bid("a\x00b")]}, "$.bids[0].id"),
    ({"bids": [bid("\ud800")]}, "$.bids[0].id"),
    ({"bids": [bid("x" * 257)]}, "$.bids[0].id"),
    ({"bids": [bid("@rounding")]}, "$.bids[0].id"),
    ({"bids": [bid("b"), bid("b")]}, "$.bids[1].id"),
    ({"asks": [ask("b")], "jobs": [job("c"), job("b")]}, "$.jobs[1].id"),
    ({"bids": [bid("b", price=3)], "price_max": 2}, "$.bids[0].price"),
    ({"asks": [ask("a", price=1)], "price_min": 2}, "$.asks[0].price"),
    ({"offers": [offer("o", price=[1, 3, 1])], "price_max": 2}, "$.offers[0].price"),
    ({"blocks": [block("k", price=-2)], "price_min": -1}, "$.blocks[0].price"),
    ({"asks": [ask("a", pool=5)]}, "$.asks[0].pool"),
    ({"asks": [ask("a", pool="p"), ask("b", pool="p", zone="B")]}, "$.asks[1].pool"),
    (
        {"asks": [ask("a", pool="p")], "offers": [offer("o", pool="p", zone="B")]},
        "$.offers[0].pool",
    ),
    ({"bids": [bid(f"b{i}", 10**12) for i in range(5)]}, "$"),
    ({"blocks": [block("k", side="both")]}, "$.blocks[0].side"),
    ({"blocks": [block("k", slots=[])]}, "$.blocks[0].slots"),
    ({"blocks": [block("k", slots=[0, 0])]}, "$.blocks[0].slots[1]"),
    ({"blocks": [block("k", slots=[3])]}, "$.blocks[0].slots[0]"),
    ({"blocks": [block("k", slots=2)]}, "$.blocks[0].slots"),
    ({"blocks": [block("k", quantity=[1, 2])]}, "$.blocks[0].quantity"),
    ({"blocks": [block("k", quantity=[-1])]}, "$.blocks[0].quantity[0]"),
    ({"blocks": [block("k", min_fraction=0)]}, "$.blocks[0].min_fraction"),
    ({"blocks": [block("k", min_fraction="1.01")]}, "$.blocks[0].min_fraction"),
    ({"blocks": [block("k", parent="l")]}, "$.blocks[0].parent"),
    ({"blocks": [block("k", parent="k")]}, "$.blocks[0].parent"),
    ({"blocks": [block("k", parent="l"), block("l", parent="k")]}, "$.blocks[0].parent"),
    ({"blocks": [block("k", group="g"), block("l", group="g", parent="k")]}, "$.blocks[1].parent"),
    ({"jobs": [without(job("j"), "work")]}, "$.jobs[0].work"),
    ({"jobs": [job("j", work=0)]}, "$.jobs[0].work"),
    ({"jobs": [job("j", zones={})]}, "$.jobs[0].zones"),
    ({"jobs": [job("j", zones={"C": 0})]}, "$.jobs[0].zones"),
    ({"jobs": [job("j", zones={"A": -1})]}, "$.jobs[0].zones.A"),
    ({"jobs": [job("j", zones=["A"])]}, "$.jobs[0].zones"),
    ({"jobs": [job("j", classes={})]}, "$.jobs[0].classes"),
    ({"jobs": [job("j", classes={"x": 0})]}, "$.jobs[0].classes.x"),
    ({"jobs": [job("j", cards_max=0)]}, "$.jobs[0].cards_max"),
    ({"jobs": [job("j", cards_min=2)]}, "$.jobs[0].cards_min"),
    ({"jobs": [job("j", start=1, end=1)]}, "$.jobs[0].end"),
    ({"jobs": [job("j", end=4)]}, "$.jobs[0].end"),
    ({"jobs": [job("j", start=3)]}, "$.jobs[0].start"),
    ({"jobs": [job("j", shape="round")]}, "$.jobs[0].shape"),
    ({"jobs": [job("j", gang="yes")]}, "$.jobs[0].gang"),
    ({"jobs": [job("j", gang=True)]}, "$.jobs[0].gang"),
    ({"jobs": [without(job("j"), "value")]}, "$.jobs[0].value"),
    ({"jobs": [job("j", values=[])]}, "$.jobs[0].values"),
    ({"jobs": [job("j", values=[{"end": 2, "value": 1}] * 2)]}, "$.jobs[0].values[1].end"),
    ({"jobs": [job("j", values=[{"end": 1}])]}, "$.jobs[0].values[0].value"),
    ({"jobs": [job("j", max_pauses=-1)]}, "$.jobs[0].max_pauses"),
    ({"jobs": [job("j", setup=-1)]}, "$.jobs[0].setup"),
    ({"jobs": [job("j", data={"in": 1})]}, "$.jobs[0].data.at"),
    ({"jobs": [job("j", data={"at": "A", "in": -1})]}, "$.jobs[0].data.in"),
    ({"jobs": [job("j", carbon_weight=-1)]}, "$.jobs[0].carbon_weight"),
    ({"offers": [offer("o", min_run=0)]}, "$.offers[0].min_run"),
    ({"offers": [offer("o", ramp=-1)]}, "$.offers[0].ramp"),
    ({"offers": [offer("o", start_cost=-1)]}, "$.offers[0].start_cost"),
    ({"offers": [offer("o", quantity=[1, 2])]}, "$.offers[0].quantity"),
    ({"offers": [offer("o", lot=1)]}, "$.offers[0]"),
    ({"offers": [offer("o", pool=[])]}, "$.offers[0].pool"),
]
REST = [
    ({"currency": ""}, "$.currency"),
    ({"currency": 5}, "$.currency"),
    ({"tick": 0}, "$.tick"),
    ({"tick": "0.0000015"}, "$.tick"),
    ({"zones": []}, "$.zones"),
    ({"zones": ["A", "A"]}, "$.zones[1]"),
    ({"classes": ["x", 1]}, "$.classes[1]"),
    ({"slots": []}, "$.slots"),
    ({"zones": [f"z{i}" for i in range(3000)], "classes": [f"c{i}" for i in range(3000)]}, "$"),
    ({"links": [link("A", "A")]}, "$.links[0].to"),
    ({"links": [link("A", "C")]}, "$.links[0].to"),
    ({"links": [link("A", "B"), link("A", "B")]}, "$.links[1]"),
    ({"links": [link("A", "B", -1)]}, "$.links[0].capacity"),
    ({"links": [link("A", "B", [1, 1])]}, "$.links[0].capacity"),
    ({"links": [link("A", "B", [1, 1, "x"])]}, "$.links[0].capacity[2]"),
    ({"links": [link("A", "B", cost=-1)]}, "$.links[0].cost"),
    ({"links": [link("A", "B", weights={"x": 0})]}, "$.links[0].weights.x"),
    ({"links": [link("A", "B", weights={"z": 1})]}, "$.links[0].weights"),
    ({"price_min": 2, "price_max": 1}, "$.price_max"),
    ({"price_min": "0.001"}, "$.price_min"),
    ({"pricing": "fair"}, "$.pricing"),
    ({"seed": "1.5"}, "$.seed"),
    ({"receipts_root": 5}, "$.receipts_root"),
    ({"more": 1}, "$"),
    ({"carbon": [{"zone": "A", "class": "x", "kg": -1}]}, "$.carbon[0].kg"),
    ({"carbon": [{"zone": "A", "class": "x", "kg": 1}] * 2}, "$.carbon[1]"),
    ({"carbon": [{"zone": "A", "class": "x", "kg": 10**12}], "carbon_price": 1}, "$.carbon[0].kg"),
    ({"carbon_price": -1}, "$.carbon_price"),
]


@pytest.mark.parametrize(("keys", "place"), [*ORDERS, *REST])
def test_what_the_rules_forbid_is_refused_with_its_place(keys, place):
    if "slots" in keys:
        document = a_document() | keys
        with pytest.raises(CaseUnreadable) as refused:
            case_from_document(document, name="noon.json")
        assert refused.value.facts["place"] == place
        return
    assert refusal(**keys)["place"] == place


@pytest.mark.parametrize(
    ("slots", "key"),
    [
        ([slot("2026-03-01", "2026-03-02")], "[0].start"),
        ([slot("2026-02-30T00:00:00Z", "2026-03-02T00:00:00Z")], "[0].start"),
        ([slot("2026-03-01T24:00:00Z", "2026-03-02T00:00:00Z")], "[0].start"),
        ([slot(5, "2026-03-02T00:00:00Z")], "[0].start"),
        ([slot("2026-03-01T01:00:00Z", "2026-03-01T01:00:00Z")], "[0].end"),
        ([slot("2026-03-01T01:00:00Z", "2026-03-01T02:00:00")], "[0].end"),
        (
            [
                slot("2026-03-01T00:00:00Z", "2026-03-01T01:00:00Z"),
                slot("2026-03-01T00:59:59Z", "2026-03-01T02:00:00Z"),
            ],
            "[1].start",
        ),
    ],
)
def test_slots_are_in_order_and_of_one_kind_of_time(slots, key):
    with pytest.raises(CaseUnreadable) as refused:
        case_from_document(a_document() | {"slots": slots})
    assert refused.value.facts["place"] == f"$.slots{key}"


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-03-01T00:00:00Z", "2026-03-01T00:15:00Z", "1/4"),
        ("2026-03-01T00:00:00+08:00", "2026-02-28T17:00:00z", "1"),
        ("2026-03-01t00:00:00", "2026-03-01 00:00:00.000036", "1/100000000"),
        ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "87649419647/3600"),
    ],
)
def test_a_slot_has_exact_hours(start, end, hours):
    case = case_from_document(a_document() | {"slots": [slot(start, end)]})
    assert case.hours[0] > 0
    if not hours.startswith("8764"):
        assert case.hours == (Fraction(hours),)


def test_a_refusal_says_what_was_expected_and_found_in_both_languages():
    facts = refusal(bids=[bid("b", price="0.015\u202e")])
    assert facts == {
        "file": "case",
        "place": "$.bids[0].price",
        "expected": "a number",
        "found": '"0.015\\u202e"',
    }
    error = CaseUnreadable(**facts)
    assert error.message("en").startswith("case: $.bids[0].price: expected a number, found")
    assert "应为" in error.message("zh")


def test_what_is_found_is_cut_to_80_characters():
    assert len(refusal(bids=[bid("b", zone="z" * 1000)])["found"]) == 80


@pytest.mark.parametrize("key", ["currency", "tick", "zones", "classes", "slots"])
def test_a_needed_key_is_missed_by_its_name(key):
    with pytest.raises(CaseUnreadable) as refused:
        case_from_document(without(a_document(), key))
    assert refused.value.facts["place"] == f"$.{key}"


@pytest.mark.parametrize("document", [None, [], 7, "case"])
def test_a_case_is_an_object(document):
    with pytest.raises(CaseUnreadable) as refused:
        case_from_document(document)
    assert refused.value.facts["place"] == "$"


def test_an_empty_market_is_a_case():
    case = case_from_document(
        {k: v for k, v in a_document(zones="A B", slots=2).items() if v != []}
    )
    assert (len(case.asks), len(case.bids), case.jobs, case.nodes) == (0, 0, (), 4)
    assert (case.price_min, case.price_max, case.quantum) == (0, 0, 10**12)
    assert (case.pricing, case.seed, case.receipts_root) == (Pricing.NO_LOSS, 0, None)


def test_simple_orders_become_columns():
    case = a_case(
        zones="A B",
        classes="x y",
        slots=2,
        asks=[ask("a", "0.3", 2, zone="B", card_class="y", slot=1, pool="q", lot="0.1"), ask("b")],
        bids=[bid("c", Decimal("1.5"), "8.12", slot="1")],
    )
    assert case.asks.ids == ["a", "b"]
    assert case.asks.node.tolist() == [case.node(1, 1, 1), case.node(0, 0, 0)] == [7, 0]
    assert case.asks.quantity.tolist() == [3 * 10**11, 10**12]
    assert case.asks.lot.tolist() == [10**11, 0]
    assert case.asks.pool.tolist() == [0, -1]
    assert (case.pools, case.pool_places) == (("q",), ((1, 1),))
    assert case.bids.price.tolist() == [8_120_000]
    assert case.bids.node.tolist() == [4]
    kinds = [case.asks.node.dtype, case.bids.price.dtype, case.bids.quantity.dtype]
    assert kinds == [np.int32, np.int64, np.int64]


def test_pools_are_numbered_by_name_and_an_offer_alone_may_make_one():
    case = a_case(zones="A B", asks=[ask("a", pool="q")], offers=[offer("o", pool="p", zone="B")])
    assert (case.pools, case.pool_places) == (("p", "q"), ((1, 0), (0, 0)))
    assert (case.asks.pool.tolist(), case.offers[0].pool) == ([1], 0)


@pytest.mark.parametrize(
    ("written", "micro"),
    [
        ("1.0000000099", 1_000_000),  # within 10⁻⁶ ticks of 0.01
        ("0.9999999901", 1_000_000),
        (-0.07, -70_000),
        (Decimal("1E+3"), 10**9),
        ("1e3", 10**9),
        (9 * 10**10, 9 * 10**16),
        ("8999999999999.99", 8_999_999_999_999_990_000),
    ],
)
def test_a_price_near_a_multiple_of_the_tick_is_that_multiple(written, micro):
    case = a_case(bids=[bid("b", price=written)], price_min=-1)
    assert case.bids.price.tolist() == [micro]


@pytest.mark.parametrize(
    ("cards", "others", "quantum", "quanta"),
    [
        ("0.1234567890129", 1, 10**12, 123_456_789_012),
        ("2.9999999999999999999", 1, 10**12, 2_999_999_999_999),
        ("0.1234567899", 5_000_000, 10**9, 123_456_789),
        ("0.1234567899", 5 * 10**9, 10**6, 123_456),
        ("1e-30", 1, 10**12, 0),
        (0.30000000000000004, 1, 10**12, 300_000_000_000),
    ],
)
def test_quantities_are_whole_quanta_cut_down(cards, others, quantum, quanta):
    case = a_case(bids=[bid("b", cards)], asks=[ask("a", others)])
    assert (case.quantum, case.bids.quantity.tolist()) == (quantum, [quanta])
    case = a_case(bids=[bid("b", cards)], blocks=[block("k", others)])
    assert case.quantum == quantum


def test_price_bounds_come_from_the_orders_where_not_named():
    orders = {
        "asks": [ask("a", price=-3)],
        "blocks": [block("k", price=5)],
        "offers": [offer("o", price=7)],
    }
    case = a_case(**orders)
    assert (case.price_min, case.price_max) == (-3_000_000, 7_000_000)
    carbon = {"carbon": [{"zone": "A", "class": "x", "kg": 2}], "carbon_price": "0.5"}
    assert a_case(**orders, **carbon).price_max == 8_000_000
    assert a_case(**orders, price_min=-4, price_max=9).price_max == 9_000_000
    assert a_case(asks=[ask("a", price=2)]).price_min == 0


def test_carbon_is_rounded_half_even_to_micro_yuan():
    kg = ["0.0000005", "0.0000015", 0]
    case = a_case(slots=3, carbon=[{"zone": "A", "class": "x", "kg": kg}], carbon_price=1)
    assert case.carbon[:, 0, 0].tolist() == [0, 2, 0]
    assert sorted(case.kg) == [(0, 0, 0), (1, 0, 0)]


def test_money_other_than_prices_is_cut_against_the_one_who_names_it():
    case = a_case(
        zones="A B",
        links=both_ways("A", "B", cost="0.0000001"),
        jobs=[job("j", value="1.0000019", zones={"A": "0.0000011"})],
        offers=[offer("o", start_cost="0.0000021")],
    )
    micro = Fraction(1, 10**6)
    assert case.links[0].cost == micro
    assert case.jobs[0].values == ((1, 1 + micro),)
    assert case.jobs[0].zones == {0: 2 * micro}
    assert case.offers[0].start_cost == 3 * micro
    assert a_case(jobs=[job("j", value="-0.0000001")]).jobs[0].values == ((1, -micro),)


def test_everything_else_is_read_as_it_stands():
    case = a_case(
        zones="A B",
        classes="x y",
        slots=2,
        links=[link("A", "B", [1, "2.5"], weights={"y": 3})],
        blocks=[
            block("k", [1, 2], 3, side="ask", slots=[1, 0], group="g", min_fraction="0.5"),
            block("l", parent="k", lot=2),
        ],
        jobs=[
            job("j", shape="contiguous", gang=True, cards_min=1, values=[{"end": 1, "value": 2}]),
            job("i", shape="preemptible", setup=1, max_pauses=2, data={"at": "B", "in": 4}),
            job("h", cards_min=1),
        ],
        offers=[offer("o", [1, 2], [3, 4], ramp=1, min_run=2, end=2)],
        pricing="uplift",
        seed="7",
        receipts_root="ab",
    )
    (one,) = case.links
    assert (one.source, one.target, one.weights) == (0, 1, (1, 3))
    assert one.capacity == (1, Fraction(5, 2))
    first, second = case.blocks
    assert (first.side, first.slots, first.quantity) == (Side.ASK, (1, 0), (1, 2))
    assert (first.group, first.min_fraction) == ("g", Fraction(1, 2))
    assert (second.parent, second.lot, second.min_fraction) == ("k", 2, 1)
    gang, paused, divisible = case.jobs
    assert (gang.shape, gang.gang, gang.values) == (Shape.CONTIGUOUS, True, ((1, 2),))
    assert (gang.value_at(0), gang.value_at(1)) == (2, None)
    assert (paused.setup, paused.max_pauses) == (1, 2)
    assert paused.data is not None
    assert (paused.data.at, paused.data.gb_in, paused.data.gb_out) == (1, 4, 0)
    assert divisible.cards_min == 0, "ignored for a divisible job"
    (hilly,) = case.offers
    assert (hilly.quantity, hilly.price, hilly.ramp, hilly.end) == ((1, 2), (3, 4), 1, 2)
    assert (case.pricing, case.seed, case.receipts_root) == (Pricing.UPLIFT, 7, "ab")


numbers = st.decimals(0, 1000, places=12).map(lambda d: d.normalize())


@settings(max_examples=50)
@given(st.lists(st.tuples(numbers, st.sampled_from([str, float, Decimal])), min_size=1))
def test_a_column_of_any_numbers_is_read_as_one_by_one(column):
    """Floats, texts and decimals, mixed or not: the quick way and the exact way agree."""
    written = [kind(number) for number, kind in column]
    case = a_case(bids=[bid(f"b{i}", cards) for i, cards in enumerate(written)])
    expected = [int(Fraction(str(cards)) * 10**12) for cards in written]
    assert case.bids.quantity.tolist() == expected

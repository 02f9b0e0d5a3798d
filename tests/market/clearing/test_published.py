"""The prices of a RESULT: on the grid of 10⁻¹² yuan, link prices the least that fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.market.builders import a_case, link

from suanwang.market.clearing.published import least_link_prices, publish
from suanwang.market.clearing.scale import PICO

PICO_IN_MICRO = 10**6


@pytest.mark.parametrize(
    ("prices", "keys", "found"),
    [
        ((1, 4), {}, 3),
        ((4, 1), {}, None),
        ((4, 4), {}, None),
        ((1, 4), {"cost": 1}, 2),
        ((1, 4), {"cost": 3}, None),
        ((1, 4), {"weights": {"x": 2}}, "1.5"),
        ((1, 4), {"weights": {"x": 7}}, "0.428571428572"),  # rounded up
    ],
)
def test_a_link_costs_the_least_that_nobody_can_gain_from(prices, keys, found):
    case = a_case(zones="A B", links=[link("A", "B", **keys)])
    (links,) = least_link_prices(case, tuple(p * PICO for p in prices))
    assert links == ({} if found is None else {0: round(float(found) * PICO)})


def test_the_class_that_gains_most_says_what_a_link_costs():
    case = a_case(
        zones="A B", classes="x y", links=[link("A", "B", weights={"x": 4, "y": 1})], slots=2
    )
    # Per slot and class A, B: x rises by 8 over a weight of 4, y by 1 and then by 3.
    node = [p * PICO for p in (0, 8, 0, 1, 0, 8, 0, 3)]
    assert least_link_prices(case, tuple(node)) == ({0: 2 * PICO}, {0: 3 * PICO})


@given(
    prices=st.lists(st.integers(-(10**18), 10**18), min_size=4, max_size=4),
    weights=st.tuples(*[st.sampled_from(["1", "0.7", "3"])] * 2),
    cost=st.sampled_from(["0", "0.1", "2"]),
)
def test_link_prices_fit_and_none_could_be_less(prices, weights, cost):
    case = a_case(
        zones="A B", classes="x y",
        links=[link("A", "B", cost=cost, weights=dict(zip("xy", weights, strict=True)))],
    )  # fmt: skip
    (found,) = least_link_prices(case, tuple(prices))
    one, price = case.links[0], found.get(0, 0)
    rises = [prices[1] - prices[0], prices[3] - prices[2]]
    short = [rise - one.cost * PICO - w * price for rise, w in zip(rises, one.weights, strict=True)]
    assert max(short) <= 0
    if price:
        assert max(s + w for s, w in zip(short, one.weights, strict=True)) > 0


def test_roots_are_rounded_and_what_lies_above_them_stays_exact():
    case = a_case(zones="A B")
    found = publish(case, np.array([1e6 / 3, 1e6 / 3]), np.array([0, 5], np.int64))
    assert found.node == (333333333333, 333333333333 + 5 * PICO_IN_MICRO)
    assert found.node_yuan().tolist() == pytest.approx([1 / 3, 1 / 3 + 5e-6])
    assert found.link_yuan(0).shape == (0, 1)


@pytest.mark.parametrize(
    ("low", "high", "meant"),
    [
        (8 * 10**18 - 3, 8 * 10**18 - 3, (8 * 10**18 - 3) * PICO_IN_MICRO),
        (0, 8 * 10**18 + 2, (4 * 10**18 + 1) * PICO_IN_MICRO),  # the midpoint
        (-(8 * 10**18) - 1, -(8 * 10**18) - 1, -(8 * 10**18 + 1) * PICO_IN_MICRO),
    ],
)
def test_a_price_beyond_a_floats_digits_is_what_it_was_meant_to_be(low, high, meant):
    ends = np.array([low], np.int64), np.array([high], np.int64)
    base = np.array([(float(low) + float(high)) / 2])
    assert publish(a_case(), base, np.zeros(1, np.int64), ends).node == (meant,)


def test_link_prices_as_a_table():
    case = a_case(zones="A B", slots=2, links=[link("A", "B"), link("B", "A")])
    found = publish(case, np.array([1e6, 3e6, 5e6, 1e6]), np.zeros(4, np.int64))
    assert found.link_yuan(2).tolist() == [[2, 0], [0, 4]]

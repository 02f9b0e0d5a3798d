"""Everybody's best at some multipliers: a bound on welfare, and its slope."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.market.builders import a_case, ask, bid, block, job, link, offer
from tests.market.oracle import milp, random_cases
from tests.market.oracle.job_columns import Overbuy

from suanwang.market.case.read import case_from_document
from suanwang.market.clearing.response import Crowd, no_pools
from suanwang.market.clearing.slots import Market


def crowd_of(case):
    return Crowd.of(Market.of(case))


def asked(prices, **keys):
    case = a_case(**keys)
    return crowd_of(case).respond(np.array(prices, float), no_pools(case))


@pytest.mark.parametrize(
    ("price", "keys", "value", "excess"),
    [
        (4, {"asks": [ask("a", 5, 1)]}, 15, -5),
        (1, {"asks": [ask("a", 5, 1)]}, 0, -5),
        (0, {"asks": [ask("a", 5, 1)]}, 0, 0),
        (4, {"bids": [bid("b", 5, 9)]}, 25, 5),
        (9, {"bids": [bid("b", 5, 9)]}, 0, 0),
        (4, {"jobs": [job("j", 1, 9)]}, 5, 1),
        (4, {"blocks": [block("k", 2, 9)]}, 10, 2),
        (4, {"blocks": [block("k", 2, 1, side="ask")]}, 6, -2),
        (4, {"offers": [offer("o", 2, 1, start_cost=1)]}, 5, -2),
        (4, {"offers": [offer("o", 2, 1, start_cost=9)]}, 0, 0),
        (4, {"slots": [3], "asks": [ask("a", 5, 1)]}, 45, -5),
    ],
)
def test_each_order_at_its_best(price, keys, value, excess):
    found = asked([price], **keys)
    assert (found.value, found.excess.tolist()) == (pytest.approx(value), [excess])


def test_a_link_sells_all_it_has_to_the_class_that_gains_most():
    # x gains 8 ÷ 4 a unit of capacity, y 3: 6 cards of y.
    ways = [link("A", "B", 6, weights={"x": 4})]
    found = asked([0, 8, 0, 3], zones="A B", classes="x y", links=ways)
    assert found.value == pytest.approx(6 * 3)
    assert found.links.tolist() == [[3]]
    assert found.excess.tolist() == [0, 0, 6, -6]


KINDS = ("LINKED", "LINEAR", "CONTIGUOUS", "PREEMPTIBLE", "BLOCKS", "OFFERS")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_the_bound_holds_and_lies_above_every_tangent(kind, seed):
    document = random_cases.case(seed, replace(getattr(random_cases, kind), pricing="uplift"))
    best = milp.optimum(document, overbuy=Overbuy.LEAST)
    case = case_from_document(document)
    crowd, dice = crowd_of(case), np.random.default_rng(seed)
    points = dice.uniform(0, 9, (6, case.nodes))
    answers = [crowd.respond(point, no_pools(case)) for point in points]
    for here, answer in zip(points, answers, strict=True):
        assert answer.value >= best - 1e-6
        slope = -answer.excess * crowd.hours
        for there, other in zip(points, answers, strict=True):
            assert other.value >= answer.value + slope @ (there - here) - 1e-6


@pytest.mark.parametrize(
    ("price", "supply", "margin"),
    [(0, -3, 0), (1, 5 - 3, 0), (3, 5 - 3, 2), (4, 7 - 3, 0), (9, 7, 5)],
)
def test_what_is_for_sale_near_a_price(price, supply, margin):
    # 5 cards at 1, 2 at 4; bids of 3 at 9 take theirs at any price below that.
    crowd = crowd_of(a_case(asks=[ask("a", 5, 1), ask("b", 2, 4)], bids=[bid("c", 3, 9)]))
    nodes = np.array([float(price)])
    assert crowd.supply(nodes).tolist() == [supply]
    assert crowd.margin(nodes).tolist() == pytest.approx([margin])


def test_prices_span_what_orders_name():
    crowd = crowd_of(a_case(
        asks=[ask("a", 1, 2)], bids=[bid("b", 1, 7)], jobs=[job("j", 2, 30)],
        blocks=[block("k", 1, 11)], price_min=0, price_max=99,
    ))  # fmt: skip
    assert (crowd.low, crowd.high) == (0, 15)


def test_pools_sell_what_is_for_sale_near_the_price():
    asks = [ask("a", 5, 1, pool="P"), ask("b", 2, 9, pool="P"), ask("c", 3, 1, pool="Q")]
    crowd = crowd_of(a_case(asks=asks, offers=[offer("o", 4, 1, pool="Q")]))
    assert crowd.pool_room(np.array([1.0])).tolist() == [[5], [3 + 4]]
    assert no_pools(crowd.market.case).tolist() == [[0], [0]]

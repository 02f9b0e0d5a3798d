"""Prices that support an outcome and at which nobody with a condition loses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.market.cleared import cleared, outcome_of, prices_of
from tests.market.clearing.markets import a_case, link, no_load
from tests.market.oracle import prices as oracle
from tests.market.oracle import random_cases
from tests.market.oracle.prices import nearest as nearest_by_hand

from suanwang.market.case.model import MICRO
from suanwang.market.clearing import supporting
from suanwang.market.clearing.data_dues import Condition, straightened
from suanwang.market.clearing.outcome import outcome_of as read_outcome
from suanwang.market.clearing.plans import Plans
from suanwang.market.clearing.slots import Market, clear_slots
from suanwang.market.clearing.supporting import Conditions, support

LOSS = 2e-6  # yuan: rules and rounding leave a micro-yuan each
both_methods = pytest.mark.parametrize("dense", [True, False], ids=["dense", "sparse"])


@pytest.fixture
def method(dense, monkeypatch):
    if not dense:
        monkeypatch.setattr(supporting, "DENSE_MAX", 0)


def wide_open(*ranges, links=(), zones=1):
    """A node a range (lowest, highest price): sold out at the one, and next to bid is the other."""
    asks, bids = [], []
    for node, (low, high) in enumerate(ranges):
        asks += [(node, low, 1), (node, high, 1)]
        bids += [(node, high + 1, 1), (node, low - 1, 1)] if low else [(node, high + 1, 1)]
    return a_case(zones=zones, slots=len(ranges) // zones, asks=asks, bids=bids, links=links)


def supported(case, conditions):
    """Conditions as "1@0 -2@1 ≥ 3": cards at nodes and the least yuan they come to."""
    market = Market.of(case)
    cleared_slots = clear_slots(market, np.zeros(case.nodes, np.int64), no_load(market))
    outcome = read_outcome(market, cleared_slots, Plans())
    asked = [condition(text, i) for i, text in enumerate(conditions)]
    found = support(market.network, outcome, no_load(market), asked)
    return found, (found.base + found.above) / MICRO, outcome


def condition(text, index):
    left, least = text.split("≥")
    terms = [term.split("@") for term in left.split()]
    return Condition(
        np.array([int(node) for _, node in terms], np.int64),
        np.array([float(cards) for cards, _ in terms]),
        float(least) * MICRO, ("job", index),
    )  # fmt: skip


@both_methods
@pytest.mark.usefixtures("method")
@pytest.mark.parametrize(
    ("ranges", "conditions", "prices"),
    [
        ([(2, 6), (0, 8)], [], [4, 4]),  # midpoints
        ([(2, 6), (0, 8)], ["1@0 ≥ 3"], [4, 4]),  # holds as it is
        ([(2, 6), (0, 8)], ["1@0 ≥ 5"], [5, 4]),
        ([(2, 6), (0, 8)], ["-1@0 ≥ -3"], [3, 4]),
        ([(2, 6), (0, 8)], ["1@0 1@1 ≥ 10"], [5, 5]),
        ([(2, 6), (0, 8)], ["1@0 1@1 ≥ 13"], [6, 7]),  # the first one is at its end
        ([(2, 6), (0, 8)], ["1@0 -1@1 ≥ 2"], [5, 3]),
        ([(2, 6), (0, 8)], ["2@0 1@1 ≥ 14"], [4.8, 4.4]),  # who counts more moves more
        ([(2, 6), (0, 8)], ["1@0 ≥ 5", "-1@0 -1@1 ≥ -8"], [5, 3]),
        ([(3, 3), (0, 8)], ["1@0 1@1 ≥ 9"], [3, 6]),  # the first one cannot move
    ],
)
def test_the_nearest_prices_at_which_conditions_hold(ranges, conditions, prices):
    found, got, _ = supported(wide_open(*ranges), conditions)
    assert found.found
    assert got.tolist() == pytest.approx(prices, abs=LOSS)


@both_methods
@pytest.mark.usefixtures("method")
@pytest.mark.parametrize(
    ("ranges", "conditions", "blamed"),
    [
        ([(2, 6)], ["1@0 ≥ 7"], [{0}]),
        ([(2, 6)], ["1@0 ≥ 3", "1@0 ≥ 7"], [{1}]),
        ([(2, 6)], ["1@0 ≥ 5", "-1@0 ≥ -3"], [{0}, {1}, {0, 1}]),
        ([(3, 3)], ["1@0 ≥ 4"], [{0}]),  # nothing may move at all
        ([(2, 6), (0, 8)], ["1@0 1@1 ≥ 12", "-1@1 ≥ -2"], [{0}, {1}, {0, 1}]),
    ],
)
def test_who_stands_against_the_others_is_named(ranges, conditions, blamed):
    found, _, _ = supported(wide_open(*ranges), conditions)
    assert not found.found
    assert {index for kind, index in found.to_blame if kind == "job"} in blamed


def test_zones_that_trade_move_together():
    # 1 flows from zone 0 to zone 1 at a cost of 1 over a link with room.
    case = a_case(
        zones=2, asks=[(0, 2, 1), (0, 8, 1)], bids=[(1, 9, 1), (1, 1, 1)], links=[link(0, 1, 9, cost=1)]
    )  # fmt: skip
    found, got, _ = supported(case, ["1@1 ≥ 7"])
    assert found.found
    assert got.tolist() == pytest.approx([6, 7], abs=LOSS)


def random_conditions(dice, nodes, middle):
    for _ in range(int(dice.integers(1, 5))):
        some = dice.choice(nodes, int(dice.integers(1, min(4, nodes + 1))), replace=False)
        cards = dice.choice([-2.0, -1.0, 1.0, 3.0], len(some))
        least = float(cards @ middle[some]) + dice.choice([-1.0, 0.5, 1.0, 2.0])
        terms = " ".join(f"{c}@{n}" for c, n in zip(cards, some, strict=True))
        yield f"{terms} ≥ {least}"


def by_hand(case, conditions, outcome):
    """The nearest point by another method, whose rows may miss the same micro-yuan."""
    low, high = outcome.low / MICRO, outcome.high / MICRO
    rows, least = [*np.eye(case.nodes), *-np.eye(case.nodes)], [*low, *-high]
    for i, text in enumerate(conditions):
        each, row = condition(text, i), np.zeros(case.nodes)
        row[each.nodes] = each.coefficients
        rows.append(row)
        least.append(each.least / MICRO - 1e-6)
    nothing = np.zeros((0, case.nodes)), np.zeros(0)
    return nearest_by_hand((low + high) / 2, equal=nothing, least=(np.array(rows), np.array(least)))


@both_methods
@pytest.mark.usefixtures("method")
def test_another_method_finds_the_same_prices():
    outcomes = set()
    for seed in range(40):
        dice = np.random.default_rng(seed)
        ranges = [
            (int(a), int(a + b)) for a, b in dice.integers(1, 6, (int(dice.integers(1, 6)), 2))
        ]
        case = wide_open(*ranges)
        middle = np.array([(a + b) / 2 for a, b in ranges])
        conditions = list(random_conditions(dice, case.nodes, middle))
        found, got, outcome = supported(case, conditions)
        twin = by_hand(case, conditions, outcome)
        assert found.found == (twin is not None), seed
        outcomes.add(found.found)
        if twin is not None:
            assert got.tolist() == pytest.approx(twin.tolist(), abs=1e-5), seed
    assert outcomes == {True, False}


@both_methods
@pytest.mark.usefixtures("method")
@pytest.mark.parametrize("kind", ["BLOCKS", "OFFERS", "CONTIGUOUS"])
@pytest.mark.parametrize("seed", range(4))
def test_published_prices_are_the_nearest_at_which_nobody_loses(kind, seed):
    document = random_cases.case(seed, replace(getattr(random_cases, kind)))
    result = cleared(document)
    nearest = oracle.nearest_prices(document, outcome_of(document, result))
    assert prices_of(result) == pytest.approx(nearest, abs=1e-5)


def test_margins_are_what_is_left_of_each_condition():
    every = Conditions.of([condition("1@0 2@1 ≥ 5", 0), condition("-1@1 ≥ -4", 1)])
    assert every.margins(np.array([3.0, 3.0]) * MICRO).tolist() == pytest.approx([4e6, 1e6])
    assert Conditions.of([]).margins(np.zeros(2)).tolist() == []


def straight(prices, dues, *, cost=0):
    """A condition over node 0 with dues, one link from zone 0 to zone 1, classes of weight 4 and 1."""
    case = a_case(
        zones=2, classes=2, slots=2, links=[link(0, 1, 9, cost=cost, weights=(4, 1), slots=2)]
    )
    each = condition("-1@0 ≥ -9", 0)
    return straightened(
        Market.of(case).network, replace(each, dues=dues), np.array(prices, float) * MICRO
    )


@pytest.mark.parametrize(
    ("prices", "cost", "classes", "pays"),
    [
        # x rises from node 0 to 1, y from 2 to 3; per unit of capacity x gains a quarter.
        ((0, 8, 0, 1), 0, (0,), 2),
        ((0, 8, 0, 3), 0, (1,), 3),
        ((0, 8, 0, 3), 1, (1,), 2),
        ((8, 0, 3, 3), 0, (-1,), 0),  # a link that nobody gains by costs nothing
    ],
)
def test_data_pays_by_the_class_that_gains_most(prices, cost, classes, pays):
    prices = (*prices, 0, 0, 0, 0)
    found, chosen = straight(prices, ((0, 0, 2.0),), cost=cost)
    assert chosen == classes
    holds_by = np.array(prices)[found.nodes] @ found.coefficients - found.least / MICRO
    assert holds_by == pytest.approx(9 - prices[0] - 2 * pays)  # 2 GB over an hour


@pytest.mark.parametrize("seed", range(5))
def test_a_straight_condition_never_asks_for_more_than_is_due(seed):
    dice = np.random.default_rng(seed)
    dues = ((0, 0, 2.0), (0, 1, 0.5))
    points = dice.uniform(0, 9, (8, 8))
    conditions = [straight(point, dues)[0] for point in points]
    for point, own in zip(points, conditions, strict=True):
        margins = [point[c.nodes] @ c.coefficients - c.least / MICRO for c in conditions]
        exact = point[own.nodes] @ own.coefficients - own.least / MICRO
        assert exact <= min(margins) + 1e-9

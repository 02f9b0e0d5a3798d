"""Offers with conditions alone at given multipliers."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.market.clearing.own.instances import a_case, an_offer, at_prices

from suanwang.market.clearing.own import ramps
from suanwang.market.clearing.own.offers import (
    OfferArrays,
    add_offer_demand,
    offer_bounds,
    offer_plans,
)

SETTINGS = settings(deadline=None, max_examples=40)


def found(solve, offer, prices):
    hours = [1] * len(offer.quantity)
    case = a_case(offers=[offer], hours=hours)
    at = at_prices(case, prices).arrays(case)
    gains = solve(OfferArrays.of(case), nodes=at["nodes"], pools=at["pools"])
    return gains.gain[0], gains.cards[0].tolist()


@pytest.mark.parametrize(
    ("prices", "fields", "cards"),
    [
        # own price 5, quantity 2 in each of six slots
        ("9 9 1 1 9 9", {}, [2, 2, 0, 0, 2, 2]),
        ("9 9 1 1 9 9", {"quantity_min": 1, "start_cost": 9}, [2, 2, 1, 1, 2, 2]),
        ("9 9 1 1 9 9", {"start_cost": 80}, [0] * 6),
        ("2 9 9 1 1 1", {"quantity_min": 1, "min_run": 3}, [1, 2, 2, 0, 0, 0]),
        ("1 1 1 1 1 9", {"quantity_min": 1, "min_run": 3}, [0, 0, 0, 0, 0, 2]),  # to the end
        ("6 1 1 1 9 9", {"quantity_min": 1, "min_run": 3}, [0, 0, 0, 0, 2, 2]),
        ("9 9 9 9 9 9", {"start": 1, "end": 3}, [0, 2, 2, 0, 0, 0]),
    ],
)  # fmt: skip
def test_when_an_offer_is_on(prices, fields, cards):
    exact = {
        k: Fraction(v) if k in ("quantity_min", "start_cost") else v for k, v in fields.items()
    }
    offer = an_offer([2] * 6, [5] * 6, **exact)
    gain, on = found(offer_bounds, offer, prices)
    assert on == cards
    assert gain == float(best_of(offer, [int(p) for p in prices.split()], ramp=False))


@st.composite
def cases(draw):
    slots = draw(st.integers(1, 5))
    start = draw(st.integers(0, slots - 1))
    small = st.integers(0, 4)

    def series(least, most):
        return draw(st.lists(st.integers(least, most), min_size=slots, max_size=slots))

    offer = an_offer(
        series(0, 5), series(3, 7), quantity_min=Fraction(draw(st.integers(0, 2))),
        start_cost=Fraction(draw(small)), min_run=draw(st.integers(1, 4)),
        ramp=Fraction(draw(small)), start=start, end=draw(st.integers(start + 1, slots)),
    )  # fmt: skip
    return offer, series(0, 10)


def best_of(offer, prices, *, ramp):
    """Every whole quantity in every slot: with whole bounds some best plan is whole."""
    window = range(offer.start, offer.end)
    choices = [[None, *range(int(offer.quantity_min), int(offer.quantity[t]) + 1)] for t in window]
    best = Fraction(0)
    for plan in product(*choices):
        runs = runs_of(plan)
        if any(b - a < offer.min_run and b < len(plan) for a, b in runs):
            continue
        if ramp and not all(
            abs(plan[t] - plan[t - 1]) <= offer.ramp for a, b in runs for t in range(a + 1, b)
        ):
            continue
        sold = sum((prices[t] - offer.price[t]) * q for t, q in zip(window, plan, strict=True) if q)
        best = max(best, sold - offer.start_cost * len(runs))
    return best


def runs_of(plan):
    on = [False, *(q is not None for q in plan), False]
    edges = [t for t in range(len(plan) + 1) if on[t] != on[t + 1]]
    return list(zip(edges[::2], edges[1::2], strict=True))


@SETTINGS
@given(drawn=cases())
def test_the_bound_of_an_offer_is_the_best_without_ramp(drawn):
    offer, prices = drawn
    gain, _ = found(offer_bounds, offer, " ".join(map(str, prices)))
    assert gain == pytest.approx(float(best_of(offer, prices, ramp=False)))


@SETTINGS
@given(drawn=cases())
def test_the_plan_of_an_offer_is_the_best_with_ramp(drawn):
    offer, prices = drawn
    gain, cards = found(offer_plans, offer, " ".join(map(str, prices)))
    assert gain == pytest.approx(float(best_of(offer, prices, ramp=True)))
    sold = sum((p - own) * q for p, own, q in zip(prices, offer.price, cards, strict=True))
    assert float(sold) >= gain - 1e-9  # less the starts


def test_a_ramp_climbs_to_where_it_pays():
    offer = an_offer([5] * 5, [5] * 5, ramp=Fraction(2), quantity_min=Fraction(1))
    gain, cards = found(offer_plans, offer, "4 5 9 5 4")
    assert gain == pytest.approx(float(best_of(offer, [4, 5, 9, 5, 4], ramp=True)))
    assert all(abs(b - a) <= 2 for a, b in pairwise(cards) if a and b)


def test_a_long_offer_with_a_ramp_still_runs():
    slots = ramps.EXACT_SLOTS + 100
    prices = [9 if t % 50 < 30 else 1 for t in range(slots)]
    offer = an_offer([8] * slots, [5] * slots, ramp=Fraction(3), start_cost=Fraction(9))
    gain, cards = found(offer_plans, offer, " ".join(map(str, prices)))
    assert 0 < gain <= found(offer_bounds, offer, " ".join(map(str, prices)))[0]
    assert max(cards) == 8


def test_an_offer_of_a_pool_gains_at_both_prices_and_gives_its_cards():
    offer = an_offer([4] * 4, [5] * 4, pool=0)
    case = a_case(offers=[offer], pools=[(0, 0)])
    at = at_prices(case, "4 4 4 9", pools=["2 0 1 0"]).arrays(case)
    offers = OfferArrays.of(case)
    gains = offer_bounds(offers, nodes=at["nodes"], pools=at["pools"])
    assert gains.gain.tolist() == [4 * (1 + 4)]
    cards, pools = np.zeros(case.nodes), np.zeros((1, 4))
    add_offer_demand(offers, gains, cards=cards, pools=pools)
    assert cards[::4].tolist() == [-4, 0, 0, -4]
    assert pools.tolist() == [[-4, 0, 0, -4]]


def test_no_offers_gain_nothing():
    offers = OfferArrays.of(a_case())
    assert offer_plans(offers, nodes=np.zeros(16), pools=np.zeros((0, 4))).gain.tolist() == []

"""From multipliers to whole quanta: runs, pauses, ratios, offers and lots."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.market.builders import a_case, ask, bid, block, job, offer

from suanwang.market.case.model import Side
from suanwang.market.clearing.decide import (
    block_quanta,
    lot_quanta,
    offer_quanta,
    paused_plan,
    run_plan,
    whole_plan,
)
from suanwang.market.clearing.own.bench import empty_plans, make_bench, terms_of
from suanwang.market.clearing.own.sweep import best_plans
from suanwang.market.clearing.response import Crowd, no_pools
from suanwang.market.clearing.slots import Market

Q = 10**12


def cards_of(plan):
    """{slot: cards}; None where there is no plan."""
    return None if plan is None else {c.slot: Fraction(c.cards, Q) for c in plan.cells}


def case_of(work, *, slots=4, speed=1, **keys):
    return a_case(slots=slots, jobs=[job("j", work, classes={"x": speed}, end=slots, **keys)])


@pytest.mark.parametrize(
    ("work", "keys", "slots", "width"),
    [
        (4, {"cards_max": 3}, [0, 1], 2),
        (4, {"cards_max": 3, "speed": 2}, [1], 2),
        (4, {"cards_max": 3, "cards_min": "2.5"}, [0, 1], Fraction(5, 2)),  # wider than it needs
        (4, {"cards_max": 1}, [0, 1], None),  # too narrow
        (1, {"cards_max": 3}, [0, 1, 2], Fraction(ceil(Fraction(Q, 3)), Q)),  # a third, rounded up
    ],
)
def test_a_run_has_the_least_width_that_does_its_work(work, keys, slots, width):
    case = case_of(work, shape="contiguous", **keys)
    plan = run_plan(case, case.jobs[0], [(0, 0, t, 1.0) for t in slots], -1)
    assert cards_of(plan) == (None if width is None else dict.fromkeys(slots, width))


@pytest.mark.parametrize(
    ("keys", "shares", "cards"),
    [
        ({}, {0: 2.0, 1: 2.0}, {0: 2, 1: 2}),
        ({}, {0: 2.0, 1: 1.9}, {0: 2, 1: 2}),  # what is missing is made up
        ({}, {0: 2.0, 1: 2.5}, {0: 2, 1: 2}),  # what is too much given back
        ({"setup": 1}, {0: 2.0, 2: 2.0}, {0: 3, 2: 2}),  # a pause costs a card-hour
        ({"setup": 1, "max_pauses": 0}, {0: 2.0, 2: 2.0}, None),
        ({"cards_min": 2}, {0: 3.0, 1: 1.0}, {0: 2, 1: 2}),
        ({"cards_max": 1}, {0: 1.0, 1: 1.0}, None),  # never as much as it needs
    ],
)
def test_widths_do_the_work_and_what_pauses_lose(keys, shares, cards):
    case = case_of(4, shape="preemptible", **({"cards_max": 3} | keys))
    plan = paused_plan(case, case.jobs[0], [(0, 0, t, c) for t, c in shares.items()], -1)
    assert cards_of(plan) == cards


@settings(max_examples=40)
@given(
    shares=st.dictionaries(st.integers(0, 5), st.floats(0.1, 3), min_size=1),
    work=st.integers(1, 9), setup=st.sampled_from([0, "0.5"]), least=st.sampled_from([0, 1]),
)  # fmt: skip
def test_a_paused_job_does_its_work_within_its_widths(shares, work, setup, least):
    case = case_of(work, slots=6, shape="preemptible", cards_max=3, cards_min=least, setup=setup)
    cards = cards_of(paused_plan(case, case.jobs[0], [(0, 0, t, c) for t, c in shares.items()], -1))
    slots = sorted(shares)
    pauses = sum(b > a + 1 for a, b in pairwise(slots))
    needed = work + Fraction(setup) * pauses
    if cards is None:
        assert needed > 3 * len(shares)
        return
    assert all(max(least, Fraction(1, Q)) <= c <= 3 for c in cards.values())
    done = sum(cards.values())
    assert done >= needed
    # More only where every slot is at its least.
    assert done == needed or set(cards.values()) == {Fraction(max(least, Fraction(1, Q)))}


@pytest.mark.parametrize("shape", ["contiguous", "preemptible", "divisible"])
@pytest.mark.parametrize(("price", "slots"), [([5, 1, 1, 9], [1, 2]), ([9, 9, 9, 9], None)])
def test_a_jobs_own_plan_becomes_whole_quanta(shape, price, slots):
    case = case_of(4, shape=shape, cards_max=2, value=12)
    crowd = Crowd.of(Market.of(case))
    own = empty_plans(crowd.jobs)
    response = crowd.respond(np.array(price, float), no_pools(case))
    terms = terms_of(crowd.jobs, response.own_prices)
    best_plans(terms, own, order=np.array([0], np.int32), bench=make_bench(crowd.jobs))
    plan = whole_plan(case, crowd.jobs, own, 0)
    assert cards_of(plan) == (None if slots is None else dict.fromkeys(slots, 2))


@pytest.mark.parametrize(
    ("keys", "ratio", "cards"),
    [
        ({}, 1.0, (3, 2)),
        ({}, 1 - 1e-12, (3, 2)),  # a float's hair
        ({"min_fraction": "0.5"}, 0.75, (Fraction(9, 4), Fraction(3, 2))),
        ({"min_fraction": "0.5"}, 0.2, (Fraction(3, 2), 1)),
        ({"min_fraction": "0.5", "lot": 1}, 0.75, (2, 1)),
        ({"lot": 2}, 1.0, (2, 2)),
    ],
)
def test_a_ratio_of_a_block(keys, ratio, cards):
    case = a_case(slots=2, blocks=[block("k", [3, 2], 1, slots=[0, 1], **keys)])
    assert tuple(Fraction(q, Q) for q in block_quanta(case, 0, ratio)) == cards


@pytest.mark.parametrize(
    ("cards", "quanta"),
    [([0, 1.5, 2, 9], (0, 1.5, 2, 2)), ([0.2, 0, 1, 1 - 1e-16], (1, 0, 1, 1))],
)
def test_an_offer_stays_between_its_least_and_its_most(cards, quanta):
    case = a_case(slots=4, offers=[offer("o", 2, end=4, quantity_min=1)])
    assert tuple(q / Q for q in offer_quanta(case, 0, cards)) == quanta


@pytest.mark.parametrize(
    ("price", "share", "taken"),
    [
        (4.0, 3.2, {"a": 4, "b": 4}),
        (4.0, 0.9, {}),  # less than half a lot
        (4.0, 9.0, {"a": 4, "b": 4}),  # never more than was ordered
        (2.0, 4.0, {"b": 4}),  # the ask would lose
        (8.0, 4.0, {"a": 4}),
        (3.0, 4.0, {"a": 4, "b": 4}),  # at its price nobody loses
    ],
)
def test_whole_lots_near_their_share(price, share, taken):
    case = a_case(asks=[ask("a", 5, 3, lot=2)], bids=[bid("b", 5, 7, lot=2)])
    shares = {(Side.ASK, 0): share, (Side.BID, 0): share}
    found = lot_quanta(case, np.array([price]), shares)
    names = {(Side.ASK, 0): "a", (Side.BID, 0): "b"}
    assert {names[key]: q / Q for key, q in found.items()} == taken

"""What orders are worth: exactly, before any price is paid."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.market.builders import a_case, ask, bid, block, job, offer
from tests.market.oracle import random_cases

from suanwang.market.case.model import Side
from suanwang.market.case.read import case_from_document
from suanwang.market.clearing.candidate import weigh
from suanwang.market.clearing.outcome import (
    block_worth,
    filled,
    job_worth,
    lots_worth,
    market_units,
    market_worth,
    offer_cost,
    plans_worth,
    quantities_of,
)
from suanwang.market.clearing.plans import Cell, JobPlan, Plans
from suanwang.market.clearing.scale import Scale
from suanwang.market.clearing.slots import Market

Q = 10**12


def yuan(case, units) -> Fraction:
    return Fraction(units) / Scale.of(case).yuan


@pytest.mark.parametrize(
    ("keys", "cells", "worth"),
    [
        ({"shape": "contiguous"}, [(0, 0, 2)], 12),  # all of it or nothing
        ({"shape": "contiguous", "values": [{"end": 1, "value": 12}, {"end": 3, "value": 5}]}, [(0, 2, 2)], 5),
        ({"shape": "divisible"}, [(0, 0, 2)], 6),  # half the work, half the value
        ({"shape": "divisible", "values": [{"end": 1, "value": 12}, {"end": 3, "value": 4}]}, [(0, 0, 2), (0, 2, 2)], 8),
        ({"shape": "divisible", "classes": {"x": 2}}, [(0, 0, 1)], 6),  # twice as fast
        ({"shape": "contiguous", "zones": {"A": 0, "B": "0.5"}}, [(1, 0, 2), (1, 2, 2)], 10),
        ({"shape": "divisible", "zones": {"A": 0, "B": "0.5"}}, [(1, 0, 2)], 5),
        # 3 kg a card-hour in zone B at 0.25 a kg
        ({"shape": "contiguous", "zones": {"B": 0}, "carbon_weight": "0.25"}, [(1, 0, 4)], 9),
        ({"shape": "contiguous", "zones": {"A": 0}, "carbon_weight": "0.25"}, [(0, 0, 4)], 12),
    ],
)  # fmt: skip
def test_a_job_is_worth_its_value_less_transfer_and_carbon(keys, cells, worth):
    own = job("j", 4, 12, cards_max=4, end=3, **keys)
    if "values" in keys:
        own.pop("value")
    case = a_case(zones="A B", slots=3, jobs=[own], carbon=[{"zone": "B", "class": "x", "kg": 3}])
    plan = JobPlan(cells=tuple(Cell(z, 0, t, c * Q) for z, t, c in cells))
    assert yuan(case, job_worth(case, case.jobs[0], plan, Scale.of(case))) == worth


@pytest.mark.parametrize(
    ("keys", "cards", "cost"),
    [
        ({}, [0, 0, 0, 0], 0),
        ({}, [2, 2, 0, 0], 5 + 4),
        ({"quantity_min": 1}, [2, 0, 1, 0], 5 + 2 + 5 + 1),  # on twice
        ({}, [2, 0, 1, 0], 5 + 2 + 1),  # it may idle: one start is enough
        ({"ramp": 1}, [1, 0, 1, 0], 5 + 1 + 5 + 1),  # with a ramp it may not
        ({"price": [1, 2, 3, 4]}, [1, 1, 1, 1], 5 + 10),
    ],
)
def test_an_offer_costs_its_cards_and_its_starts(keys, cards, cost):
    one = offer("o", 2, **({"price": 1, "start_cost": 5, "end": 4} | keys))
    case = a_case(slots=4, offers=[one])
    found = offer_cost(case, 0, tuple(c * Q for c in cards), Scale.of(case))
    assert yuan(case, found) == cost


@pytest.mark.parametrize(("side", "worth"), [("bid", 3 * (2 + 4)), ("ask", -(3 + 1) * (2 + 4))])
def test_a_block_is_worth_its_price_and_an_ask_costs_carbon_too(side, worth):
    # 1 kg a card-hour at 1 yuan; the second slot is two hours long.
    case = a_case(
        slots=[1, 2], blocks=[block("k", 2, 3, side=side, slots=[0, 1])], carbon_price=1,
        carbon=[{"zone": "A", "class": "x", "kg": 1}],
    )  # fmt: skip
    assert yuan(case, block_worth(case, case.blocks[0], (2 * Q, 2 * Q), Scale.of(case))) == worth


def test_lots_are_worth_their_price():
    case = a_case(asks=[ask("a", 4, 2, lot=1)], bids=[bid("b", 4, 7, lot=2)])
    plans = Plans(lots={(Side.ASK, 0): 3 * Q, (Side.BID, 0): 2 * Q})
    assert yuan(case, lots_worth(case, plans, Scale.of(case))) == 2 * 7 - 3 * 2
    assert plans_worth(case, plans, Scale.of(case)) == lots_worth(case, plans, Scale.of(case))


def test_a_sides_quantities_hold_its_lots():
    case = a_case(asks=[ask("a", 4, 2, lot=1), ask("c", 4, 1)], bids=[bid("b", 5, 7)])
    market = Market.of(case)
    outcome = filled(market, weigh(market, Plans(lots={(Side.ASK, 0): Q})).outcome)
    assert (quantities_of(outcome, Side.ASK) / Q).tolist() == [1, 4]
    assert (quantities_of(outcome, Side.BID) / Q).tolist() == [5]
    assert filled(market, outcome) is outcome


@pytest.mark.parametrize("kind", ["LINKED", "TIED", "SIMPLE"])
@pytest.mark.parametrize("seed", range(5))
def test_the_quick_welfare_is_nearly_the_exact_one(kind, seed):
    case = case_from_document(random_cases.case(seed, getattr(random_cases, kind)))
    market = Market.of(case)
    outcome = filled(market, weigh(market, Plans()).outcome)
    exact = float(yuan(case, market_units(case, outcome, Scale.of(case))))
    assert market_worth(market, outcome) == pytest.approx(exact, rel=1e-12, abs=1e-9)
    # Every node balances: what it gives is what its asks give less what its bids take.
    given = np.zeros(case.nodes, np.int64)
    np.add.at(given, case.asks.node, outcome.given.asks)
    np.add.at(given, case.bids.node, -outcome.given.bids)
    assert (given == outcome.y).all()

"""A job moves by the quantum that an order at its margin is short of, if it can."""

from __future__ import annotations

import numpy as np
import pytest
from tests.market.builders import a_case, ask, bid, job

from suanwang.market.case.model import MICRO
from suanwang.market.clearing.candidate import weigh
from suanwang.market.clearing.plans import Cell, JobPlan, Plans
from suanwang.market.clearing.slots import Market
from suanwang.market.clearing.snap import NEAR, at_a_step, snapped

JOB = {"shape": "divisible", "cards_max": 9, "work": 9, "value": 90}


def a_market(**keys) -> Market:
    """Asks of 5 at 1 and 5 at 2, a bid of 2 at 9, and a job that takes some."""
    own = job("j", **(JOB | keys))
    return Market.of(
        a_case(asks=[ask("a", 5, 1), ask("b", 5, 2)], bids=[bid("c", 2, 9)], jobs=[own])
    )


def after(market: Market, quanta: int):
    """Quanta that the job takes beyond 3 cards once snapped; None where it does not move."""
    q = market.case.quantum
    plans = Plans(jobs={0: JobPlan(cells=(Cell(0, 0, 0, 3 * q + quanta),))})
    candidate = weigh(market, plans)
    assert candidate is not None
    moved = snapped(market, candidate, {0})
    return None if moved is None else moved.jobs[0].cells[0].cards - 3 * q


@pytest.mark.parametrize(
    ("short", "keys", "then"),
    [
        # 2 + 3 cards are all of the ask at 1.
        (-1, {}, 0),
        (-40, {}, 0),
        (1, {}, 0),  # a quantum into the ask at 2: the job gives it back
        (0, {}, None),
        (-(10**6) // 2, {}, 0),  # a float's precision of a card in quanta
        (-(10**8), {}, None),  # so far from the end the ask is partly filled and means it
        (-1, {"work": "2.999999999999"}, None),  # no more work
        (-1, {"cards_max": "2.999999999999"}, None),  # no wider
        (-1, {"shape": "preemptible", "work": 3}, 0),
        (1, {"shape": "preemptible", "work": 3}, 0),  # a quantum more than its work is given back
        (-1000, {"shape": "preemptible", "work": "2.9999999"}, None),  # so much more it may not do
        (1, {"shape": "preemptible", "work": "3.000000000001"}, None),  # nothing to give
    ],
)
def test_a_job_takes_or_gives_the_quanta_that_are_missing(short, keys, then):
    assert after(a_market(**keys), short) == then


def test_once_snapped_nobody_is_short_and_the_price_is_free():
    market = a_market()
    q = market.case.quantum
    tried = weigh(market, Plans(jobs={0: JobPlan(cells=(Cell(0, 0, 0, 3 * q - 1),))}))
    again = weigh(market, snapped(market, tried, {0}))
    assert snapped(market, again, {0}) is None
    # A quantum short, the price is tied to the ask; now it may be anything from there to the next.
    interval = [(int(c.outcome.low[0]), int(c.outcome.high[0])) for c in (tried, again)]
    assert interval == [(MICRO, MICRO), (MICRO, 2 * MICRO)]


def test_who_may_not_bend_stays():
    market = a_market()
    plan = JobPlan(cells=(Cell(0, 0, 0, 3 * market.case.quantum - 1),))
    candidate = weigh(market, Plans(jobs={0: plan}))
    assert snapped(market, candidate, set()) is None


def test_near_is_less_than_a_sale():
    assert NEAR * 10**6 < 64


@pytest.mark.parametrize(("price", "step"), [(1, True), (2, True), (9, True), ("1.5", False)])
def test_prices_of_simple_orders_can_bend(price, step):
    found = at_a_step(a_market(), np.array([float(price) * MICRO]))
    assert found.tolist() == [step]

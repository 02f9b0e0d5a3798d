"""Judging plans: can they be carried out, what are they worth, who would lose at every price."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.market.builders import a_case, ask, bid, block, job, link, offer
from tests.market.oracle import random_cases

from suanwang.market.case.model import MICRO, Side
from suanwang.market.case.read import case_from_document
from suanwang.market.clearing.candidate import (
    Memo,
    exact_welfare,
    judge,
    node_prices,
    short_pools,
    weigh,
    zero_load,
)
from suanwang.market.clearing.outcome import filled, welfare_units
from suanwang.market.clearing.plans import Cell, JobPlan, Move, Plans
from suanwang.market.clearing.scale import Scale
from suanwang.market.clearing.slots import Market

Q = 10**12


def cells(*places, pool=-1) -> JobPlan:
    """A job in (zone, slot, cards)."""
    return JobPlan(cells=tuple(Cell(z, 0, t, round(c * Q), pool) for z, t, c in places))


def weighed(plans, **keys):
    return weigh(Market.of(a_case(**keys)), plans)


SELL = block("s", 3, 4, side="ask")
BUY = block("k", 2, 5)
SHOP = {"asks": [ask("a", 5, 1)], "bids": [bid("b", 4, 10)]}


@pytest.mark.parametrize(
    ("keys", "plans", "welfare"),
    [
        ({}, Plans(), 4 * 10 - 4 * 1),
        ({"blocks": [BUY]}, Plans(blocks={0: (2 * Q,)}), 3 * 10 + 2 * 5 - 5 * 1),  # a bid goes short
        ({"blocks": [SELL]}, Plans(blocks={0: (3 * Q,)}), 4 * 10 - 3 * 4 - 1 * 1),
        ({"jobs": [job("j", 1, 7)]}, Plans(jobs={0: cells((0, 0, 1))}), 4 * 10 + 7 - 5 * 1),
        ({"offers": [offer("o", 2, 1, start_cost=3)]}, Plans(offers={0: (2 * Q,)}), 40 - 2 - 2 - 3),
        ({"asks": [ask("a", 5, 1, lot=2)]}, Plans(lots={(Side.ASK, 0): 4 * Q}), 40 - 4),
    ],
)  # fmt: skip
def test_welfare_is_what_all_orders_are_worth(keys, plans, welfare):
    assert weighed(plans, **(SHOP | keys)).welfare == pytest.approx(welfare)


@pytest.mark.parametrize(
    ("keys", "plans"),
    [
        ({"jobs": [job("j", 6, 99, cards_max=6)]}, Plans(jobs={0: cells((0, 0, 6))})),  # no cards
        ({"blocks": [block("s", 9, 4, side="ask")]}, Plans(blocks={0: (9 * Q,)})),  # no buyers
        (
            {"zones": "A B", "links": [link("A", "B", 1)], "jobs": [job("j")]},
            Plans(jobs={0: replace(cells((0, 0, 1)), moves=(Move(0, 0, 2 * Q, True),))}),  # no room
        ),
    ],
)
def test_what_cannot_be_carried_out_is_no_candidate(keys, plans):
    assert weighed(plans, **(SHOP | keys)) is None


@pytest.mark.parametrize(
    ("blocks", "taken", "blamed"),
    [
        ([BUY], [0], {("block", 0)}),  # the bid beside it is cut short, so the price is 10
        ([SELL], [0], {("block", 0)}),  # the ask beside it is not sold out: the price is 1
        ([block("k", 1, 2)], [0], set()),
        ([block("k", 1, "0.5")], [0], {("block", 0)}),
        ([block("k", 1, 2), block("m", "0.5", 1)], [0], set()),
    ],
)
def test_who_loses_at_every_price_is_named(blocks, taken, blamed):
    case = a_case(blocks=blocks, **SHOP)
    quanta = {i: tuple(int(q * Q) for q in case.blocks[i].quantity) for i in taken}
    found = weigh(Market.of(case), Plans(blocks=quanta))
    assert set(found.supported.to_blame) == blamed
    assert (judge(Market.of(case), Plans(blocks=quanta)) is None) == bool(blamed)


def test_with_uplift_nobody_is_to_blame_for_losing():
    case = a_case(blocks=[BUY], pricing="uplift", **SHOP)
    assert judge(Market.of(case), Plans(blocks={0: (2 * Q,)})) is not None


def priced(rows, moves, *, value):
    """A job that runs in B; asks and bids as ("A", cards, price); moves 1 GB over the full link."""
    case = a_case(
        zones="A B", slots=2, links=[link("A", "B", 2)],
        asks=[ask(f"a{i}", c, p, zone=z, slot=t) for i, (z, t, c, p) in enumerate(rows) if c > 0],
        bids=[bid(f"b{i}", -c, p, zone=z, slot=t) for i, (z, t, c, p) in enumerate(rows) if c < 0],
        jobs=[job("j", 1, value, zones={"A": 0, "B": 0}, end=2, data={"at": "A", "in": 1})],
    )  # fmt: skip
    return weigh(Market.of(case), Plans(jobs={0: replace(cells((1, 1, 1)), moves=moves)}))


# In slot 0 cards of A (at 1 or 2, its price) go to B (at 6) as far as the link has room.
BUSY = [("A", 0, 9, 1), ("B", 0, -9, 6), ("B", 1, 5, 1), ("B", 1, -1, 9)]


@pytest.mark.parametrize(("value", "blamed"), [(20, False), ("6.1", False), ("5.9", True)])
def test_a_job_pays_for_its_data_where_the_link_is_full(value, blamed):
    # Its card costs 1 at least and its gigabyte 6 − 1.
    found = priced(BUSY, (Move(0, 0, Q, True),), value=value)
    assert (found.supported.to_blame == (("job", 0),)) == blamed
    assert found.supported.found != blamed


def test_prices_move_until_data_can_be_paid_for():
    # B's last card in slot 0 is sold at 2, and the next bid is at 6: any price between will do.
    rows = [("A", 0, 9, 1), ("B", 0, -1, 6), ("B", 0, 1, 2), ("B", 0, -1, 2), *BUSY[2:]]
    found = priced(rows, (Move(0, 0, Q, True),), value=3)
    assert found.supported.found
    here, there = node_prices(found)[:2] / MICRO
    card = node_prices(found)[3] / MICRO
    assert there - here + card <= 3 + 1e-5


def test_gangs_need_cards_of_their_pool():
    asks = [ask("p", 2, 1, pool="P"), ask("q", 2, 2, pool="Q")]
    own = job("j", 2, 99, cards_max=2, shape="contiguous", gang=True)
    case = a_case(asks=asks, bids=[bid("b", 1, 9)], jobs=[own])
    market = Market.of(case)
    first, second = (Plans(jobs={0: cells((0, 0, 2), pool=pool)}) for pool in (0, 1))
    assert weigh(market, first) is not None
    assert weigh(market, second) is None  # only 1 of its cards is sold
    outcome = filled(market, weigh(market, first).outcome)
    assert short_pools(case, outcome) == []
    assert short_pools(case, replace(outcome, plans=second)) == [(1, 0)]


@pytest.mark.parametrize("kind", ["BLOCKS", "OFFERS", "LOTS", "CONTIGUOUS"])
@pytest.mark.parametrize("seed", range(6))
def test_what_is_near_and_what_was_known_changes_nothing(kind, seed):
    case = case_from_document(random_cases.case(seed, getattr(random_cases, kind)))
    market, memo = Market.of(case), Memo()
    nothing = weigh(market, Plans(), memo)
    quanta = {
        i: tuple(int(q * case.quantum) for q in one.quantity) for i, one in enumerate(case.blocks)
    }
    for i, own in quanta.items():
        plans = Plans(blocks={i: own})
        fresh, near = weigh(market, plans), weigh(market, plans, memo, nothing)
        assert (fresh is None) == (near is None)
        if fresh is not None:
            assert (fresh.outcome.y == near.outcome.y).all()
            assert (node_prices(fresh) == node_prices(near)).all()
            assert fresh.welfare == near.welfare
    scale = Scale.of(case)
    exact = exact_welfare(case, nothing, filled(market, nothing.outcome), scale)
    assert exact == welfare_units(case, filled(market, nothing.outcome), scale)
    assert float(exact / scale.yuan) == pytest.approx(nothing.welfare, rel=1e-9, abs=1e-9)


def test_a_memo_knows_only_the_very_same_plan():
    case = a_case(blocks=[BUY], **SHOP)
    memo, plan = Memo(), (2 * Q,)
    known = weigh(Market.of(case), Plans(blocks={0: plan}), memo).known[0]
    assert memo.get(("block", 0), plan) is known
    assert memo.get(("block", 0), (2 * Q + 1,)) is None
    assert memo.get(("job", 0), plan) is None


def test_no_load_is_none_on_every_link_and_slot():
    case = a_case(zones="A B", slots=3, links=[link("A", "B"), link("B", "A")])
    assert zero_load(case).shape == (2, 3)
    assert not np.any(zero_load(case))

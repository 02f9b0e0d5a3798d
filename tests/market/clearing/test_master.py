"""The relaxation through a lens is the linear programme itself, wherever the lens looked first."""

from __future__ import annotations

import random

import numpy as np
import pytest
from tests.market.builders import a_document, ask, bid, both_ways, job
from tests.market.oracle import lp, random_cases

from suanwang.market.case.model import MICRO
from suanwang.market.case.read import case_from_document
from suanwang.market.clearing.columns import order_columns
from suanwang.market.clearing.master import Master
from suanwang.market.clearing.response import Crowd, no_pools
from suanwang.market.clearing.slots import Market

NEAR = {"rel": 1e-9, "abs": 1e-6}


def master_of(document, *, focus=0.0):
    case = case_from_document(document)
    crowd = Crowd.of(Market.of(case))
    columns = order_columns(case, crowd.jobs)
    hours = np.array([float(h) for h in case.hours])
    at = np.full(case.nodes, focus * MICRO)
    return crowd, Master(market=crowd.market, columns=columns, hours=hours, focus=at)


def thick(seed=0, *, steps=60):
    """Two zones with many steps each, so that a lens sees few of them one by one."""
    dice = random.Random(seed)
    asks, bids = (
        [make(f"{name}{i}", dice.randint(1, 5), f"{dice.uniform(0, 20):.2f}", zone=dice.choice("AB"))
         for i in range(steps)]
        for name, make in (("a", ask), ("b", bid))
    )  # fmt: skip
    jobs = [
        job(f"j{i}", 3, dice.randint(5, 60), zones={"A": 0, "B": "0.5"}, cards_max=2, end=1)
        for i in range(10)
    ]
    return a_document(
        zones="A B", asks=asks, bids=bids, jobs=jobs, links=both_ways("A", "B", 7, cost="0.3"),
        price_min=0, price_max=100,
    )  # fmt: skip


def assert_optimal(document, crowd, found):
    """At optimal multipliers everybody's best adds up to the linear programme's optimum."""
    assert found.solved
    value = crowd.respond(found.node_price / MICRO, no_pools(crowd.market.case)).value
    assert value == pytest.approx(lp.optimum(document), **NEAR)


@pytest.mark.parametrize("focus", [0.0, 10.0, 1000.0, -50.0])
@pytest.mark.parametrize("seed", range(3))
def test_wherever_the_lens_looks_the_optimum_is_found(seed, focus):
    document = thick(seed)
    crowd, master = master_of(document, focus=focus)
    assert_optimal(document, crowd, master.solve(master.columns.upper))


@pytest.mark.parametrize("seed", range(20))
def test_small_cases_too(seed):
    document = random_cases.case(seed, random_cases.LINEAR)
    crowd, master = master_of(document)
    assert_optimal(document, crowd, master.solve(master.columns.upper))


def test_solved_again_it_starts_from_where_it_ended():
    document = thick()
    crowd, master = master_of(document)
    first = master.solve(master.columns.upper)
    again = master.solve(master.columns.upper)
    assert (first.iterations > 10, again.iterations) == (True, 0)
    assert (again.node_price == first.node_price).all()
    closed = master.solve(np.zeros(master.columns.count))
    assert closed.orders.max() == 0
    assert_optimal(document | {"jobs": []}, crowd_without_jobs(document), closed)
    assert crowd.market.case.jobs


def crowd_without_jobs(document):
    return Crowd.of(Market.of(case_from_document(document | {"jobs": []})))


def test_what_others_took_is_gone_and_favour_counts_as_worth():
    document = a_document(asks=[ask("a", 5, 1)], jobs=[job("j", 4, 2, cards_max=4)])
    _, master = master_of(document)
    upper = master.columns.upper
    assert master.solve(upper).orders.tolist() == [0]  # worth half a yuan a card
    assert master.solve(upper, favour=np.array([3.0])).orders.tolist() == pytest.approx([4])
    taken = {"favour": np.array([3.0]), "taken": np.array([2.0])}
    assert master.solve(upper, **taken).orders.tolist() == pytest.approx([3])
    assert not master.solve(upper, taken=np.array([9.0])).solved


def test_data_of_others_takes_room_on_links():
    document = a_document(
        zones="A B",
        asks=[ask("a", 9, 1)],
        bids=[bid("b", 9, 8, zone="B")],
        links=both_ways("A", "B", 5),
    )
    _, master = master_of(document)
    upper = master.columns.upper
    assert (master.solve(upper).node_price / MICRO).tolist() == pytest.approx([1, 8])
    full = np.array([[5.0], [0.0]])
    # Nothing can flow: the zones are apart, and neither price shows in the other.
    apart = master.solve(upper, load=full)
    assert apart.solved
    crowd = crowd_without_jobs(document | {"links": []})
    assert crowd.respond(apart.node_price / MICRO, np.zeros((0, 1))).value == pytest.approx(0)

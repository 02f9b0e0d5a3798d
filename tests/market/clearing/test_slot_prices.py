"""Prices of one slot: they support the outcome and lie nearest to the midpoints."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from tests.market.clearing.markets import a_case, link, no_load, random_case
from tests.market.oracle.prices import nearest as nearest_by_hand

from suanwang.market.case.model import MICRO
from suanwang.market.clearing.intervals import own_intervals
from suanwang.market.clearing.slot_prices import ROUNDING_QUANTA, Decided, price_slots, slot_program
from suanwang.market.clearing.slots import Market, clear_slots


def decided_of(case, load=None):
    market = Market.of(case)
    load = no_load(market) if load is None else load
    cleared = clear_slots(market, np.zeros(case.nodes, np.int64), load)
    assert cleared.feasible
    low, high, _ = own_intervals(market.curves, cleared.y, case.price_min, case.price_max)
    return market, Decided(cleared.flow, low, high, load)


def prices(**fields):
    market, decided = decided_of(a_case(price_max=20 * MICRO, **fields))
    base, above, good = price_slots(market.network.links, decided)
    assert good
    return ((base + above) / MICRO).tolist()


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        # Prices may be from 0 to 20. No orders: the middle of everything.
        ({"zones": 1}, [10]),
        ({"zones": 1, "asks": [(0, 4, 1)], "bids": [(0, 8, 1)]}, [6]),
        ({"zones": 1, "asks": [(0, 4, 2)], "bids": [(0, 8, 1)]}, [4]),
        # A fully taken ask leaves [4, 20], a fully served bid [0, 8]; a link with flow and room
        # joins them at a difference of its cost: the mean of the middles, cut.
        ({"zones": 2, "asks": [(0, 4, 1)], "bids": [(1, 8, 1)], "links": [link(0, 1, 9, cost=1)]}, [7, 8]),
        # A full link may earn something but not pay: middles 12 and 4 meet.
        ({"zones": 2, "asks": [(0, 4, 1)], "bids": [(1, 8, 1)], "links": [link(0, 1, 1)]}, [8, 8]),
        # … and earns the difference where the cheap zone has asks left.
        ({"zones": 2, "asks": [(0, 4, 2)], "bids": [(1, 8, 2)], "links": [link(0, 1, 1)]}, [4, 8]),
        # No flow: middles 2 and 12.5 come as near as the cost lets them, the cheap one up to its 4.
        ({"zones": 2, "asks": [(0, 4, 2)], "bids": [(1, 5, 1)], "links": [link(0, 1, 9, cost=3)]}, [4, 7]),
    ],
)  # fmt: skip
def test_prices_of_a_slot(fields, found):
    assert prices(**fields) == pytest.approx(found)


def conditions(market, decided):
    """All of the rules: [(coefficients over node prices and link rents, least, equal)], by hand."""
    case, network = market.case, market.network
    flow, nodes = decided.flow[0], case.nodes
    rows = []
    for j in range(len(case.links)):
        used = float(network.weight[j] @ flow[j]) + decided.load[j, 0]
        spare = 1e-9 * network.capacity[j, 0] + ROUNDING_QUANTA * network.weight[j].sum()
        has_room = network.capacity[j, 0] - used > spare
        for k in range(network.classes):
            row = np.zeros(nodes + len(case.links))
            row[k * network.zones + network.source[j]] += 1
            row[k * network.zones + network.target[j]] -= 1
            row[nodes + j] = 0.0 if has_room else network.weight[j, k]
            rows.append((row, -network.cost[j], bool(flow[j, k] > 0)))
    return rows


@pytest.mark.parametrize("seed", range(40))
def test_prices_support_the_outcome_and_lie_nearest_to_the_midpoints(seed):
    market, decided = decided_of(random_case(seed))
    base, above, good = price_slots(market.network.links, decided)
    assert good
    found = base + above
    assert (found >= decided.low - 1e-6).all()
    assert (found <= decided.high + 1e-6).all()
    nodes, links = market.case.nodes, len(market.case.links)
    rows = conditions(market, decided)
    # Link prices are whatever fits: there must be some.
    same = [(r, b) for r, b, equal in rows if equal]
    more = [(r, b) for r, b, equal in rows if not equal]
    rents = linprog(
        np.ones(links), bounds=(0, None), method="highs",
        A_eq=np.array([r[nodes:] for r, _ in same]) if same else None,
        b_eq=np.array([b - r[:nodes] @ found for r, b in same]) if same else None,
        A_ub=-np.array([r[nodes:] for r, _ in more]) if more else None,
        b_ub=-np.array([b - 1e-3 - r[:nodes] @ found for r, b in more]) if more else None,
    ) if links else None  # fmt: skip
    assert rents is None or rents.status == 0
    # And no vector with some link prices is nearer. Rents weigh next to nothing.
    middle = (decided.low + decided.high) / 2
    scale = np.concatenate([np.ones(nodes), np.full(links, 1e4)])
    unit = np.eye(nodes + links)
    low, high = decided.low.astype(float), decided.high.astype(float)
    point = low == high
    equal = (
        np.array([r * scale for r, _ in same] + list(unit[:nodes][point])).reshape(
            -1, nodes + links
        ),
        np.array([b for _, b in same] + list(low[point])),
    )
    least = (
        np.vstack(
            [
                *[r * scale for r, _ in more],
                unit[:nodes][~point],
                -unit[:nodes][~point],
                unit[nodes:],
            ]
        ),
        np.concatenate([[b for _, b in more], low[~point], -high[~point], np.zeros(links)]),
    )
    twin = nearest_by_hand(np.concatenate([middle, np.zeros(links)]), equal=equal, least=least)
    assert twin is not None
    distance = float(((found - middle) ** 2).sum())
    nearest = float(((twin[:nodes] - middle) ** 2).sum())
    assert distance <= nearest * (1 + 1e-6) + MICRO


def test_a_group_of_joined_nodes_is_one_unknown():
    case = a_case(zones=3, price_max=20 * MICRO, asks=[(0, 4, 2)], bids=[(1, 8, 1), (2, 9, 1)],
                  links=[link(0, 1, 9, cost=1), link(1, 2, 9, cost=2)])  # fmt: skip
    market, decided = decided_of(case)
    groups, names, program = slot_program(market.network.links, decided, 0)
    assert (groups.root.tolist(), (groups.above // MICRO).tolist()) == ([0, 0, 0], [0, 1, 3])
    assert (names.tolist(), program.curvature.tolist()) == ([0], [3])
    assert (groups.least[0] / MICRO, groups.most[0] / MICRO) == (4, 6)

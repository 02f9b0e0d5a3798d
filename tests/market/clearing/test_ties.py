"""Tied orders: equal fractions over links with room, as much volume as there can be."""

from __future__ import annotations

import numpy as np
import pytest
from tests.market.clearing.markets import a_case, link, no_load, random_case
from tests.market.oracle.prices import nearest as nearest_by_hand

from suanwang.market.case.model import MICRO
from suanwang.market.clearing.slots import Market, clear_slots

NEAR = 1e-5


def outcome(**fields):
    """(net supply of each node, flow of each link) in cards; one class, one slot."""
    case = a_case(**fields)
    market = Market.of(case)
    cleared = clear_slots(market, np.zeros(case.nodes, np.int64), no_load(market))
    assert cleared.feasible
    return (cleared.y / MICRO).tolist(), (cleared.flow[0, :, 0] / MICRO).tolist()


BOTH_WAYS = [link(0, 1, 99), link(1, 0, 99)]


@pytest.mark.parametrize(
    ("fields", "y"),
    [
        # Asks at 4 in both zones, one bid of 6 in zone 1: each ask gets the same fraction.
        ({"asks": [(0, 4, 10), (1, 4, 5)], "bids": [(1, 9, 6)], "links": BOTH_WAYS}, [4, -4]),
        # No link: each zone keeps to itself.
        ({"asks": [(0, 4, 10), (1, 4, 5)], "bids": [(1, 9, 6)]}, [0, 0]),
        # A link of 3: as equal as it allows.
        ({"asks": [(0, 4, 10), (1, 4, 5)], "bids": [(1, 9, 6)], "links": [link(0, 1, 3)]}, [3, -3]),
        # A link that costs 1 makes equal asks unequal: the near one comes first.
        ({"asks": [(0, 4, 10), (1, 4, 5)], "bids": [(1, 9, 4)], "links": [link(0, 1, 9, cost=1)]}, [0, 0]),
        # … and asks that differ by its cost equal.
        ({"asks": [(0, 3, 8), (1, 4, 4)], "bids": [(1, 9, 6)], "links": [link(0, 1, 9, cost=1)]}, [4, -4]),
        # Bids of 6 and 3 at the same price for 6 cards: two thirds each.
        ({"asks": [(0, 4, 6)], "bids": [(0, 9, 6), (1, 9, 3)], "links": BOTH_WAYS}, [2, -2]),
        # A bid and an ask at the same price trade: volume is as large as it can be.
        ({"asks": [(0, 5, 4)], "bids": [(1, 5, 3)], "links": BOTH_WAYS}, [3, -3]),
        ({"asks": [(0, 5, 4)], "bids": [(0, 5, 3)], "links": BOTH_WAYS}, [0, 0]),
    ],
)  # fmt: skip
def test_ties_over_links(fields, y):
    found, _ = outcome(zones=2, **fields)
    assert found == pytest.approx(y, abs=NEAR)


def test_three_zones_in_a_row_share_through_the_middle():
    links = [link(0, 1, 99), link(1, 2, 99)]
    found, flow = outcome(
        zones=3, links=links, asks=[(0, 4, 6), (1, 4, 3), (2, 4, 3)], bids=[(2, 9, 8)]
    )
    assert found == pytest.approx([4, 2, -6], abs=NEAR)
    assert flow == pytest.approx([4, 6], abs=NEAR)


def star(*capacities):
    """Links there and back from zones 1, 2, … to zone 0."""
    return [
        link(*ends, capacity)
        for zone, capacity in enumerate(capacities, 1)
        for ends in ((zone, 0), (0, zone))
    ]


@pytest.mark.parametrize(
    ("fields", "y"),
    [
        # Three neighbours share a bid of 9, as far as their links reach.
        ({"links": star(99, 99, 99), "bids": [(0, 9, 9)]}, [-9, 3, 3, 3]),
        ({"links": star(1, 99, 99), "bids": [(0, 9, 9)]}, [-9, 1, 4, 4]),
        ({"links": star(1, 2, 99), "bids": [(0, 9, 9)]}, [-9, 1, 2, 6]),
        ({"links": star(0, 99, 0), "bids": [(0, 9, 9)]}, [-9, 0, 9, 0]),
        # They also buy at their price: what is left of 6 after the small link is shared.
        ({"links": star(1, 9, 9), "bids": [(0, 9, 6), (1, 4, 100), (2, 4, 100), (3, 4, 100)]},
         [-6, 1, 2.5, 2.5]),
        # The third neighbour hangs from the second, through whose link both must go.
        ({"links": [*star(99, 5), link(3, 2, 99), link(2, 3, 99)], "bids": [(0, 9, 9)]},
         [-9, 4, 2.5, 2.5]),
    ],
)  # fmt: skip
def test_neighbours_share_as_equally_as_their_links_allow(fields, y):
    found, flow = outcome(zones=4, asks=[(1, 4, 100), (2, 4, 100), (3, 4, 100)], **fields)
    assert found == pytest.approx(y, abs=NEAR)
    assert not any(there and back for there, back in zip(flow[::2], flow[1::2], strict=True))


@pytest.mark.parametrize(
    ("narrow", "flow"),
    [
        (99, [3, 3, 3, 3]),  # nothing goes round more than it must
        (1, [5, 1, 1, 5]),
        (0, [6, 0, 0, 6]),
    ],
)
def test_what_goes_both_ways_round_a_ring(narrow, flow):
    # 6 cards from zone 0 and 6 from zone 2 to zones 1 and 3: 0 — 1 — 2 — 3 — 0.
    ring = [link(0, 1, 99), link(0, 3, narrow), link(2, 1, narrow), link(2, 3, 99)]
    back = [link(b, a, 9) for a, b in ((0, 1), (0, 3), (2, 1), (2, 3))]
    asks, bids = [(0, 4, 6), (2, 4, 6)], [(1, 4, 6), (3, 4, 6)]
    found, carried = outcome(zones=4, links=[*ring, *back], asks=asks, bids=bids)
    assert found == pytest.approx([6, -6, 6, -6], abs=NEAR)
    assert carried == pytest.approx([*flow, 0, 0, 0, 0], abs=NEAR)


def tied_parts(market, cleared, slot):
    """Cards that each (node, side) may take of its step at the node's price: [(node, sign, size)]."""
    curves, parts = market.curves, []
    per_slot = market.case.nodes // market.case.slots
    for n in range(slot * per_slot, (slot + 1) * per_slot):
        for s in range(curves.first[n], curves.first[n + 1]):
            if abs(curves.price[s] - cleared.node_price[n]) < 1e-3:
                parts += [(n, 1, curves.asks[s] / MICRO)] if curves.asks[s] else []
                parts += [(n, -1, curves.bids[s] / MICRO)] if curves.bids[s] else []
    return parts


def least_unfilled(market, cleared):
    """Σ unfilled² ÷ ordered of the tied parts: as cleared, and the least there is by another method.

    Unknowns: what each tied part takes, then the flows that cost nothing at the prices.
    """
    case, network, curves = market.case, market.network, market.curves
    parts, price = tied_parts(market, cleared, 0), cleared.node_price
    arcs = []
    for j in range(len(case.links)):
        for k in range(network.classes):
            i, o = k * network.zones + network.source[j], k * network.zones + network.target[j]
            rise = network.cost[j] + network.weight[j, k] * cleared.link_price[0, j]
            arcs += [(j, k, i, o)] if abs(price[i] + rise - price[o]) < 1e-3 else []
    count = len(parts) + len(arcs)
    balance, right = np.zeros((case.nodes, count)), np.zeros(case.nodes)
    size = np.array([p[2] for p in parts])
    for n in range(case.nodes):
        # What is better than the price is wholly taken; tied bids are counted as served parts.
        for s in range(curves.first[n], curves.first[n + 1]):
            if curves.price[s] < price[n] - 1e-3:
                right[n] -= curves.asks[s] / MICRO
            elif curves.price[s] > price[n] + 1e-3:
                right[n] += curves.bids[s] / MICRO
    for i, (n, sign, _) in enumerate(parts):
        balance[n, i] = sign
    for i, (_, _, a, b) in enumerate(arcs, len(parts)):
        balance[a, i] -= 1
        balance[b, i] += 1
    carried = np.zeros((len(case.links), count))
    for i, (j, k, _, _) in enumerate(arcs, len(parts)):
        carried[j, i] = network.weight[j, k]
    full = cleared.link_price[0] > 1e-3
    capacity = network.capacity[:, 0] / MICRO
    unit = np.eye(count)
    equal = np.vstack([balance, carried[full]]), np.concatenate([right, capacity[full]])
    least = (
        np.vstack([unit, -unit[: len(parts)], -carried[~full]]),
        np.concatenate([np.zeros(count), -size, -capacity[~full]]),
    )
    # Flows are free: a hundredth of their weight hardly shows in the parts.
    scale = np.concatenate([np.sqrt(size), np.full(len(arcs), 1e3)])
    goal = np.concatenate([size, np.zeros(len(arcs))])
    found = nearest_by_hand(
        goal / scale, equal=(equal[0] * scale, equal[1]), least=(least[0] * scale, least[1])
    )
    best = found[: len(parts)] * scale[: len(parts)]
    return float(((size - best) ** 2 / size).sum()), parts, best


def filled_parts(market, cleared, parts):
    """What each tied part got: asks of a step come first, then its bids are given up."""
    curves, got = market.curves, []
    for n, sign, _ in parts:
        s = next(
            s
            for s in range(curves.first[n], curves.first[n + 1])
            if abs(curves.price[s] - cleared.node_price[n]) < 1e-3
        )
        inside = int(cleared.y[n] - curves.start[s + n])
        asks = min(max(inside, 0), int(curves.asks[s]))
        got.append((asks if sign > 0 else int(curves.bids[s]) - (inside - asks)) / MICRO)
    return np.array(got)


@pytest.mark.parametrize("seed", range(0, 40, 2))
def test_no_outcome_of_the_same_welfare_leaves_less_unfilled(seed):
    case = random_case(seed)
    market = Market.of(case)
    cleared = clear_slots(market, np.zeros(case.nodes, np.int64), no_load(market))
    assert cleared.feasible
    best, parts, _ = least_unfilled(market, cleared)
    size, got = np.array([p[2] for p in parts]), filled_parts(market, cleared, parts)
    assert float(((size - got) ** 2 / size).sum()) == pytest.approx(best, abs=1e-3)

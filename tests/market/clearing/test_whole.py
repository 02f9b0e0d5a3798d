"""From floats to quanta: every node balances exactly, no link is filled a quantum too far."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.market.clearing.markets import a_case, link, no_load, random_case, random_demand

from suanwang.market.case.model import MICRO
from suanwang.market.clearing.slots import Before, Market, clear_slots

QUANTA = [10**6, 10**9, 10**12]
SEEDS = range(36)


def assert_exact(case, cleared, demand, load):
    """In whole numbers: y + inflow = demand + outflow; Σ weight × flow + data ≤ capacity."""
    zones, classes = len(case.zones), len(case.classes)
    for slot in range(case.slots):
        if cleared.status[slot]:
            continue
        flow = cleared.flow[slot]
        assert (flow >= 0).all()
        part = slice(slot * zones * classes, (slot + 1) * zones * classes)
        left = cleared.y[part] - demand[part]
        for j, way in enumerate(case.links):
            for k in range(classes):
                left[k * zones + way.target] += flow[j, k]
                left[k * zones + way.source] -= flow[j, k]
            used = sum(w * int(f) for w, f in zip(way.weights, flow[j], strict=True))
            assert used + Fraction(load[j, slot]) <= way.capacity[slot] * case.quantum
        assert not left.any()


def assert_within_curves(market, cleared):
    first, start = market.curves.first, market.curves.start
    for n in range(market.case.nodes):
        assert start[first[n] + n] <= cleared.y[n] <= start[first[n + 1] + n]


@pytest.mark.parametrize("quantum", QUANTA)
def test_every_node_balances_and_no_link_is_overfull(quantum):
    cleared_slots = 0
    for seed in SEEDS:
        case = random_case(seed, quantum=quantum, slots=2)
        market = Market.of(case)
        demand = random_demand(case, seed) if seed % 4 > 1 else np.zeros(case.nodes, np.int64)
        load = np.floor(market.network.capacity * (0.3 if seed % 3 else 0.0))
        cleared = clear_slots(market, demand, load)
        assert set(cleared.status.tolist()) <= {0, 3}, seed
        cleared_slots += int((cleared.status == 0).sum())
        assert_exact(case, cleared, demand, load)
        if cleared.feasible:
            assert_within_curves(market, cleared)
    assert cleared_slots > len(SEEDS)


@pytest.mark.parametrize(
    "weights", [(Fraction(1, 3), Fraction(2, 7)), (3, 7), (Fraction(10**6 + 1, 10**6), 1)]
)
@pytest.mark.parametrize("quantum", QUANTA)
def test_a_full_link_is_filled_to_a_few_quanta(quantum, weights):
    case = a_case(
        zones=2, classes=2, quantum=quantum, links=[link(0, 1, Fraction(22, 7), weights=weights)],
        asks=[(0, 1, 50), (2, 1, 50)], bids=[(1, 9, 20), (3, 8, 20)],
    )  # fmt: skip
    market = Market.of(case)
    cleared = clear_slots(market, np.zeros(case.nodes, np.int64), no_load(market))
    assert_exact(case, cleared, np.zeros(case.nodes, np.int64), no_load(market))
    used = sum(w * int(f) for w, f in zip(case.links[0].weights, cleared.flow[0, 0], strict=True))
    # The rules call a link full where at most this is left.
    spare = case.links[0].capacity[0] * quantum / 10**9 + 64 * sum(case.links[0].weights)
    assert case.links[0].capacity[0] * quantum - used <= spare


@pytest.mark.parametrize("quantum", QUANTA)
def test_a_full_link_between_tied_nodes_is_filled_to_the_quantum(quantum):
    # Thirds of what is left go over the other links, so a quantum is left over somewhere.
    links = [link(zone, 0, capacity) for zone, capacity in ((1, 1), (2, 2), (3, 9), (4, 9), (5, 9))]
    case = a_case(
        zones=6, quantum=quantum, links=links,
        asks=[(zone, 4, 10) for zone in range(1, 6)], bids=[(0, 9, 10)],
    )  # fmt: skip
    market = Market.of(case)
    nothing = np.zeros(case.nodes, np.int64)
    cleared = clear_slots(market, nothing, no_load(market))
    assert_exact(case, cleared, nothing, no_load(market))
    assert cleared.flow[0, :2, 0].tolist() == [quantum, 2 * quantum]
    assert np.ptp(cleared.flow[0, 2:, 0]) <= 2


def test_a_slot_that_is_asked_the_same_is_taken_over_and_others_are_not():
    case = a_case(
        zones=2,
        slots=2,
        links=[link(0, 1, 4, slots=2)],
        asks=[(0, 1, 5), (2, 1, 5)],
        bids=[(1, 9, 5)],
    )
    market = Market.of(case)
    nothing = np.zeros(case.nodes, np.int64)
    first = clear_slots(market, nothing, no_load(market))
    moved = nothing.copy()
    moved[2] = 3 * MICRO
    again = clear_slots(
        market, moved, no_load(market), Before(demand=nothing, load=no_load(market), cleared=first)
    )
    assert (again.pivots[0], again.pivots[1] > 0) == (0, True)
    fresh = clear_slots(market, moved, no_load(market))
    for name in ("status", "y", "flow", "node_price", "link_price"):
        assert np.array_equal(getattr(again, name), getattr(fresh, name)), name
    assert (first.y // MICRO).tolist() == [4, -4, 0, 0]

"""The simplex over curves against a linear program in which every step is a column."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from tests.market.clearing.markets import a_case, link, random_case, random_demand

from suanwang.market.case.model import MICRO
from suanwang.market.clearing.batch import Limits, empty_batch, in_batches
from suanwang.market.clearing.curves import Curves
from suanwang.market.clearing.slot_simplex import OPTIMAL, SHORT, UNSOLVED, solve_batch
from suanwang.market.clearing.slots import PIVOTS_MAX, Market

NEAR = 1e-7  # of the scale of what is compared


def solved(case, *, demand=None, load=0.0, **limits):
    market = Market.of(case)
    network = market.network.links
    demand = np.zeros(case.nodes, np.int64) if demand is None else np.array(demand, np.int64)
    batch = empty_batch(network, np.arange(case.slots), demand, network.capacity - load)
    full = Limits(market.scarce, limits.pop("pivots_max", PIVOTS_MAX), **limits)
    solve_batch(market.curves, network, batch, full)
    return market, batch


def steps_of(curves: Curves, node: int):
    """(y where the curve begins, [(price, width)]) in yuan and cards of 10⁶ quanta."""
    lo, hi = curves.first[node], curves.first[node + 1]
    start = curves.start[lo + node : hi + node + 1] / MICRO
    return start[0], list(zip(curves.price[lo:hi] / MICRO, np.diff(start), strict=True))


def programme(market: Market, demand):
    """linprog's arguments for slot 0: every step a column from 0 to its width, then every flow."""
    case, network = market.case, market.network
    steps = [(n, p, w) for n in range(case.nodes) for p, w in steps_of(market.curves, n)[1]]
    begin = np.array([steps_of(market.curves, n)[0] for n in range(case.nodes)])
    arcs = [(j, k) for j in range(len(case.links)) for k in range(network.classes)]
    balance = np.zeros((case.nodes, len(steps) + len(arcs)))
    carried = np.zeros((len(case.links), len(steps) + len(arcs)))
    for i, (n, _, _) in enumerate(steps):
        balance[n, i] = 1
    for i, (j, k) in enumerate(arcs, len(steps)):
        balance[k * network.zones + network.target[j], i] += 1
        balance[k * network.zones + network.source[j], i] -= 1
        carried[j, i] = network.weight[j, k]
    cost = [p for _, p, _ in steps] + [network.cost[j] / MICRO for j, _ in arcs]
    return {
        "c": np.array(cost),
        "A_eq": balance,
        "b_eq": np.asarray(demand) / MICRO - begin,
        "A_ub": carried if len(case.links) else None,
        "b_ub": network.capacity[:, 0] / MICRO if len(case.links) else None,
        "bounds": [(0, w) for _, _, w in steps] + [(0, None)] * len(arcs),
    }


def cost_of(market: Market, batch) -> float:
    """What the slot's net supplies and flows cost, measured from the curves' beginnings."""
    total = float((batch.flow[0] * market.network.cost[:, None]).sum()) / MICRO**2
    for n in range(market.case.nodes):
        begin, steps = steps_of(market.curves, n)
        left = batch.y[0, n] / MICRO - begin
        for price, width in steps:
            total += price * min(max(left, 0.0), width)
            left -= width
    return total


def worth_at_prices(market: Market, batch, demand) -> float:
    """The dual's value: by weak duality no outcome costs less."""
    case, network = market.case, market.network
    price, rent = batch.dual[0, : case.nodes] / MICRO, -batch.dual[0, case.nodes :] / MICRO
    total = (
        float(price @ (np.asarray(demand) / MICRO)) - float(rent @ network.capacity[:, 0]) / MICRO
    )
    for n in range(case.nodes):
        begin, steps = steps_of(market.curves, n)
        total -= price[n] * begin + sum(max(price[n] - p, 0.0) * w for p, w in steps)
    return total


def assert_prices_bound_every_outcome(market: Market, batch):
    network, price = market.network, batch.dual[0, : market.case.nodes]
    rent = -batch.dual[0, market.case.nodes :]
    assert (rent >= -1.0).all(), "micro-yuan"
    for j in range(len(market.case.links)):
        for k in range(network.classes):
            i, o = k * network.zones + network.source[j], k * network.zones + network.target[j]
            assert price[o] - price[i] <= network.cost[j] + network.weight[j, k] * rent[j] + 1.0


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_a_slot_costs_what_the_linear_programme_costs(first):
    cleared = 0
    for seed in range(first, first + 20):
        case = random_case(seed)
        demand = random_demand(case, seed) if seed % 4 > 1 else np.zeros(case.nodes, np.int64)
        market, batch = solved(case, demand=demand)
        twin = linprog(**programme(market, demand), method="highs")
        assert (batch.status[0] == SHORT) == (twin.status == 2), seed
        if twin.status == 0:
            cleared += 1
            scale = 1 + abs(twin.fun)
            assert cost_of(market, batch) == pytest.approx(twin.fun, abs=NEAR * scale), seed
            assert worth_at_prices(market, batch, demand) == pytest.approx(
                twin.fun, abs=NEAR * scale
            )
            assert_prices_bound_every_outcome(market, batch)
    assert cleared >= 10


def test_a_solution_is_in_balance_within_capacity_and_no_flow_is_negative():
    for seed in range(30):
        case = random_case(seed)
        market, batch = solved(case, demand=random_demand(case, seed))
        if batch.status[0] == OPTIMAL:
            assert_feasible(market, batch, random_demand(case, seed))


def assert_feasible(market, batch, demand):
    network, flow = market.network, batch.flow[0]
    got = batch.y[0].copy()
    for j in range(len(market.case.links)):
        for k in range(network.classes):
            got[k * network.zones + network.target[j]] += flow[j, k]
            got[k * network.zones + network.source[j]] -= flow[j, k]
    assert got == pytest.approx(demand, abs=1e-3)
    assert (flow >= 0).all()
    assert ((network.weight * flow).sum(axis=1) <= network.capacity[:, 0] + 1e-3).all()


@pytest.mark.parametrize("seed", range(0, 60, 2))
def test_blands_rule_comes_to_the_same_cost(seed):
    case = random_case(seed)
    market, quick = solved(case)
    _, careful = solved(case, degenerate_max=-1)
    assert careful.status[0] == OPTIMAL
    assert cost_of(market, careful) == pytest.approx(cost_of(market, quick), abs=1e-6)


TWO_ZONES = {"zones": 2, "asks": [(0, 1, 5)], "bids": [(1, 9, 5)], "links": [link(0, 1, 9)]}


def test_too_few_pivots_leave_a_slot_unsolved():
    _, batch = solved(a_case(**TWO_ZONES))
    assert (batch.status[0], batch.y[0].tolist()) == (OPTIMAL, [5e6, -5e6])
    _, batch = solved(a_case(**TWO_ZONES), pivots_max=0)
    assert (batch.status[0], batch.pivots[0]) == (UNSOLVED, 0)


@pytest.mark.parametrize(
    ("demand", "status"),
    [
        ([0, 0], OPTIMAL),
        ([5e6, 0], OPTIMAL),  # all that there is
        ([5e6 + 2, 0], SHORT),
        ([0, -5e6], OPTIMAL),  # as much as is bid for
        ([0, -5e6 - 2], SHORT),  # given away where nobody takes it
        ([-1e6, 6e6], OPTIMAL),  # over the link
        ([-5e6, 10e6], SHORT),  # the link is too thin
    ],
)
def test_a_slot_is_short_where_it_cannot_give_what_is_asked(demand, status):
    _, batch = solved(a_case(**TWO_ZONES), demand=demand)
    assert batch.status[0] == status


def test_a_link_carries_nothing_where_data_takes_all_and_is_short_where_more():
    _, batch = solved(a_case(**TWO_ZONES), load=np.array([[9e6]]))
    assert (batch.status[0], batch.y[0].tolist()) == (OPTIMAL, [0, 0])
    _, batch = solved(a_case(**TWO_ZONES), load=np.array([[9e6 + 2]]))
    assert batch.status[0] == SHORT


def test_no_orders_and_no_links_are_a_market_too():
    _, batch = solved(a_case(zones=3, classes=2, slots=2))
    assert (batch.status.tolist(), batch.pivots.tolist()) == ([OPTIMAL] * 2, [0] * 2)


def test_batches_hold_every_slot_once_and_fit_in_memory():
    network = Market.of(a_case(zones=40, classes=8)).network.links
    batches = [part.tolist() for part in in_batches(network, np.arange(100))]
    assert [slot for part in batches for slot in part] == list(range(100))
    assert max(map(len, batches)) * (40 * 8) ** 2 * 8 <= 32 * 2**20

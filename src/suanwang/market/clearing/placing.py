"""Jobs that run as a whole, placed one after the other into what room is left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Case
from suanwang.market.clearing.carriage import carried, one_zone
from suanwang.market.clearing.decide import whole_plan
from suanwang.market.clearing.own.bench import empty_plans, make_bench, terms_of
from suanwang.market.clearing.own.exchange import exchange, waiting
from suanwang.market.clearing.own.sweep import best_plans, place_in_turn
from suanwang.market.clearing.plans import JobPlan, Plans, demand_of, load_of
from suanwang.market.clearing.response import Crowd, no_pools
from suanwang.market.clearing.work import Work

Floats = NDArray[np.float64]
_REACH = 0.02  # of all prices' span: asks this much dearer than a node's price are still room
_GAIN_MIN = 1e-6  # yuan
_REGRETS_MAX = 200  # jobs left out that are looked at more closely


def place(
    crowd: Crowd, nodes: Floats, *, decided: Plans, jobs: list[int], work: Work
) -> dict[int, JobPlan]:
    """Place these jobs, those that gain most first, and exchange places while work is left.

    Args:
        nodes: multipliers, yuan per card-hour.
        decided: what takes room already.
    """
    case = crowd.market.case
    if not jobs:
        return {}
    response = crowd.respond(nodes, no_pools(case))
    gain = response.plans.jobs["gain"]
    order = np.array(jobs, np.int32)
    order = order[np.argsort(-gain[order], kind="stable")]
    terms = terms_of(
        crowd.jobs, response.own_prices,
        room=_room(crowd, nodes, decided), pool_room=crowd.pool_room(nodes),
    )  # fmt: skip
    placed, bench = empty_plans(crowd.jobs), make_bench(crowd.jobs)
    place_in_turn(terms, placed, order=order, bench=bench)
    work.spend(len(jobs) / 200)
    mine = np.zeros(len(gain))
    mine[order] = gain[order]
    turns = min(len(jobs) // 2, max(work.limit - work.used, 0) * 4)
    exchange(terms, bench, placed, (waiting(crowd.jobs, mine, crowd.margin(nodes)), turns))
    work.spend(turns / 8)
    found = {i: whole_plan(case, crowd.jobs, placed, i) for i in sorted(jobs)}
    plans = {i: plan for i, plan in found.items() if plan is not None}
    fitting = _fitting(crowd, plans, placed.jobs["gain"])
    return with_data(case, fitting, load_of(case, decided))


def _room(crowd: Crowd, nodes: Floats, decided: Plans) -> Floats:
    """Return cards that jobs may still take at each node: what is for sale near its price."""
    case, network = crowd.market.case, crowd.market.network
    offered = crowd.supply(nodes + _REACH * (crowd.high - crowd.low))
    taken = demand_of(case, decided) / case.quantum
    inflow = np.zeros((case.slots, network.classes, network.zones))
    for j in range(network.cost.size):
        cards = network.capacity[j][:, None] / case.quantum / network.weight[j][None, :]
        inflow[:, :, network.target[j]] += cards
    return np.maximum(offered + inflow.reshape(-1) - taken, 0.0)


def _fitting(crowd: Crowd, plans: dict[int, JobPlan], gain: Floats) -> dict[int, JobPlan]:
    """Leave out who gains least where whole quanta no longer fit a node without links."""
    case, curves = crowd.market.case, crowd.market.curves
    if crowd.market.network.cost.size:
        return plans
    most = curves.start[curves.first[1:] + np.arange(case.nodes)]
    for node in np.nonzero(demand_of(case, Plans(jobs=plans)) > most)[0].tolist():
        at = [
            (float(gain[i]), i, cell.cards)
            for i, plan in plans.items()
            for cell in plan.cells
            if case.node(cell.zone, cell.card_class, cell.slot) == node
        ]
        room = int(most[node])
        for _, i, cards in sorted(at, reverse=True):
            if cards <= room:
                room -= cards
            else:
                del plans[i]
    return plans


def with_data(case: Case, plans: dict[int, JobPlan], load: Floats) -> dict[int, JobPlan]:
    """Find ways for the jobs' data; a job without a way stays out."""
    if not any(case.jobs[i].data for i in plans):
        return plans
    capacity = [[float(c * case.quantum) for c in link.capacity] for link in case.links]
    left = np.array(capacity).reshape(load.shape) - load
    found = {}
    for i, plan in plans.items():
        job = case.jobs[i]
        moved = carried(case, job, one_zone(plan), left) if job.data else plan
        if moved is not None:
            found[i] = moved
    return found


def job_regrets(
    crowd: Crowd, prices: Floats, plans: Plans, work: Work
) -> list[tuple[float, int, JobPlan]]:
    """Return (yuan gained, job, plan) of jobs left out that gain at these prices, largest first."""
    case = crowd.market.case
    out = np.array([i for i in range(len(case.jobs)) if i not in plans.jobs], np.int32)
    if not len(out):
        return []
    own = empty_plans(crowd.jobs)
    response = crowd.respond(prices, no_pools(case))
    terms = terms_of(crowd.jobs, response.own_prices)
    best_plans(terms, own, order=out, bench=make_bench(crowd.jobs))
    work.spend(len(out) / 200)
    gain = own.jobs["gain"]
    found = []
    load = load_of(case, plans)
    for i in out[np.argsort(-gain[out], kind="stable")][:_REGRETS_MAX].tolist():
        if gain[i] <= _GAIN_MIN:
            break
        plan = whole_plan(case, crowd.jobs, own, i)
        moved = with_data(case, {i: plan}, load) if plan is not None else {}
        found += [(float(gain[i]), i, plan) for plan in moved.values()]
    return found

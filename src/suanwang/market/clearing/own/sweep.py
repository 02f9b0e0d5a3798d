"""Every job asked at once, or some in turn: gains, plans, and the cards and data they ask for."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from suanwang.market.clearing.own.arrays import (
    CONTIGUOUS,
    DIVISIBLE,
    Floats,
    Indices,
    JobArrays,
    Record,
    Records,
)
from suanwang.market.clearing.own.bench import Bench, Plans, Terms, make_bench, terms_of
from suanwang.market.clearing.own.carriage import add_data
from suanwang.market.clearing.own.compiled import bare, kernel
from suanwang.market.clearing.own.contiguous import plan_contiguous
from suanwang.market.clearing.own.divisible import plan_divisible
from suanwang.market.clearing.own.pauses import plan_preemptible
from suanwang.market.clearing.own.preemptible import bound_preemptible, write_cells
from suanwang.market.clearing.own.prices import Prices

BOUND: Final = 0  # the bound's problem; adds cards to the demand
PLAN: Final = 1  # what can run
PLACE: Final = 2  # the same; takes the cards out of the room


class Demand(NamedTuple):
    """What best plans ask for together: the subgradient of the bound. Sweeps add to it."""

    cards: Floats  # [nodes]
    pool_cards: Floats  # [pools, slots]: gangs' cards less what offers give
    link_gb: Floats  # [links, slots]


class OwnPlan(NamedTuple):
    """One job's plan for people and for exact arithmetic; `cells` are (node, cards)."""

    gain: float
    pool: int
    cells: tuple[tuple[int, float], ...]


def no_demand(jobs: JobArrays, *, pools: int) -> Demand:
    """Return a demand of nothing."""
    places, slots = jobs.kg.shape
    links = len(jobs.link_source)
    return Demand(np.zeros(places * slots), np.zeros((pools, slots)), np.zeros((links, slots)))


def sweep(jobs: JobArrays, prices: Prices, *, plans: Plans, demand: Demand) -> None:
    """Write every job's own problem as the bound has it, and add what its plan asks for.

    The plan of a preemptible job is the relaxation's, so it may not be able to run.
    """
    everyone = np.arange(len(jobs.jobs), dtype=np.int32)
    to = (demand.cards, demand.pool_cards.reshape(-1))
    ask(terms_of(jobs, prices), make_bench(jobs), (plans.jobs, plans.cells), (everyone, to, BOUND))
    if len(jobs.hub_zone) > 0:
        add_data(jobs, prices, plans, demand.link_gb)


def best_plans(terms: Terms, plans: Plans, *, order: Indices, bench: Bench) -> None:
    """Write the best plan that can run for each of these jobs (int32 indices), each by itself."""
    to = (terms.room, terms.pool_room)
    ask(terms, bench, (plans.jobs, plans.cells), (order, to, PLAN))


def place_in_turn(terms: Terms, plans: Plans, *, order: Indices, bench: Bench) -> None:
    """Plan these jobs one after the other; each takes its cards out of the terms' room."""
    to = (terms.room, terms.pool_room)
    ask(terms, bench, (plans.jobs, plans.cells), (order, to, PLACE))


def give_back_room(jobs: JobArrays, plans: Plans, job: int, *, terms: Terms) -> None:
    """Put a placed job's cards back into the terms' room."""
    places, slots, plan = len(jobs.kg), len(jobs.hours), plan_of(jobs, plans, job)
    for node, cards in plan.cells:
        if len(terms.room) > 0:
            terms.room[node] += cards
        if len(terms.pool_room) > 0 and plan.pool >= 0:
            terms.pool_room[plan.pool * slots + node // places] += cards


def plan_of(jobs: JobArrays, plans: Plans, job: int) -> OwnPlan:
    """Read one job's plan out of the arrays."""
    row, plan = jobs.jobs[job], plans.jobs[job]
    chosen = jobs.alternatives[plan["alternative"]] if plan["alternative"] >= 0 else None
    if row["shape"] == CONTIGUOUS and chosen is not None:
        places, width = len(jobs.kg), float(plan["width"])
        run = range(plan["first"], plan["after"])
        cells = tuple((slot * places + int(chosen["place"]), width) for slot in run)
    else:
        part = plans.cells[row["cell_first"] :][: plan["cell_count"]]
        cells = tuple(zip(part["node"].tolist(), part["cards"].tolist(), strict=True))
    return OwnPlan(float(plan["gain"]), -1 if chosen is None else int(chosen["pool"]), cells)


@kernel
def ask(
    terms: Terms,
    bench: Bench,
    plans: tuple[Records, Records],
    how: tuple[Indices, tuple[Floats, Floats], int],
) -> None:
    """Ask jobs in turn, as one of the uses above says."""
    # One way in for every use: each way in would compile all kernels anew.
    order, to, use = how
    for index in order:
        job, plan = terms.jobs[index], plans[0][index]
        if job.shape == CONTIGUOUS:
            plan_contiguous(terms, bench, job, plan)
        elif job.shape == DIVISIBLE:
            plan_divisible(terms, bench, job, (plan, plans[1]))
        else:
            if use == BOUND:
                bound_preemptible(terms, bench, job, plan)
            else:
                plan_preemptible(terms, bench, job, plan)
            if plan.gain > 0.0:
                write_cells(terms, bench.slots, job, (plan, plans[1]))
        if use != PLAN:
            _add_cards(terms, (job, plan, plans[1]), to, 1.0 if use == BOUND else -1.0)


@bare
def _add_cards(
    terms: Terms,
    chosen: tuple[Record, Record, Records],
    to: tuple[Floats, Floats],
    sign: float,
) -> None:
    # A contiguous plan has no cells of its own; its run stands for them.
    (job, plan, cells), places, slots = chosen, len(terms.kg), len(terms.hours)
    if plan.gain <= 0.0:
        return
    pool, place = -1, 0
    if plan.alternative >= 0:
        pool = terms.alternatives[plan.alternative].pool
        place = terms.alternatives[plan.alternative].place
    if job.shape == CONTIGUOUS:
        for slot in range(plan.first, plan.after):
            _add(to[0], slot * places + place, sign * plan.width)
            if pool >= 0:
                _add(to[1], pool * slots + slot, sign * plan.width)
        return
    for at in range(job.cell_first, job.cell_first + plan.cell_count):
        _add(to[0], cells[at].node, sign * cells[at].cards)
        if pool >= 0:
            _add(to[1], pool * slots + cells[at].node // places, sign * cells[at].cards)


@bare
def _add(to: Floats, at: int, cards: float) -> None:
    # An empty array is a room without limits: nothing to keep.
    if len(to) > 0:
        to[at] += cards

"""Jobs that set a price give or take the last quanta, so that no order is left a quantum short.

Where a job is at its margin the optimum fills the orders around it to the end. Cutting its shares
to whole quanta leaves one of them a quantum short, which would tie the price to that order's own;
so the job moves by that quantum instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import floor

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Case, FlexibleJob, Shape
from suanwang.market.clearing.candidate import Candidate
from suanwang.market.clearing.plans import Cell, JobPlan, Plans
from suanwang.market.clearing.slots import Market

_SAME = 1e-3  # micro-yuan
NEAR = 2e-6  # cards: further from the end of a step an order is partly filled and means it


def at_a_step(market: Market, prices: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say at which nodes a price (micro-yuan) is that of a simple order, which can bend."""
    curves = market.curves
    key = np.repeat(np.arange(market.case.nodes), np.diff(curves.first))
    near = np.abs(curves.price - prices[key]) <= _SAME
    found = np.zeros(market.case.nodes, np.bool_)
    found[key[near]] = True
    return found


def snapped(market: Market, candidate: Candidate, bends: set[int]) -> Plans | None:
    """Return plans with jobs in `bends` moved by the quanta that are missing; None if none are."""
    wanted = _missing(market, candidate)
    if not wanted:
        return None
    case, plans = market.case, candidate.plans
    at_node: defaultdict[int, list[int]] = defaultdict(list)
    for index in bends:
        for cell in plans.jobs[index].cells:
            at_node[case.node(cell.zone, cell.card_class, cell.slot)].append(index)
    jobs = dict(plans.jobs)
    moved = False
    for node, quanta in wanted.items():
        for index in at_node.get(node, ()):
            bent = _bend(case, index, jobs, (node, quanta))
            if bent is not None:
                jobs[index] = bent
                moved = True
                break
    return replace(plans, jobs=jobs) if moved else None


def _missing(market: Market, candidate: Candidate) -> dict[int, int]:
    """Return quanta by which each node's net supply misses the nearer end of its step."""
    curves, outcome = market.curves, candidate.outcome
    steps = np.minimum(outcome.step, max(len(curves.price) - 1, 0))
    offset = np.arange(market.case.nodes)
    begin = curves.start[steps + offset]
    inside = (outcome.step < curves.first[1:]) & (outcome.y > begin)
    near = max(64, int(NEAR * market.case.quantum))
    found = {}
    for n in np.nonzero(inside)[0].tolist():
        s = int(outcome.step[n])
        below = int(outcome.y[n] - curves.start[s + n])
        above = int(curves.start[s + n + 1] - outcome.y[n])
        if min(below, above) <= near < max(below, above):
            found[n] = above if above < below else -below
    return found


def _bend(
    case: Case, index: int, jobs: Mapping[int, JobPlan], want: tuple[int, int]
) -> JobPlan | None:
    """Change one cell of a job by some quanta, if its work, widths and shape allow."""
    node, quanta = want
    job, plan = case.jobs[index], jobs[index]
    cells: list[Cell] = []
    for cell in plan.cells:
        if case.node(cell.zone, cell.card_class, cell.slot) != node:
            cells.append(cell)
            continue
        cards = cell.cards + quanta
        if not 0 < cards <= floor(job.cards_max * case.quantum):
            return None
        cells.append(cell._replace(cards=cards))
    done = sum(
        (job.classes[c.card_class] * case.hours[c.slot] * c.cards for c in cells), Fraction(0)
    )
    work = job.work * case.quantum
    if job.shape is Shape.DIVISIBLE:
        width: defaultdict[int, int] = defaultdict(int)
        for cell in cells:
            width[cell.slot] += cell.cards
        fits = max(width.values()) <= job.cards_max * case.quantum
        return replace(plan, cells=tuple(cells)) if done <= work and fits else None
    most = work + _beyond(case, job, cells)
    return replace(plan, cells=tuple(cells)) if work <= done <= most else None


def _beyond(case: Case, job: FlexibleJob, cells: Sequence[Cell]) -> Fraction:
    """Return by how much more than its work a job that may pause may do, in work × quanta."""
    speed = job.classes[cells[0].card_class]
    hours = [case.hours[cell.slot] for cell in cells]
    return speed * (max(job.cards_min * case.quantum, Fraction(1)) * max(hours) + sum(hours))

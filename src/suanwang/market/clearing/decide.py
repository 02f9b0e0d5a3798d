"""From multipliers to decisions: which orders with conditions are taken, and how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor, lcm

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import MICRO, Case, FlexibleJob, Shape, Side
from suanwang.market.clearing.curves import effective_ask_prices
from suanwang.market.clearing.own.arrays import JobArrays
from suanwang.market.clearing.own.bench import Plans as OwnPlans
from suanwang.market.clearing.own.sweep import plan_of
from suanwang.market.clearing.plans import Cell, JobPlan
from suanwang.market.clearing.whole_jobs import divisible_plan

Floats = NDArray[np.float64]
_LOSS_MAX = 1e-9  # yuan per card-hour


def whole_plan(case: Case, jobs: JobArrays, plans: OwnPlans, index: int) -> JobPlan | None:
    """Turn a job's own plan into whole quanta that do all its work; None where it stays out."""
    job = case.jobs[index]
    own = plan_of(jobs, plans, index)
    if own.gain <= 0:
        return None
    places = len(jobs.kg)
    zones = len(case.zones)
    shares = [
        (node % places % zones, node % places // zones, node // places, cards)
        for node, cards in own.cells
        if cards > 0
    ]
    if not shares:
        return None
    if job.shape is Shape.DIVISIBLE:
        return divisible_plan(case, job, shares)
    if job.shape is Shape.CONTIGUOUS:
        return run_plan(case, job, shares, own.pool)
    return paused_plan(case, job, shares, own.pool)


def run_plan(
    case: Case, job: FlexibleJob, shares: Sequence[tuple[int, int, int, float]], pool: int
) -> JobPlan | None:
    """Give one run the least whole width that does the work."""
    zone, k, _, _ = shares[0]
    slots = sorted([slot for _, _, slot, _ in shares])
    above, parts = _whole_hours([case.hours[slot] for slot in slots])
    # Work ÷ (speed × hours) in whole numbers: fractions would take ten times as long.
    work, speed = job.work, job.classes[k]
    owed = work.numerator * speed.denominator * parts * case.quantum
    width = -(-owed // (work.denominator * speed.numerator * above))
    width = max(ceil(job.cards_min * case.quantum), width)
    if width > job.cards_max * case.quantum:
        return None
    return JobPlan(cells=tuple([Cell(zone, k, slot, width, pool) for slot in slots]))


def _whole_hours(hours: Sequence[Fraction]) -> tuple[int, int]:
    """Return the sum of hours as a ratio, not cancelled."""
    parts = lcm(*{each.denominator for each in hours})
    return sum([each.numerator * (parts // each.denominator) for each in hours]), parts


def paused_plan(
    case: Case, job: FlexibleJob, shares: Iterable[tuple[int, int, int, float]], pool: int
) -> JobPlan | None:
    """Give slots of one place whole widths that do the work and what its pauses lose."""
    least, most = ceil(job.cards_min * case.quantum), floor(job.cards_max * case.quantum)
    widths = {
        (zone, k, slot): min(max(floor(cards * case.quantum + 1e-3), least, 1), most)
        for zone, k, slot, cards in shares
    }
    slots = sorted(slot for _, _, slot in widths)
    pauses = sum(b > a + 1 for a, b in pairwise(slots))
    if job.max_pauses is not None and pauses > job.max_pauses:
        return None
    rates = {key: job.classes[key[1]] * case.hours[key[2]] for key in widths}
    needed = (job.work + job.setup * pauses) * case.quantum
    missing = needed - sum((rates[key] * width for key, width in widths.items()), Fraction(0))
    for key in sorted(widths, key=lambda key: widths[key] - most):
        if missing <= 0:
            break
        more = min(ceil(missing / rates[key]), most - widths[key])
        widths[key] += more
        missing -= more * rates[key]
    if missing > 0:
        return None
    for key in sorted(widths, key=lambda key: widths[key] - least, reverse=True):
        spare = min(floor(-missing / rates[key]), widths[key] - max(least, 1))
        widths[key] -= spare
        missing += spare * rates[key]
    cells = sorted(((*key, width) for key, width in widths.items()), key=lambda cell: cell[2])
    return JobPlan(cells=tuple(Cell(zone, k, slot, width, pool) for zone, k, slot, width in cells))


def block_quanta(case: Case, index: int, ratio: float) -> tuple[int, ...]:
    """Return a block's whole quanta at a ratio; a full ratio is exact."""
    block = case.blocks[index]
    share = Fraction(1) if ratio > 1 - 1e-9 else max(Fraction(ratio), block.min_fraction)
    quanta = [q * case.quantum * share for q in block.quantity]
    if block.lot is not None:
        lot = block.lot * case.quantum
        return tuple(floor(q / lot) * int(lot) for q in quanta)
    return tuple(floor(q) for q in quanta)


def offer_quanta(case: Case, index: int, cards: Iterable[float]) -> tuple[int, ...]:
    """Return an offer's whole quanta."""
    least = ceil(case.offers[index].quantity_min * case.quantum)
    most = [floor(q * case.quantum) for q in case.offers[index].quantity]
    return tuple(
        min(max(floor(c * case.quantum + 1e-3), least), limit) if c > 0 else 0
        for c, limit in zip(cards, most, strict=True)
    )


def lot_quanta(
    case: Case, prices: Floats, shares: Mapping[tuple[Side, int], float]
) -> dict[tuple[Side, int], int]:
    """Round orders in lots: whole lots of what the relaxation gives them, where none loses."""
    asks = effective_ask_prices(case)
    taken = {}
    for (side, index), share in shares.items():
        steps, price = (case.asks, asks) if side is Side.ASK else (case.bids, case.bids.price)
        margin = prices[steps.node[index]] - price[index] / MICRO
        if (margin if side is Side.ASK else -margin) < -_LOSS_MAX:
            continue
        lot = int(steps.lot[index])
        quanta = min(round(share * case.quantum / lot), int(steps.quantity[index]) // lot) * lot
        if quanta:
            taken[side, index] = quanta
    return taken

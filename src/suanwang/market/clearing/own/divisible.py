"""Divisible jobs: the best mix of cells, exact; and a good one within room.

gain                   ┌──── a slot's cells at width cards_max as points; the upper hull's
│        ·──┬─────────┘     segments, of all slots together, are taken in falling order of
│    ┌──·   ·               gain per work until the work is done or nothing more is gained
│ ┌─·
└──────────── work
"""

from __future__ import annotations

import numpy as np

from suanwang.market.clearing.own.arrays import Floats, Indices, Record, Records
from suanwang.market.clearing.own.bench import Bench, Terms, clear_plan, lay_out, lay_values
from suanwang.market.clearing.own.compiled import inner
from suanwang.market.clearing.own.ranks import ranked


@inner
def plan_divisible(terms: Terms, bench: Bench, job: Record, chosen: tuple[Record, Records]) -> None:
    """Write the best mix of a divisible job. Room makes it a good one.

    With room each cell is capped, and cells are taken in falling order of gain per work.
    """
    slots, gains = bench.slots, bench.grid
    begin, end = job.alternative_first, job.alternative_after
    clear_plan(chosen[0])
    lay_values(terms.steps, slots, job)
    limited = len(terms.room) > 0 or len(terms.pool_room) > 0
    caps = np.zeros((end - begin, job.end - job.start))
    for alternative in range(begin, end):
        lay_out(terms, slots, job, terms.alternatives[alternative])
        for slot in range(job.start, job.end):
            row = slots[slot]
            shared = (row.value - row.data_in - slots[slot + 1].data_out) / job.work
            gains[alternative - begin, slot] = shared - row.cost / row.done
            caps[alternative - begin, slot - job.start] = row.cap
    if limited:
        _fill_cells(terms, bench, (job, caps), chosen)
    else:
        _fill_hulls(terms, bench, job, chosen)


@inner
def _hull(terms: Terms, bench: Bench, job: Record, slot: int) -> Indices:
    # The corners of a slot's upper hull from (0, 0), slopes falling: which alternatives.
    begin, end = job.alternative_first, job.alternative_after
    corners = np.empty(end - begin, np.int32)
    count, x, y = 0, 0.0, 0.0
    while True:
        best, best_x, best_y, corner = 0.0, x, y, -1
        for alternative in range(begin, end):
            px = terms.alternatives[alternative].speed * terms.hours[slot] * job.cards_max
            py = bench.grid[alternative - begin, slot] * px
            if px > x and (py - y) / (px - x) > best:
                best, best_x, best_y, corner = (py - y) / (px - x), px, py, alternative
        if corner < 0:
            return corners[:count]
        corners[count] = corner
        count, x, y = count + 1, best_x, best_y


@inner
def _fill_hulls(
    terms: Terms,
    bench: Bench,
    job: Record,
    chosen: tuple[Record, Records],
) -> None:
    begin, end, plan = job.alternative_first, job.alternative_after, chosen[0]
    window = job.end - job.start
    drop, work = np.empty(window * (end - begin)), np.empty(window * (end - begin))
    where = np.empty((window * (end - begin), 3), np.int32)  # slot, alternative before and after
    count = 0
    for slot in range(job.start, job.end):
        x, y, before = 0.0, 0.0, -1
        for corner in _hull(terms, bench, job, slot):
            px = terms.alternatives[corner].speed * terms.hours[slot] * job.cards_max
            py = bench.grid[corner - begin, slot] * px
            drop[count], work[count] = (y - py) / (px - x), px - x
            where[count, 0], where[count, 1], where[count, 2] = slot, before, corner
            count, x, y, before = count + 1, px, py, corner
    left = job.work
    held = np.full((window, 2), -1, np.int32)  # the corner reached, and the one on the way to
    part = np.zeros(window)
    for segment in ranked(drop[:count]):
        slot = where[segment, 0] - job.start
        took = min(left, work[segment])
        plan.gain -= drop[segment] * took
        left -= took
        if took < work[segment]:
            held[slot, 1], part[slot] = where[segment, 2], took / work[segment]
            break
        held[slot, 0] = where[segment, 2]
    for slot in range(window):
        corners = ((1.0 - part[slot]) * job.cards_max, part[slot] * job.cards_max)
        for side in range(2):
            if held[slot, side] >= 0:
                _write_cell(terms, chosen, (job, job.start + slot, held[slot, side]), corners[side])


@inner
def _write_cell(
    terms: Terms, chosen: tuple[Record, Records], at: tuple[Record, int, int], cards: float
) -> None:
    (job, slot, alternative), (plan, cells) = at, chosen
    if cards <= 0.0:
        return
    plan.first = slot if plan.cell_count == 0 else min(plan.first, slot)
    plan.after = max(plan.after, slot + 1)
    plan.width = max(plan.width, cards)
    cell = cells[job.cell_first + plan.cell_count]
    cell.node = slot * len(terms.kg) + terms.alternatives[alternative].place
    cell.cards = cards
    plan.cell_count += 1


@inner
def _fill_cells(
    terms: Terms,
    bench: Bench,
    limits: tuple[Record, Floats],
    chosen: tuple[Record, Records],
) -> None:
    job, caps = limits
    begin, end = job.alternative_first, job.alternative_after
    window = job.end - job.start
    rates = np.empty((end - begin) * window)
    for cell in range(len(rates)):
        rates[cell] = bench.grid[cell // window, job.start + cell % window]
    used, left = np.zeros(window), job.work
    for cell in ranked(-rates):
        if rates[cell] <= 0.0 or left <= 0.0:
            return
        alternative, slot = begin + cell // window, cell % window
        done = terms.alternatives[alternative].speed * terms.hours[job.start + slot]
        cards = min(caps[alternative - begin, slot], job.cards_max - used[slot])
        cards = min(cards, left / done)
        if cards > 0.0:
            _write_cell(terms, chosen, (job, job.start + slot, alternative), cards)
            chosen[0].gain += rates[cell] * cards * done
            used[slot] += cards
            left -= cards * done

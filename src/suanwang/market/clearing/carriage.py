"""Ways for a job's data: over links with capacity left, in the slots it has for that.

A job's GB go in before its first slot and out after its last, split over slots and ways as capacity
allows: always the way with the fewest links, slot by slot from the run outwards.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import ceil

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Case, FlexibleJob, Shape
from suanwang.market.clearing.plans import JobPlan, Move

Floats = NDArray[np.float64]


def carried(case: Case, job: FlexibleJob, plan: JobPlan, left: Floats) -> JobPlan | None:
    """Add the moves of a job's data to its plan, taking them out of left[links, slots] (quanta).

    None, and nothing taken, if there is no way for all of it.
    """
    zone = plan.cells[0].zone
    if job.data is None or job.data.at == zone:
        return plan
    before, after = min(c.slot for c in plan.cells), max(c.slot for c in plan.cells)
    kept = left.copy()
    moves: list[Move] = []
    share = _share(case, job, plan)
    for gb, ends, slots, inwards in (
        (job.data.gb_in, (job.data.at, zone), range(before - 1, job.start - 1, -1), True),
        (job.data.gb_out, (zone, job.data.at), range(after + 1, job.end), False),
    ):
        wanted = ceil(gb * share * case.quantum)
        for slot in slots:
            for way, amount in _ways(case, ends, left[:, slot], wanted):
                moves += [Move(link, slot, amount, inwards) for link in way]
                wanted -= amount
            if not wanted:
                break
        if wanted:
            left[:] = kept
            return None
    return replace(plan, moves=tuple(_merged(moves)))


def _share(case: Case, job: FlexibleJob, plan: JobPlan) -> Fraction:
    """Return the share of its data that a job moves: a divisible one only what its work needs."""
    if job.shape is not Shape.DIVISIBLE:
        return Fraction(1)
    cells = ((job.classes[c.card_class] * case.hours[c.slot], c.cards) for c in plan.cells)
    done = sum((rate * cards for rate, cards in cells), Fraction(0))
    return min(done / (job.work * case.quantum), Fraction(1))


def one_zone(plan: JobPlan) -> JobPlan:
    """Keep the cells of the zone that does most: data goes to one place."""
    size: Counter[int] = Counter()
    for cell in plan.cells:
        size[cell.zone] += cell.cards
    zone = max(size, key=lambda z: (size[z], z))
    return replace(plan, cells=tuple(c for c in plan.cells if c.zone == zone))


def _ways(
    case: Case, ends: tuple[int, int], left: Floats, wanted: int
) -> Iterator[tuple[list[int], int]]:
    """Yield (links, quanta) until all is moved or no way has room; takes the room."""
    while wanted:
        way = _way(case, ends, left)
        if way is None:
            return
        amount = min(wanted, int(min(left[link] for link in way)))
        for link in way:
            left[link] -= amount
        wanted -= amount
        yield way, amount


def _way(case: Case, ends: tuple[int, int], left: Floats) -> list[int] | None:
    """Return the links of a shortest way with at least a quantum of room on each."""
    via: dict[int, int] = {ends[0]: -1}
    queue = deque([ends[0]])
    while queue:
        zone = queue.popleft()
        if zone == ends[1]:
            break
        for j, link in enumerate(case.links):
            if link.source == zone and left[j] >= 1 and link.target not in via:
                via[link.target] = j
                queue.append(link.target)
    if ends[1] not in via:
        return None
    way = []
    zone = ends[1]
    while zone != ends[0]:
        way.append(via[zone])
        zone = case.links[via[zone]].source
    return way[::-1]


def _merged(moves: list[Move]) -> Iterator[Move]:
    """Add up moves over the same link in the same slot."""
    sums: dict[tuple[int, int, bool], int] = {}
    for move in moves:
        key = (move.link, move.slot, move.inwards)
        sums[key] = sums.get(key, 0) + move.gb
    for (link, slot, inwards), gb in sorted(sums.items()):
        yield Move(link, slot, gb, inwards)

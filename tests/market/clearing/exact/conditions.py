"""What is wrong with plans, order by order, in exact numbers; the rules page, read once more."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import pairwise

from suanwang.market.case.model import Shape, Side


def faults(case, plans) -> list[str]:
    """Say which orders break a condition of their own."""
    found = [
        f"{case.jobs[j].id} {x}" for j, plan in plans.jobs.items() for x in of_job(case, j, plan)
    ]
    found += [
        f"{case.offers[o].id} {x}" for o, q in plans.offers.items() for x in of_offer(case, o, q)
    ]
    found += [f"lot {key}" for key, q in plans.lots.items() if not lot_fits(case, key, q)]
    return found + of_blocks(case, plans.blocks)


def of_job(case, index, plan):
    job, quantum = case.jobs[index], case.quantum
    widths = defaultdict(int)
    for cell in plan.cells:
        widths[cell.slot] += cell.cards
    work = {
        cell: job.classes[cell.card_class] * case.hours[cell.slot] * Fraction(cell.cards, quantum)
        for cell in plan.cells
    }
    slots, done = sorted(widths), sum(work.values())
    pauses = sum(b > a + 1 for a, b in pairwise(slots))
    yield from (["window"] if job.value_at(slots[-1]) is None or slots[0] < job.start else [])
    for width in widths.values():
        if not job.cards_min <= Fraction(width, quantum) <= job.cards_max or width <= 0:
            yield f"width {width}"
    if job.shape is Shape.DIVISIBLE:
        yield from ([f"work {done}"] if done > job.work else [])
    else:
        yield from _whole(job, plan, done=done, pauses=pauses)
    yield from _data(case, job, plan, work)


def _whole(job, plan, *, done, pauses):
    if len({(cell.zone, cell.card_class, cell.pool) for cell in plan.cells}) > 1:
        yield "places"
    if done < job.work + job.setup * pauses:
        yield f"work {done}"
    if job.max_pauses is not None and pauses > job.max_pauses:
        yield f"pauses {pauses}"
    if job.shape is Shape.CONTIGUOUS and (pauses or len({cell.cards for cell in plan.cells}) > 1):
        yield "run"


def _data(case, job, plan, work):
    """What has come to a zone before a slot covers what is used by then; backwards for what leaves."""
    if job.data is None:
        yield from (["data of none"] if plan.moves else [])
        return
    total = job.work if job.shape is Shape.DIVISIBLE else sum(work.values())
    for inwards, gb in ((True, job.data.gb_in), (False, job.data.gb_out)):
        need, there = defaultdict(Fraction), defaultdict(Fraction)
        for cell, part in work.items():
            when = cell.slot
            if job.shape is not Shape.DIVISIBLE:
                ends = [c.slot for c in plan.cells]
                when = min(ends) if inwards else max(ends)
            if cell.zone != job.data.at:
                need[cell.zone, when] += part / total * gb
        for move in plan.moves:
            if move.inwards == inwards:
                ends = case.links[move.link].target, case.links[move.link].source
                sign = 1 if inwards else -1
                there[ends[0], move.slot] += sign * Fraction(move.gb, case.quantum)
                there[ends[1], move.slot] -= sign * Fraction(move.gb, case.quantum)
        yield from _late(case, job, inwards, need, there)


def _late(case, job, inwards, need, there):
    order = range(case.slots) if inwards else range(case.slots - 1, -1, -1)
    for zone in range(len(case.zones)):
        if zone == job.data.at:
            continue
        used = come = Fraction(0)
        for slot in order:
            used += need[zone, slot]
            if come < used - Fraction(1, 10**9):
                yield f"data {inwards} {zone}/{slot}: {float(come)} of {float(used)}"
            come += there[zone, slot]
        if abs(come - used) > Fraction(1, 10**9):
            yield f"data {inwards} {zone}: {float(come)} for {float(used)}"


def of_offer(case, index, quanta):
    offer = case.offers[index]
    on = [slot for slot, cards in enumerate(quanta) if cards]
    for slot in on:
        cards = Fraction(quanta[slot], case.quantum)
        if (
            not offer.start <= slot < offer.end
            or not offer.quantity_min <= cards <= offer.quantity[slot]
        ):
            yield f"cards {slot}"
        if slot + 1 in on and offer.ramp is not None:
            change = abs(quanta[slot + 1] - quanta[slot])
            yield from (["ramp"] if Fraction(change, case.quantum) > offer.ramp else [])
    first = next(iter(on), None)
    for slot in on:
        if slot - 1 not in on:
            first = slot
        ends = slot + 1 not in on and slot + 1 < offer.end
        if ends and slot + 1 - first < offer.min_run and offer.quantity_min:
            yield f"run {first}"


def lot_fits(case, key, quanta) -> bool:
    steps = case.bids if key[0] is Side.BID else case.asks
    return quanta % int(steps.lot[key[1]]) == 0 and 0 < quanta <= int(steps.quantity[key[1]])


def of_blocks(case, taken):
    """A ratio is only known to a quantum: from the least to below the most."""
    least, most, found = defaultdict(Fraction), defaultdict(Fraction), []
    for b, quanta in taken.items():
        block = case.blocks[b]
        whole = [q * case.quantum for q in block.quantity]
        least[block.id] = max(Fraction(c) / q for c, q in zip(quanta, whole, strict=True) if q)
        most[block.id] = min(Fraction(c + 1) / q for c, q in zip(quanta, whole, strict=True) if q)
        if (
            not least[block.id] < most[block.id]
            or least[block.id] > 1
            or most[block.id] <= block.min_fraction
        ):
            found.append(f"{block.id} ratio")
        if block.lot and any(Fraction(c, case.quantum) % block.lot for c in quanta):
            found.append(f"{block.id} lot")
    for block in case.blocks:
        if block.parent is not None and least[block.id] > most[block.parent]:
            found.append(f"{block.id} above {block.parent}")
        group = [other.id for other in case.blocks if block.group and other.group == block.group]
        if sum((least[name] for name in group), Fraction(0)) > 1:
            found.append(f"group {block.group}")
    return found

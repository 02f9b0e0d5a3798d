"""Preemptible jobs: the relaxation that bounds them, as the rules page states it.

Widths from 0 to cards_max, pauses free and unlimited; for every place and every last value step the
cheapest slots up to its end until the work is done, and beyond it those that pay for taking cards.
Data pays the cheapest slot of the window.
"""

from __future__ import annotations

import numpy as np

from suanwang.market.clearing.own.arrays import Record, Records
from suanwang.market.clearing.own.bench import SLACK, Bench, Terms, clear_plan, lay_out, lay_values
from suanwang.market.clearing.own.compiled import inner
from suanwang.market.clearing.own.ranks import ranked


@inner
def bound_preemptible(terms: Terms, bench: Bench, job: Record, plan: Record) -> None:
    """Write the gain of the relaxation; the widths that reach it stay on the bench."""
    slots = bench.slots
    clear_plan(plan)
    lay_values(terms.steps, slots, job)
    for alternative in range(job.alternative_first, job.alternative_after):
        lay_out(terms, slots, job, terms.alternatives[alternative])
        sort_slots(slots, job)
        for step in range(job.step_first, job.step_after):
            if not step_is_open(terms.steps[step], job):
                continue
            gain = relaxed_gain(slots, job, terms.steps[step])
            if gain > plan.gain:
                keep(slots, job, plan, (gain, alternative))


@inner
def keep(slots: Records, job: Record, plan: Record, found: tuple[float, int]) -> None:
    """Remember the widths being tried as the best so far."""
    plan.gain, plan.alternative = found
    for slot in range(job.start, job.end):
        slots[slot].best = slots[slot].cards


@inner
def step_is_open(step: Record, job: Record) -> bool:
    """Say whether a value step has slots of the job's window."""
    return bool(step.end > job.start)


@inner
def sort_slots(slots: Records, job: Record) -> None:
    """Rank the window's slots by cost per work, the earlier first among equals."""
    rates = np.empty(job.end - job.start)
    for slot in range(job.start, job.end):
        rates[slot - job.start] = slots[slot].cost / slots[slot].done
    order = ranked(rates)
    for rank in range(len(rates)):
        slots[job.start + rank].ranked = job.start + order[rank]


@inner
def relaxed_gain(slots: Records, job: Record, step: Record) -> float:
    """Fill the cheapest slots up to a value step's end; the widths are the plan being tried."""
    left = job.work
    enough = left * SLACK
    gain = step.value - slots[job.end - 1].data_in - slots[job.start + 1].data_out
    for slot in range(job.start, job.end):
        slots[slot].cards = 0.0
    for rank in range(job.start, job.end):
        at = slots[rank].ranked
        row = slots[at]
        if at >= step.end:
            continue
        if left <= enough and row.cost >= 0.0:
            break
        cards = row.cap if row.cost < 0.0 else min(row.cap, left / row.done)
        if cards > 0.0:
            row.cards = cards
            gain -= cards * row.cost
            left -= cards * row.done
    return float(gain) if left <= enough else -np.inf


@inner
def write_cells(terms: Terms, slots: Records, job: Record, chosen: tuple[Record, Records]) -> None:
    """Write the best widths as the cells of a plan."""
    plan, cells = chosen
    places, place, widest = len(terms.kg), terms.alternatives[plan.alternative].place, 0.0
    for slot in range(job.start, job.end):
        cards = slots[slot].best
        if cards <= 0.0:
            continue
        if plan.cell_count == 0:
            plan.first = slot
        plan.after = slot + 1
        cell = cells[job.cell_first + plan.cell_count]
        cell.node = slot * places + place
        cell.cards = cards
        widest = max(widest, cards)
        plan.cell_count += 1
    plan.width = widest

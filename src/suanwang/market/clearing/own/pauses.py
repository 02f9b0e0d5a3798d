"""Preemptible jobs: a plan that can really run, with least widths, set-up work and few pauses.

Which slots are on is found by pricing work: at a worth per unit of work, the best set of slots is a
dynamic programme over slots and pauses (exact); the worth is raised until the set does the work. A
set's widths are then exact: all at the least width, the cheapest slots raised until the work is
done. At last single slots are switched while that helps. The plan is feasible, not always the best.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from suanwang.market.clearing.own.arrays import Record, Records
from suanwang.market.clearing.own.bench import (
    LAYERS,
    SLACK,
    WIDTH_LEAST,
    Bench,
    Terms,
    clear_plan,
    lay_out,
    lay_values,
)
from suanwang.market.clearing.own.compiled import inner
from suanwang.market.clearing.own.preemptible import keep, relaxed_gain, sort_slots, step_is_open

_RAISES: Final = 10  # doublings of the worth of work until a set does the work
_HALVINGS: Final = 12
_PASSES: Final = 4
_START, _RUN, _RESUME = 0, 1, 2
_STAY, _STOP = 0, 1


@inner
def plan_preemptible(terms: Terms, bench: Bench, job: Record, plan: Record) -> None:
    """Find a feasible plan of a preemptible job, within the room if there is one.

    Its widths stay on the bench as the best.
    """
    slots = bench.slots
    clear_plan(plan)
    lay_values(terms.steps, slots, job)
    for alternative in range(job.alternative_first, job.alternative_after):
        lay_out(terms, slots, job, terms.alternatives[alternative])
        sort_slots(slots, job)
        for step in range(job.step_first, job.step_after):
            if not step_is_open(terms.steps[step], job):
                continue
            bound = relaxed_gain(slots, job, terms.steps[step])
            if bound <= plan.gain:
                continue
            dearest = _dearest(slots, job)
            _keep_if_better(slots, job, plan, (_gain_as_filled(slots, job), alternative))
            if plan.gain < bound - SLACK * abs(bound):
                stop = min(job.end, terms.steps[step].end)
                _raise_worth(bench, job, plan, (alternative, stop, dearest))
    if plan.gain > 0.0:
        lay_out(terms, slots, job, terms.alternatives[plan.alternative])
        sort_slots(slots, job)
        _switch_slots(slots, job, plan)


@inner
def _keep_if_better(slots: Records, job: Record, plan: Record, found: tuple[float, int]) -> bool:
    if found[0] <= plan.gain:
        return False
    keep(slots, job, plan, found)
    return True


@inner
def _least(job: Record) -> float:
    return float(max(job.cards_min, WIDTH_LEAST))


@inner
def _gain_as_filled(slots: Records, job: Record) -> float:
    # The relaxation's own widths, where they happen to keep every condition.
    gain, done, first, last, pauses = 0.0, 0.0, -1, -1, 0
    for slot in range(job.start, job.end):
        row = slots[slot]
        if row.cards <= 0.0:
            continue
        if row.cards < job.cards_min:
            return -np.inf
        first = slot if first < 0 else first
        pauses += 1 if 0 <= last < slot - 1 else 0
        last = slot
        gain -= row.cards * row.cost
        done += row.cards * row.done
    needed = job.work + job.setup * pauses
    if first < 0 or pauses > job.pauses_max or done < needed * (1.0 - SLACK):
        return -np.inf
    return float(gain + slots[last].value - slots[first].data_in - slots[last + 1].data_out)


@inner
def _gain_of_set(slots: Records, job: Record) -> float:
    # The best widths for the slots that are on: least everywhere, then the cheapest raised.
    least = _least(job)
    gain, left, first, last, pauses = 0.0, job.work, -1, -1, 0
    for slot in range(job.start, job.end):
        row = slots[slot]
        row.cards = 0.0
        if row.on == 0:
            continue
        first = slot if first < 0 else first
        pauses += 1 if 0 <= last < slot - 1 else 0
        last = slot
        row.cards = least
        gain -= least * row.cost
        left -= least * row.done
    if first < 0 or pauses > job.pauses_max:
        return -np.inf
    left += job.setup * pauses
    gain += slots[last].value - slots[first].data_in - slots[last + 1].data_out
    enough = SLACK * job.work
    for rank in range(job.start, job.end):
        row = slots[slots[rank].ranked]
        if left <= enough and row.cost >= 0.0:
            break
        if row.on == 1:
            more = row.cap - least if row.cost < 0.0 else min(row.cap - least, left / row.done)
            row.cards += more
            gain -= more * row.cost
            left -= more * row.done
    return float(gain) if left <= enough else -np.inf


@inner
def _raise_worth(bench: Bench, job: Record, plan: Record, where: tuple[int, int, float]) -> None:
    # Bracket the least worth of work at which the set does the work, then halve the bracket.
    alternative, stop, high = where
    low, slots = 0.0, bench.slots
    for _ in range(_RAISES):
        enough = _choose_set(bench, job, stop, high)
        _keep_if_better(slots, job, plan, (_gain_of_set(slots, job), alternative))
        if enough:
            break
        low, high = high, 2.0 * high
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        enough = _choose_set(bench, job, stop, middle)
        _keep_if_better(slots, job, plan, (_gain_of_set(slots, job), alternative))
        if enough:
            high = middle
        else:
            low = middle


@inner
def _dearest(slots: Records, job: Record) -> float:
    # What the dearest slot of the relaxation pays per work: where the search for the worth starts.
    dearest = 1e-6
    for slot in range(job.start, job.end):
        if slots[slot].cards > 0.0:
            dearest = max(dearest, slots[slot].cost / slots[slot].done)
    return dearest * 1.01


@inner
def _choose_set(bench: Bench, job: Record, stop: int, worth: float) -> bool:
    # The best set of slots when work is worth this much; says whether it does all the work.
    slots, step, least = bench.slots, bench.step, _least(job)
    limited = job.pauses_max < (stop - job.start) // 2
    layers = min(job.pauses_max + 1, LAYERS) if limited else 1
    restart = worth * job.setup
    on, off = np.full(LAYERS, -np.inf), np.full(LAYERS, -np.inf)
    best, best_slot, best_layer = -np.inf, -1, 0
    for slot in range(job.start, stop):
        row = slots[slot]
        margin = worth * row.done - row.cost
        gain = margin * (row.cap if margin > 0.0 else least)
        if row.cap < least:
            gain = -np.inf
        for layer in range(layers - 1, -1, -1):
            before, how = on[layer], _RUN
            if off[layer] > before:
                before, how = off[layer], _RESUME
            if layer == 0 and -row.data_in > before:
                before, how = -row.data_in, _START
            step[slot, 2 * layer] = how
            step[slot, 2 * layer + 1] = _STAY
            source = layer - 1 if limited else layer
            if source >= 0 and on[source] - restart > off[layer]:
                off[layer] = on[source] - restart
                step[slot, 2 * layer + 1] = _STOP
            on[layer] = before + gain
            total = on[layer] + row.value - slots[slot + 1].data_out
            if total > best:
                best, best_slot, best_layer = total, slot, layer
    for slot in range(job.start, job.end):
        slots[slot].on = 0
    if best_slot < 0:
        return False
    _trace(bench, best_slot, best_layer, 1 if limited else 0)
    return _does_the_work(slots, job, worth)


@inner
def _trace(bench: Bench, slot: int, layer: int, down: int) -> None:
    # Walk back the way that led to the best end; a pause leads `down` a layer.
    running, step = True, bench.step
    while slot >= 0:
        if running:
            bench.slots[slot].on = 1
            how = step[slot, 2 * layer]
            if how == _START:
                return
            running = how == _RUN
        elif step[slot, 2 * layer + 1] == _STOP:
            running = True
            layer -= down
        slot -= 1


@inner
def _does_the_work(slots: Records, job: Record, worth: float) -> bool:
    least, done, last, pauses = _least(job), 0.0, -1, 0
    for slot in range(job.start, job.end):
        row = slots[slot]
        if row.on == 1:
            done += row.done * (row.cap if worth * row.done > row.cost else least)
            pauses += 1 if 0 <= last < slot - 1 else 0
            last = slot
    return bool(done >= job.work + job.setup * pauses)


@inner
def _switch_slots(slots: Records, job: Record, plan: Record) -> None:
    # Switch single slots on or off while that helps.
    least = _least(job)
    for slot in range(job.start, job.end):
        slots[slot].on = 1 if slots[slot].best >= least else 0
    for _ in range(_PASSES):
        better = False
        for slot in range(job.start, job.end):
            if slots[slot].cap < least:
                continue
            slots[slot].on ^= 1
            found = (_gain_of_set(slots, job), plan.alternative)
            if _keep_if_better(slots, job, plan, found):
                better = True
            else:
                slots[slot].on ^= 1
        if not better:
            return

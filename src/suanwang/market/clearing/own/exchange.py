"""Better places by exchange: a place is cleared, its jobs and the waiting ones are placed anew.

Jobs are placed one after the other, so early ones leave gaps that later ones do not fit. Place by
place, the jobs there and those that wait for it are taken out and placed again in another order;
the new arrangement stays if it is worth more. Orders come from a counter, so the same start gives
the same end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from suanwang.market.clearing.own.arrays import (
    CONTIGUOUS,
    Floats,
    Indices,
    JobArrays,
    Record,
    Records,
)
from suanwang.market.clearing.own.bench import Bench, Plans, Terms
from suanwang.market.clearing.own.choices import Choices, choose, list_choices
from suanwang.market.clearing.own.compiled import bare, inner, kernel
from suanwang.market.clearing.own.ranks import ranked

_NOISE = 0.8  # how far orders are shaken: the log of a job's rank moves by up to this


class Waiting(NamedTuple):
    """Who may run where, and what they would gain alone."""

    first: Indices  # [places + 1]
    job: Indices  # jobs of each place
    gain: Floats  # [jobs], yuan at the multipliers, without limits of room
    margin: Floats  # [nodes], yuan that a card used there is worth beyond its cost


def waiting(jobs: JobArrays, gain: Floats, margin: Floats) -> Waiting:
    """List the jobs of every place."""
    places = len(jobs.kg)
    owner = np.repeat(
        np.arange(len(jobs.jobs)),
        jobs.jobs["alternative_after"] - jobs.jobs["alternative_first"],
    )
    pairs = np.unique(np.stack([jobs.alternatives["place"].astype(np.int64), owner]), axis=1)
    first = np.searchsorted(pairs[0], np.arange(places + 1)).astype(np.int32)
    return Waiting(first, pairs[1].astype(np.int32), gain, margin)


def exchange(terms: Terms, bench: Bench, plans: Plans, who: tuple[Waiting, int]) -> int:
    """Try `turns` exchanges in place; return how many were kept."""
    if who[1] <= 0:
        return 0
    choices = list_choices(terms, bench)
    return int(_exchange((terms, bench, choices), plans.jobs, who[0], who[1]))


@kernel
def _exchange(
    how: tuple[Terms, Bench, Choices], plans: Records, waiting: Waiting, turns: int
) -> int:
    terms, bench, choices = how
    places = len(waiting.first) - 1
    kept = 0
    state = np.uint64(88172645463325252)
    idle = 0
    for turn in range(turns):
        place = turn % places
        todo = _concerned(terms, plans, waiting, place)
        if len(todo) == 0:
            idle += 1
            if idle >= places:
                break
            continue
        idle = 0
        keys = np.empty(len(todo))
        for i in range(len(todo)):
            state ^= state << np.uint64(13)
            state ^= state >> np.uint64(7)
            state ^= state << np.uint64(17)
            shake = (float(state >> np.uint64(40)) / float(1 << 24) - 0.5) * 2 * _NOISE
            keys[i] = -waiting.gain[todo[i]] * np.exp(shake)
        before = _worth(terms, plans, todo, waiting.margin)
        old = plans[todo].copy()
        _move(terms, plans, todo, 1.0)
        for job in todo[ranked(keys)]:
            choose(terms, bench, choices, (job, plans[job]))
            _shift(terms, plans[job], -1.0)
        if _worth(terms, plans, todo, waiting.margin) > before + 1e-9:
            kept += 1
            continue
        _move(terms, plans, todo, 1.0)
        for i in range(len(todo)):
            plans[todo[i]] = old[i]
        _move(terms, plans, todo, -1.0)
    return kept


@inner
def _concerned(terms: Terms, rows: Records, waiting: Waiting, place: int) -> Indices:
    """Return the jobs at a place and those that wait for it; nobody if nobody waits."""
    begin, end = waiting.first[place], waiting.first[place + 1]
    todo = np.empty(end - begin, np.int32)
    count, outside = 0, 0
    for at in range(begin, end):
        job = waiting.job[at]
        if terms.jobs[job].shape != CONTIGUOUS:
            continue
        if rows[job].gain > 0.0:
            if terms.alternatives[rows[job].alternative].place != place:
                continue
        elif waiting.gain[job] > 0.0:
            outside += 1
        else:
            continue
        todo[count] = job
        count += 1
    return todo[:count].copy() if outside > 0 else todo[:0].copy()


@bare
def _worth(terms: Terms, plans: Records, todo: Indices, margin: Floats) -> float:
    places, total = len(terms.kg), 0.0
    for job in todo:
        plan = plans[job]
        if plan.gain <= 0.0:
            continue
        total += plan.gain
        place = terms.alternatives[plan.alternative].place
        for slot in range(plan.first, plan.after):
            total += margin[slot * places + place] * plan.width * terms.hours[slot]
    return total


@bare
def _move(terms: Terms, plans: Records, todo: Indices, sign: float) -> None:
    """Put the jobs' cards back into the room (1) or take them out (−1)."""
    for job in todo:
        _shift(terms, plans[job], sign)


@bare
def _shift(terms: Terms, plan: Record, sign: float) -> None:
    if plan.gain <= 0.0:
        return
    places, slots = len(terms.kg), len(terms.hours)
    chosen = terms.alternatives[plan.alternative]
    for slot in range(plan.first, plan.after):
        terms.room[slot * places + chosen.place] += sign * plan.width
        if chosen.pool >= 0 and len(terms.pool_room) > 0:
            terms.pool_room[chosen.pool * slots + slot] += sign * plan.width

"""Plain twins of the kernels: the rules page word by word, in fractions, by trying everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product
from math import inf

from tests.market.clearing.own.instances import Multipliers

from suanwang.market.case.model import Case, FlexibleJob


@dataclass(frozen=True)
class Place:
    """One way to run a job; cost and work of a card in each slot of the case."""

    zone: int
    card_class: int
    pool: int
    cost: list[Fraction]
    done: list[Fraction]


def places(case: Case, at: Multipliers, job: FlexibleJob) -> Iterator[Place]:
    for (zone, transfer), (each, speed) in product(job.zones.items(), job.classes.items()):
        own = [p for p, home in enumerate(case.pool_places) if home == (zone, each)]
        for pool in own if job.gang else [-1]:
            cost = []
            for slot, hours in enumerate(case.hours):
                rate = at.node[case.node(zone, each, slot)] + transfer
                rate += job.carbon_weight * case.kg.get((slot, each, zone), 0)
                rate += at.pool[pool][slot] if pool >= 0 else 0
                cost.append(rate * hours)
            yield Place(zone, each, pool, cost, [speed * hours for hours in case.hours])


def way(case: Case, at: Multipliers, ends: tuple[int, int], slot: int):
    """The cheapest GB over the two zones' links: there is at most one link each way."""
    prices = [
        row[slot] * case.hours[slot]
        for link, row in zip(case.links, at.link, strict=True)
        if (link.source, link.target) == ends
    ]
    return min(prices, default=inf)


def data_cost(case: Case, at: Multipliers, job: FlexibleJob, run: tuple[int, int, int]):
    """What data costs in a zone with this first slot and the slot after the last."""
    zone, first, after = run
    if job.data is None or job.data.at == zone:
        return Fraction(0)
    home, cost = job.data.at, Fraction(0)
    if job.data.gb_in:
        ways = [way(case, at, (home, zone), t) for t in range(job.start, first)]
        cost += min(ways, default=inf) * job.data.gb_in
    if job.data.gb_out:
        ways = [way(case, at, (zone, home), t) for t in range(after, job.end)]
        cost += min(ways, default=inf) * job.data.gb_out
    return cost


def best_contiguous(case: Case, at: Multipliers, job: FlexibleJob):
    best = Fraction(0)
    for place in places(case, at, job):
        for first in range(job.start, job.end):
            for after in range(first + 1, job.end + 1):
                value = job.value_at(after - 1)
                width = max(job.cards_min, job.work / sum(place.done[first:after]))
                if value is not None and width <= job.cards_max:
                    gain = value - width * sum(place.cost[first:after])
                    best = max(best, gain - data_cost(case, at, job, (place.zone, first, after)))
    return best


def bound_preemptible(case: Case, at: Multipliers, job: FlexibleJob):
    best = Fraction(0)
    end = min(job.end, job.values[-1][0])
    for place in places(case, at, job):
        moved = data_cost(case, at, job, (place.zone, end - 1, job.start + 1))
        for step_end, value in job.values:
            left, gain = job.work, value - moved
            window = range(job.start, min(step_end, job.end))
            for slot in sorted(window, key=lambda t, p=place: p.cost[t] / p.done[t]):
                width = min(job.cards_max, max(left, 0) / place.done[slot])
                if place.cost[slot] < 0:
                    width = job.cards_max
                left -= width * place.done[slot]
                gain -= width * place.cost[slot]
            if left <= 0:
                best = max(best, gain)
    return best


def best_preemptible(case: Case, at: Multipliers, job: FlexibleJob):
    """Try every set of slots; a set's widths are least everywhere, then the cheapest raised."""
    best = Fraction(0)
    for place in places(case, at, job):
        for on in product([False, True], repeat=job.end - job.start):
            slots = [job.start + at for at, is_on in enumerate(on) if is_on]
            if slots:
                best = max(best, _gain_of(case, at, job, (place, slots)))
    return best


def _gain_of(case: Case, at: Multipliers, job: FlexibleJob, chosen: tuple[Place, list[int]]):
    place, slots = chosen
    pauses = sum(b > a + 1 for a, b in pairwise(slots))
    value = job.value_at(slots[-1])
    if value is None or (job.max_pauses is not None and pauses > job.max_pauses):
        return -inf
    left = job.work + job.setup * pauses
    gain = value - data_cost(case, at, job, (place.zone, slots[0], slots[-1] + 1))
    for slot in slots:
        gain -= job.cards_min * place.cost[slot]
        left -= job.cards_min * place.done[slot]
    for slot in sorted(slots, key=lambda t: place.cost[t] / place.done[t]):
        more = min(job.cards_max - job.cards_min, max(left, 0) / place.done[slot])
        if place.cost[slot] < 0:
            more = job.cards_max - job.cards_min
        gain -= more * place.cost[slot]
        left -= more * place.done[slot]
    return gain if left <= 0 else -inf

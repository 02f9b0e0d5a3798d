"""The most that a simple order, an offer or a job alone could gain at given prices.

All in grains, from below 0 to nothing: an order may always stay away. A job's problem that is hard
is bounded by the relaxation of the rules page, so the numbers here are never too low.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from math import lcm

from suanwang.market.verify.numbers import Exact, ceil
from suanwang.market.verify.orders import CONTIGUOUS, DIVISIBLE, Job, Offer
from suanwang.market.verify.quotes import Quotes


def best_of_step(value: int, quantity: int, lot: int) -> int:
    """Return the gain of taking all or nothing, where a card gains `value` in the whole slot."""
    if value <= 0:
        return 0
    return value * (quantity - quantity % lot if lot else quantity)


def best_of_offer(offer: Offer, quotes: Quotes) -> int:
    """Return the best way to be on and off, ramp left out.

    off[t]: the best up to slot t with the slot before off; a run that ends there costs one start.
    """
    costs = quotes.costs(offer.node, offer.pool)
    off = best = 0
    gained = 0  # by being on in every slot so far
    waiting: list[tuple[int, int]] = []  # (start, off − gained there) of runs still too short
    ready: int | None = None  # the best of those long enough
    for slot in range(offer.start, offer.end):
        if offer.quantity[slot] < offer.quantity_min:
            waiting, ready = [], None
            off = max(off, best)
            continue
        waiting.append((slot, off - gained - offer.start_cost))
        value = costs[slot] - offer.price[slot]
        cards = offer.quantity[slot] if value > 0 else offer.quantity_min
        gained += value * cards * quotes.case.hours[slot]
        off = max(off, best)
        while waiting and (slot + 1 - waiting[0][0] >= offer.min_run or slot + 1 == offer.end):
            start = waiting.pop(0)[1]
            ready = start if ready is None else max(ready, start)
        best = max(best, ready + gained) if ready is not None else best
    return max(best, off)


@dataclass(frozen=True, slots=True)
class Place:
    """One zone and class where a job may run, with one pool if it is a gang."""

    zone: int
    card_class: int
    pool: str | None
    base: int
    speed: Exact
    transfer: int


def places_of(job: Job, quotes: Quotes) -> Iterator[Place]:
    """Walk the alternatives of a job."""
    case = quotes.case
    for zone, transfer in job.zones.items():
        for card_class, speed in job.classes.items():
            pools: Sequence[str | None] = [None]
            if job.gang:
                pools = [p for p, home in case.pools.items() if home == (zone, card_class)]
            for pool in pools:
                yield Place(zone, card_class, pool, case.base(zone, card_class), speed, transfer)


def card_costs(job: Job, place: Place, quotes: Quotes) -> list[Exact]:
    """Return what a card-hour costs the job in each slot of the case."""
    costs = [c + place.transfer for c in quotes.costs(place.base, place.pool)]
    if not job.carbon_weight or not quotes.case.kg:
        return list(costs)
    kg = quotes.case.kg
    return [c + job.carbon_weight * kg.get(place.base + t, 0) for t, c in enumerate(costs)]


def data_costs(job: Job, zone: int, quotes: Quotes, *, inward: bool) -> list[int | None]:
    """Return the cheapest grains of moving all data before (or after) each slot; None: no way."""
    data, slots = job.data, quotes.case.slots
    found: list[int | None] = [None] * slots
    amount = 0 if data is None else data.gb_in if inward else data.gb_out
    if data is None or zone == data.at or not amount:
        return [0] * slots
    best: int | None = None
    order = range(job.start, job.end) if inward else range(job.end - 1, job.start - 1, -1)
    ends = (data.at, zone) if inward else (zone, data.at)
    for slot in order:
        found[slot] = best
        price = quotes.path(*ends, slot)
        # Cut down: a bound may only be too high.
        here = None if price is None else price * amount.numerator // amount.denominator
        best = here if best is None else best if here is None else min(best, here)
    return found


def best_of_job(job: Job, quotes: Quotes) -> int:
    """Return the most that a job could gain, or a bound of it."""
    if job.stop <= job.start:
        return 0
    if job.shape == DIVISIBLE and not job.gang:
        return max(_divisible(job, list(places_of(job, quotes)), quotes), 0)
    solve = {DIVISIBLE: _divisible_at, CONTIGUOUS: _contiguous_at}.get(job.shape, _preemptible_at)
    return max((solve(job, place, quotes) for place in places_of(job, quotes)), default=0)


def _contiguous_at(job: Job, place: Place, quotes: Quotes) -> int:
    """Try every run of slots at the least width that does the work."""
    hours = quotes.case.hours
    into = data_costs(job, place.zone, quotes, inward=True)
    home = data_costs(job, place.zone, quotes, inward=False)
    prices, length = _run_sums(job, place, quotes, hours)
    load = Fraction(job.work) / place.speed  # card-hours, over the common denominator
    cards, share = load.numerator, load.denominator
    most, least = job.cards_max * share, job.cards_min * share
    values = [job.value_at(t) for t in range(job.start, job.stop)]
    best = 0
    for start in range(job.start, job.stop):
        if into[start] is None:
            continue
        a, b = prices[start - job.start], length[start - job.start]
        for end in range(start, job.stop):
            span = length[end + 1 - job.start] - b
            if cards > most * span or home[end] is None:
                continue
            price = prices[end + 1 - job.start] - a
            if cards < least * span:
                cost = price * job.cards_min
            else:
                cost = price * cards // (span * share)
            gain = values[end - job.start] - cost
            if gain > best:
                best = max(best, ceil(gain - (into[start] or 0) - (home[end] or 0)))
    return best


def _run_sums(
    job: Job, place: Place, quotes: Quotes, hours: Sequence[int]
) -> tuple[list[Exact], list[int]]:
    """Return prefix sums over the job's slots: the price of one card, and hours."""
    sums = quotes.sums(place.base, place.pool)
    prices: list[Exact] = []
    length = [0]
    for t in range(job.start, job.stop):
        length.append(length[-1] + hours[t])
    prices = [
        sums[t] - sums[job.start] + place.transfer * length[t - job.start]
        for t in range(job.start, job.stop + 1)
    ]
    if job.carbon_weight and quotes.case.kg:
        carbon: Exact = 0
        for t in range(job.start, job.stop):
            kg = quotes.case.kg.get(place.base + t, 0)
            carbon += job.carbon_weight * kg * hours[t]
            prices[t + 1 - job.start] += carbon
    return prices, length


def _preemptible_at(job: Job, place: Place, quotes: Quotes) -> int:
    """Take the cheapest slots up to each value's end until the work is done."""
    hours, costs = quotes.case.hours, card_costs(job, place, quotes)
    into = data_costs(job, place.zone, quotes, inward=True)[job.stop - 1]
    home = data_costs(job, place.zone, quotes, inward=False)[job.start]
    if into is None or home is None:
        return 0
    load = Fraction(job.work) / place.speed
    best = 0
    for end, value in job.values:
        slots = range(job.start, min(end, job.end))
        left: Exact = load
        cost: Exact = 0
        for price, hour in sorted((costs[t], hours[t]) for t in slots):
            # Beyond the work it goes on only where it is paid for taking cards.
            if left <= 0 and price >= 0:
                break
            width = job.cards_max * hour
            taken = width if price < 0 else min(width, left)
            cost += price * taken
            left -= taken
        if left <= 0:
            best = max(best, ceil(value - cost) - into - home)
    return best


def _divisible_at(job: Job, place: Place, quotes: Quotes) -> int:
    return _divisible(job, [place], quotes)


def _divisible(job: Job, places: Sequence[Place], quotes: Quotes) -> int:
    """Take the best segments of all slots' hulls until the work is done.

    Work is counted in whole units of `scale`, gains times `work`, so that no fraction is left but
    where carbon or data brings one.
    """
    scale = reduce(lcm, (p.speed.denominator for p in places), 1)
    total = Fraction(job.work) * scale
    work, parts = total.numerator, total.denominator
    moves = [_both_ways(job, place, quotes) for place in places]
    costs = [card_costs(job, place, quotes) for place in places]
    speeds = [int(place.speed * scale) for place in places]
    segments: list[tuple[Exact, int]] = []
    for slot in range(job.start, job.stop):
        value, size = job.value_at(slot), job.cards_max * quotes.case.hours[slot]
        points: list[tuple[int, Exact]] = []
        for speed, cost, move in zip(speeds, costs, moves, strict=True):
            data = move[slot]
            if data is not None:
                gain = (value - data) * speed * parts - cost[slot] * work
                if gain > 0:
                    points.append((speed * size, gain * size))
        if points:
            segments += _hull(points)
    return _fill(segments, total) if segments else 0


def _both_ways(job: Job, place: Place, quotes: Quotes) -> list[int | None]:
    into = data_costs(job, place.zone, quotes, inward=True)
    home = data_costs(job, place.zone, quotes, inward=False)
    return [None if a is None or b is None else a + b for a, b in zip(into, home, strict=True)]


def _hull(points: list[tuple[int, Exact]]) -> list[tuple[Exact, int]]:
    """Return the rising segments (gain, work) of the upper hull of (0, 0) and these points."""
    hull: list[tuple[int, Exact]] = [(0, 0)]
    for work, gain in sorted(points):
        while hull and gain >= hull[-1][1] and work == hull[-1][0]:
            hull.pop()
        if hull and gain <= hull[-1][1]:
            continue
        while len(hull) > 1 and _bends_up(hull[-2], hull[-1], (work, gain)):
            hull.pop()
        hull.append((work, gain))
    return [(b[1] - a[1], b[0] - a[0]) for a, b in pairwise(hull)]


def _bends_up(a: tuple[int, Exact], b: tuple[int, Exact], c: tuple[int, Exact]) -> bool:
    return (b[1] - a[1]) * (c[0] - b[0]) <= (c[1] - b[1]) * (b[0] - a[0])


def _fill(segments: list[tuple[Exact, int]], total: Fraction) -> int:
    """Take segments by falling gain per work until the work is done; gains are times `total`."""
    gained: Exact = 0
    left: Exact = total
    for gain, work in sorted(segments, key=lambda s: Fraction(s[0], s[1]), reverse=True):
        if work >= left:
            gained += Fraction(gain) * left / work
            break
        gained += gain
        left -= work
    return ceil(Fraction(gained) / total.numerator)

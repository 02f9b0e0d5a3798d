"""What the accepted jobs and offers pay, receive and gain, at any prices, in grains."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from suanwang.market.verify.feasible import offer_runs
from suanwang.market.verify.numbers import Exact, slim
from suanwang.market.verify.orders import DIVISIBLE, Case, Job, Offer
from suanwang.market.verify.outcome import Placed
from suanwang.market.verify.quotes import Quotes
from suanwang.market.verify.shapes import work_of


def job_value(job: Job, placed: Placed, case: Case) -> Exact:
    """Return what the work done is worth, less the job's carbon weight."""
    slots = case.slots
    value: Exact = 0
    if job.shape == DIVISIBLE:
        for node, cards, _ in placed.cells:
            worth = _value_at(job, node % slots) * work_of(job, node, cards, case)
            value += slim(Fraction(worth) / job.work)
    elif placed.cells:
        value = _value_at(job, max(node % slots for node, _, _ in placed.cells))
    if job.carbon_weight:
        for node, cards, _ in placed.cells:
            kg = case.kg.get(node, 0)
            value -= job.carbon_weight * kg * cards * case.hours[node % slots]
    return value


def _value_at(job: Job, slot: int) -> int:
    """Return the worth of finishing there; 0 after the last value, which is a fault already."""
    return job.value_at(slot) if slot < job.values[-1][0] else 0


def job_transfer(job: Job, placed: Placed, case: Case) -> int:
    """Return a job's transfer costs."""
    per_zone = case.slots * len(case.classes)
    return sum(
        job.zones.get(node // per_zone, 0) * cards * case.hours[node % case.slots]
        for node, cards, _ in placed.cells
    )


def job_price(placed: Placed, quotes: Quotes) -> int:
    """Return what a job's cells and data cost at these prices."""
    hours, slots = quotes.case.hours, quotes.case.slots
    total = 0
    for node, cards, pool in placed.cells:
        extra = quotes.pools.get(pool) if pool is not None else None
        price = quotes.nodes[node] + (extra[node % slots] if extra else 0)
        total += price * cards * hours[node % slots]
    for link, slot, gb, _ in placed.moves:
        total += quotes.links[link][slot] * gb * hours[slot]
    return total


def offer_income(offer: Offer, taken: Sequence[int], quotes: Quotes) -> int:
    """Return what an offer's cards bring at these prices."""
    costs, hours = quotes.costs(offer.node, offer.pool), quotes.case.hours
    return sum(c * q * h for c, q, h in zip(costs, taken, hours, strict=True))


def offer_cost(offer: Offer, taken: Sequence[int], case: Case) -> int:
    """Return what an offer's cards and starts cost it."""
    cards = sum(c * q * h for c, q, h in zip(offer.price, taken, case.hours, strict=True))
    return cards + offer.start_cost * len(offer_runs(offer, taken))

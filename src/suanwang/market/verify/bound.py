"""The welfare, the Lagrangian bound, and each order's and link's part in the gap between them.

    bound = Σ orders (the most each could gain at the multipliers) + Σ links capacity × λ × hours
    part of an order = that most − what it gained           gap = Σ parts

Whoever chose the multipliers, no outcome of the case has a welfare above the bound.
"""

from __future__ import annotations

from collections.abc import Iterator

from suanwang.market.verify.best import best_of_job, best_of_offer, best_of_step
from suanwang.market.verify.families import best_of_family, block_gain, families_of
from suanwang.market.verify.gains import (
    job_price,
    job_transfer,
    job_value,
    offer_cost,
    offer_income,
)
from suanwang.market.verify.numbers import Exact, ceil, floor, written
from suanwang.market.verify.orders import Case, Steps
from suanwang.market.verify.outcome import Outcome
from suanwang.market.verify.prices import needed_link_price
from suanwang.market.verify.quotes import Quotes
from suanwang.market.verify.verdict import Faults, GapLine


def welfare_of(case: Case, outcome: Outcome) -> Exact:
    """Return the welfare of an outcome in grains."""
    total: Exact = _worth(case, case.bids, outcome.bids) - _worth(case, case.asks, outcome.asks)
    for block, cards in zip(case.blocks, outcome.blocks, strict=True):
        if cards is not None:
            rows = zip(block.price, cards, block.slots, strict=True)
            worth = sum(p * c * case.hours[t] for p, c, t in rows)
            total += worth if block.buys else -worth
    for offer, given in zip(case.offers, outcome.offers, strict=True):
        if given is not None:
            total -= offer_cost(offer, given, case)
    for job, placed in zip(case.jobs, outcome.jobs, strict=True):
        if placed.accepted:
            total += job_value(job, placed, case) - job_transfer(job, placed, case)
    for (link, _, slot), flow in outcome.flows.items():
        total -= case.links[link].cost * flow * case.hours[slot]
    return total


def _worth(case: Case, steps: Steps, taken: list[int]) -> int:
    hours, slots = case.hours, case.slots
    rows = zip(steps.node, steps.price, taken, strict=True)
    return sum(price * cards * hours[node % slots] for node, price, cards in rows if cards)


def check_multipliers(case: Case, quotes: Quotes, *, given: bool, faults: Faults) -> None:
    """Check that each link's multiplier is high enough for every class.

    Where none are given, the published link prices are raised to that instead.
    """
    for index in range(len(case.links)):
        for slot in range(case.slots):
            least = ceil(needed_link_price(case, quotes.nodes, index, slot))
            price = quotes.links[index][slot]
            if price < least and given:
                place = case.link_name(index, slot)
                faults.add("multiplier", place, expected=written(least), found=written(price))
            quotes.links[index][slot] = max(price, least)


def gap_lines(
    case: Case,
    outcome: Outcome,
    *,
    supply: dict[tuple[str, int], int],
    need: dict[tuple[str, int], int],
) -> Iterator[GapLine]:
    """Walk every part of the gap that is not 0, in 10⁻¹² yuan, rounded up."""
    for kind, name, short in _shortfalls(case, outcome, supply, need):
        amount = ceil(short) if type(short) is not int else short
        amount = -(-amount // case.pico)
        if amount:
            yield GapLine(kind=kind, name=name, amount=amount)


def _shortfalls(
    case: Case,
    outcome: Outcome,
    supply: dict[tuple[str, int], int],
    need: dict[tuple[str, int], int],
) -> Iterator[tuple[str, str, Exact]]:
    quotes = outcome.bounding
    yield from _of_asks(case, outcome)
    yield from _of_bids(case, outcome)
    taken = {block.id: c for block, c in zip(case.blocks, outcome.blocks, strict=True)}
    for family in families_of(case.blocks):
        pairs = [(block, taken[block.id]) for block in family]
        gained = sum(block_gain(block, c, quotes) for block, c in pairs if c is not None)
        yield "block", family[0].id, best_of_family(family, quotes) - gained
    for job, placed in zip(case.jobs, outcome.jobs, strict=True):
        got: Exact = 0
        if placed.accepted:
            cost = job_price(placed, quotes) + job_transfer(job, placed, case)
            got = job_value(job, placed, case) - cost
        yield "job", job.id, best_of_job(job, quotes) - got
    for offer, cards in zip(case.offers, outcome.offers, strict=True):
        income = 0 if cards is None else offer_income(offer, cards, quotes)
        gained = 0 if cards is None else income - offer_cost(offer, cards, case)
        yield "offer", offer.id, best_of_offer(offer, quotes) - gained
    yield from _of_links(case, outcome)
    for (pool, slot), given in supply.items():
        price = quotes.pools.get(pool)
        if price is not None:
            # Asks and offers gained the pool's price on all that was accepted, gangs paid less.
            spare = given - need.get((pool, slot), 0)
            yield "pool", f"{pool}/{slot}", price[slot] * spare * case.hours[slot]


def _of_bids(case: Case, outcome: Outcome) -> Iterator[tuple[str, str, int]]:
    prices, hours, slots, steps = outcome.bounding.nodes, case.hours, case.slots, case.bids
    rows = zip(
        steps.ids, steps.node, steps.price, steps.quantity, outcome.bids, steps.lot, strict=True
    )
    for name, node, price, quantity, cards, lot in rows:
        value = (price - prices[node]) * hours[node % slots]
        short = best_of_step(value, quantity, lot) - value * cards
        if short:
            yield "bid", name, short


def _of_asks(case: Case, outcome: Outcome) -> Iterator[tuple[str, str, int]]:
    quotes, hours, slots, steps = outcome.bounding, case.hours, case.slots, case.asks
    prices, pools = quotes.nodes, quotes.pools
    rows = zip(
        steps.ids, steps.node, steps.price, steps.quantity, outcome.asks,
        steps.lot, steps.pool, strict=True,
    )  # fmt: skip
    for name, node, cost, quantity, cards, lot, pool in rows:
        price = prices[node]
        if pool is not None and pool in pools:
            price += pools[pool][node % slots]
        value = (price - cost) * hours[node % slots]
        short = best_of_step(value, quantity, lot) - value * cards
        if short:
            yield "ask", name, short


def _of_links(case: Case, outcome: Outcome) -> Iterator[tuple[str, str, Exact]]:
    quotes, hours = outcome.bounding, case.hours
    carried: dict[tuple[int, int], int] = {}
    for (index, k, slot), cards in outcome.flows.items():
        link = case.links[index]
        here, there = case.base(link.source, k) + slot, case.base(link.target, k) + slot
        value = quotes.nodes[there] - quotes.nodes[here] - link.cost
        carried[index, slot] = carried.get((index, slot), 0) + value * cards
    for index, link in enumerate(case.links):
        for slot, price in enumerate(quotes.links[index]):
            got = carried.get((index, slot), 0) + price * outcome.gb.get((index, slot), 0)
            short = (link.capacity[slot] * price - got) * hours[slot]
            if short:
                yield "link", case.link_name(index, slot), short


def check_welfare(case: Case, welfare: Exact, told: int, faults: Faults) -> int:
    """Check RESULT's welfare and return the exact one, cut down to 10⁻¹² yuan."""
    found = floor(welfare) // case.pico
    if told != found:
        faults.add("welfare", "welfare", expected=written(found), found=written(told))
    return found

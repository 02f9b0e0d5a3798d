"""What orders with conditions gained, and what they could have: their parts of the gap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import numpy as np

from suanwang.market.case.model import MICRO, Case, Side
from suanwang.market.clearing.candidate import Candidate
from suanwang.market.clearing.certificate import GapParts, link_parts, simple_parts
from suanwang.market.clearing.curves import effective_ask_prices
from suanwang.market.clearing.money import at_node_prices, job_payment
from suanwang.market.clearing.outcome import Outcome, block_worth, job_worth, offer_cost
from suanwang.market.clearing.plans import Plans
from suanwang.market.clearing.published import Prices
from suanwang.market.clearing.response import Crowd, Response, no_pools
from suanwang.market.clearing.scale import PICO, PICO_IN_MICRO, Scale
from suanwang.market.clearing.supporting import Conditions

_PART_MIN = 1e-10  # of the bound: floats cannot tell a smaller part from nothing
_MISSED_MIN = 1e-6  # yuan
_FULL = 1 - 1e-9


def plan_gains(case: Case, outcome: Outcome, prices: Prices, scale: Scale) -> dict[str, Fraction]:
    """Return what each accepted job, block, offer and order in lots gains, in units of `scale`."""
    plans = outcome.plans
    gains: dict[str, Fraction] = {}
    for index, plan in plans.jobs.items():
        job = case.jobs[index]
        paid = job_payment(case, job, plan, prices=prices, scale=scale)
        worth = job_worth(case, job, plan, scale)
        if any(job.zones.values()):
            # Its worth has the transfer costs taken off already: they are not paid twice.
            sizes = ((job.zones[c.zone], c.cards * scale.hours[c.slot]) for c in plan.cells)
            worth += sum((cost * size for cost, size in sizes), Fraction(0)) * PICO
        gains[job.id] = worth - paid
    for index, quantities in plans.blocks.items():
        block = case.blocks[index]
        sign = -1 if block.side is Side.BID else 1
        pairs = zip(block.slots, quantities, strict=True)
        money = at_node_prices(
            case, (block.zone, block.card_class), pairs, prices=prices, scale=scale
        )
        gains[block.id] = block_worth(case, block, quantities, scale) + sign * money
    for index, quantities in plans.offers.items():
        offer = case.offers[index]
        money = at_node_prices(
            case, (offer.zone, offer.card_class), enumerate(quantities), prices=prices, scale=scale
        )
        pool = sum(
            prices.pool.get((offer.pool, slot), 0) * q * scale.hours[slot]
            for slot, q in enumerate(quantities)
        )
        gains[offer.id] = money + pool - offer_cost(case, index, quantities, scale)
    asks = effective_ask_prices(case) if plans.lots else case.asks.price
    per_slot = len(case.zones) * len(case.classes)
    for (side, index), quantity in plans.lots.items():
        steps, price, sign = (
            (case.bids, case.bids.price, -1) if side is Side.BID else (case.asks, asks, 1)
        )
        node = int(steps.node[index])
        margin = sign * (prices.node[node] - int(price[index]) * PICO_IN_MICRO)
        gains[steps.ids[index]] = Fraction(margin * quantity * scale.hours[node // per_slot])
    return gains


def gap_parts(crowd: Crowd, candidate: Candidate, outcome: Outcome, prices: Prices) -> GapParts:
    """Return how far every order and link is from its own best at these multipliers.

    `outcome` is the candidate's with its simple orders filled.
    """
    case = crowd.market.case
    scale = Scale.of(case)
    orders = simple_parts(case, outcome, prices, scale)
    links = link_parts(case, outcome, prices, scale)
    if not (case.jobs or case.blocks or case.offers):
        return GapParts(orders=orders, links=links)
    response = _respond(crowd, prices)
    actual = _actual(case, candidate, prices, scale)
    least = _PART_MIN * max(1.0, abs(response.value))
    for name, best in _bests(crowd, response).items():
        own = sum(actual.get(member, 0.0) for member in name)
        part = best - own
        if part > least / 1e3:
            orders[name[0]] = -int(-part * PICO // 1)
    return GapParts(orders=orders, links=links)


def _actual(case: Case, candidate: Candidate, prices: Prices, scale: Scale) -> dict[str, float]:
    """Return what the accepted orders with conditions gain, yuan."""
    plans = candidate.plans
    moved = {i: plan for i, plan in plans.jobs.items() if plan.moves}
    pooled = bool(prices.pool)
    if moved or pooled:
        special = replace(candidate.outcome, plans=plans if pooled else Plans(jobs=moved))
        exact = plan_gains(case, special, prices, scale)
        named = {name: float(gain / scale.yuan) for name, gain in exact.items()}
    else:
        named = {}
    every = Conditions.of([known.condition for known in candidate.known])
    margins = every.margins(prices.node_yuan() * MICRO) / MICRO
    names = {
        "job": [job.id for job in case.jobs],
        "block": [block.id for block in case.blocks],
        "offer": [offer.id for offer in case.offers],
    }
    for condition, margin in zip(every.each, margins.tolist(), strict=True):
        kind, index = condition.order
        named.setdefault(names[kind][index], margin)
    return named


def _respond(crowd: Crowd, prices: Prices) -> Response:
    case = crowd.market.case
    pools = no_pools(case)
    for (pool, slot), price in prices.pool.items():
        pools[pool, slot] = price / PICO
    return crowd.respond(prices.node_yuan(), pools)


def _bests(crowd: Crowd, response: Response) -> dict[tuple[str, ...], float]:
    """Return the best of each job, family (named by its blocks) and offer, yuan."""
    case = crowd.market.case
    bests: dict[tuple[str, ...], float] = {}
    for job, gain in zip(case.jobs, response.plans.jobs["gain"].tolist(), strict=True):
        bests[(job.id,)] = gain
    members: defaultdict[int, list[str]] = defaultdict(list)
    for block, family in zip(case.blocks, crowd.families.family.tolist(), strict=True):
        members[family].append(block.id)
    for family, gain in enumerate(response.family_gain.tolist()):
        bests[tuple(sorted(members[family], key=crowd.block_place.__getitem__))] = gain
    for offer, gain in zip(case.offers, response.offer_gain.tolist(), strict=True):
        bests[(offer.id,)] = gain
    return bests


def missed(crowd: Crowd, outcome: Outcome, prices: Prices, scale: Scale) -> dict[str, int]:
    """Return rejected orders that would have gained at the published prices, pico-yuan."""
    case = crowd.market.case
    if not (case.jobs or case.blocks or case.offers):
        return {}
    response = _respond(crowd, prices)
    found = {}
    for index, gain in enumerate(response.plans.jobs["gain"].tolist()):
        if index not in outcome.plans.jobs and gain > _MISSED_MIN:
            found[case.jobs[index].id] = gain
    for index, gain in enumerate(response.offer_gain.tolist()):
        if index not in outcome.plans.offers and gain > _MISSED_MIN:
            found[case.offers[index].id] = gain
    found |= _missed_blocks(case, outcome, prices, scale)
    return {name: round(gain * PICO) for name, gain in found.items()}


def _missed_blocks(case: Case, outcome: Outcome, prices: Prices, scale: Scale) -> dict[str, float]:
    """Return a block's gain at ratio 1 less that of its group's accepted members."""
    taken = outcome.plans.blocks
    number = {block.id: i for i, block in enumerate(case.blocks)}
    alone = replace(outcome, plans=Plans(blocks=taken))
    gains = plan_gains(case, alone, prices, scale)
    groups: defaultdict[str, float] = defaultdict(float)
    for i in taken:
        if (group := case.blocks[i].group) is not None:
            groups[group] += float(gains[case.blocks[i].id] / scale.yuan)
    found = {}
    for i, block in enumerate(case.blocks):
        if i in taken or not _parent_is_full(case, taken, number, block.parent):
            continue
        full = tuple(int(q * case.quantum) for q in block.quantity)
        sign = -1 if block.side is Side.BID else 1
        pairs = zip(block.slots, full, strict=True)
        money = at_node_prices(
            case, (block.zone, block.card_class), pairs, prices=prices, scale=scale
        )
        gain = float((block_worth(case, block, full, scale) + sign * money) / scale.yuan)
        gain -= groups[block.group] if block.group is not None else 0.0
        if gain > _MISSED_MIN:
            found[block.id] = gain
    return found


def _parent_is_full(
    case: Case, taken: Mapping[int, tuple[int, ...]], number: dict[str, int], parent: str | None
) -> bool:
    if parent is None:
        return True
    i = number[parent]
    if i not in taken:
        return False
    whole = sum(case.blocks[i].quantity) * case.quantum
    return bool(not whole or np.divide(sum(taken[i]), float(whole)) >= _FULL)

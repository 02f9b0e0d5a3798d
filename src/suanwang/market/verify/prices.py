"""Whether the published prices support the outcome and let no accepted order lose."""

from __future__ import annotations

from fractions import Fraction

from suanwang.market.verify.families import block_gain
from suanwang.market.verify.gains import (
    job_price,
    job_transfer,
    job_value,
    offer_cost,
    offer_income,
)
from suanwang.market.verify.numbers import ONE, Exact, distance, written
from suanwang.market.verify.orders import Case
from suanwang.market.verify.outcome import Outcome
from suanwang.market.verify.verdict import Faults

Interval = tuple[list[int], list[int]]
ROOM_PART = 10**9  # a link is full where less than this part of it is left: whole quanta leave some


def own_intervals(case: Case, outcome: Outcome) -> Interval:
    """Return the least and the greatest price that each node's simple orders allow.

    An order that names a lot may be left out for its lot alone, so only what it takes counts.
    """
    low, high = [case.price_min] * case.nodes, [case.price_max] * case.nodes
    bids, asks = case.bids, case.asks
    rows = zip(bids.node, bids.price, bids.quantity, outcome.bids, bids.lot, strict=True)
    for node, price, quantity, taken, lot in rows:
        if taken < quantity and price > low[node] and not lot:
            low[node] = price
        if taken and price < high[node]:
            high[node] = price
    rows = zip(asks.node, asks.price, asks.quantity, outcome.asks, asks.lot, strict=True)
    # With uplift a gang may need an ask that loses; it is paid for that.
    forced = _gang_nodes(outcome) if not case.no_loss else set()
    for node, price, quantity, taken, lot in rows:
        if taken and price > low[node] and node not in forced:
            low[node] = price
        if taken < quantity and price < high[node] and not lot:
            high[node] = price
    return [min(p, case.price_max) for p in low], [max(p, case.price_min) for p in high]


def _gang_nodes(outcome: Outcome) -> set[int]:
    return {node for job in outcome.jobs for node, _, pool in job.cells if pool is not None}


def check_node_prices(case: Case, outcome: Outcome, faults: Faults) -> None:
    """Check each node's price against the published bounds and its own interval."""
    low, high = own_intervals(case, outcome)
    for node, price in enumerate(outcome.published.nodes):
        if not case.price_min <= price <= case.price_max:
            expected = f"{written(case.price_min)} to {written(case.price_max)}"
            faults.add("price-range", case.name(node), expected=expected, found=written(price))
        elif not low[node] <= price <= high[node]:
            expected = f"{written(low[node])} to {written(high[node])}"
            faults.add("price-interval", case.name(node), expected=expected, found=written(price))


def is_full(case: Case, link: int, slot: int, used: Exact) -> bool:
    """Say whether no more than what whole quanta leave over is free on a link."""
    capacity = case.links[link].capacity[slot]
    quanta = 64 * case.quantum * sum(case.links[link].weights)
    free: Exact = capacity - used
    return free <= Fraction(capacity) / ROOM_PART + quanta


def needed_link_price(case: Case, nodes: list[int], link: int, slot: int) -> Exact:
    """Return the least link price at which no class gains by being carried, in 10⁻¹² yuan."""
    row = case.links[link]
    need: Exact = 0
    for k, weight in enumerate(row.weights):
        here, there = case.base(row.source, k) + slot, case.base(row.target, k) + slot
        more = nodes[there] - nodes[here] - row.cost
        if more > 0 and more > need * weight:
            need = more if weight == 1 else Fraction(more) / weight
    return need


def check_link_prices(
    case: Case, outcome: Outcome, used: dict[tuple[int, int], Exact], faults: Faults
) -> None:
    """Check that link prices are the least that support the flows, and 0 where there is room."""
    for index, link in enumerate(case.links):
        # Prices are rounded to 10⁻¹², each by half of it; weights carry that on.
        slack = 1 + Fraction(2) / min(link.weights)
        for slot in range(case.slots):
            price = outcome.published.links[index][slot]
            least: Exact = needed_link_price(case, outcome.published.nodes, index, slot)
            place = case.link_name(index, slot)
            if distance(price, least) > slack:
                faults.add("link-least", place, expected=written(least), found=written(price))
            full = is_full(case, index, slot, used.get((index, slot), 0))
            if max(price, least) > slack and not full:
                faults.add("link-room", place, found=written(max(price, least)))
    for index, k, slot in outcome.flows:
        _check_flow(case, outcome, (index, k, slot), faults)


def _check_flow(case: Case, outcome: Outcome, flow: tuple[int, int, int], faults: Faults) -> None:
    index, k, slot = flow
    link, nodes = case.links[index], outcome.published.nodes
    weight = link.weights[k]
    more = nodes[case.base(link.target, k) + slot] - nodes[case.base(link.source, k) + slot]
    allowed = link.cost + weight * outcome.published.links[index][slot]
    slack = 2 + weight + 2 * Fraction(weight) / min(link.weights)
    if distance(more, allowed) > slack:
        place = f"{case.link_name(index, slot)} {case.classes[k]}"
        faults.add("link-support", place, expected=written(allowed), found=written(more))


def losses(case: Case, outcome: Outcome) -> dict[str, Exact]:
    """Return by how many grains accepted orders with conditions lose."""
    quotes = outcome.published
    gains: list[tuple[str, Exact]] = []
    for block, cards in zip(case.blocks, outcome.blocks, strict=True):
        if cards is not None:
            gains.append((block.id, block_gain(block, cards, quotes)))
    for job, placed in zip(case.jobs, outcome.jobs, strict=True):
        if placed.accepted:
            cost = job_price(placed, quotes) + job_transfer(job, placed, case)
            gains.append((job.id, job_value(job, placed, case) - cost))
    for offer, taken in zip(case.offers, outcome.offers, strict=True):
        if taken is not None:
            cost = offer_cost(offer, taken, case)
            gains.append((offer.id, offer_income(offer, taken, quotes) - cost))
    found = {name: -gain for name, gain in gains if gain < 0}
    if not case.no_loss:
        found |= _losses_of_pools(case, outcome)
    return found


def _losses_of_pools(case: Case, outcome: Outcome) -> dict[str, Exact]:
    asks, nodes, found = case.asks, outcome.published.nodes, dict[str, Exact]()
    rows = zip(asks.ids, asks.node, asks.price, outcome.asks, strict=True)
    for name, node, price, taken in rows:
        if taken and price > nodes[node]:
            found[name] = (price - nodes[node]) * taken * case.hours[node % case.slots]
    return found


def check_losses(case: Case, lost: dict[str, Exact], faults: Faults) -> None:
    """Check that no accepted order loses more than a micro-yuan."""
    for name, loss in lost.items():
        if loss > case.micro:
            faults.add("loss", name, found=written(Fraction(loss) / (ONE * case.hour)))

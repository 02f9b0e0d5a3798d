"""Whether the accepted quantities are possible: orders, nodes, links and pools."""

from __future__ import annotations

from collections.abc import Sequence

from suanwang.market.verify.numbers import Exact, written
from suanwang.market.verify.orders import Case, Offer, Steps
from suanwang.market.verify.outcome import Outcome
from suanwang.market.verify.verdict import Faults


def check_simple(steps: Steps, taken: list[int], case: Case, faults: Faults) -> None:
    """Check that every simple order takes what it may: up to its quantity, in quanta and lots."""
    quantum = case.quantum
    rows = zip(steps.ids, taken, steps.quantity, steps.lot, strict=True)
    for name, cards, quantity, lot in rows:
        if cards > quantity or cards % quantum:
            expected = f"0 to {written(quantity)} in parts of {written(quantum)}"
            faults.add("quantity", name, expected=expected, found=written(cards))
        if lot and cards % lot:
            faults.add("lot", name, expected=written(lot), found=written(cards))


def check_balance(case: Case, outcome: Outcome, faults: Faults) -> None:
    """Check that at every node what comes in is what goes out, exactly."""
    rest = [0] * case.nodes
    _add_simple(case, outcome, rest)
    _add_conditional(case, outcome, rest)
    for (link, k, slot), cards in outcome.flows.items():
        rest[case.base(case.links[link].source, k) + slot] -= cards
        rest[case.base(case.links[link].target, k) + slot] += cards
    for node, cards in enumerate(rest):
        if cards:
            faults.add("balance", case.name(node), found=written(cards))


def _add_simple(case: Case, outcome: Outcome, rest: list[int]) -> None:
    for node, cards in zip(case.asks.node, outcome.asks, strict=True):
        rest[node] += cards
    for node, cards in zip(case.bids.node, outcome.bids, strict=True):
        rest[node] -= cards


def _add_conditional(case: Case, outcome: Outcome, rest: list[int]) -> None:
    for block, taken in zip(case.blocks, outcome.blocks, strict=True):
        for node, cards in zip(block.nodes, taken or (), strict=taken is not None):
            rest[node] += -cards if block.buys else cards
    for offer, taken in zip(case.offers, outcome.offers, strict=True):
        for slot, cards in enumerate(taken or ()):
            rest[offer.node + slot] += cards
    for job in outcome.jobs:
        for node, cards, _ in job.cells:
            rest[node] -= cards


def link_use(case: Case, outcome: Outcome) -> dict[tuple[int, int], Exact]:
    """Return weight × cards + GB on each link and slot that carries any."""
    used: dict[tuple[int, int], Exact] = dict(outcome.gb)
    for (link, k, slot), cards in outcome.flows.items():
        used[link, slot] = used.get((link, slot), 0) + case.links[link].weights[k] * cards
    return used


def check_capacity(case: Case, used: dict[tuple[int, int], Exact], faults: Faults) -> None:
    """Check that no link carries more than it can."""
    for (link, slot), amount in used.items():
        capacity = case.links[link].capacity[slot]
        if amount > capacity:
            place = case.link_name(link, slot)
            faults.add("capacity", place, expected=written(capacity), found=written(amount))


def pool_supply(case: Case, outcome: Outcome) -> dict[tuple[str, int], int]:
    """Return the accepted cards of each pool and slot."""
    supply: dict[tuple[str, int], int] = {}
    slots = case.slots
    for pool, node, cards in zip(case.asks.pool, case.asks.node, outcome.asks, strict=True):
        if pool is not None and cards:
            key = pool, node % slots
            supply[key] = supply.get(key, 0) + cards
    for offer, taken in zip(case.offers, outcome.offers, strict=True):
        if offer.pool is not None:
            for slot, cards in enumerate(taken or ()):
                supply[offer.pool, slot] = supply.get((offer.pool, slot), 0) + cards
    return supply


def gang_need(case: Case, outcome: Outcome) -> dict[tuple[str, int], int]:
    """Return the cards that gangs take of each pool and slot."""
    need: dict[tuple[str, int], int] = {}
    for placed in outcome.jobs:
        for node, cards, pool in placed.cells:
            if pool is not None:
                key = pool, node % case.slots
                need[key] = need.get(key, 0) + cards
    return need


def check_pools(
    supply: dict[tuple[str, int], int], need: dict[tuple[str, int], int], faults: Faults
) -> None:
    """Check that gangs fit into what is accepted of their pool."""
    for (pool, slot), cards in need.items():
        have = supply.get((pool, slot), 0)
        if cards > have:
            faults.add("pool", f"{pool}/{slot}", expected=written(have), found=written(cards))


def check_offer(offer: Offer, taken: Sequence[int], faults: Faults) -> None:
    """Check an offer's range in each slot, its least run and its ramp."""
    for slot, cards in enumerate(taken):
        inside = offer.start <= slot < offer.end
        least, most = (offer.quantity_min, offer.quantity[slot]) if inside else (0, 0)
        if cards and not least <= cards <= most:
            expected = f"{written(least)} to {written(most)}"
            faults.add("offer-range", offer.id, expected=expected, found=written(cards))
    for start, end in offer_runs(offer, taken):
        # A least quantity of 0 may be on without giving anything, so it never runs too short.
        short = end - start < offer.min_run and end != offer.end and offer.quantity_min > 0
        if short:
            faults.add("offer-run", offer.id, expected=offer.min_run, found=end - start)
        for slot in range(start + 1, end):
            change = abs(taken[slot] - taken[slot - 1])
            if offer.ramp is not None and change > offer.ramp:
                faults.add(
                    "offer-ramp", offer.id, expected=written(offer.ramp), found=written(change)
                )


def offer_runs(offer: Offer, taken: Sequence[int]) -> list[tuple[int, int]]:
    """Return the runs of slots in which an offer is on, each as [start, end)."""
    on = [slot for slot, cards in enumerate(taken) if cards]
    if not on:
        return []
    # On at 0 cards costs nothing and saves a start, so such a run goes on to its last card.
    if offer.quantity_min == 0 and offer.ramp is None:
        return [(on[0], on[-1] + 1)]
    runs = [(on[0], on[0] + 1)]
    for slot in on[1:]:
        if slot == runs[-1][1]:
            runs[-1] = (runs[-1][0], slot + 1)
        else:
            runs.append((slot, slot + 1))
    return runs

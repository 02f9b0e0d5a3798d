"""Whether ties are filled by the rule: equal fractions at a node, and as equal as links allow.

An order can only be tied where its price is its node's. In each node the whole quanta left over go
in the order of SHA-256("seed:id"). Between nodes the least Σ unfilled² ÷ ordered has a first-order
condition: where a card could flow, no order that may take more is emptier than one that may give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from suanwang.market.verify.numbers import ONE, Exact, written
from suanwang.market.verify.orders import Case, Steps
from suanwang.market.verify.outcome import Outcome
from suanwang.market.verify.prices import is_full
from suanwang.market.verify.verdict import Faults

FRACTIONS = 10**6  # parts of an order that the tie rule tells apart
RATE_SLACK = 10**6  # 10⁻⁶ of an order, in 10⁻¹²
QUANTA_SLACK = 64  # whole quanta that cutting down may move between nodes
Need = Mapping[tuple[str, int], int]


@dataclass(slots=True)
class Group:
    """The orders of one node and side that are priced like their node."""

    rows: list[int] = field(default_factory=list)
    lots: list[int] = field(default_factory=list)  # of them, those that name a lot


def check_ties(
    case: Case,
    outcome: Outcome,
    *,
    used: dict[tuple[int, int], Exact],
    supply: Need,
    need: Need,
    faults: Faults,
) -> None:
    """Check every tie."""
    low: dict[int, int] = {}  # node → least unfilled part that its marginal card must be worth
    high: dict[int, int] = {}
    sides = ((case.bids, outcome.bids, 1), (case.asks, outcome.asks, -1))
    for steps, taken, sign in sides:
        for node, group in _groups(steps, outcome.published.nodes):
            _check_lots(case, steps, taken, rows=group.lots, faults=faults)
            bound = _bound_pools(case, steps, group.rows, need=need, supply=supply)
            free = [i for i in group.rows if (steps.pool[i], node % case.slots) not in bound]
            if len(free) == len(group.rows):
                _check_shares(case, steps, taken, rows=free, faults=faults)
            else:
                _check_floors(case, steps, taken, group.rows, bound=bound, faults=faults)
            _limit(case, steps, taken, free, at=(node, sign), limits=(low, high))
    _check_links(case, outcome, used, limits=(low, high), faults=faults)


def _groups(steps: Steps, prices: list[int]) -> Iterator[tuple[int, Group]]:
    groups: dict[int, Group] = {}
    rows = zip(steps.node, steps.price, steps.quantity, steps.lot, strict=True)
    for i, (node, price, quantity, lot) in enumerate(rows):
        if price == prices[node] and quantity:
            group = groups.get(node)
            if group is None:
                group = groups[node] = Group()
            (group.lots if lot else group.rows).append(i)
    yield from groups.items()


def _turn(case: Case, name: str) -> bytes:
    return sha256(f"{case.seed}:{name}".encode()).digest()


def _check_shares(
    case: Case, steps: Steps, taken: list[int], *, rows: list[int], faults: Faults
) -> None:
    """Check one fraction for all, to the quantum."""
    quantum = case.quantum
    filled = sum(taken[i] for i in rows) // quantum
    ordered = sum(steps.quantity[i] for i in rows) // quantum
    if filled in (0, ordered):
        return
    shares = {i: steps.quantity[i] // quantum * filled // ordered for i in rows}
    left = filled - sum(shares.values())
    for i in sorted(rows, key=lambda i: _turn(case, steps.ids[i]))[:left] if left else ():
        shares[i] += 1
    for i, share in shares.items():
        if taken[i] != share * quantum:
            expected = written(share * quantum)
            faults.add("tie", steps.ids[i], expected=expected, found=written(taken[i]))


def _bound_pools(
    case: Case,
    steps: Steps,
    rows: list[int],
    *,
    need: Need,
    supply: Need,
) -> set[tuple[str, int]]:
    """Return the pools among these asks that have no more than their gangs need."""
    if not need:
        return set()
    slack = QUANTA_SLACK * case.quantum
    keys = {(pool, steps.node[i] % case.slots) for i in rows if (pool := steps.pool[i]) is not None}
    return {k for k in keys if k in need and supply.get(k, 0) - need[k] <= slack}


def _check_floors(
    case: Case,
    steps: Steps,
    taken: list[int],
    rows: list[int],
    *,
    bound: set[tuple[str, int]],
    faults: Faults,
) -> None:
    """Check that asks without a floor share equally, and none with a floor is filled less."""
    slack = QUANTA_SLACK * case.quantum
    free = [i for i in rows if (steps.pool[i], steps.node[i] % case.slots) not in bound]
    parts = [(sum(taken[i] for i in free), sum(steps.quantity[i] for i in free))] if free else []
    for i in rows:
        for filled, ordered in parts:
            share = steps.quantity[i] * filled // ordered
            short, over = taken[i] < share - slack, taken[i] > share + slack
            if short or (over and i in free):
                expected = written(share)
                faults.add("tie", steps.ids[i], expected=expected, found=written(taken[i]))


def _check_lots(
    case: Case, steps: Steps, taken: list[int], *, rows: list[int], faults: Faults
) -> None:
    """Check that of orders with equal lots none is filled before one that comes first."""
    first_short: dict[int, int] = {}
    for i in sorted(rows, key=lambda i: _turn(case, steps.ids[i])) if len(rows) > 1 else ():
        lot = steps.lot[i]
        if taken[i] >= lot and lot in first_short:
            before = steps.ids[first_short[lot]]
            faults.add("tie-lots", steps.ids[i], expected=before, found=written(taken[i]))
        if steps.quantity[i] - taken[i] >= lot:
            first_short.setdefault(lot, i)


def _limit(
    case: Case,
    steps: Steps,
    taken: list[int],
    rows: list[int],
    *,
    at: tuple[int, int],
    limits: tuple[dict[int, int], dict[int, int]],
) -> None:
    """Narrow what a card more at a node may be worth: the unfilled part of its tied orders."""
    node, sign = at
    low, high = limits
    filled, ordered = sum(taken[i] for i in rows), sum(steps.quantity[i] for i in rows)
    if not ordered:
        return
    unfilled = sign * ((ordered - filled) * ONE // ordered)
    slack = RATE_SLACK // 2 + QUANTA_SLACK * case.quantum * ONE // ordered
    # What would change a fraction by less than the rule's 10⁻⁶ is nothing to take or to give.
    least = ordered // FRACTIONS
    may_take, may_give = ordered - filled > least, filled > least
    # A bid that may take more pulls a card's worth up to its unfilled part; an ask that may give
    # more pulls it down, since giving fills it.
    if may_take if sign > 0 else may_give:
        low[node] = max(low.get(node, -2 * ONE), unfilled - slack)
    if may_give if sign > 0 else may_take:
        high[node] = min(high.get(node, 2 * ONE), unfilled + slack)


def _check_links(
    case: Case,
    outcome: Outcome,
    used: dict[tuple[int, int], Exact],
    *,
    limits: tuple[dict[int, int], dict[int, int]],
    faults: Faults,
) -> None:
    low, high = limits
    sources = _ways(case, outcome, used) if case.links else {}
    reached: dict[int, int] = {}
    for start in sorted(low, key=lambda n: -low[n]):
        queue = [start]
        while queue:
            node = queue.pop()
            if node not in reached:
                reached[node] = start
                queue.extend(sources.get(node, ()))
    for node, start in reached.items():
        if node in high and low[start] > high[node]:
            place = f"{case.name(node)} → {case.name(start)}"
            expected, found = written(abs(high[node])), written(abs(low[start]))
            faults.add("tie-links", place, expected=expected, found=found)


def _ways(case: Case, outcome: Outcome, used: dict[tuple[int, int], Exact]) -> dict[int, list[int]]:
    """Return from which nodes a card more could come at no cost: by more flow or less back."""
    sources: dict[int, list[int]] = {}
    nodes, prices = outcome.published.nodes, outcome.published.links
    slack = 2  # two prices, each rounded to 10⁻¹²
    for index, link in enumerate(case.links):
        for slot in range(case.slots):
            if prices[index][slot] > slack:
                continue
            full = is_full(case, index, slot, used.get((index, slot), 0))
            for k in range(len(case.classes)):
                here, there = case.base(link.source, k) + slot, case.base(link.target, k) + slot
                if abs(nodes[there] - nodes[here] - link.cost) > slack:
                    continue
                if not full:
                    sources.setdefault(there, []).append(here)
                flow = outcome.flows.get((index, k, slot), 0)
                if flow > QUANTA_SLACK * case.quantum:
                    sources.setdefault(here, []).append(there)
    return sources

"""Who gets what: from each node's net supply to every simple order's quantity."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from suanwang.market.case.model import Case, Ints, Nodes, Steps
from suanwang.market.clearing.curves import Curves, effective_ask_prices
from suanwang.market.clearing.own.compiled import kernel

_NOWHERE: Final = np.iinfo(np.int64).max
_NO_NEEDS: Final[Mapping[tuple[int, int], int]] = {}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Accepted:
    """Quanta of every simple order."""

    asks: Ints
    bids: Ints


class _Cut(NamedTuple):
    """Where each node's curve was cut, for one side: the step's price and what it gets of it."""

    price: Ints  # [nodes], or _NOWHERE past the last step
    amount: Ints  # quanta taken of the side's orders in the step
    total: Ints  # quanta of all of them


class _Orders(NamedTuple):
    """The columns of one side that filling looks at."""

    node: Nodes
    price: Ints
    quantity: Ints
    lot: Ints


def accept(
    case: Case, curves: Curves, *, y: Ints, step: Ints, needs: Mapping[tuple[int, int], int]
) -> Accepted:
    """Fill the simple orders (those without a lot).

    Args:
        case: the case; curves: its curves.
        y: net supply of each node, quanta; step: the step that holds it (see `own_intervals`).
        needs: quanta that gangs take from (pool, slot): its asks get at least that.
    """
    ask_cut, bid_cut = _cut(curves, y, step)
    asks = _side(case, (case.asks, effective_ask_prices(case)), ask_cut, needs)
    bids = _side(case, (case.bids, case.bids.price), bid_cut, _NO_NEEDS)
    return Accepted(asks=asks, bids=bids)


def _side(
    case: Case,
    side: tuple[Steps, Ints],
    cut: _Cut,
    needs: Mapping[tuple[int, int], int],
) -> Ints:
    steps, price = side
    sign = 1 if steps is case.asks else -1
    filled, tied = _fill(_Orders(steps.node, price, steps.quantity, steps.lot), cut, sign)
    _share(case, (steps, tied), needs, amounts=cut.amount, into=filled)
    return filled


@kernel
def _cut(curves: Curves, y: Ints, step: Ints) -> tuple[_Cut, _Cut]:
    price = np.full(y.size, _NOWHERE, np.int64)
    asks = np.zeros((2, y.size), np.int64)
    bids = np.zeros((2, y.size), np.int64)
    for n in range(y.size):
        s = step[n]
        if s >= curves.first[n + 1]:
            continue
        inside = y[n] - curves.start[s + n]
        taken = min(inside, curves.asks[s])
        price[n] = curves.price[s]
        asks[0, n], asks[1, n] = taken, curves.asks[s]
        bids[0, n], bids[1, n] = curves.bids[s] - (inside - taken), curves.bids[s]
    return _Cut(price, asks[0], asks[1]), _Cut(price, bids[0], bids[1])


@kernel
def _fill(orders: _Orders, cut: _Cut, sign: int) -> tuple[Ints, Ints]:
    # Fill what is better than its node's cut; return (quanta, indices of the tied orders).
    out = np.zeros(orders.node.size, np.int64)
    tied = np.empty(orders.node.size, np.int64)
    count = 0
    for i in range(orders.node.size):
        n, quantity = orders.node[i], orders.quantity[i]
        if orders.lot[i] > 0:
            continue
        if cut.price[n] == _NOWHERE:
            out[i] = quantity if sign > 0 else 0
        elif orders.price[i] == cut.price[n]:
            if cut.amount[n] == cut.total[n]:
                out[i] = quantity
            elif cut.amount[n] > 0 and quantity > 0:
                tied[count] = i
                count += 1
        elif (orders.price[i] < cut.price[n]) == (sign > 0):
            out[i] = quantity
    return out, tied[:count]


def _share(
    case: Case,
    side: tuple[Steps, Ints],
    needs: Mapping[tuple[int, int], int],
    *,
    amounts: Ints,
    into: Ints,
) -> None:
    """Share each node's amount among its tied orders, pro rata, remainders by hash."""
    steps, tied = side
    per_slot = len(case.zones) * len(case.classes)
    by_node: defaultdict[int, list[int]] = defaultdict(list)
    for i, node in zip(tied.tolist(), steps.node[tied].tolist(), strict=True):
        by_node[node].append(i)
    for node, members in by_node.items():
        own = _needs_at(steps, members, needs, (node, per_slot, into)) if needs else {}
        ids = [steps.ids[i] for i in members]
        ordered = steps.quantity[members].tolist()
        pools = steps.pool[members].tolist() if own else [-1] * len(members)
        orders = list(zip(ids, ordered, pools, strict=True))
        into[members] = pro_rata(int(amounts[node]), orders, seed=case.seed, needs=own)


def _needs_at(
    steps: Steps,
    members: Sequence[int],
    needs: Mapping[tuple[int, int], int],
    where: tuple[int, int, Ints],
) -> dict[int, int]:
    """Return what gangs still need of each pool's tied asks, beyond its asks below the margin."""
    node, per_slot, into = where
    slot = node // per_slot
    found = {}
    for pool in sorted(set(steps.pool[members].tolist())):
        need = needs.get((pool, slot), 0)
        if need:
            there = np.nonzero((steps.pool == pool) & (steps.node // per_slot == slot))[0]
            found[pool] = max(need - int(into[there].sum()), 0)
    return found


class GangsUnserved(Exception):
    """Gangs need more of a pool's asks than their node sells: such an outcome is none."""


def pro_rata(
    amount: int, orders: Sequence[tuple[str, int, int]], *, seed: int, needs: Mapping[int, int]
) -> list[int]:
    """Share `amount` among orders (id, ordered, pool) in proportion to what was ordered.

    In whole quanta; those left over go one each by SHA-256("seed:id"). The orders of a pool
    together get at least what `needs` says. Raises GangsUnserved where that is more than there is.
    """
    shares = [0] * len(orders)
    free = set(range(len(orders)))
    left = amount
    open_pools = {pool: need for pool, need in needs.items() if need}
    while True:
        total = sum(orders[i][1] for i in free)
        held = {
            pool: [i for i in sorted(free) if orders[i][2] == pool]
            for pool, need in open_pools.items()
            if left * sum(orders[i][1] for i in free if orders[i][2] == pool) < need * total
        }
        if not held:
            break
        for pool, members in held.items():
            need = open_pools.pop(pool)
            if need > min(left, sum(orders[i][1] for i in members)):
                raise GangsUnserved
            _deal(need, orders, members, seed=seed, into=shares)
            left -= need
            free -= set(members)
    if left and not free:
        raise GangsUnserved
    _deal(left, orders, sorted(free), seed=seed, into=shares)
    return shares


def _deal(
    amount: int,
    orders: Sequence[tuple[str, int, int]],
    members: Sequence[int],
    *,
    seed: int,
    into: list[int],
) -> None:
    total = sum(orders[i][1] for i in members)
    for i in members:
        into[i] = amount * orders[i][1] // total
    rest = amount - sum(into[i] for i in members)
    if rest:
        queue = sorted(members, key=lambda i: tie_key(seed, orders[i][0]))
        for i in queue[:rest]:
            into[i] += 1


def tie_key(seed: int, order_id: str) -> bytes:
    """Return the place of an order in the queue for what is left over."""
    return hashlib.sha256(f"{seed}:{order_id}".encode()).digest()

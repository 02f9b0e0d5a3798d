"""Supply and demand of every node as one rising curve of net supply over price.

At a price a node's bids above it are served and its asks below it run. Walking up the curve, each
step either takes an ask or gives up a bid at that price, so y = asks taken − bids served rises from
−(all bids) to +(all asks):

    price   9 ┤            ┌─ bid 9 given up
            7 ┤      ┌─────┘
            4 ┤  ┌───┘ ask 7 taken
              └──┴───┴─────┴──  y

Orders of equal node and price share a step; within it asks come first, which is what the tie rule
(most volume) asks for.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from suanwang.market.case.model import Case, Ints, Nodes, Steps
from suanwang.market.clearing.own.compiled import kernel

# A counting sort needs a counter a price level: beyond this range a comparison sort is cheaper.
_COUNTED_LEVELS_MAX: Final = 1 << 22
_SPAN_MAX: Final = 1 << 62  # differences beyond it do not fit


class Side(NamedTuple):
    """One side's orders merged into steps, node by node, prices rising."""

    first: Ints  # [nodes + 1]: the steps of node n are first[n] … first[n + 1]
    price: Ints  # [steps], micro-yuan, effective
    quantity: Ints  # [steps], quanta


class Curves(NamedTuple):
    """The merged curve of every node; `start` is y where a step begins, in quanta."""

    first: Ints  # [nodes + 1]
    price: Ints  # [steps]
    asks: Ints  # [steps], quanta of asks in the step
    bids: Ints  # [steps], quanta of bids in the step
    start: Ints  # [steps + nodes]: step s of node n begins at start[s + n], the last one ends after


class _Levels(NamedTuple):
    """Prices as levels: price = low + unit × level."""

    low: int
    unit: int
    levels: int


def effective_ask_prices(case: Case) -> Ints:
    """Return each ask's price with the carbon of its node, micro-yuan per card-hour."""
    if not case.carbon.any():
        return case.asks.price
    return case.asks.price + case.carbon.reshape(-1)[case.asks.node]


def build_curves(case: Case) -> Curves:
    """Merge all simple orders without a lot into curves (orders with a lot are placed apart)."""
    asks = merge_side(case.asks, effective_ask_prices(case), case.nodes)
    bids = merge_side(case.bids, case.bids.price, case.nodes)
    return _join(asks, bids)


def merge_side(steps: Steps, price: Ints, nodes: int) -> Side:
    """Sum the quantities of equal node and price; orders with a lot are left out."""
    quantity = np.where(steps.lot > 0, 0, steps.quantity) if steps.lot.any() else steps.quantity
    order = _order(steps.node, price, nodes)
    return _merge(order, steps.node, (price, quantity), nodes)


def _order(node: Nodes, price: Ints, nodes: int) -> Ints:
    # The permutation that sorts by node, then price, then place.
    if len(price) == 0:
        return np.zeros(0, np.int64)
    low, high = int(price.min()), int(price.max())
    if high - low > _SPAN_MAX:
        return np.lexsort((price, node))
    unit = int(np.gcd.reduce(price - low)) or 1
    levels = (high - low) // unit + 1
    if levels > _COUNTED_LEVELS_MAX:
        return np.lexsort((price, node))
    return _counting_order(node, price, _Levels(low, unit, levels), nodes)


@kernel
def _counting_order(node: Nodes, price: Ints, levels: _Levels, nodes: int) -> Ints:
    count = np.zeros(levels.levels + 1, np.int64)
    for i in range(price.size):
        count[(price[i] - levels.low) // levels.unit + 1] += 1
    for level in range(levels.levels):
        count[level + 1] += count[level]
    by_price = np.empty(price.size, np.int64)
    for i in range(price.size):
        level = (price[i] - levels.low) // levels.unit
        by_price[count[level]] = i
        count[level] += 1
    places = np.zeros(nodes + 1, np.int64)
    for i in range(price.size):
        places[node[i] + 1] += 1
    for n in range(nodes):
        places[n + 1] += places[n]
    order = np.empty(price.size, np.int64)
    for j in range(price.size):
        i = by_price[j]
        order[places[node[i]]] = i
        places[node[i]] += 1
    return order


@kernel
def _merge(order: Ints, node: Nodes, step: tuple[Ints, Ints], nodes: int) -> Side:
    price, quantity = step
    first = np.zeros(nodes + 1, np.int64)
    prices = np.empty(order.size, np.int64)
    sums = np.empty(order.size, np.int64)
    used = 0
    last = -1
    for j in range(order.size):
        i = order[j]
        if quantity[i] == 0:
            continue
        if node[i] == last and prices[used - 1] == price[i]:
            sums[used - 1] += quantity[i]
            continue
        prices[used] = price[i]
        sums[used] = quantity[i]
        last = node[i]
        used += 1
        first[last + 1] += 1
    for n in range(nodes):
        first[n + 1] += first[n]
    return Side(first, prices[:used].copy(), sums[:used].copy())


@kernel
def _join(ask: Side, bid: Side) -> Curves:
    nodes = ask.first.size - 1
    room = ask.price.size + bid.price.size
    first = np.zeros(nodes + 1, np.int64)
    price = np.empty(room, np.int64)
    asks = np.zeros(room, np.int64)
    bids = np.zeros(room, np.int64)
    start = np.empty(room + nodes, np.int64)
    used = 0
    for n in range(nodes):
        a, a_end, b, b_end = ask.first[n], ask.first[n + 1], bid.first[n], bid.first[n + 1]
        y = np.int64(0)
        for j in range(b, b_end):
            y -= bid.quantity[j]
        start[used + n] = y
        while a < a_end or b < b_end:
            price[used] = ask.price[a] if a < a_end else bid.price[b]
            if b < b_end:
                price[used] = min(price[used], bid.price[b])
            if a < a_end and ask.price[a] == price[used]:
                asks[used] = ask.quantity[a]
                a += 1
            if b < b_end and bid.price[b] == price[used]:
                bids[used] = bid.quantity[b]
                b += 1
            y += asks[used] + bids[used]
            used += 1
            start[used + n] = y
        first[n + 1] = used
    # Copies, so that the room of steps that both sides share is given back.
    return Curves(
        first,
        price[:used].copy(),
        asks[:used].copy(),
        bids[:used].copy(),
        start[: used + nodes].copy(),
    )

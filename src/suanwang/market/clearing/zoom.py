"""A node's curve seen through a lens: single steps near a price, ever larger lumps further away.

A lump is priced at its edge nearest to the price in focus, so it looks at least as good as it is;
where the prices found lie between the single steps, lumps are wholly taken or wholly left and the
answer is exact for the full curve. Else the lens is moved and the problem solved again.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Nodes
from suanwang.market.clearing.bare import bare
from suanwang.market.clearing.curves import Curves
from suanwang.market.clearing.own.compiled import kernel

Floats = NDArray[np.float64]
NEAR: Final = 3  # single steps on each side of the price in focus
GROWTH: Final = 4  # each lump further out holds this many times the steps of the last one
# Lumps on both sides of the single steps: 4¹ + 4² + … reaches 2⁶² steps long before 30 a side.
_LUMPS_MAX: Final = 60


class Lens(NamedTuple):
    """The columns of all nodes, and the prices between which they are exact."""

    node: Nodes  # [columns]
    price: Floats  # [columns], micro-yuan, rising within a node
    width: Floats  # [columns], quanta
    low: Floats  # [nodes], micro-yuan
    high: Floats


@kernel
def look_at(curves: Curves, focus: Floats) -> Lens:
    """Build the lens around prices in focus, [nodes]."""
    nodes = curves.first.size - 1
    room = 0
    for n in range(nodes):
        room += min(curves.first[n + 1] - curves.first[n], 2 * NEAR + 1 + _LUMPS_MAX)
    lens = Lens(
        np.empty(room, np.int32),
        np.empty(room),
        np.empty(room),
        np.full(nodes, -np.inf),
        np.full(nodes, np.inf),
    )
    count = int(np.int64(0))
    for n in range(nodes):
        lo, hi = curves.first[n], curves.first[n + 1]
        near = _first_from(curves, n, focus[n])
        left, right = max(near - NEAR, lo), min(near + NEAR + 1, hi)
        if left > lo:
            lens.low[n] = curves.price[left]
        if right < hi:
            lens.high[n] = curves.price[right - 1]
        begin = count
        count = _lumps_below(curves, lens, (n, left), count)
        _turn(lens, begin, count)
        for step in range(left, right):
            _write(curves, lens, (n, count, step), (step, step + 1))
            count += 1
        count = _lumps_above(curves, lens, (n, right), count)
    return Lens(lens.node[:count], lens.price[:count], lens.width[:count], lens.low, lens.high)


@bare
def _first_from(curves: Curves, node: int, price: float) -> int:
    # The first step that costs at least `price`.
    a, b = int(curves.first[node]), int(curves.first[node + 1])
    while a < b:
        mid = (a + b) // 2
        if curves.price[mid] < price:
            a = mid + 1
        else:
            b = mid
    return a


@bare
def _write(curves: Curves, lens: Lens, at: tuple[int, int, int], steps: tuple[int, int]) -> None:
    # One column: the steps from … to, at the price of the step nearest to the focus.
    node, column, nearest = at
    total = 0.0
    for step in range(steps[0], steps[1]):
        total += float(curves.asks[step] + curves.bids[step])
    lens.node[column] = node
    lens.price[column] = curves.price[nearest]
    lens.width[column] = total


@bare
def _lumps_below(curves: Curves, lens: Lens, at: tuple[int, int], count: int) -> int:
    (node, end), size = at, int(np.int64(GROWTH))
    while end > curves.first[node]:
        start = max(end - size, curves.first[node])
        _write(curves, lens, (node, count, end - 1), (start, end))
        count += 1
        end, size = start, size * GROWTH
    return count


@bare
def _lumps_above(curves: Curves, lens: Lens, at: tuple[int, int], count: int) -> int:
    (node, start), size = at, int(np.int64(GROWTH))
    while start < curves.first[node + 1]:
        end = min(start + size, curves.first[node + 1])
        _write(curves, lens, (node, count, start), (start, end))
        count += 1
        start, size = end, size * GROWTH
    return count


@bare
def _turn(lens: Lens, begin: int, end: int) -> None:
    # Lumps below are written outwards; turned so that prices rise.
    for i in range((end - begin) // 2):
        x, y = begin + i, end - 1 - i
        lens.price[x], lens.price[y] = lens.price[y], lens.price[x]
        lens.width[x], lens.width[y] = lens.width[y], lens.width[x]


def out_of_focus(lens: Lens, prices: Floats) -> NDArray[np.bool_]:
    """Say at which nodes a price lies outside the single steps."""
    # Prices found are floats: half a micro-yuan is none.
    return (prices < lens.low - 0.5) | (prices > lens.high + 0.5)

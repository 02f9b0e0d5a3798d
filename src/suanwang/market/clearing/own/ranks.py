"""A stable merge sort of positions by key: equal keys keep their order."""

from __future__ import annotations

import numpy as np

from suanwang.market.clearing.own.arrays import Floats, Indices
from suanwang.market.clearing.own.compiled import inner


@inner
def ranked(keys: Floats) -> Indices:
    """Return the positions of rising keys. Own code, since numba's argsort takes 5 s to compile."""
    count, width = len(keys), 1
    order, other = np.arange(count, dtype=np.int32), np.empty(count, np.int32)
    while width < count:
        for begin in range(0, count, 2 * width):
            middle, end = min(begin + width, count), min(begin + 2 * width, count)
            left, right = begin, middle
            for at in range(begin, end):
                if right >= end or (left < middle and keys[order[left]] <= keys[order[right]]):
                    other[at] = order[left]
                    left += 1
                else:
                    other[at] = order[right]
                    right += 1
        order, other = other, order
        width *= 2
    return order

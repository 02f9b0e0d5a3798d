"""Every node's own interval: the prices at which its simple orders agree to what they got."""

from __future__ import annotations

import numpy as np

from suanwang.market.case.model import Ints
from suanwang.market.clearing.curves import Curves
from suanwang.market.clearing.own.compiled import kernel


@kernel
def own_intervals(
    curves: Curves, y: Ints, price_min: int, price_max: int
) -> tuple[Ints, Ints, Ints]:
    """Return (low, high, step) for every node at net supply y, micro-yuan.

    `step` is the step that holds y: it begins at or before y and ends after it, or is the end of
    the node's steps where y is the end of the curve.
    """
    low = np.empty(y.size, np.int64)
    high = np.empty(y.size, np.int64)
    step = np.empty(y.size, np.int64)
    for n in range(y.size):
        lo, hi = curves.first[n], curves.first[n + 1]
        a, b = lo, hi
        while a < b:
            mid = (a + b) // 2
            if curves.start[mid + n + 1] <= y[n]:
                a = mid + 1
            else:
                b = mid
        step[n] = a
        if a < hi and curves.start[a + n] < y[n]:
            low[n] = curves.price[a]
            high[n] = curves.price[a]
            continue
        low[n] = max(curves.price[a - 1], price_min) if a > lo else price_min
        high[n] = min(curves.price[a], price_max) if a < hi else price_max
    return low, high, step

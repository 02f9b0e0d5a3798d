"""The point nearest to a target under many sparse conditions: dual coordinate ascent.

    min ½ Σ D (x − t)²    low ≤ x ≤ high,  Σ a x ≥ b for every row (= where it is an equality)

C. Hildreth, A quadratic programming procedure, Naval Research Logistics Quarterly 4 (1957): each
row in turn gets the multiplier at which it just holds. It nears the answer without reaching it, so
at the end what is still missed is made up row by row and what was given up too much is taken back
point by point. For thousands of unknowns, where the dense method would take too long.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from suanwang.market.clearing.own.compiled import inner, kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SWEEPS_MAX = 60


class Rows(NamedTuple):
    """Sparse conditions, row by row."""

    first: Ints  # [rows + 1]
    column: Ints
    entry: Floats
    least: Floats
    equal: NDArray[np.bool_]


class Box(NamedTuple):
    """The unknowns: weights, targets and bounds."""

    curvature: Floats
    target: Floats
    low: Floats
    high: Floats


@kernel
def nearest_sparse(rows: Rows, box: Box, slack: float) -> Floats:
    """Return x; `slack` is what a row may miss, and more where rows contradict each other."""
    force = np.zeros(rows.least.size)
    loose = box.target.copy()
    x = np.empty(loose.size)
    for i in range(x.size):
        x[i] = min(max(loose[i], box.low[i]), box.high[i])
    for _ in range(SWEEPS_MAX):
        if _sweep(rows, box, (x, loose, force)) <= slack:
            break
    _make_up(rows, box, x)
    _take_back(rows, box, x)
    return x


@inner
def _sweep(rows: Rows, box: Box, state: tuple[Floats, Floats, Floats]) -> float:
    """Give each row in turn the multiplier at which it holds; return how far the worst was off."""
    # One long loop: handing eleven arrays to a function for each row takes longer than the row.
    x, loose, force = state
    worst = 0.0
    for row in range(force.size):
        begin, end, equal = rows.first[row], rows.first[row + 1], rows.equal[row]
        miss = rows.least[row]
        for at in range(begin, end):
            miss -= rows.entry[at] * x[rows.column[at]]
        if not equal and miss <= 0.0 and force[row] == 0.0:
            continue
        give, ends = 0.0, 0.0  # of unknowns that may move; of all, for when all are at their ends
        for at in range(begin, end):
            i, a = rows.column[at], rows.entry[at]
            each = a * a / box.curvature[i]
            ends += each
            if box.low[i] <= loose[i] <= box.high[i]:
                give += each
        give = ends if give == 0.0 else give
        if give == 0.0:
            continue
        change = miss / give if equal else max(miss / give, -force[row])
        if change == 0.0:
            continue
        force[row] += change
        for at in range(begin, end):
            i = rows.column[at]
            loose[i] += change * rows.entry[at] / box.curvature[i]
            x[i] = min(max(loose[i], box.low[i]), box.high[i])
        worst = max(worst, abs(miss) if equal else miss)
    return worst


@inner
def _make_up(rows: Rows, box: Box, x: Floats) -> None:
    """Move unknowns in turn until every inequality that can hold does."""
    for row in range(rows.least.size):
        miss = rows.least[row]
        for at in range(rows.first[row], rows.first[row + 1]):
            miss -= rows.entry[at] * x[rows.column[at]]
        if rows.equal[row]:
            continue
        for at in range(rows.first[row], rows.first[row + 1]):
            if miss <= 0.0:
                break
            i, a = rows.column[at], rows.entry[at]
            if a == 0.0:
                continue
            end = box.high[i] if a > 0 else box.low[i]
            step = min(abs(end - x[i]), miss / abs(a))
            x[i] += step if a > 0 else -step
            miss -= step * abs(a)


@inner
def _take_back(rows: Rows, box: Box, x: Floats) -> None:
    """Move each unknown towards its target as far as its rows let it alone."""
    slack = np.empty(rows.least.size)
    for row in range(slack.size):
        slack[row] = -rows.least[row]
        for at in range(rows.first[row], rows.first[row + 1]):
            slack[row] += rows.entry[at] * x[rows.column[at]]
    first, owner, entry = _users(rows, x.size)
    for i in range(x.size):
        want = min(max(box.target[i], box.low[i]), box.high[i]) - x[i]
        for at in range(first[i], first[i + 1]):
            if rows.equal[owner[at]]:
                want = 0.0
            change, spare = entry[at] * want, max(slack[owner[at]], 0.0)
            if change < 0.0 and -change > spare:
                want *= spare / -change
        if want != 0.0:
            x[i] += want
            for at in range(first[i], first[i + 1]):
                slack[owner[at]] += entry[at] * want


@inner
def _users(rows: Rows, unknowns: int) -> tuple[Ints, Ints, Floats]:
    """Return where each unknown's rows begin, those rows, and the unknown's entries in them."""
    first = np.zeros(unknowns + 1, np.int64)
    for at in range(rows.column.size):
        first[rows.column[at] + 1] += 1
    for i in range(unknowns):
        first[i + 1] += first[i]
    place = first[:-1].copy()
    owner = np.empty(rows.column.size, np.int64)
    entry = np.empty(rows.column.size)
    for row in range(rows.least.size):
        for at in range(rows.first[row], rows.first[row + 1]):
            i = rows.column[at]
            owner[place[i]], entry[place[i]] = row, rows.entry[at]
            place[i] += 1
    return first, owner, entry

"""One slot's market, solved exactly: a primal simplex whose variables have whole curves as costs.

    min  Σ C_n(y_n) + Σ cost f    y_n + Σ in f − Σ out f = demand_n    Σ_k weight f + slack = room

Each node's net supply y is ONE variable with a convex piecewise-linear cost (its curve), so a step
of the curve is never a column and a million orders are as easy as their crossing. The ratio test
walks over the breakpoints of all moving curves until the slope turns (Fourer, A simplex algorithm
for piecewise-linear programming, Math. Programming 33, 1985). The start is autarky, which is
feasible; what the curves cannot supply is bought at a price beyond all others and shows that there
is none.

The basis inverse is kept dense: rows = nodes + links of one slot. Most of a column's entries are 0,
since trades reach along trees, and rows with a 0 are skipped.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Ints
from suanwang.market.clearing.bare import bare
from suanwang.market.clearing.batch import Batch, Limits, Tableau, tableau_of
from suanwang.market.clearing.curves import Curves
from suanwang.market.clearing.network import Links
from suanwang.market.clearing.own.compiled import kernel

Floats = NDArray[np.float64]
OPTIMAL: Final = 0
# A slot that cannot give what is asked of it; one that ran out of pivots. 1 and 2 are rounding's.
SHORT: Final = 3
UNSOLVED: Final = 4
_PIVOT_MIN: Final = 1e-9
_SLOPE_TOLERANCE: Final = 1e-4  # micro-yuan: far below a tick, far above rounding
_NONE: Final = -1  # no row, no variable
_ENDLESS: Final = -2  # no row ends the move


class _Now(NamedTuple):
    """What the pivots change beside the basis."""

    value: Floats  # [rows], of the variable of each row
    cost: Floats  # [rows], slope of that variable
    column: Floats  # [rows], of the entering variable
    distance: Floats  # [rows], to the next change of slope
    segment: Ints  # [nodes]; a node outside the basis stands where its segment begins


@kernel
def solve_batch(curves: Curves, network: Links, batch: Batch, limits: Limits) -> None:
    """Solve each slot of a batch in place."""
    links, nodes = network.source.size, batch.y.shape[1]
    rows = nodes + links
    now = _Now(
        np.empty(rows), np.empty(rows), np.empty(rows), np.empty(rows), np.empty(nodes, np.int64)
    )
    for i in range(batch.slots.size):
        tableau = tableau_of(batch, i)
        batch.status[i], pivots = _solve(curves, network, (tableau, now), limits)
        batch.pivots[i] += pivots
        _read_off(curves, tableau, now)
        if batch.status[i] == OPTIMAL and (_is_overloaded(tableau) or _is_short(curves, tableau)):
            batch.status[i] = SHORT


@bare
def _solve(
    curves: Curves, network: Links, state: tuple[Tableau, _Now], limits: Limits
) -> tuple[int, int]:
    tableau, now = state
    _start(curves, network, state, limits.scarce)
    degenerate = 0
    for pivots in range(limits.pivots_max):
        bland = bool(degenerate > limits.degenerate_max)
        entering, slope, direction = _price_out(curves, network, state, (limits.scarce, bland))
        if entering < 0:
            return OPTIMAL, pivots
        _enter(network, tableau, now.column, entering)
        leaving, theta, segment = _walk(curves, state, (entering, slope, direction), limits.scarce)
        if leaving == _ENDLESS:  # no curve is endless, so this is a fault of ours: give up loudly
            return UNSOLVED, limits.pivots_max
        degenerate = 0 if theta > 0 else degenerate + 1
        for r in range(now.value.size):
            if now.column[r] != 0.0:
                now.value[r] -= direction * theta * now.column[r]
        if leaving == _NONE:
            # The entering curve itself turned: it rests at another of its breakpoints.
            now.segment[entering] = segment if direction > 0 else segment + 1
        else:
            _swap(curves, state, (entering, leaving, segment), (direction, theta))
            if entering < now.segment.size:
                now.cost[leaving] = _slope(
                    curves, tableau.offset + entering, segment, limits.scarce
                )
            elif entering < now.segment.size + network.weight.size:
                link = (entering - now.segment.size) // network.weight.shape[1]
                now.cost[leaving] = network.cost[link]
            _pivot(tableau.inverse, now.column, leaving)
        _price_rows(tableau, now.cost)
    return UNSOLVED, limits.pivots_max


@bare
def _slope(curves: Curves, node: int, segment: int, scarce: float) -> float:
    # The price of a segment of one curve; −1 and the count are beyond its ends.
    lo, hi = curves.first[node], curves.first[node + 1]
    if segment < 0:
        return -scarce
    if segment >= hi - lo:
        return scarce
    return float(curves.price[lo + segment])


@bare
def _start(curves: Curves, network: Links, state: tuple[Tableau, _Now], scarce: float) -> None:
    # Autarky: every node is basic and gives its own demand, every link is empty.
    tableau, now = state
    nodes, links, flows = now.segment.size, network.source.size, network.weight.size
    for r in range(nodes + links):
        for c in range(nodes + links):
            tableau.inverse[r, c] = 1.0 if r == c else 0.0
    for v in range(tableau.row_of.size):
        tableau.row_of[v] = _NONE
    for n in range(nodes):
        now.value[n] = tableau.demand[n]
        now.segment[n] = _segment_of(curves, tableau.offset + n, now.value[n])
        now.cost[n] = _slope(curves, tableau.offset + n, now.segment[n], scarce)
        tableau.in_row[n] = n
        tableau.row_of[n] = n
        tableau.dual[n] = now.cost[n]
    for j in range(links):
        r = nodes + j
        now.value[r] = tableau.room[j]
        now.cost[r] = 0.0
        tableau.in_row[r] = nodes + flows + j
        tableau.row_of[nodes + flows + j] = r
        tableau.dual[r] = 0.0


@bare
def _segment_of(curves: Curves, node: int, demand: float) -> int:
    # The segment that holds `demand`: the last one that begins at or before it.
    lo, hi = curves.first[node], curves.first[node + 1]
    base = lo + node
    a, b = 0, int(hi - lo + 1)
    while a < b:
        mid = (a + b) // 2
        if curves.start[base + mid] <= demand:
            a = mid + 1
        else:
            b = mid
    # At the very end of a curve stay on its last step: its price means something.
    if hi > lo and a - 1 == hi - lo and curves.start[base + hi - lo] == demand:
        return a - 2
    return a - 1


@bare
def _price_out(  # noqa: C901, PLR0912 - one pass over all kinds of variables
    curves: Curves, network: Links, state: tuple[Tableau, _Now], how: tuple[float, bool]
) -> tuple[int, float, float]:
    # The variable whose move lowers the cost fastest; under Bland's rule the first that lowers it.
    (tableau, now), (scarce, bland) = state, how
    nodes, (links, classes) = now.segment.size, network.weight.shape
    dual, row_of = tableau.dual, tableau.row_of
    best, entering, direction = -_SLOPE_TOLERANCE, _NONE, 1.0
    for j in range(links):
        for k in range(classes):
            v = nodes + j * classes + k
            if row_of[v] < 0:
                i = k * network.zones + network.source[j]
                o = k * network.zones + network.target[j]
                slope = network.cost[j] + dual[i] - dual[o] - network.weight[j, k] * dual[nodes + j]
                if slope < best:
                    best, entering = slope, v
                    if bland:
                        return entering, best, direction
    for n in range(nodes):
        if row_of[n] >= 0:
            continue
        node, segment = tableau.offset + n, now.segment[n]
        up = _slope(curves, node, segment, scarce) - dual[n]
        down = dual[n] - _slope(curves, node, segment - 1, scarce)
        if up < best:
            best, entering, direction = up, n, 1.0
        if down < best:
            best, entering, direction = down, n, -1.0
        if bland and entering >= 0:
            return entering, best, direction
    for j in range(links):
        v = nodes + links * classes + j
        if row_of[v] < 0 and -dual[nodes + j] < best:
            best, entering, direction = -dual[nodes + j], v, 1.0
            if bland:
                break
    return entering, best, direction


@bare
def _enter(network: Links, tableau: Tableau, column: Floats, entering: int) -> None:
    # The column of a variable in the basis.
    nodes, (links, classes) = tableau.y.size, network.weight.shape
    inverse = tableau.inverse
    if entering < nodes:
        for r in range(column.size):
            column[r] = inverse[r, entering]
    elif entering < nodes + links * classes:
        j, k = (entering - nodes) // classes, (entering - nodes) % classes
        i = k * network.zones + network.source[j]
        o = k * network.zones + network.target[j]
        w = network.weight[j, k]
        for r in range(column.size):
            column[r] = inverse[r, o] - inverse[r, i] + w * inverse[r, nodes + j]
    else:
        j = entering - nodes - links * classes
        for r in range(column.size):
            column[r] = inverse[r, nodes + j]


@bare
def _walk(  # noqa: C901 - one loop over events of two kinds
    curves: Curves, state: tuple[Tableau, _Now], move: tuple[int, float, float], scarce: float
) -> tuple[int, float, int]:
    # Ratio test: first events of every row, then on until the slope turns. Returns (row that
    # leaves, length of the move, segment of the entering curve).
    (tableau, now), (entering, slope, direction) = state, move
    offset, nodes = tableau.offset, now.segment.size
    segment, own = int(np.int64(0)), np.inf
    if entering < nodes:
        segment = int(now.segment[entering]) - (0 if direction > 0 else 1)
        own = _own_distance(curves, now, (offset, entering), (segment, direction))
    for r in range(now.value.size):
        v, rate = tableau.in_row[r], -direction * now.column[r]
        now.distance[r] = _distance(curves, now, (offset, r, v), rate)
    while True:
        at, row, size = own, _NONE, 1.0
        for r in range(now.value.size):
            if now.distance[r] < at or (
                now.distance[r] == at and row >= 0 and abs(now.column[r]) > size
            ):
                at, row, size = now.distance[r], r, abs(now.column[r])
        if at == np.inf:
            return _ENDLESS, at, segment
        theta = max(at, 0.0)
        if row < 0:
            here = _slope(curves, offset + entering, segment, scarce)
            segment += 1 if direction > 0 else -1
            slope += abs(_slope(curves, offset + entering, segment, scarce) - here)
            if slope >= -_SLOPE_TOLERANCE:
                return row, theta, segment
            own = _own_distance(curves, now, (offset, entering), (segment, direction))
            continue
        v = tableau.in_row[row]
        if v >= nodes:
            return row, theta, segment
        rate = -direction * now.column[row]
        after = now.segment[v] + (1 if rate > 0 else -1)
        here = _slope(curves, offset + v, now.segment[v], scarce)
        beyond = _slope(curves, offset + v, after, scarce)
        slope += abs(rate) * abs(beyond - here)
        if slope >= -_SLOPE_TOLERANCE:
            return row, theta, segment
        now.segment[v], now.cost[row] = after, beyond
        now.distance[row] = _distance(curves, now, (offset, row, v), rate)


@bare
def _distance(curves: Curves, now: _Now, at: tuple[int, int, int], rate: float) -> float:
    # How far the variable of a row may move at this rate before its slope changes.
    offset, row, v = at
    if abs(rate) < _PIVOT_MIN:
        return np.inf
    value = now.value[row]
    if v >= now.segment.size:
        return float(value / -rate) if rate < 0 else np.inf
    lo, hi = curves.first[offset + v], curves.first[offset + v + 1]
    s = now.segment[v]
    if rate > 0:
        if s >= hi - lo:
            return np.inf
        return max(float(curves.start[lo + offset + v + s + 1] - value) / rate, 0.0)
    if s < 0:
        return np.inf
    return max(float(value - curves.start[lo + offset + v + s]) / -rate, 0.0)


@bare
def _own_distance(curves: Curves, now: _Now, at: tuple[int, int], to: tuple[int, float]) -> float:
    # From the breakpoint where the entering curve rests to the end of a segment.
    (offset, entering), (segment, direction) = at, to
    lo, hi = curves.first[offset + entering], curves.first[offset + entering + 1]
    base = lo + offset + entering
    rest = curves.start[base + now.segment[entering]]
    if direction > 0:
        return float(curves.start[base + segment + 1] - rest) if segment < hi - lo else np.inf
    return float(rest - curves.start[base + segment]) if segment >= 0 else np.inf


@bare
def _swap(
    curves: Curves, state: tuple[Tableau, _Now], who: tuple[int, int, int],
    move: tuple[float, float],
) -> None:  # fmt: skip
    # The variable of row `leaving` rests at a breakpoint, the entering one takes its row.
    (tableau, now), (entering, leaving, segment), (direction, theta) = state, who, move
    v = tableau.in_row[leaving]
    if v < now.segment.size and -direction * now.column[leaving] > 0:
        now.segment[v] += 1
    tableau.row_of[v] = _NONE
    tableau.in_row[leaving] = entering
    tableau.row_of[entering] = leaving
    now.value[leaving] = theta
    now.cost[leaving] = 0.0
    if entering < now.segment.size:
        node = tableau.offset + entering
        rest = curves.start[curves.first[node] + node + now.segment[entering]]
        now.value[leaving] = rest + direction * theta
        now.segment[entering] = segment


@bare
def _pivot(inverse: Floats, column: Floats, leaving: int) -> None:
    rows = column.size
    scale = 1.0 / column[leaving]
    for c in range(rows):
        inverse[leaving, c] *= scale
    for r in range(rows):
        if r != leaving and column[r] != 0.0:
            factor = column[r]
            for c in range(rows):
                inverse[r, c] -= factor * inverse[leaving, c]


@bare
def _price_rows(tableau: Tableau, cost: Floats) -> None:
    rows, dual, inverse = cost.size, tableau.dual, tableau.inverse
    for c in range(rows):
        dual[c] = 0.0
    for r in range(rows):
        if cost[r] != 0.0:
            for c in range(rows):
                dual[c] += cost[r] * inverse[r, c]


@bare
def _read_off(curves: Curves, tableau: Tableau, now: _Now) -> None:
    nodes, (links, classes) = now.segment.size, tableau.flow.shape
    for n in range(nodes):
        node, row = tableau.offset + n, tableau.row_of[n]
        if row >= 0:
            tableau.y[n] = now.value[row]
        else:
            tableau.y[n] = curves.start[curves.first[node] + node + now.segment[n]]
    for j in range(links):
        for k in range(classes):
            row = tableau.row_of[nodes + j * classes + k]
            tableau.flow[j, k] = max(now.value[row], 0.0) if row >= 0 else 0.0


@bare
def _is_short(curves: Curves, tableau: Tableau) -> bool:
    # Whether a node gives more than it has, or takes more than all its bids.
    for n in range(tableau.y.size):
        node = tableau.offset + n
        low = curves.start[curves.first[node] + node]
        high = curves.start[curves.first[node + 1] + node]
        spare = 1.0 + 1e-12 * (abs(float(low)) + abs(float(high)))
        if tableau.y[n] < low - spare or tableau.y[n] > high + spare:
            return True
    return False


@bare
def _is_overloaded(tableau: Tableau) -> bool:
    # Whether data alone is more than a link carries: then not even autarky is feasible.
    least = 0.0
    for j in range(tableau.room.size):
        least = min(least, tableau.room[j])
    return least < -1.0  # quantum: a float's room may be a hair below none

"""Among outcomes of the same welfare, the one with the least Σ unfilled² ÷ ordered.

Where the simplex ends, a variable outside the basis with no reduced cost may move without changing
the welfare, and takes basic ones along. Only those few are unknown here: each tied node has what
its asks take (towards all) and what its bids give up (towards nothing), flows and room stay ≥ 0.
In a quadratic way the fractions of tied orders come out equal wherever links have room.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Ints
from suanwang.market.clearing.bare import bare
from suanwang.market.clearing.batch import Batch, Tableau, tableau_of
from suanwang.market.clearing.curves import Curves
from suanwang.market.clearing.nearest import SOLVED, Program, nearest
from suanwang.market.clearing.network import Links
from suanwang.market.clearing.own.compiled import inner, kernel

Floats = NDArray[np.float64]
_SLOPE_TOLERANCE: Final = 1e-3  # micro-yuan: prices this near are the same price
_ENTRY_MIN: Final = 1e-9
_FLOW_CURVATURE: Final = 1e-8  # flows count next to nothing, so that no round trips are left
_FLOW_MIN: Final = 1e-11  # of the scale: a flow below this is rounding


class _Moves(NamedTuple):
    """The variables that move: `free` of them by themselves, one more for each row they touch."""

    free: int
    columns: Floats  # [rows, free]: what a free variable takes out of each row's
    row: Ints  # [moving − free]
    variable: Ints  # [moving]
    place: Ints  # [moving + 1]: first unknown; a node has two, a flow or a slack has one
    base: Floats  # [moving], where a node's step begins, in scales
    now: Floats  # [moving], in scales
    scale: float  # quanta, so that unknowns are near 1


@kernel
def even_out(curves: Curves, network: Links, batch: Batch, todo: NDArray[np.bool_]) -> None:
    """Share ties over links, in place in `y` and `flow` of the slots to do.

    Where that fails the simplex's own vertex stands: it is an outcome of the same welfare.
    """
    for i in range(batch.slots.size):
        if not todo[i]:
            continue
        tableau = tableau_of(batch, i)
        free = _free_variables(curves, network, tableau)
        if free.size > 0:
            moves = _moves_of(curves, network, tableau, free)
            program = _program_of(curves, tableau, moves)
            found, status = nearest(program)
            if status == SOLVED:
                _write_back(tableau, moves, found)


@bare
def tied_step(curves: Curves, node: int, at: float) -> tuple[int, bool]:
    """Return (step of this node's curve priced `at`, or the first one above it, whether tied)."""
    a, b = curves.first[node], curves.first[node + 1]
    while a < b:
        mid = (a + b) // 2
        if curves.price[mid] < at - _SLOPE_TOLERANCE:
            a = mid + 1
        else:
            b = mid
    tied = a < curves.first[node + 1] and abs(curves.price[a] - at) <= _SLOPE_TOLERANCE
    return a, tied


@bare
def _step_sizes(curves: Curves, node: int, at: float) -> tuple[int, int, int]:
    # (y where the step begins, its asks, its bids); a node that is not tied cannot bend.
    step, tied = tied_step(curves, node, at)
    if tied:
        return int(curves.start[step + node]), int(curves.asks[step]), int(curves.bids[step])
    return int(curves.start[step + node]), 0, 0


@inner
def _free_variables(curves: Curves, network: Links, tableau: Tableau) -> Ints:
    # Outside the basis, at no reduced cost.
    nodes, (links, classes) = tableau.y.size, tableau.flow.shape
    dual, row_of = tableau.dual, tableau.row_of
    free = np.empty(row_of.size, np.int64)
    count = 0
    for n in range(nodes):
        if row_of[n] < 0 and tied_step(curves, tableau.offset + n, dual[n])[1]:
            free[count] = n
            count += 1
    for j in range(links):
        rent = max(-dual[nodes + j], 0.0)
        for k in range(classes):
            v = nodes + j * classes + k
            i = k * network.zones + network.source[j]
            o = k * network.zones + network.target[j]
            slope = network.cost[j] + dual[i] - dual[o] + network.weight[j, k] * rent
            if row_of[v] < 0 and abs(slope) <= _SLOPE_TOLERANCE:
                free[count] = v
                count += 1
    for j in range(links):
        v = nodes + links * classes + j
        if row_of[v] < 0 and max(-dual[nodes + j], 0.0) <= _SLOPE_TOLERANCE:
            free[count] = v
            count += 1
    return free[:count]


@inner
def _moves_of(curves: Curves, network: Links, tableau: Tableau, free: Ints) -> _Moves:
    nodes = tableau.y.size
    columns, row = _columns(network, tableau, free)
    variable = np.empty(free.size + row.size, np.int64)
    place = np.zeros(variable.size + 1, np.int64)
    base, now = np.zeros(variable.size), np.empty(variable.size)
    scale = 1.0
    for m in range(variable.size):
        v = free[m] if m < free.size else tableau.in_row[row[m - free.size]]
        variable[m] = v
        place[m + 1] = place[m] + (2 if v < nodes else 1)
        if v < nodes:
            begin, asks, bids = _step_sizes(curves, tableau.offset + v, tableau.dual[v])
            base[m] = begin
            scale = max(scale, float(max(asks, bids)))
    for m in range(variable.size):
        base[m] /= scale
        now[m] = _value(network, tableau, variable[m]) / scale
    return _Moves(free.size, columns, row, variable, place, base, now, scale)


@inner
def _columns(network: Links, tableau: Tableau, free: Ints) -> tuple[Floats, Ints]:
    # The free variables' columns in the basis, and the rows where one of them is not 0.
    nodes, (links, classes) = tableau.y.size, tableau.flow.shape
    rows, inverse = tableau.in_row.size, tableau.inverse
    columns = np.zeros((rows, free.size))
    for q in range(free.size):
        v = free[q]
        j, k = (v - nodes) // classes, (v - nodes) % classes
        for r in range(rows):
            if v < nodes:
                columns[r, q] = inverse[r, v]
            elif v < nodes + links * classes:
                i = k * network.zones + network.source[j]
                o = k * network.zones + network.target[j]
                column = inverse[r, o] - inverse[r, i]
                columns[r, q] = column + network.weight[j, k] * inverse[r, nodes + j]
            else:
                columns[r, q] = inverse[r, v - links * classes]
    touched = np.empty(rows, np.int64)
    count = 0
    for r in range(rows):
        for q in range(free.size):
            if abs(columns[r, q]) > _ENTRY_MIN:
                touched[count] = r
                count += 1
                break
    return columns, touched[:count]


@bare
def _value(network: Links, tableau: Tableau, v: int) -> float:
    nodes, (links, classes) = tableau.y.size, tableau.flow.shape
    if v < nodes:
        return float(tableau.y[v])
    if v < nodes + links * classes:
        return float(tableau.flow[(v - nodes) // classes, (v - nodes) % classes])
    j = v - nodes - links * classes
    left = tableau.room[j]
    for k in range(classes):
        left -= network.weight[j, k] * tableau.flow[j, k]
    return max(float(left), 0.0)


@inner
def _program_of(curves: Curves, tableau: Tableau, moves: _Moves) -> Program:
    # First the rows' equations, then 0 ≤ each part of a node ≤ its orders, flows and slacks ≥ 0.
    nodes, equal, unknowns = tableau.y.size, moves.row.size, moves.place[-1]
    curvature = np.empty(unknowns)
    goal = np.zeros(unknowns)
    matrix = np.zeros((equal + 2 * unknowns, unknowns))
    bound = np.zeros(equal + 2 * unknowns)
    used = equal
    for m in range(moves.variable.size):
        v, c = moves.variable[m], moves.place[m]
        if v >= nodes:
            curvature[c] = _FLOW_CURVATURE
            matrix[used, c] = 1.0
            used += 1
            continue
        _, asks, bids = _step_sizes(curves, tableau.offset + v, tableau.dual[v])
        for part in range(2):
            size = float(asks if part == 0 else bids) / moves.scale
            curvature[c + part] = 1.0 / size if size > 0 else 1.0
            goal[c + part] = size if part == 0 else 0.0
            matrix[used, c + part] = 1.0
            matrix[used + 1, c + part] = -1.0
            bound[used + 1] = -size
            used += 2
    for i in range(equal):
        bound[i] = _fill_row(moves, nodes, matrix[i], i)
    return Program(curvature, goal, matrix[:used], bound[:used], equal)


@bare
def _fill_row(moves: _Moves, nodes: int, line: Floats, i: int) -> float:
    # Row i's own variable and what the free ones take out of it together stay what they are.
    m = moves.free + i
    right = moves.now[m] - moves.base[m]
    line[moves.place[m]] = 1.0
    if moves.variable[m] < nodes:
        line[moves.place[m] + 1] = 1.0
    for q in range(moves.free):
        entry = moves.columns[moves.row[i], q]
        if abs(entry) > _ENTRY_MIN:
            line[moves.place[q]] = entry
            if moves.variable[q] < nodes:
                line[moves.place[q] + 1] = entry
            right += entry * (moves.now[q] - moves.base[q])
    return float(right)


@bare
def _write_back(tableau: Tableau, moves: _Moves, found: Floats) -> None:
    nodes, (links, classes) = tableau.y.size, tableau.flow.shape
    for m in range(moves.variable.size):
        v, c = moves.variable[m], moves.place[m]
        if v < nodes:
            tableau.y[v] = (moves.base[m] + found[c] + found[c + 1]) * moves.scale
        elif v < nodes + links * classes:
            amount = found[c] * moves.scale
            is_flow = amount > _FLOW_MIN * moves.scale
            tableau.flow[(v - nodes) // classes, (v - nodes) % classes] = amount if is_flow else 0.0

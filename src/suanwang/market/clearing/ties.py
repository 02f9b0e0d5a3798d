"""Among outcomes of the same welfare, the one with the least Σ unfilled² ÷ ordered.

Where the simplex ends, a variable outside the basis with no reduced cost may move without changing
the welfare, and takes basic ones along. Only those are unknown here: each tied node has what its
asks take (towards all) and what its bids give up (towards nothing); flows and room stay ≥ 0. In a
quadratic way the fractions of tied orders come out equal wherever links have room.
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
from suanwang.market.clearing.rings import (
    BACK,
    HEAD,
    HIGH,
    LOW,
    NOW,
    SHARED,
    TAIL,
    THERE,
    UNKNOWN,
    UP,
    Flows,
    beyond,
    find_arcs,
    no_flows,
    take_off,
)

Floats = NDArray[np.float64]
_SLOPE_TOLERANCE: Final = 1e-3  # micro-yuan: prices this near are the same price
_ENTRY_MIN: Final = 1e-9
_FLOW_CURVATURE: Final = 1e-8  # flows count next to nothing, so that rings stay still
_FLOW_MIN: Final = 1e-11  # of the scale: a flow below this is rounding


class _Tie(NamedTuple):
    """All that moves in one slot; arrays are for as much as there can be.

    Unknowns are first parts: what tied nodes take of their asks and give up of their bids. The
    lines of the program are nodes, full links │ other links, arcs, parts; up to the bar they hold
    with equality. Arcs and parts have two lines each, for both ends. Many lines are empty.
    """

    moving: NDArray[np.bool_]  # [variables]
    part: Ints  # [2, parts], node; 0 for its asks, 1 for its bids
    orders: Floats  # [parts], in scales
    base: Floats  # [nodes], quanta, where a node's step begins, or what a node without parts gives
    flows: Flows


class _Size(NamedTuple):
    """How much of it there is in one slot."""

    scale: float  # quanta, so that unknowns are near 1
    parts: int
    arcs: int
    unknowns: int


@kernel
def even_out(curves: Curves, network: Links, batch: Batch, todo: NDArray[np.bool_]) -> None:
    """Share ties over links, in place in `y` and `flow` of the slots to do.

    Where that fails the simplex's own vertex stands: it is an outcome of the same welfare.
    """
    tie = _empty_tie(batch.y.shape[1], network.weight.size, batch.row_of.shape[1])
    for i in range(batch.slots.size):
        if todo[i]:
            tableau = tableau_of(batch, i)
            if _find_moving(curves, network, tableau, tie.moving):
                size = _measure(curves, network, tableau, tie)
                program = _program_of(network, tableau, (tie, size))
                found, status = nearest(program)
                if status == SOLVED:
                    _write_back(tableau, (tie, size), found)


@inner
def _empty_tie(nodes: int, flows: int, variables: int) -> _Tie:
    return _Tie(
        np.empty(variables, np.bool_),
        np.empty((2, 2 * nodes), np.int64),
        np.empty(2 * nodes),
        np.empty(nodes),
        no_flows(nodes, flows),
    )


@bare
def _measure(curves: Curves, network: Links, tableau: Tableau, tie: _Tie) -> _Size:
    parts, scale = _find_parts(curves, tableau, tie)
    for n in range(tableau.y.size):
        tie.flows.over[n] = (tableau.y[n] - tie.base[n]) / scale
    arcs = find_arcs(network, tableau, tie.moving, (tie.flows, scale))
    return _Size(scale, parts, arcs, take_off(tie.flows, arcs, parts))


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


@bare
def _find_moving(
    curves: Curves, network: Links, tableau: Tableau, moving: NDArray[np.bool_]
) -> bool:
    # The free variables, and those in whose rows one of them has an entry that is not 0.
    found = False
    for v in range(moving.size):
        moving[v] = False
    for v in range(moving.size):
        if tableau.row_of[v] < 0 and _is_free(curves, network, tableau, v):
            found = moving[v] = True
            for r in range(tableau.in_row.size):
                if abs(_entry(network, tableau, r, v)) > _ENTRY_MIN:
                    moving[tableau.in_row[r]] = True
    return found


@bare
def _is_free(curves: Curves, network: Links, tableau: Tableau, v: int) -> bool:
    # Whether a variable outside the basis has no reduced cost.
    nodes, (links, classes) = tableau.y.size, tableau.flow.shape
    if v < nodes:
        return tied_step(curves, tableau.offset + v, tableau.dual[v])[1]
    if v >= nodes + links * classes:
        return bool(max(-tableau.dual[v - links * classes], 0.0) <= _SLOPE_TOLERANCE)
    j, k = (v - nodes) // classes, (v - nodes) % classes
    i, o = k * network.zones + network.source[j], k * network.zones + network.target[j]
    rent = max(-tableau.dual[nodes + j], 0.0)
    slope = network.cost[j] + tableau.dual[i] - tableau.dual[o] + network.weight[j, k] * rent
    return bool(abs(slope) <= _SLOPE_TOLERANCE)


@bare
def _entry(network: Links, tableau: Tableau, r: int, v: int) -> float:
    # What a variable outside the basis takes out of row r's own.
    nodes, (links, classes) = tableau.y.size, tableau.flow.shape
    line = tableau.inverse[r]
    if v < nodes:
        return float(line[v])
    if v >= nodes + links * classes:
        return float(line[v - links * classes])
    j, k = (v - nodes) // classes, (v - nodes) % classes
    i, o = k * network.zones + network.source[j], k * network.zones + network.target[j]
    return float(line[o] - line[i] + network.weight[j, k] * line[nodes + j])


@bare
def _find_parts(curves: Curves, tableau: Tableau, tie: _Tie) -> tuple[int, float]:
    # How many parts there are, and the largest of them in quanta.
    count, scale = 0, 1.0
    for n in range(tableau.y.size):
        tie.base[n] = tableau.y[n]
        if not tie.moving[n]:
            continue
        begin, asks, bids = _step_sizes(curves, tableau.offset + n, tableau.dual[n])
        for side in range(2):
            orders = bids if side else asks
            if orders > 0:
                tie.base[n] = begin
                tie.part[0, count], tie.part[1, count] = n, side
                tie.orders[count] = orders
                scale = max(scale, float(orders))
                count += 1
    for x in range(count):
        tie.orders[x] /= scale
    return count, scale


@inner
def _program_of(network: Links, tableau: Tableau, what: tuple[_Tie, _Size]) -> Program:
    size, nodes, links = what[1], tableau.y.size, network.source.size
    lines = nodes + 2 * (links + size.arcs + size.parts)
    program = Program(
        np.empty(size.unknowns),
        np.zeros(size.unknowns),
        np.zeros((lines, size.unknowns)),
        np.zeros(lines),
        nodes + links,
    )
    _fill(network, tableau, what, program)
    return program


@bare
def _fill(network: Links, tableau: Tableau, what: tuple[_Tie, _Size], program: Program) -> None:
    (tie, size), nodes, links = what, tableau.y.size, network.source.size
    first_arc = nodes + 2 * links
    for n in range(nodes):
        _bound_node(tie.flows, program.bound, n, first_arc)
    for x in range(size.parts):
        orders, line = tie.orders[x], first_arc + 2 * (size.arcs + x)
        program.curvature[x] = 1.0 / orders
        program.target[x] = 0.0 if tie.part[1, x] else orders
        program.matrix[line, x] = 1.0
        program.matrix[line + 1, x] = -1.0
        program.bound[line + 1] = -orders
        _fill_part(tie.flows, program.matrix, (x, tie.part[0, x]), first_arc)
    for e in range(size.arcs):
        if tie.flows.arc[UNKNOWN, e] >= 0:
            _fill_arc(tie.flows, program, e, first_arc)
        if tie.flows.arc[SHARED, e]:
            _fill_link(network, tableau, what, (e, program))


@bare
def _bound_node(flows: Flows, bound: Floats, n: int, first_arc: int) -> None:
    # What a node and those that hang from it have over: it stays, or its arc carries it.
    e, over = flows.node[UP, n], flows.over[n]
    if e < 0:
        bound[n] = over
    else:
        line, sign = first_arc + 2 * e, 1.0 if flows.arc[TAIL, e] == n else -1.0
        bound[line] = flows.flow[LOW, e] + sign * over
        bound[line + 1] = -flows.flow[HIGH, e] - sign * over


@bare
def _fill_part(flows: Flows, matrix: Floats, part: tuple[int, int], first_arc: int) -> None:
    # A part goes over every arc from its node to a ring, and into the balance there.
    x, n = part
    while flows.node[UP, n] >= 0:
        e = flows.node[UP, n]
        line, sign = first_arc + 2 * e, 1.0 if flows.arc[TAIL, e] == n else -1.0
        matrix[line, x] = sign
        matrix[line + 1, x] = -sign
        n = beyond(flows.arc, e, n)
    matrix[n, x] = 1.0


@bare
def _fill_arc(flows: Flows, program: Program, e: int, first_arc: int) -> None:
    x, line = flows.arc[UNKNOWN, e], first_arc + 2 * e
    program.curvature[x] = _FLOW_CURVATURE
    program.matrix[flows.arc[TAIL, e], x] = -1.0
    program.matrix[flows.arc[HEAD, e], x] = 1.0
    program.matrix[line, x] = 1.0
    program.bound[line] = flows.flow[LOW, e]
    program.matrix[line + 1, x] = -1.0
    program.bound[line + 1] = -flows.flow[HIGH, e]


@bare
def _fill_link(
    network: Links, tableau: Tableau, what: tuple[_Tie, _Size], to: tuple[int, Program]
) -> None:
    # What classes that share a link carry together stays what it is, or below the room there is.
    (tie, size), (e, program) = what, to
    nodes, (links, classes) = tableau.y.size, tableau.flow.shape
    x, way = tie.flows.arc[UNKNOWN, e], tie.flows.arc[THERE, e] - nodes
    j, k = way // classes, way % classes
    weight = network.weight[j, k]
    if tie.moving[nodes + links * classes + j]:
        program.matrix[nodes + links + j, x] = -weight
        program.bound[nodes + links + j] = -tie.flows.flow[HIGH, e] * weight
    else:
        program.matrix[nodes + j, x] = weight
        program.bound[nodes + j] += weight * tableau.flow[j, k] / size.scale


@bare
def _write_back(tableau: Tableau, what: tuple[_Tie, _Size], found: Floats) -> None:
    (tie, size), nodes, classes = what, tableau.y.size, tableau.flow.shape[1]
    arc, flows = tie.flows.arc, tie.flows.flow
    _move_nodes(tableau.y, what, found)
    for e in range(size.arcs):
        flow, low, high = flows[NOW, e], flows[LOW, e], flows[HIGH, e]
        if arc[UNKNOWN, e] >= 0:
            flow = found[arc[UNKNOWN, e]]
        # At an end, or so near that only rounding is between, a flow is at that end.
        if flow >= high - _FLOW_MIN:
            flow = high
        if flow <= low + _FLOW_MIN:
            flow = low
        if abs(flow) <= _FLOW_MIN:
            flow = 0.0
        for way in range(THERE, BACK + 1):
            v = arc[way, e] - nodes
            if v >= 0:
                amount = max(flow if way == THERE else -flow, 0.0)
                tableau.flow[v // classes, v % classes] = amount * size.scale


@bare
def _move_nodes(y: Floats, what: tuple[_Tie, _Size], found: Floats) -> None:
    # And what each that was taken off has over now, its arc carries.
    (tie, size), flows = what, what[0].flows
    for n in range(y.size):
        y[n] = tie.base[n]
    for x in range(size.parts):
        n = tie.part[0, x]
        y[n] += found[x] * size.scale
        flows.over[n] -= found[x]
        while flows.node[UP, n] >= 0:
            n = beyond(flows.arc, flows.node[UP, n], n)
            flows.over[n] -= found[x]
    for n in range(y.size):
        e = flows.node[UP, n]
        if e >= 0:
            sign = -1.0 if flows.arc[TAIL, e] == n else 1.0
            flows.flow[NOW, e] = sign * flows.over[n]

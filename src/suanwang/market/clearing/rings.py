"""The flows of one slot that may move, and how few of them are unknown.

    a ──▶ b ◀──▶ c         c's only link carries what c has over, b's then what b and c have over
           ╲    ╱
    e ◀──▶ d             … so nodes with one arc are taken off in turn, until all lie on rings

There and back over a link is one signed flow: where both may move, neither costs anything, and one
of them is best left empty. So no round trips are left either.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Ints
from suanwang.market.clearing.bare import bare
from suanwang.market.clearing.batch import Tableau
from suanwang.market.clearing.network import Links
from suanwang.market.clearing.own.compiled import inner

Floats = NDArray[np.float64]
NONE: Final = -1  # no arc, no unknown, no variable


class Flows(NamedTuple):
    """Flows that may move and how they hang together; arrays are for as many as there can be.

    The fewer arrays a compiled function is handed, the faster it is compiled: so lines of one.
    """

    arc: Ints  # [_ARC_LINES, arcs], one arc for there and back
    flow: Floats  # [_FLOW_LINES, arcs], in scales
    node: Ints  # [_NODE_LINES, nodes]
    over: Floats  # [nodes], what this node and those taken off before it have over, in scales


# Of an arc: the variables there and back, its nodes, whether other classes may move on its link,
# and the number of the unknown if it lies on a ring.
THERE, BACK, TAIL, HEAD, SHARED, UNKNOWN = range(6)
_ARC_LINES: Final = 6
NOW, LOW, HIGH = range(3)  # below 0 a flow goes back
_FLOW_LINES: Final = 3
# Of a node: the arc that it was taken off with; how many arcs are left; the sum of their numbers,
# which, with one left, is its number.
UP, _DEGREE, _SUM = range(3)
_NODE_LINES: Final = 3


@inner
def no_flows(nodes: int, arcs: int) -> Flows:
    """Allocate room for what may move."""
    return Flows(
        np.empty((_ARC_LINES, arcs), np.int64),
        np.empty((_FLOW_LINES, arcs)),
        np.empty((_NODE_LINES, nodes), np.int64),
        np.empty(nodes),
    )


@bare
def find_arcs(
    network: Links, tableau: Tableau, moving: NDArray[np.bool_], result: tuple[Flows, float]
) -> int:
    """Collect the flows that may move and return how many; a scale is so many quanta."""
    (flows, scale), nodes, (links, classes) = result, tableau.y.size, tableau.flow.shape
    arc, flow, count = flows.arc, flows.flow, 0
    for j in range(links):
        sharers, room = _sharers(network, tableau, moving, j)
        for k in range(classes):
            v = nodes + j * classes + k
            if not moving[v]:
                continue
            i = k * network.zones + network.source[j]
            o = k * network.zones + network.target[j]
            now, high = tableau.flow[j, k] / scale, room / network.weight[j, k] / scale
            twin = _twin(arc, count, (o, i)) if sharers == 1 else NONE
            if twin >= 0:
                arc[BACK, twin], flow[LOW, twin] = v, -high
                flow[NOW, twin] -= now
                continue
            arc[THERE, count], arc[BACK, count] = v, NONE
            arc[TAIL, count], arc[HEAD, count] = i, o
            arc[SHARED, count], arc[UNKNOWN, count] = sharers > 1, 0
            flow[NOW, count], flow[LOW, count], flow[HIGH, count] = now, 0.0, high
            count += 1
    return count


@bare
def _sharers(
    network: Links, tableau: Tableau, moving: NDArray[np.bool_], j: int
) -> tuple[int, float]:
    # How many classes may move on link j, and the room that they have together.
    nodes, classes = tableau.y.size, tableau.flow.shape[1]
    count, carried, room = 0, 0.0, tableau.room[j]
    for k in range(classes):
        load = network.weight[j, k] * tableau.flow[j, k]
        if moving[nodes + j * classes + k]:
            count += 1
            carried += load
        else:
            room -= load
    return count, max(float(room), carried)


@bare
def _twin(arc: Ints, count: int, ends: tuple[int, int]) -> int:
    # The arc of the other direction.
    for e in range(count):
        if arc[TAIL, e] == ends[0] and arc[HEAD, e] == ends[1] and not arc[SHARED, e]:
            return e
    return NONE


@bare
def beyond(arc: Ints, e: int, n: int) -> int:
    """Return the other end of an arc."""
    return int(arc[TAIL, e] + arc[HEAD, e] - n)


@bare
def take_off(flows: Flows, count: int, first: int) -> int:
    """Take off nodes with one arc; number the flows that are left and return the next number.

    Args:
        flows: `over` is what each node has over before its arcs; changed in place.
        count: the number of arcs.
        first: the number of the first unknown flow.
    """
    arc, node, over = flows.arc, flows.node, flows.over
    for n in range(over.size):
        node[UP, n], node[_DEGREE, n], node[_SUM, n] = NONE, 0, 0
    for e in range(count):
        for end in range(TAIL, HEAD + 1):
            n = arc[end, e]
            over[n] += flows.flow[NOW, e] if end == HEAD else -flows.flow[NOW, e]
            node[_DEGREE, n] += 1
            node[_SUM, n] += e
    for leaf in range(over.size):
        n = leaf
        while node[_DEGREE, n] == 1 and not arc[SHARED, node[_SUM, n]]:
            e = node[_SUM, n]
            other = beyond(arc, e, n)
            node[UP, n], arc[UNKNOWN, e] = e, NONE
            over[other] += over[n]
            node[_DEGREE, n] = 0
            node[_DEGREE, other] -= 1
            node[_SUM, other] -= e
            n = other
    for e in range(count):
        if arc[UNKNOWN, e] >= 0:
            arc[UNKNOWN, e] = first
            first += 1
    return first

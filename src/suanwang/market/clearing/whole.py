"""From the solver's floats to whole quanta that balance exactly.

Flows of one class form trees once a few arcs are cut; every cut arc is rounded, every tree arc is
what its far side needs, and the root of each tree is a tied node, which takes what is left. So
every node balances to the quantum and only tied orders ever bend. A full link is cut where both
sides have a root, since what the far side needs may be a quantum more than fits.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Ints
from suanwang.market.clearing.bare import bare
from suanwang.market.clearing.batch import Batch, Tableau, tableau_of
from suanwang.market.clearing.curves import Curves
from suanwang.market.clearing.network import Links
from suanwang.market.clearing.own.compiled import inner, kernel
from suanwang.market.clearing.ties import tied_step

Floats = NDArray[np.float64]
EXACT: Final = 0
NO_ROOT: Final = 1
BACKWARDS: Final = 2
_FLOW_MIN: Final = 0.5  # quanta: below this a float is no flow
_CUT_SLACK: Final = 1e-3  # quanta: a float this near below a whole number is that number
_ROOT_MIN: Final = 4096  # quanta: a root that bends as far takes the rounding of any tree
_FULL: Final = 64  # quanta of each class: a link with less room than this is full
SPARE_QUANTA: Final = 4  # of each class, taken from a link beside what it is overfull by


class Whole(NamedTuple):
    """Outcomes of a batch in whole quanta."""

    y: Ints  # [count, nodes]
    flow: Ints  # [count, links, classes]


class _Bends(NamedTuple):
    """Whole net supply of one slot's nodes, and how far ties let it bend."""

    y: Ints  # [nodes]
    low: Ints
    high: Ints
    margin: Floats  # [nodes], from the float to the nearer end


class _Forest(NamedTuple):
    """One class's flows as trees over the zones, in the order in which they were reached."""

    order: Ints  # [zones]
    arc: Ints  # [zones]: the link that reached it, or −1 for a root
    in_tree: NDArray[np.bool_]  # [links]
    seen: NDArray[np.bool_]  # [zones]


@kernel
def round_batch(
    curves: Curves, network: Links, even: Batch, result: tuple[Whole, NDArray[np.bool_]]
) -> None:
    """Round each slot to do into `whole` and write its status into the batch."""
    whole, todo = result
    for i in range(even.slots.size):
        if not todo[i]:
            continue
        tableau = tableau_of(even, i)
        bends = _bends_of(curves, tableau, whole.y[i])
        status = EXACT
        for k in range(network.weight.shape[1]):
            status = max(status, _round_class(network, tableau, (bends, whole.flow[i]), k))
        even.status[i] = status


@kernel
def trim_batch(network: Links, batch: Batch, whole: Whole, todo: NDArray[np.bool_]) -> None:
    """Take room from overfull links, moving basic variables along; leave only such slots to do."""
    for i in range(batch.slots.size):
        if todo[i]:
            todo[i] = _trim(network, tableau_of(batch, i), whole.flow[i])


@inner
def _bends_of(curves: Curves, tableau: Tableau, whole: Ints) -> _Bends:
    nodes = whole.size
    bends = _Bends(whole, np.empty(nodes, np.int64), np.empty(nodes, np.int64), np.empty(nodes))
    for n in range(nodes):
        step, tied = tied_step(curves, tableau.offset + n, tableau.dual[n])
        low = curves.start[step + tableau.offset + n]
        high = curves.start[step + tableau.offset + n + 1] if tied else low
        bends.low[n], bends.high[n] = low, high
        bends.y[n] = min(max(np.int64(np.rint(tableau.y[n])), low), high)
        bends.margin[n] = min(tableau.y[n] - low, high - tableau.y[n])
    return bends


@inner
def _round_class(network: Links, tableau: Tableau, result: tuple[_Bends, Ints], k: int) -> int:
    (bends, flows), base = result, k * network.zones
    forest = _grow(network, tableau, bends.margin[base : base + network.zones], k)
    net = np.zeros(network.zones, np.int64)  # out − in so far
    for j in range(network.source.size):
        flows[j, k] = 0
        if tableau.flow[j, k] >= _FLOW_MIN and not forest.in_tree[j]:
            over = max(_beyond_room(network, tableau, j), 0.0) / network.weight[j, k]
            flows[j, k] = np.int64(max(np.floor(tableau.flow[j, k] - over + _CUT_SLACK), 0.0))
            net[network.source[j]] += flows[j, k]
            net[network.target[j]] -= flows[j, k]
    status = EXACT
    for i in range(network.zones - 1, -1, -1):
        z = forest.order[i]
        n, j = base + z, forest.arc[z]
        need = tableau.demand[n] + net[z] - bends.y[n]  # what must still flow in
        if j < 0:
            bends.y[n] += need
            if bends.y[n] < bends.low[n] or bends.y[n] > bends.high[n]:
                status = NO_ROOT
            continue
        amount = need if network.target[j] == z else -need
        if amount < 0:
            status = max(status, BACKWARDS)
        flows[j, k] = amount
        net[network.source[j]] += amount
        net[network.target[j]] -= amount
    return status


@inner
def _grow(network: Links, tableau: Tableau, margin: Floats, k: int) -> _Forest:
    # From every node that can bend well over links with room, from there over full links to nodes
    # that none has reached; at last from where most can bend of what is left.
    zones, links = margin.size, network.source.size
    forest = _Forest(
        np.empty(zones, np.int64),
        np.full(zones, -1, np.int64),
        np.zeros(links, np.bool_),
        np.zeros(zones, np.bool_),
    )
    roomy, carrying = np.zeros(links, np.bool_), np.zeros(links, np.bool_)
    for j in range(links):
        carrying[j] = tableau.flow[j, k] >= _FLOW_MIN
        spare = _FULL * network.weight[j].sum()
        roomy[j] = carrying[j] and _beyond_room(network, tableau, j) <= -spare
    head, count, cutting = int(np.int64(0)), int(np.int64(0)), True
    while count < zones:
        root = _next_root(forest, margin)
        if cutting and margin[root] < _ROOT_MIN:
            roomy, head, cutting = carrying, 0, False
        else:
            forest.seen[root] = True
            forest.order[count] = root
            count += 1
        count = _reach(network, forest, roomy, (head, count))
        head = count
    return forest


@bare
def _beyond_room(network: Links, tableau: Tableau, j: int) -> float:
    # What a link carries beyond its room; below 0, the room left.
    load = -tableau.room[j]
    for k in range(network.weight.shape[1]):
        load += network.weight[j, k] * tableau.flow[j, k]
    return float(load)


@bare
def _next_root(forest: _Forest, margin: Floats) -> int:
    # Of the zones that are not reached yet, the one that can bend most.
    root = -1
    for z in range(margin.size):
        if not forest.seen[z] and (root < 0 or margin[z] > margin[root]):
            root = z
    return root


@bare
def _reach(
    network: Links, forest: _Forest, usable: NDArray[np.bool_], span: tuple[int, int]
) -> int:
    # Follow usable arcs from the zones of a span of the order; what they reach is appended to it.
    head, count = span
    while head < count:
        z = forest.order[head]
        head += 1
        for j in range(network.source.size):
            if not usable[j] or (network.source[j] != z and network.target[j] != z):
                continue
            other = network.target[j] if network.source[j] == z else network.source[j]
            if not forest.seen[other]:
                forest.seen[other] = True
                forest.in_tree[j] = True
                forest.arc[other] = j
                forest.order[count] = other
                count += 1
    return count


@bare
def _trim(network: Links, tableau: Tableau, flow: Ints) -> bool:
    # Whether a link was overfull; the same basis is then read with a little less room.
    nodes, (links, classes) = tableau.y.size, tableau.flow.shape
    trimmed = False
    for j in range(links):
        over = -tableau.room[j]
        spare = 0.0
        for k in range(classes):
            over += network.weight[j, k] * flow[j, k]
            spare += network.weight[j, k]
        if over <= 0:
            continue
        trimmed = True
        less = over + SPARE_QUANTA * spare
        tableau.room[j] -= less
        for r in range(nodes + links):
            v = tableau.in_row[r]
            change = tableau.inverse[r, nodes + j] * less
            if v < nodes:
                tableau.y[v] -= change
            elif v < nodes + links * classes:
                arc = v - nodes
                j_of, k_of = arc // classes, arc % classes
                tableau.flow[j_of, k_of] = max(tableau.flow[j_of, k_of] - change, 0.0)
    return trimmed

"""Settlement prices of one slot: of all vectors that support it, the nearest to the midpoints.

Nodes joined by flow on a link with room have a fixed difference (the link's cost), so they move as
one group; a group whose interval is one point is known. What is left is a small least-squares
problem over the groups that may still move.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Ints
from suanwang.market.clearing.bare import bare
from suanwang.market.clearing.nearest import SOLVED, Program, nearest
from suanwang.market.clearing.network import Links
from suanwang.market.clearing.own.compiled import inner, kernel

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_POINT: Final = 0.5  # micro-yuan: intervals are whole micro-yuan, so anything below is one point
ROUNDING_QUANTA: Final = 64  # what rounding may leave on a full link, for each class
_ROOM_MIN: Final = 1e-9  # of the capacity
_TERMS: Final = 4  # of one condition
_NONE: Final = -1


class Decided(NamedTuple):
    """What prices must support: flows, the nodes' own intervals, data on links."""

    flow: Ints  # [slots, links, classes], quanta
    low: Ints  # [nodes], micro-yuan
    high: Ints
    load: Floats  # [links, slots], quanta


class Groups(NamedTuple):
    """Nodes of one slot that move together; a group goes by the name of its root, a node."""

    root: Ints  # [nodes]
    above: Ints  # [nodes], whole micro-yuan above the root's price
    least: Floats  # [nodes], bounds of the root's price, where the node is a root
    most: Floats
    middle: Floats  # [nodes], mean of the midpoints as prices of the root
    size: Floats  # [nodes], how many move together


class Conditions(NamedTuple):
    """Σ coefficient × root price ≥ (or =) right, sparse; term −1 is none."""

    terms: Ints  # [rows, 4]
    coefficient: Floats  # [rows, 4]
    right: Floats  # [rows]
    equal: Flags  # [rows]


@kernel
def slot_program(network: Links, decided: Decided, slot: int) -> tuple[Groups, Ints, Program]:
    """Return (groups of a slot, names of those that may move, the problem of their prices)."""
    flow = decided.flow[slot]
    begin = slot * network.zones * network.classes
    end = begin + network.zones * network.classes
    full = full_links(network, decided.load, flow, slot)
    root, above = group_nodes(network, flow, full)
    groups = group_bounds(root, above, decided.low[begin:end], decided.high[begin:end])
    conditions = slot_conditions(network, flow, full, groups)
    names, program = assemble(conditions, groups)
    return groups, names, program


@kernel
def price_slots(network: Links, decided: Decided) -> tuple[Floats, Ints, bool]:
    """Return (root price of each node, whole micro-yuan above it, whether all could be priced).

    The price of node n is base[n] + above[n]; keeping them apart keeps differences exact.
    """
    base = np.zeros(decided.low.size)
    above = np.zeros(decided.low.size, np.int64)
    nodes = network.zones * network.classes
    good = True
    for slot in range(decided.flow.shape[0]):
        groups, names, program = slot_program(network, decided, slot)
        prices = groups.least
        if names.size > 0:
            found, status = nearest(program)
            good = good and status == SOLVED
            for u in range(names.size):
                g = names[u]
                prices[g] = min(max(found[u], prices[g]), groups.most[g])
        for n in range(nodes):
            base[slot * nodes + n] = prices[groups.root[n]]
            above[slot * nodes + n] = groups.above[n]
    return base, above, good


@inner
def full_links(network: Links, load: Floats, flow: Ints, slot: int) -> Flags:
    """Say which links have no room: at most 10⁻⁹ of the capacity and 64 quanta a class left."""
    links, classes = flow.shape
    full = np.empty(links, np.bool_)
    for j in range(links):
        room = network.capacity[j, slot] - load[j, slot]
        spare = _ROOM_MIN * network.capacity[j, slot]
        for k in range(classes):
            room -= network.weight[j, k] * flow[j, k]
            spare += ROUNDING_QUANTA * network.weight[j, k]
        full[j] = room <= spare
    return full


@bare
def whole_cost(network: Links, link: int) -> int:
    """Return a link's cost in whole micro-yuan (it is read on that grid)."""
    return int(np.rint(network.cost[link]))


@inner
def group_nodes(network: Links, flow: Ints, full: Flags) -> tuple[Ints, Ints]:
    """Join nodes whose price difference is fixed; return (root, price above the root) of each."""
    links, classes = flow.shape
    zones = network.zones
    root = np.full(zones * classes, _NONE, np.int64)
    above = np.zeros(zones * classes, np.int64)
    queue = np.empty(zones * classes, np.int64)
    for n in range(zones * classes):
        if root[n] >= 0:
            continue
        k = n // zones
        head, tail = 0, 1
        root[n], queue[0] = n, n
        while head < tail:
            here = queue[head]
            head += 1
            for j in range(links):
                i, o = k * zones + network.source[j], k * zones + network.target[j]
                if flow[j, k] == 0 or full[j] or here not in (i, o):
                    continue
                other = o if here == i else i
                if root[other] < 0:
                    rise = whole_cost(network, j)
                    root[other] = n
                    above[other] = above[here] + (rise if here == i else -rise)
                    queue[tail] = other
                    tail += 1
    return root, above


@inner
def group_bounds(root: Ints, above: Ints, low: Ints, high: Ints) -> Groups:
    """Put the nodes' own intervals together, as prices of their roots."""
    nodes = root.size
    least = np.full(nodes, -np.inf)
    most = np.full(nodes, np.inf)
    middle = np.zeros(nodes)
    size = np.zeros(nodes)
    for n in range(nodes):
        r = root[n]
        least[r] = max(least[r], float(low[n] - above[n]))
        most[r] = min(most[r], float(high[n] - above[n]))
        middle[r] += (float(low[n]) + float(high[n])) / 2 - float(above[n])
        size[r] += 1
    for n in range(nodes):
        if size[n] > 0:
            middle[n] /= size[n]
            if most[n] < least[n]:
                # Only rounding can cross them by a hair; the caller checks support exactly.
                least[n] = (least[n] + most[n]) / 2
                most[n] = least[n]
    return Groups(root, above, least, most, middle, size)


@inner
def slot_conditions(network: Links, flow: Ints, full: Flags, groups: Groups) -> Conditions:
    """Return what links ask of root prices; rows that bind only known groups are left out."""
    links, classes = flow.shape
    rows = Conditions(
        np.full((flow.size, _TERMS), _NONE, np.int64),
        np.zeros((flow.size, _TERMS)),
        np.zeros(flow.size),
        np.zeros(flow.size, np.bool_),
    )
    used = int(np.int64(0))
    for j in range(links):
        chief = _chief(flow, j) if full[j] else _NONE
        for k in range(classes):
            if full[j] and chief == _NONE:
                continue
            for term in range(_TERMS):
                rows.terms[used, term] = _NONE
            if not full[j] or k == chief:
                _bound_rise(network, groups, rows, (used, j, k, 1.0 if k == chief else -1.0))
                rows.equal[used] = False
            else:
                _compare_rises(network, groups, rows, (used, j, k, chief))
                rows.equal[used] = flow[j, k] > 0
            if _moves(groups, rows.terms, used):
                used += 1
    return Conditions(
        rows.terms[:used], rows.coefficient[:used], rows.right[:used], rows.equal[:used]
    )


@bare
def _chief(flow: Ints, link: int) -> int:
    # The first class that flows: its prices tell a full link's.
    for k in range(flow.shape[1]):
        if flow[link, k] > 0:
            return k
    return _NONE


@bare
def _bound_rise(
    network: Links, groups: Groups, rows: Conditions, at: tuple[int, int, int, float]
) -> None:
    # price(to) − price(from) ≤ cost where there is room, ≥ cost where there is none.
    row, j, k, sign = at
    i, o = k * network.zones + network.source[j], k * network.zones + network.target[j]
    rows.terms[row, 0], rows.coefficient[row, 0] = groups.root[o], sign
    rows.terms[row, 1], rows.coefficient[row, 1] = groups.root[i], -sign
    rows.right[row] = sign * (whole_cost(network, j) + groups.above[i] - groups.above[o])
    if groups.root[i] == groups.root[o] and sign < 0:
        # Holds by itself, and its two terms are one.
        rows.terms[row, 0] = rows.terms[row, 1] = _NONE


@bare
def _compare_rises(
    network: Links, groups: Groups, rows: Conditions, at: tuple[int, int, int, int]
) -> None:
    # (Δ_chief − cost) ÷ w_chief ≥ (Δ_k − cost) ÷ w_k
    row, j, k, chief = at
    i, o = k * network.zones + network.source[j], k * network.zones + network.target[j]
    ci, co = chief * network.zones + network.source[j], chief * network.zones + network.target[j]
    a, b = 1.0 / network.weight[j, chief], 1.0 / network.weight[j, k]
    cost = whole_cost(network, j)
    rows.terms[row, 0], rows.coefficient[row, 0] = groups.root[co], a
    rows.terms[row, 1], rows.coefficient[row, 1] = groups.root[ci], -a
    rows.terms[row, 2], rows.coefficient[row, 2] = groups.root[o], -b
    rows.terms[row, 3], rows.coefficient[row, 3] = groups.root[i], b
    rows.right[row] = (cost - groups.above[co] + groups.above[ci]) * a
    rows.right[row] -= (cost - groups.above[o] + groups.above[i]) * b


@bare
def _moves(groups: Groups, terms: Ints, row: int) -> bool:
    for term in range(_TERMS):
        g = terms[row, term]
        if g >= 0 and groups.most[g] - groups.least[g] > _POINT:
            return True
    return False


@inner
def assemble(conditions: Conditions, groups: Groups) -> tuple[Ints, Program]:
    """Return (names of the groups that may move, the problem of their prices)."""
    place, names = _unknowns(groups)
    unknown = names.size
    rows = conditions.right.size
    size, middle = np.empty(unknown), np.empty(unknown)
    matrix = np.zeros((rows + 2 * unknown, unknown))
    bound = np.zeros(rows + 2 * unknown)
    equalities, at = 0, 0
    for wanted in (True, False):
        for r in range(rows):
            if conditions.equal[r] == wanted:
                bound[at] = _fill_row(conditions, groups, (place, matrix[at]), r)
                at += 1
        if wanted:
            equalities = at
    for u in range(unknown):
        g = names[u]
        size[u], middle[u] = groups.size[g], groups.middle[g]
        matrix[at, u], matrix[at + 1, u] = 1.0, -1.0
        bound[at], bound[at + 1] = groups.least[g], -groups.most[g]
        at += 2
    return names, Program(size, middle, matrix, bound, equalities)


@inner
def _unknowns(groups: Groups) -> tuple[Ints, Ints]:
    # (column of each group or −1, group of each column)
    place = np.full(groups.root.size, _NONE, np.int64)
    names = np.empty(groups.root.size, np.int64)
    unknown = 0
    for g in range(place.size):
        if groups.most[g] - groups.least[g] > _POINT and groups.most[g] < np.inf:
            place[g] = unknown
            names[unknown] = g
            unknown += 1
    return place, names[:unknown]


@bare
def _fill_row(conditions: Conditions, groups: Groups, to: tuple[Ints, Floats], row: int) -> float:
    # Known prices go to the right side.
    (place, line), right = to, conditions.right[row]
    for term in range(_TERMS):
        g = conditions.terms[row, term]
        if g < 0:
            continue
        if place[g] >= 0:
            line[place[g]] += conditions.coefficient[row, term]
        else:
            right -= conditions.coefficient[row, term] * groups.least[g]
    return float(right)

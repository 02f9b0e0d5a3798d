"""Prices that support an outcome and let nobody lose: node groups of all slots tied by orders.

Slots are priced one by one first; orders that lose at those prices become conditions over the
groups they touch, and the least-squares problem is solved again over just the slots involved.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Self

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Ints
from suanwang.market.clearing.data_dues import Condition, straightened
from suanwang.market.clearing.nearest import SOLVED, Program, nearest
from suanwang.market.clearing.nearest_sparse import Box, Rows, nearest_sparse
from suanwang.market.clearing.network import Network
from suanwang.market.clearing.outcome import Outcome
from suanwang.market.clearing.settlement_prices import decided, nearest_prices
from suanwang.market.clearing.slot_prices import slot_program

Floats = NDArray[np.float64]
DENSE_MAX = 3_000_000  # unknowns × conditions: beyond this the sparse method takes over
_ROUNDS_MAX = 40
_MISS_MAX = 1e-3  # micro-yuan, as the rules have it between nodes
_Which = tuple[int, tuple[int, ...]]  # a condition, and the classes its links are priced by
# An order may lose a micro-yuan, less than money can count; a little is kept back for rounding.
_LOSS_MAX, _LOSS = 1.0, 0.999


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """Many conditions, added up together."""

    each: Sequence[Condition]
    first: Ints
    nodes: Ints
    coefficients: Floats
    least: Floats
    due: tuple[int, ...]  # those whose data pays for links

    @classmethod
    def of(cls, each: Sequence[Condition]) -> Self:
        """Lay conditions out in a row."""
        lengths = np.array([len(c.nodes) for c in each], np.int64)
        nothing = np.zeros(0)
        return cls(
            each=each,
            first=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            nodes=np.concatenate([nothing.astype(np.int64), *(c.nodes for c in each)]),
            coefficients=np.concatenate([nothing, *(c.coefficients for c in each)]),
            least=np.array([c.least for c in each]),
            due=tuple(i for i, c in enumerate(each) if c.dues),
        )

    def margins(self, prices: Floats) -> Floats:
        """Return by how much each holds before data is paid for, micro-yuan."""
        if not len(self.each):
            return np.zeros(0)
        sums: Floats = np.add.reduceat(prices[self.nodes] * self.coefficients, self.first[:-1])
        return sums - self.least


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Supported:
    """Prices of all nodes, or the orders that stand against each other."""

    base: Floats  # [nodes], micro-yuan
    above: Ints  # [nodes], whole micro-yuan above the group's root
    to_blame: tuple[tuple[str, int], ...] = field(default=())

    @property
    def found(self) -> bool:
        """Say whether there are such prices."""
        return not self.to_blame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Slot:
    """One slot's groups: bounds, midpoints, conditions among them."""

    offset: int
    root: Ints
    above: Ints
    names: Ints  # groups that may move
    middle: Floats
    size: Floats
    least: Floats
    most: Floats
    matrix: Floats
    bound: Floats
    equalities: int


class Wanted(Enum):
    """Which supporting prices are wanted."""

    NEAREST = auto()  # those that are published
    ANY = auto()  # that there are some: while searching


def support(
    network: Network,
    outcome: Outcome,
    load: Floats,
    conditions: Sequence[Condition],
    *,
    wanted: Wanted = Wanted.NEAREST,
) -> Supported:
    """Find supporting prices at which every condition holds.

    Where any will do, the exact method is only asked before somebody is blamed.
    """
    if wanted is Wanted.ANY:
        sketch = _support(network, (outcome, load), conditions, dense_max=0)
        if sketch.found:
            return sketch
    return _support(network, (outcome, load), conditions, dense_max=DENSE_MAX)


def _support(
    network: Network,
    around: tuple[Outcome, Floats],
    conditions: Sequence[Condition],
    *,
    dense_max: int,
) -> Supported:
    outcome, load = around
    base, above, good = nearest_prices(network, outcome, load)
    every = Conditions.of(conditions)
    if not good:
        everyone = tuple(c.order for c in conditions)
        return Supported(base=base, above=above, to_blame=everyone or (("network", 0),))
    slots: dict[int, _Slot] = {}
    asked: dict[_Which, Condition] = {}
    per_slot = len(base) // outcome.flow.shape[0]
    for _ in range(_ROUNDS_MAX):
        broken = _broken(network, every, base + above)
        if broken.keys() <= asked.keys():
            return Supported(base=base, above=above, to_blame=_blamed(broken.values()))
        asked |= {which: each for which, each in broken.items() if which not in asked}
        for condition in broken.values():
            for t in sorted({int(n) // per_slot for n in condition.nodes}):
                if t not in slots:
                    slots[t] = _slot(network, outcome, load, t)
        blame = _solve(slots, list(asked.values()), base, (per_slot, dense_max))
        if blame:
            return Supported(base=base, above=above, to_blame=blame)
    return Supported(base=base, above=above, to_blame=_blamed(asked.values()))


def _broken(network: Network, every: Conditions, prices: Floats) -> dict[_Which, Condition]:
    """Return the conditions that do not hold, with what data pays at these prices put in."""
    margin = every.margins(prices)
    straight = {i: straightened(network, every.each[i], prices) for i in every.due}
    for i, (condition, _) in straight.items():
        margin[i] = prices[condition.nodes] @ condition.coefficients - condition.least
    found = {}
    for i in np.nonzero(margin < -_LOSS_MAX)[0].tolist():
        condition, classes = straight.get(i, (every.each[i], ()))
        found[i, classes] = condition
    return found


def _blamed(conditions: Iterable[Condition]) -> tuple[tuple[str, int], ...]:
    return tuple(dict.fromkeys(condition.order for condition in conditions))


def _slot(network: Network, outcome: Outcome, load: Floats, t: int) -> _Slot:
    groups, names, program = slot_program(network.links, decided(outcome, load), t)
    return _Slot(
        offset=t * network.zones * network.classes, root=groups.root, above=groups.above,
        names=names, middle=groups.middle, size=groups.size, least=groups.least, most=groups.most,
        matrix=program.matrix, bound=program.bound, equalities=program.equal,
    )  # fmt: skip


def _solve(
    slots: dict[int, _Slot],
    asked: Sequence[Condition],
    base: Floats,
    limits: tuple[int, int],
) -> tuple[tuple[str, int], ...]:
    """Solve all slots involved together; write root prices into `base` or return whom to blame."""
    per_slot, dense_max = limits
    first: dict[int, int] = {}
    unknowns = 0
    for t, slot in slots.items():
        first[t] = unknowns
        unknowns += len(slot.names)
    rows = sum(len(slot.bound) for slot in slots.values()) + len(asked)
    if unknowns * rows > dense_max:
        _solve_sparsely(slots, asked, base, (per_slot, first, unknowns))
        return () if _fit(slots.values(), base) else _blamed(asked)
    equal, unequal = _stack(slots, first, unknowns)
    asking, right = _condition_rows(slots, asked, base, (per_slot, first, unknowns))
    for row, value, condition in zip(asking, right, asked, strict=True):
        if not row.any() and value > 0:
            return (condition.order,)
    matrix = np.ascontiguousarray(np.vstack([equal[0], unequal[0], asking]))
    bound = np.concatenate([equal[1], unequal[1], right])
    size = np.concatenate([s.size[s.names] for s in slots.values()] or [np.zeros(0)])
    middle = np.concatenate([s.middle[s.names] for s in slots.values()] or [np.zeros(0)])
    found, status = nearest(Program(size, middle, matrix, bound, len(equal[1])))
    if status != SOLVED:
        at = status - len(equal[1]) - len(unequal[1])
        return (asked[at].order,) if at >= 0 else tuple(c.order for c in asked)
    for t, slot in slots.items():
        value = dict(
            zip(slot.names.tolist(), found[first[t] : first[t] + len(slot.names)], strict=True)
        )
        for n, root in enumerate(slot.root.tolist()):
            if root in value:
                base[slot.offset + n] = value[root]
    return ()


def _solve_sparsely(
    slots: dict[int, _Slot],
    asked: Sequence[Condition],
    base: Floats,
    where: tuple[int, dict[int, int], int],
) -> None:
    """Write root prices into `base` by the method for many unknowns; losers are found later."""
    per_slot, first, _ = where
    parts = [_sparse_rows(slot, first[t]) for t, slot in slots.items()]
    parts.append(_sparse_conditions(slots, asked, base, where))
    lengths, column, entry, least, equal = (np.concatenate(x) for x in zip(*parts, strict=True))
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = Rows(ends, column.astype(np.int64), entry, least, equal)
    box = Box(
        np.concatenate([s.size[s.names] for s in slots.values()]),
        np.concatenate([s.middle[s.names] for s in slots.values()]),
        np.concatenate([s.least[s.names] for s in slots.values()]),
        np.concatenate([s.most[s.names] for s in slots.values()]),
    )
    found = nearest_sparse(rows, box, _LOSS_MAX - _LOSS)
    for t, slot in slots.items():
        value = np.full(per_slot, np.nan)
        value[slot.names] = found[first[t] : first[t] + len(slot.names)]
        moved = value[slot.root]
        part = base[slot.offset : slot.offset + per_slot]
        part[:] = np.where(np.isnan(moved), part, moved)


_Sparse = tuple[
    Ints, Ints, Floats, Floats, NDArray[np.bool_]
]  # lengths, columns, entries, least, =


def _sparse_rows(slot: _Slot, offset: int) -> _Sparse:
    """Write down a slot's own conditions but the last ones, which are bounds of single groups."""
    body = slot.matrix[: len(slot.bound) - 2 * len(slot.names)]
    row, column = np.nonzero(body)
    return (
        np.bincount(row, minlength=len(body)), column + offset, body[row, column],
        slot.bound[: len(body)], np.arange(len(body)) < slot.equalities,
    )  # fmt: skip


def _sparse_conditions(
    slots: dict[int, _Slot],
    asked: Sequence[Condition],
    base: Floats,
    where: tuple[int, dict[int, int], int],
) -> _Sparse:
    """Write conditions over prices as conditions over the groups that may move."""
    per_slot, first, unknowns = where
    above, place = np.zeros(len(base)), np.full(len(base), -1, np.int64)
    for t, slot in slots.items():
        group = np.full(per_slot, -1, np.int64)
        group[slot.names] = first[t] + np.arange(len(slot.names))
        place[slot.offset : slot.offset + per_slot] = group[slot.root]
        above[slot.offset : slot.offset + per_slot] = slot.above
    every = Conditions.of(asked)
    node, coefficient = every.nodes, every.coefficients
    owner = np.repeat(np.arange(len(asked)), np.diff(every.first))
    free = place[node] >= 0
    # Whole micro-yuan above a root first, then the price of a root that may not move.
    known = np.stack([above[node], np.where(free, 0.0, base[node])], axis=1)
    least = every.least - _LOSS
    np.subtract.at(least, np.repeat(owner, 2), (coefficient[:, None] * known).ravel())
    # A condition may touch several nodes of one group: their entries are added up.
    keys, seen, inverse = np.unique(
        owner[free] * unknowns + place[node[free]], return_index=True, return_inverse=True
    )
    entry = np.zeros(len(keys))
    np.add.at(entry, inverse, coefficient[free])
    order = np.argsort(seen)
    lengths = np.bincount(keys // unknowns, minlength=len(asked))
    return lengths, keys[order] % unknowns, entry[order], least, np.zeros(len(asked), np.bool_)


def _fit(slots: Iterable[_Slot], base: Floats) -> bool:
    """Say whether root prices keep what flows and links ask of them: sweeps may end too early."""
    for slot in slots:
        over = slot.matrix @ base[slot.offset + slot.names] - slot.bound
        off = max(np.abs(over[: slot.equalities]).max(initial=0), -over.min(initial=0))
        if off > _MISS_MAX:
            return False
    return True


def _stack(
    slots: dict[int, _Slot], first: dict[int, int], unknowns: int
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Put the slots' own rows beside each other: equalities, inequalities."""
    parts: list[tuple[list[Floats], list[Floats]]] = [([], []), ([], [])]
    for t, slot in slots.items():
        wide = np.zeros((len(slot.bound), unknowns))
        wide[:, first[t] : first[t] + len(slot.names)] = slot.matrix
        for part, rows in zip(
            parts, (slice(0, slot.equalities), slice(slot.equalities, None)), strict=True
        ):
            part[0].append(wide[rows])
            part[1].append(slot.bound[rows])
    empty = np.zeros((0, unknowns)), np.zeros(0)
    equal, unequal = ((np.vstack([empty[0], *a]), np.concatenate([empty[1], *b])) for a, b in parts)
    return equal, unequal


def _condition_rows(
    slots: dict[int, _Slot],
    asked: Iterable[Condition],
    base: Floats,
    where: tuple[int, dict[int, int], int],
) -> tuple[Floats, Floats]:
    """Write conditions over prices as conditions over the groups that may move."""
    per_slot, first, unknowns = where
    asked = list(asked)
    rows = np.zeros((len(asked), unknowns))
    right = np.zeros(len(asked))
    places = {
        t: {name: first[t] + u for u, name in enumerate(slot.names.tolist())}
        for t, slot in slots.items()
    }
    for i, condition in enumerate(asked):
        right[i] = condition.least - _LOSS
        pairs = zip(condition.nodes.tolist(), condition.coefficients.tolist(), strict=True)
        for node, coefficient in pairs:
            t, n = divmod(node, per_slot)
            slot = slots[t]
            right[i] -= coefficient * float(slot.above[n])
            place = places[t].get(int(slot.root[n]))
            if place is None:
                right[i] -= coefficient * float(base[node])
            else:
                rows[i, place] += coefficient
    return rows, right

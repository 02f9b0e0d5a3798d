"""Prices that support an outcome and let nobody lose: node groups of all slots tied by orders.

Slots are priced one by one first; orders that lose at those prices become conditions over the
groups they touch, and the least-squares problem is solved again over just the slots involved.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Ints
from suanwang.market.clearing.nearest import SOLVED, Program, nearest
from suanwang.market.clearing.nearest_sparse import Box, Rows, nearest_sparse
from suanwang.market.clearing.network import Network
from suanwang.market.clearing.outcome import Outcome
from suanwang.market.clearing.settlement_prices import decided, nearest_prices
from suanwang.market.clearing.slot_prices import slot_program

Floats = NDArray[np.float64]
DENSE_MAX = 3_000_000  # unknowns × conditions: beyond this the sparse method takes over
_ROUNDS_MAX = 40
# An order may lose a micro-yuan, less than money can count; a little is kept back for rounding.
_LOSS_MAX, _LOSS = 1.0, 0.999


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """Σ coefficient × price(node) ≥ least, micro-yuan: an order with conditions does not lose."""

    nodes: Ints
    coefficients: Floats
    least: float
    order: tuple[str, int]  # whom to blame


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """Many conditions, added up together."""

    each: Sequence[Condition]
    first: Ints
    nodes: Ints
    coefficients: Floats
    least: Floats

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
        )

    def margins(self, prices: Floats) -> Floats:
        """Return by how much each holds, micro-yuan."""
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


def support(
    network: Network, outcome: Outcome, load: Floats, conditions: Sequence[Condition]
) -> Supported:
    """Find the nearest supporting prices at which every condition holds."""
    base, above, good = nearest_prices(network, outcome, load)
    every = Conditions.of(conditions)
    if not good:
        everyone = tuple(c.order for c in conditions)
        return Supported(base=base, above=above, to_blame=everyone or (("network", 0),))
    slots: dict[int, _Slot] = {}
    asked: list[int] = []
    per_slot = len(base) // outcome.flow.shape[0]
    for _ in range(_ROUNDS_MAX):
        margin = every.margins(base + above)
        broken = np.nonzero(margin < -_LOSS_MAX)[0].tolist()
        if set(broken) <= set(asked):
            return Supported(
                base=base, above=above, to_blame=tuple(conditions[i].order for i in broken)
            )
        known = set(asked)
        asked += [i for i in broken if i not in known]
        for i in broken:
            for t in sorted({int(n) // per_slot for n in conditions[i].nodes}):
                if t not in slots:
                    slots[t] = _slot(network, outcome, load, t)
        blame = _solve(slots, [conditions[i] for i in asked], base, per_slot)
        if blame:
            return Supported(base=base, above=above, to_blame=blame)
    return Supported(base=base, above=above, to_blame=tuple(conditions[i].order for i in asked))


def _slot(network: Network, outcome: Outcome, load: Floats, t: int) -> _Slot:
    groups, names, program = slot_program(network.links, decided(outcome, load), t)
    return _Slot(
        offset=t * network.zones * network.classes, root=groups.root, above=groups.above,
        names=names, middle=groups.middle, size=groups.size, least=groups.least, most=groups.most,
        matrix=program.matrix, bound=program.bound, equalities=program.equal,
    )  # fmt: skip


def _solve(
    slots: dict[int, _Slot], asked: Sequence[Condition], base: Floats, per_slot: int
) -> tuple[tuple[str, int], ...]:
    """Solve all slots involved together; write root prices into `base` or return whom to blame."""
    first: dict[int, int] = {}
    unknowns = 0
    for t, slot in slots.items():
        first[t] = unknowns
        unknowns += len(slot.names)
    rows = sum(len(slot.bound) for slot in slots.values()) + len(asked)
    if unknowns * rows > DENSE_MAX:
        _solve_sparsely(slots, asked, base, (per_slot, first, unknowns))
        return ()
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
    """Write root prices into `base` by the method for many unknowns; who still loses is found later."""
    per_slot, first, unknowns = where
    lines: list[tuple[Ints, Floats, float, bool]] = []
    for t, slot in slots.items():
        body = len(slot.bound) - 2 * len(slot.names)  # the last ones are bounds of single groups
        for r in range(body):
            used = np.nonzero(slot.matrix[r])[0]
            lines.append(
                (used + first[t], slot.matrix[r][used], float(slot.bound[r]), r < slot.equalities)
            )
    places = {
        t: dict(zip(slot.names.tolist(), range(first[t], unknowns), strict=False))
        for t, slot in slots.items()
    }
    for condition in asked:
        least = condition.least - _LOSS
        row: dict[int, float] = {}
        pairs = zip(condition.nodes.tolist(), condition.coefficients.tolist(), strict=True)
        for node, coefficient in pairs:
            t, n = divmod(node, per_slot)
            least -= coefficient * float(slots[t].above[n])
            place = places[t].get(int(slots[t].root[n]))
            if place is None:
                least -= coefficient * float(base[node])
            else:
                row[place] = row.get(place, 0.0) + coefficient
        lines.append((np.array(list(row), np.int64), np.array(list(row.values())), least, False))
    rows = Rows(
        np.concatenate([[0], np.cumsum([len(line[0]) for line in lines])]).astype(np.int64),
        np.concatenate([line[0] for line in lines]).astype(np.int64),
        np.concatenate([line[1] for line in lines]).astype(np.float64),
        np.array([line[2] for line in lines]),
        np.array([line[3] for line in lines], np.bool_),
    )
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

"""The links of a case as arrays, in the units of the solver: micro-yuan and quanta."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, lcm
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import MICRO, Case

Floats = NDArray[np.float64]


class Links(NamedTuple):
    """What compiled code needs of a network; fields as there."""

    zones: int
    classes: int
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    capacity: Floats
    cost: Floats
    weight: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """Links × slots and links × classes; capacity counts weight × quanta."""

    zones: int
    classes: int
    source: NDArray[np.int32]  # [links], zone
    target: NDArray[np.int32]
    capacity: Floats  # [links, slots]
    cost: Floats  # [links], micro-yuan per card-hour
    weight: Floats  # [links, classes]
    whole_weight: tuple[tuple[int, ...], ...]  # the same in whole parts, link by link
    whole_capacity: tuple[tuple[int, ...], ...]  # [links][slots], in those parts, cut down
    parts: tuple[int, ...]  # [links]: parts of one quantum of weight 1

    @classmethod
    def of(cls, case: Case) -> Network:
        """Compile the links of a case."""
        links = case.links
        parts = tuple(lcm(*(w.denominator for w in link.weights)) for link in links)
        return cls(
            whole_weight=tuple(
                tuple(int(w * p) for w in link.weights)
                for link, p in zip(links, parts, strict=True)
            ),
            whole_capacity=tuple(
                tuple(floor(c * case.quantum * p) for c in link.capacity)
                for link, p in zip(links, parts, strict=True)
            ),
            parts=parts,
            zones=len(case.zones),
            classes=len(case.classes),
            source=np.array([link.source for link in links], np.int32),
            target=np.array([link.target for link in links], np.int32),
            capacity=np.array(
                [[float(c * case.quantum) for c in link.capacity] for link in links], np.float64
            ).reshape(len(links), case.slots),
            cost=np.array([float(link.cost * MICRO) for link in links], np.float64),
            weight=np.array(
                [[float(w) for w in link.weights] for link in links], np.float64
            ).reshape(len(links), len(case.classes)),
        )

    @property
    def links(self) -> Links:
        """Return what compiled code needs."""
        return Links(
            self.zones,
            self.classes,
            self.source,
            self.target,
            self.capacity,
            self.cost,
            self.weight,
        )

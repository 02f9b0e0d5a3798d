"""A CASE in memory: simple orders as columns, since there are millions; the rest as values.

    node = (slot × classes + class) × zones + zone        hours[slot] = exact length in hours

Prices of simple orders are whole micro-yuan per card-hour, quantities whole quanta (see `quantum`);
every other number is an exact Fraction in the units of the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Nodes = NDArray[np.int32]
RULES_VERSION = "1"
MICRO = 10**6  # micro-yuan in a yuan


class Shape(StrEnum):
    """How a job may be cut in time."""

    DIVISIBLE = "divisible"
    PREEMPTIBLE = "preemptible"
    CONTIGUOUS = "contiguous"


class Side(StrEnum):
    """Who gives cards and who takes them."""

    ASK = "ask"
    BID = "bid"


class Pricing(StrEnum):
    """What happens to an order that would lose at uniform prices."""

    NO_LOSS = "no_loss"
    UPLIFT = "uplift"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """The simple orders of one side, one column a field, in the order of the file."""

    ids: Sequence[str]  # packed, where a file was read
    node: Nodes
    price: Ints  # micro-yuan per card-hour, as ordered
    quantity: Ints  # quanta
    lot: Ints  # quanta; 0 where none is named
    pool: Nodes  # index into Case.pools; -1 where none is named

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One direction between two zones."""

    source: int  # zone index
    target: int
    capacity: tuple[Fraction, ...]  # per slot
    cost: Fraction  # yuan per card-hour
    weights: tuple[Fraction, ...]  # per class


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """All-or-nothing (or from a least fraction) over several slots."""

    id: str
    side: Side
    zone: int
    card_class: int
    slots: tuple[int, ...]
    quantity: tuple[Fraction, ...]  # per listed slot, cards
    price: Fraction
    min_fraction: Fraction
    group: str | None
    parent: str | None
    lot: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobData:
    """Where a job's data lies and how much of it moves, in GB."""

    at: int
    gb_in: Fraction
    gb_out: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexibleJob:
    """Work that may run in several zones, on several classes, in a window of slots."""

    id: str
    zones: Mapping[int, Fraction]  # zone → transfer cost per card-hour
    classes: Mapping[int, Fraction]  # class → speed
    work: Fraction
    cards_min: Fraction
    cards_max: Fraction
    start: int
    end: int
    shape: Shape
    values: tuple[
        tuple[int, Fraction], ...
    ]  # (end, value), ends rising; the last end is the deadline
    gang: bool
    setup: Fraction
    max_pauses: int | None
    data: JobData | None
    carbon_weight: Fraction

    def value_at(self, slot: int) -> Fraction | None:
        """Return the value of finishing with this slot; None after the deadline."""
        return next((value for end, value in self.values if slot < end), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An ask with conditions over time: start cost, least run, ramp."""

    id: str
    zone: int
    card_class: int
    quantity: tuple[Fraction, ...]  # per slot of the case
    price: tuple[Fraction, ...]  # per slot of the case
    quantity_min: Fraction
    start_cost: Fraction
    min_run: int
    ramp: Fraction | None
    start: int
    end: int
    pool: int  # index into Case.pools; -1 where none


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One CASE, read and checked."""

    sha256: str
    currency: str
    tick: int  # micro-yuan
    zones: tuple[str, ...]
    classes: tuple[str, ...]
    hours: tuple[Fraction, ...]  # per slot
    links: tuple[Link, ...]
    pools: tuple[str, ...]
    pool_places: tuple[tuple[int, int], ...]  # (zone, class) of each pool
    asks: Steps
    bids: Steps
    blocks: tuple[Block, ...]
    jobs: tuple[FlexibleJob, ...]
    offers: tuple[Offer, ...]
    price_min: int  # micro-yuan
    price_max: int
    pricing: Pricing
    carbon: Ints  # [slots, classes, zones], micro-yuan per card-hour: carbon price × kg, rounded
    kg: Mapping[
        tuple[int, int, int], Fraction
    ]  # (slot, class, zone) → kg per card-hour, where not 0
    quantum: int  # quanta in a card: 10¹², 10⁹ or 10⁶
    seed: int
    receipts_root: str | None

    @property
    def slots(self) -> int:
        """Return the number of slots."""
        return len(self.hours)

    @property
    def nodes(self) -> int:
        """Return the number of nodes."""
        return len(self.hours) * len(self.classes) * len(self.zones)

    def node(self, zone: int, card_class: int, slot: int) -> int:
        """Return the index of a node."""
        return (slot * len(self.classes) + card_class) * len(self.zones) + zone

"""A CASE as the verifier holds it: whole numbers, one list a column for the simple orders.

    node = (zone × classes + class) × slots + slot, the order in which a RESULT lists its prices

Cards, GB and yuan are in 10⁻¹²; the costs of asks, ask blocks and offers include their carbon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from suanwang.market.verify.numbers import ONE, Exact

DIVISIBLE, PREEMPTIBLE, CONTIGUOUS = "divisible", "preemptible", "contiguous"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """The simple orders of one side, one list a field, in the order of the file."""

    ids: list[str]
    node: list[int]
    price: list[int]  # what a card-hour is worth to a bid or costs an ask
    quantity: list[int]
    lot: list[int]  # 0 where none is named
    pool: list[str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One direction between two zones."""

    source: int
    target: int
    capacity: tuple[Exact, ...]  # per slot
    cost: int
    weights: tuple[Exact, ...]  # per class


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """All or nothing, or from a least fraction, over several slots."""

    id: str
    buys: bool
    nodes: tuple[int, ...]  # per listed slot
    slots: tuple[int, ...]
    quantity: tuple[int, ...]
    ordered: int  # its price without carbon
    price: tuple[int, ...]  # per listed slot, since carbon differs
    min_fraction: Exact
    group: str | None
    parent: str | None
    lot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobData:
    """Where a job's data lies and how many 10⁻¹² GB move each way."""

    at: int
    gb_in: Exact
    gb_out: Exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work that may run in several zones, on several classes, in a window of slots."""

    id: str
    zones: Mapping[int, int]  # zone → transfer cost
    classes: Mapping[int, Exact]  # class → speed
    work: Exact  # in 10⁻¹² cards × hours of the common denominator
    cards_min: int
    cards_max: int
    start: int
    end: int
    stop: int  # the slot from which it may not run: `end`, or its last value's end
    shape: str
    values: tuple[tuple[int, int], ...]  # (end, grains)
    gang: bool
    setup: Exact  # as work
    max_pauses: int | None
    data: JobData | None
    carbon_weight: Exact  # 10⁻¹² yuan per kg

    def value_at(self, slot: int) -> int:
        """Return the grains that finishing with this slot is worth."""
        return next(value for end, value in self.values if slot < end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An ask with conditions over time: start cost, least run, ramp."""

    id: str
    node: int  # of slot 0
    quantity: tuple[int, ...]  # per slot of the case
    price: tuple[int, ...]
    quantity_min: int
    start_cost: int  # grains
    min_run: int
    ramp: int | None
    start: int
    end: int
    pool: str | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One CASE, read and checked by the verifier itself."""

    zones: tuple[str, ...]
    classes: tuple[str, ...]
    hours: tuple[int, ...]  # per slot, over `hour`
    hour: int
    links: tuple[Link, ...]
    pools: Mapping[str, tuple[int, int]]  # pool → (zone, class)
    asks: Steps
    bids: Steps
    blocks: tuple[Block, ...]
    jobs: tuple[Job, ...]
    offers: tuple[Offer, ...]
    price_min: int
    price_max: int
    no_loss: bool
    kg: Mapping[int, Exact]  # node → kg per card-hour, where not 0
    quantum: int  # 10⁻¹² cards in a quantum
    seed: int

    @property
    def slots(self) -> int:
        """Return the number of slots."""
        return len(self.hours)

    @property
    def nodes(self) -> int:
        """Return the number of nodes."""
        return len(self.zones) * len(self.classes) * len(self.hours)

    @property
    def micro(self) -> int:
        """Return the grains in a micro-yuan."""
        return 10**18 * self.hour

    @property
    def pico(self) -> int:
        """Return the grains in 10⁻¹² yuan."""
        return ONE * self.hour

    def base(self, zone: int, card_class: int) -> int:
        """Return the node of a zone and class in slot 0."""
        return (zone * len(self.classes) + card_class) * len(self.hours)

    def name(self, node: int) -> str:
        """Name a node for people."""
        place, slot = divmod(node, len(self.hours))
        zone, card_class = divmod(place, len(self.classes))
        return f"{self.zones[zone]}/{self.classes[card_class]}/{slot}"

    def link_name(self, link: int, slot: int) -> str:
        """Name a link in a slot for people."""
        return f"{self.zones[self.links[link].source]}→{self.zones[self.links[link].target]}/{slot}"

"""Who has compute: centres, their pools, and what of each pool is free when.

A centre is in one zone: one of the ten, or outside them its own city. A pool is n nodes × m cards
of one class at one centre, with its list price. `PoolState` is a pool with what is already sold
of it, as placement sees it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from suanwang.basics.canonical import Json
from suanwang.basics.ids import CentreId, PoolId
from suanwang.basics.money import Money
from suanwang.basics.products import CardClass, ZoneId
from suanwang.basics.slots import Instant, Slot, format_instant, parse_instant
from suanwang.grid.catalogue import Position, chip, city, find_city, is_zone, place, province, zone
from suanwang.grid.errors import ZoneNotOfCentre
from suanwang.grid.list_price import ListPrice, list_source
from suanwang.grid.profile import Profile
from suanwang.grid.wire import Fields

PUE_DEFAULT = 1.42  # the national mean of 2025-06 (DOMAIN §1.1), for a centre that states none
BANDWIDTH_DEFAULT_MBPS = 1000.0
BANDWIDTH_MAX_MBPS = 100_000_000.0
NODES_MAX = 100_000
CARDS_PER_NODE_MAX = 1024
CORES_PER_NODE_MAX = 65_536
GB_MAX = 1e9
CAPABILITIES_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """A compute centre: where it is, how well it is cooled, what it can do, what data costs."""

    id: CentreId
    name: str
    zone: ZoneId
    city: str
    province: str  # ISO 3166-2: "CN-NX"
    pue: float = PUE_DEFAULT
    capabilities: frozenset[str] = frozenset()  # "image", "environment:science"
    data_price_gb: Money = field(default_factory=Money.zero)  # in or out
    cold_price_gb_month: Money | None = None  # None: no cold store
    bandwidth_mbps: float = BANDWIDTH_DEFAULT_MBPS
    last_seen: Instant | None = None
    position: Position | None = None  # where it differs from its zone's or city's

    def at(self) -> Position:
        """Return where the centre is: its own position, else its zone's or city's."""
        return self.position or place(self.zone).position

    def to_wire(self) -> dict[str, Json]:
        """Write the centre's facts; amounts and measures are decimal strings."""
        wire: dict[str, Json] = {
            "id": str(self.id),
            "name": self.name,
            "zone": self.zone,
            "city": self.city,
            "province": self.province,
            "pue": _plain(self.pue),
            "capabilities": [*sorted(self.capabilities)],
            "data_price_gb": str(self.data_price_gb),
            "bandwidth_mbps": _plain(self.bandwidth_mbps),
        }
        if self.cold_price_gb_month is not None:
            wire["cold_price_gb_month"] = str(self.cold_price_gb_month)
        if self.last_seen is not None:
            wire["last_seen"] = format_instant(self.last_seen)
        if self.position is not None:
            wire["latitude"] = _plain(self.position.latitude)
            wire["longitude"] = _plain(self.position.longitude)
        return wire

    @classmethod
    def from_wire(cls, wire: object, *, centre_id: CentreId | None = None) -> Centre:
        """Read a centre; `centre_id` stands in for one that a newcomer cannot know yet."""
        fields = Fields.of(wire)
        fields.only(*_CENTRE_FIELDS)
        where = _whereabouts(fields)
        return cls(
            id=centre_id or CentreId.parse(fields.text("id")),
            name=fields.text("name"),
            zone=where.zone,
            city=where.city,
            province=where.province,
            pue=fields.number("pue", 1, 3) if fields.has("pue") else PUE_DEFAULT,
            capabilities=_capabilities(fields),
            data_price_gb=_price(fields, "data_price_gb") or Money.zero(),
            cold_price_gb_month=_price(fields, "cold_price_gb_month"),
            bandwidth_mbps=fields.number("bandwidth_mbps", 0.001, BANDWIDTH_MAX_MBPS)
            if fields.has("bandwidth_mbps")
            else BANDWIDTH_DEFAULT_MBPS,
            last_seen=parse_instant(fields.text("last_seen")) if fields.has("last_seen") else None,
            position=where.position,
        )


_CENTRE_FIELDS = (
    "id", "name", "zone", "city", "province", "pue", "capabilities", "data_price_gb",
    "cold_price_gb_month", "bandwidth_mbps", "last_seen", "latitude", "longitude",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Whereabouts:
    zone: ZoneId
    city: str
    province: str
    position: Position | None


def _whereabouts(fields: Fields) -> _Whereabouts:
    """Read where a centre is: a zone of the ten, or a city that is then its zone.

    A city that the catalogue does not know needs a position and a province of its own.
    """
    zone_id = fields.text("zone")
    town = fields.text("city") if fields.has("city") else None
    own = _position(fields)
    if is_zone(zone_id):
        found = zone(zone_id)
        where = _province(fields, found.province)
        return _Whereabouts(found.id, town or found.name.en, where, own)
    if town is not None and not _is_city(zone_id, town):
        raise ZoneNotOfCentre(zone=zone_id, city=town)
    if own is not None and fields.has("province"):
        return _Whereabouts(ZoneId(zone_id), town or zone_id, _province(fields, ""), own)
    known = city(zone_id)
    where = _province(fields, known.province)
    return _Whereabouts(ZoneId(known.id), town or known.name.en, where, own)


def _is_city(zone_id: str, name: str) -> bool:
    known = find_city(name)
    slug = name.lower().replace(" ", "-").replace("'", "")
    return zone_id == (slug if known is None else known.id)


def _province(fields: Fields, default: str) -> str:
    return province(fields.text("province") if fields.has("province") else default).id


def _position(fields: Fields) -> Position | None:
    if not fields.has("latitude") and not fields.has("longitude"):
        return None
    return Position(fields.number("latitude", -90, 90), fields.number("longitude", -180, 180))


def _capabilities(fields: Fields) -> frozenset[str]:
    if not fields.has("capabilities"):
        return frozenset()
    named = fields.items("capabilities", most=CAPABILITIES_MAX)
    listed = Fields({str(i): each for i, each in enumerate(named)}, fields.at("capabilities"))
    return frozenset(listed.text(key) for key in listed.values)


def _price(fields: Fields, name: str) -> Money | None:
    return fields.price(name) if fields.has(name) else None


def _plain(number: float) -> str:
    return f"{number:.12g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """n nodes × m cards of one class at one centre. Cores, memory and disk are of one node."""

    id: PoolId
    centre: CentreId
    name: str
    chip: CardClass
    nodes: int
    cards_per_node: int
    cores_per_node: int
    memory_gb: float
    disk_gb: float
    price: ListPrice

    @property
    def cards(self) -> int:
        """All cards of the pool."""
        return self.nodes * self.cards_per_node

    def to_wire(self) -> dict[str, Json]:
        """Write the pool's facts."""
        return {
            "id": str(self.id),
            "centre": str(self.centre),
            "name": self.name,
            "chip": self.chip,
            "nodes": self.nodes,
            "cards_per_node": self.cards_per_node,
            "cores_per_node": self.cores_per_node,
            "memory_gb": _plain(self.memory_gb),
            "disk_gb": _plain(self.disk_gb),
            "price": self.price.to_wire(),
        }

    @classmethod
    def from_wire(
        cls,
        wire: object,
        *,
        pool_id: PoolId | None = None,
        centre_id: CentreId | None = None,
    ) -> Pool:
        """Read a pool; the ids stand in for those that a newcomer cannot know yet."""
        fields = Fields.of(wire)
        fields.only(*_POOL_FIELDS)
        card_class = chip(fields.text("chip")).id
        return cls(
            id=pool_id or PoolId.parse(fields.text("id")),
            centre=centre_id or CentreId.parse(fields.text("centre")),
            name=fields.text("name"),
            chip=card_class,
            nodes=fields.whole("nodes", 1, NODES_MAX),
            cards_per_node=fields.whole("cards_per_node", 1, CARDS_PER_NODE_MAX),
            cores_per_node=fields.whole("cores_per_node", 1, CORES_PER_NODE_MAX),
            memory_gb=fields.number("memory_gb", 0.001, GB_MAX),
            disk_gb=fields.number("disk_gb", 0.001, GB_MAX),
            price=ListPrice.from_wire(
                fields.value("price"), card_class=card_class, path=fields.at("price")
            ),
        )


_POOL_FIELDS = (
    "id", "centre", "name", "chip", "nodes", "cards_per_node", "cores_per_node", "memory_gb",
    "disk_gb", "price",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PoolState:
    """A pool with what is sold of it: spans and how many cards each takes. Spans may overlap."""

    pool: Pool
    centre: Centre
    busy: tuple[tuple[Slot, int], ...] = ()
    silent: bool = False  # no heartbeat for too long: nothing new is sent there
    price_version: int = 0  # of the pool's list price
    data_price_version: int = 0  # of the centre's data and cold prices

    @property
    def price_source(self) -> str:
        """Name the list price that applies now, as bills do."""
        return list_source(self.pool.id, self.price_version)

    @property
    def data_price_source(self) -> str:
        """Name the centre's data and cold prices that apply now, as bills do."""
        return list_source(self.centre.id, self.data_price_version)

    @cached_property
    def profile(self) -> Profile:
        """How many cards are taken when; worked out once for each state."""
        return Profile.of(self.busy)

    def reserve(self, slot: Slot, cards: int) -> PoolState:
        """Return the state with more cards sold; the profile is extended, not rebuilt."""
        after = replace(self, busy=(*self.busy, (slot, cards)))
        after.__dict__["profile"] = self.profile.reserve(slot, cards)
        return after

"""How long a signal takes between places, and what bandwidth costs.

One way = great-circle km × 1.4 × 4.9 µs + 1.0 ms: 4.9 µs/km is light in fibre (group index 1.468);
the route factor and the millisecond of equipment are assumptions (DOMAIN §1.3). A measured pair
overrides the estimate. A latency always says whether it is one way or a round trip, because a
20 ms target means very different maps under the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from math import asin, cos, radians, sin, sqrt

from suanwang.grid.catalogue.places import City, Position, Zone, place
from suanwang.grid.catalogue.read import Name, number, rows

EARTH_RADIUS_KM = 6371.0
ROUTE_FACTOR = 1.4
FIBRE_US_PER_KM = 4.9
EQUIPMENT_MS = 1.0


class LatencyKind(StrEnum):
    """Which way was timed."""

    ONE_WAY = "one-way"
    RTT = "RTT"


class Basis(StrEnum):
    """Where a figure comes from."""

    MEASURED = "measured"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class Latency:
    """A latency with its meaning."""

    ms: float
    kind: LatencyKind
    basis: Basis
    source: str

    @property
    def one_way_ms(self) -> float:
        """The one-way time; half of a round trip, as if both ways were alike."""
        return self.ms if self.kind is LatencyKind.ONE_WAY else self.ms / 2

    @property
    def round_trip_ms(self) -> float:
        """The round trip; twice a one-way time."""
        return self.ms if self.kind is LatencyKind.RTT else self.ms * 2

    def within(self, target_ms: float, kind: LatencyKind) -> bool:
        """Say whether a target of that kind is met."""
        found = self.one_way_ms if kind is LatencyKind.ONE_WAY else self.round_trip_ms
        return found <= target_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class BandwidthPrice:
    """A price of bandwidth. Status: P a published list price, A an assumption."""

    product: Name
    mbps: int
    cny_per_month: float | None
    cny_per_mbps_month: tuple[float, float]  # least, most
    region: str
    status: str
    source: str


def distance_km(a: Position, b: Position) -> float:
    """Return the great-circle distance (haversine on a sphere of 6,371 km)."""
    north, east = radians(b.latitude - a.latitude), radians(b.longitude - a.longitude)
    along = cos(radians(a.latitude)) * cos(radians(b.latitude)) * sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(sin(north / 2) ** 2 + along))


def estimated(a: Position, b: Position) -> Latency:
    """Return the modelled one-way latency between two points."""
    ms = distance_km(a, b) * ROUTE_FACTOR * FIBRE_US_PER_KM / 1000 + EQUIPMENT_MS
    return Latency(ms, LatencyKind.ONE_WAY, Basis.ESTIMATED, "latency-model")


@cache
def _measured() -> Mapping[frozenset[str], Latency]:
    return {
        frozenset((row["from"], row["to"])): Latency(
            float(row["ms"]), LatencyKind(row["kind"]), Basis.MEASURED, row["source"]
        )
        for row in rows("latency_measured")
    }


@cache
def latency(a: str | Zone | City, b: str | Zone | City) -> Latency:
    """Return the latency between two zones or cities: measured if it was, else estimated.

    A plain id is looked up as a zone first, then as a city. Raises PlaceUnknown.
    """
    here, there = (place(each) if isinstance(each, str) else each for each in (a, b))
    # "chongqing" names both a zone and a city, so the pair of ids says too little there; no
    # measured pair has such an end, which a test keeps true.
    found = _measured().get(frozenset((here.id, there.id)))
    return found or estimated(here.position, there.position)


@cache
def bandwidth_prices() -> tuple[BandwidthPrice, ...]:
    """Return what bandwidth costs, as far as a source is known."""
    return tuple(
        BandwidthPrice(
            product=Name.of(row, "product"),
            mbps=int(row["mbps"]),
            cny_per_month=number(row["cny_per_month_list"]),
            cny_per_mbps_month=(
                float(row["cny_per_mbps_month_least"]),
                float(row["cny_per_mbps_month_most"]),
            ),
            region=row["region"],
            status=row["status"],
            source=row["source"],
        )
        for row in rows("bandwidth_prices")
    )

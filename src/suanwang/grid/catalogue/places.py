"""Where things are: national hubs, data-centre zones (集群), provinces and demand cities.

A centre is in exactly one zone: one of the ten, or outside them its own city.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from suanwang.basics.products import ZoneId
from suanwang.grid.catalogue.read import Name, nearest, rows
from suanwang.grid.errors import PlaceUnknown, ProvinceUnknown

COUNTRY = "CN"  # a row of the provinces' table: the national average


@dataclass(frozen=True, slots=True)
class Position:
    """A point on the globe, in degrees north and east."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """One of the eight national computing hub nodes. `side`: east, west or both."""

    id: str
    name: Name
    side: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """One of the ten data-centre zones, with its start areas and its policy targets."""

    id: ZoneId
    name: Name
    hub: str
    province: str
    position: Position
    start_areas: Name
    pue_target_max: float
    rack_rate_target_min: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A city where demand is, or where a centre stands that is in none of the ten zones."""

    id: str
    name: Name
    province: str
    position: Position
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Province:
    """A province with its official grid factor (kgCO₂/kWh) and its electricity base price.

    None where nothing is published. Status: P published, A assumption (an estimate of ours).
    """

    id: str  # ISO 3166-2: "CN-NX"
    name: Name
    factor_kg_per_kwh: Decimal | None
    factor_year: str
    factor_kind: str
    factor_status: str
    factor_source: str
    benchmark_cny_per_kwh: Decimal | None  # coal benchmark on-grid price
    benchmark_status: str
    benchmark_source: str
    base_cny_per_kwh: Decimal | None  # end user, before time of use
    base_status: str
    base_source: str
    tariff: str  # which time-of-use rule applies


def _position(row: Mapping[str, str]) -> Position:
    return Position(float(row["latitude"]), float(row["longitude"]))


@cache
def hubs() -> tuple[Hub, ...]:
    """Return the eight national hubs."""
    return tuple(
        Hub(id=row["id"], name=Name.of(row), side=row["side"], source=row["source"])
        for row in rows("hubs")
    )


@cache
def _zones() -> Mapping[str, Zone]:
    return {
        row["id"]: Zone(
            id=ZoneId(row["id"]),
            name=Name.of(row),
            hub=row["hub"],
            province=row["province"],
            position=_position(row),
            start_areas=Name.of(row, "start_areas"),
            pue_target_max=float(row["pue_target_max"]),
            rack_rate_target_min=float(row["rack_rate_target_min"]),
            source=row["source"],
        )
        for row in rows("zones")
    }


@cache
def _cities() -> Mapping[str, City]:
    return {
        row["id"]: City(
            id=row["id"],
            name=Name.of(row),
            province=row["province"],
            position=_position(row),
            source=row["source"],
        )
        for row in rows("cities")
    }


@cache
def _provinces() -> Mapping[str, Province]:
    return {row["id"]: _read_province(row) for row in rows("provinces")}


def _read_province(row: Mapping[str, str]) -> Province:
    decimals = {
        column: Decimal(row[column]) if row[column] else None
        for column in ("factor_kg_per_kwh", "benchmark_cny_per_kwh", "base_cny_per_kwh")
    }
    return Province(
        id=row["id"],
        name=Name.of(row),
        factor_kg_per_kwh=decimals["factor_kg_per_kwh"],
        factor_year=row["factor_year"],
        factor_kind=row["factor_kind"],
        factor_status=row["factor_status"],
        factor_source=row["factor_source"],
        benchmark_cny_per_kwh=decimals["benchmark_cny_per_kwh"],
        benchmark_status=row["benchmark_status"],
        benchmark_source=row["benchmark_source"],
        base_cny_per_kwh=decimals["base_cny_per_kwh"],
        base_status=row["base_status"],
        base_source=row["base_source"],
        tariff=row["tariff"],
    )


def zones() -> tuple[Zone, ...]:
    """Return the ten zones."""
    return tuple(_zones().values())


def cities() -> tuple[City, ...]:
    """Return the cities."""
    return tuple(_cities().values())


def provinces() -> tuple[Province, ...]:
    """Return the provinces, without the whole country."""
    return tuple(each for each in _provinces().values() if each.id != COUNTRY)


def is_zone(place: str) -> bool:
    """Say whether `place` is one of the ten zones."""
    return place in _zones()


def zone(zone_id: str) -> Zone:
    """Return one of the ten zones, or refuse the name."""
    found = _zones().get(zone_id)
    if found is None:
        raise PlaceUnknown(found=zone_id, nearest=nearest(zone_id, _zones()))
    return found


def city(city_id: str) -> City:
    """Return a city by its id or by its name in either language, or refuse the name."""
    found = find_city(city_id)
    if found is None:
        raise PlaceUnknown(found=city_id, nearest=nearest(city_id, _cities()))
    return found


def find_city(city_id: str) -> City | None:
    """Return a city by its id or by its name in either language, or None."""
    known = _cities()
    return known.get(city_id) or known.get(_city_names().get(city_id.strip().lower(), ""))


@cache
def _city_names() -> Mapping[str, str]:
    each = _cities().values()
    return {name.lower(): c.id for c in each for name in (c.name.en, c.name.zh)}


def place(place_id: str) -> Zone | City:
    """Return a zone or, outside the ten, a city (by id), or refuse the name."""
    found: Zone | City | None = _zones().get(place_id) or _cities().get(place_id)
    if found is None:
        raise PlaceUnknown(found=place_id, nearest=nearest(place_id, {*_zones(), *_cities()}))
    return found


@cache
def province(province_id: str) -> Province:
    """Return a province by its ISO code or its name in either language, or refuse the name."""
    known = _provinces()
    found = known.get(province_id)
    if found is None:
        names = {name.lower(): p for p in known.values() for name in (p.name.en, p.name.zh)}
        found = names.get(province_id.strip().lower())
        if found is None:
            raise ProvinceUnknown(found=province_id, nearest=nearest(province_id, names))
    return found

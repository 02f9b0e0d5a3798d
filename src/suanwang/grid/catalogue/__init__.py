"""One door to everything the grid knows: places, links, chips, vendors and their sources."""

from __future__ import annotations

from suanwang.grid.catalogue.chips import (
    Chip,
    ChipKind,
    check_rate,
    chip,
    chips,
    parse_rate,
    vendors,
)
from suanwang.grid.catalogue.links import (
    BandwidthPrice,
    Basis,
    Latency,
    LatencyKind,
    bandwidth_prices,
    latency,
)
from suanwang.grid.catalogue.places import (
    COUNTRY,
    City,
    Hub,
    Position,
    Province,
    Zone,
    cities,
    city,
    hubs,
    is_zone,
    place,
    province,
    provinces,
    zone,
    zones,
)
from suanwang.grid.catalogue.read import Name, Source, sources

__all__ = [
    "COUNTRY",
    "BandwidthPrice",
    "Basis",
    "Chip",
    "ChipKind",
    "City",
    "Hub",
    "Latency",
    "LatencyKind",
    "Name",
    "Position",
    "Province",
    "Source",
    "Zone",
    "bandwidth_prices",
    "check_rate",
    "chip",
    "chips",
    "cities",
    "city",
    "hubs",
    "is_zone",
    "latency",
    "parse_rate",
    "place",
    "province",
    "provinces",
    "sources",
    "vendors",
    "zone",
    "zones",
]

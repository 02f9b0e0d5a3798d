"""The pools of a case: numbered by name, each of one zone and class."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from suanwang.market.case.columns import Columns
from suanwang.market.case.fields import Fields, Misfit, text_at
from suanwang.market.case.frame import Frame
from suanwang.market.case.model import Offer, Steps


def pool_names(fields: Fields, asks: Columns) -> dict[str, int]:
    """Give each pool that an ask or offer names its index, in the order of the names."""
    names = set(asks.pools.known)
    for place, value in fields.items("offers"):
        name = value.get("pool") if isinstance(value, dict) else None
        if name is not None:
            names.add(text_at(name, f"{place}.pool"))
    return {name: index for index, name in enumerate(sorted(names))}


def pool_places(
    count: int, *, asks: Steps, offers: Iterable[Offer], frame: Frame
) -> tuple[tuple[int, int], ...]:
    """Return zone and class of each pool; raise Misfit where a pool has two."""
    zones = len(frame.zones)
    where = asks.node % (zones * len(frame.classes))
    rows = np.flatnonzero(asks.pool >= 0)
    places = np.full(count, -1, dtype=np.int64)
    # Backwards, so that the first ask of a pool says where it is.
    places[asks.pool[rows[::-1]]] = where[rows[::-1]]
    for row in rows[where[rows] != places[asks.pool[rows]]].tolist():
        _refuse(f"$.asks[{row}].pool")
    for index, offer in enumerate(offers):
        place = offer.card_class * zones + offer.zone
        if offer.pool >= 0 and places[offer.pool] not in (-1, place):
            _refuse(f"$.offers[{index}].pool")
        if offer.pool >= 0:
            places[offer.pool] = place
    return tuple((int(place) % zones, int(place) // zones) for place in places)


def _refuse(place: str) -> None:
    raise Misfit(place, "one zone and class for a pool", "a second one")

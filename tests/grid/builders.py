"""Builders with good defaults for the grid's tests: a test shows only what matters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from suanwang.basics.ids import CentreId, PoolId
from suanwang.basics.money import Money
from suanwang.basics.products import CardClass, ZoneId
from suanwang.basics.slots import Slot
from suanwang.grid.catalogue import place
from suanwang.grid.centre import Centre, Pool, PoolState
from suanwang.grid.demand import Demand, Preference
from suanwang.grid.list_price import ListPrice

# Tuesday 09:00 in Beijing.
NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CARD = CardClass("a100-80g-sxm")

PEAK_AND_VALLEY = {
    "kind": "time_of_use",
    "price": "4.00",
    "hours": {"peak": [8, 9, 10, 11, 17, 18, 19, 20], "valley": [23, 0, 1, 2, 3, 4, 5, 6]},
    "factors": {"peak": "1.5", "valley": "0.5"},
}


def after(hours: float):
    return NOW + hours * HOUR


def slot(start: float, end: float) -> Slot:
    """A slot from and to so many hours after NOW."""
    return Slot(after(start), after(end))


def centre_id(number: int) -> CentreId:
    return CentreId.make(NOW, number.to_bytes(10, "big"))


def pool_id(number: int) -> PoolId:
    return PoolId.make(NOW, number.to_bytes(10, "big"))


def a_centre(number: int = 1, *, zone: str = "zhongwei", **facts) -> Centre:
    found = place(zone)
    defaults = {
        "id": centre_id(number),
        "name": f"{found.name.en} {number}",
        "zone": ZoneId(zone),
        "city": zone,
        "province": found.province,
        "pue": 1.2,
        "bandwidth_mbps": 1000.0,
    }
    return Centre(**(defaults | facts))


def a_pool(number: int = 1, *, price: str | dict | ListPrice = "4.00", **facts) -> Pool:
    if isinstance(price, dict):
        price = ListPrice.from_wire(price)
    defaults = {
        "id": pool_id(number),
        "centre": centre_id(number),
        "name": "main",
        "chip": CARD,
        "nodes": 1,
        "cards_per_node": 8,
        "cores_per_node": 64,
        "memory_gb": 512.0,
        "disk_gb": 1000.0,
        "price": ListPrice.flat(price) if isinstance(price, str) else price,
    }
    return Pool(**(defaults | facts))


def a_state(
    number: int = 1, *, busy=(), silent: bool = False, centre: dict | None = None, **pool
) -> PoolState:
    """A pool of eight A100 in Zhongwei at ¥4.00; `centre` changes its centre, the rest the pool."""
    return PoolState(
        pool=a_pool(number, **pool),
        centre=a_centre(number, **(centre or {})),
        busy=tuple(busy),
        silent=silent,
    )


def a_demand(**facts) -> Demand:
    """Eight A100 for an hour, two at most, cheapest first, no data."""
    defaults = {
        "cards": 8,
        "classes": {CARD: 1.0},
        "expected": HOUR,
        "time_limit": 2 * HOUR,
        "weights": {Preference.COST: 1.0},
    }
    return Demand(**(defaults | facts))


def yuan(text: str) -> Money:
    return Money.parse(text)

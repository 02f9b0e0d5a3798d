"""What the orders of a CASE stand in: zones, classes, slots, links, carbon and the price grid."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import lcm

from suanwang.market.verify.fields import Fields, Misplaced, text_of
from suanwang.market.verify.numbers import MICRO, ONE, Exact, cut, exact, half_even
from suanwang.market.verify.orders import Link

CASE_KEYS = (
    "currency tick zones classes slots links asks bids blocks jobs offers price_min price_max"
    " pricing carbon carbon_price seed receipts_root"
)
QUANTITY_MAX = 10**12 * ONE
PRICE_MAX = 9 * 10**12 * ONE
TICKS_MAX = 2**53
_EPOCH = datetime(1, 1, 2, tzinfo=UTC)
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,18})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The part of a CASE that every order refers to."""

    zones: dict[str, int]
    classes: dict[str, int]
    hours: tuple[int, ...]
    hour: int
    tick: int  # 10⁻¹² yuan
    kg: dict[int, Exact]
    carbon: dict[int, int]  # node → 10⁻¹² yuan per card-hour on top of an ask, where not 0
    pools: dict[str, tuple[int, int]]  # filled as orders name them

    def slot(self, value: object) -> int:
        """Return the index of a slot. Raises ValueError."""
        slot = value if type(value) is int else exact(value)
        if type(slot) is int and 0 <= slot < len(self.hours):
            return slot
        raise ValueError

    def base(self, zone: int, card_class: int) -> int:
        """Return the node of a zone and class in slot 0."""
        return (zone * len(self.classes) + card_class) * len(self.hours)

    def price(self, value: object) -> int:
        """Return an order's price on its tick. Raises ValueError."""
        return on_tick(value, self.tick)

    def join_pool(self, pool: str | None, place: tuple[int, int], at: str) -> str | None:
        """Note which zone and class a pool belongs to; it belongs to one."""
        if pool is not None and self.pools.setdefault(pool, place) != place:
            raise Misplaced(at, "a pool of one zone and class", pool)
        return pool


def on_tick(value: object, tick: int) -> int:
    """Return a price that is within 10⁻⁶ of a tick from a multiple of it. Raises ValueError."""
    price = cut(value)
    ticks = (price + tick // 2) // tick
    if abs(price - ticks * tick) * MICRO > tick or abs(ticks) > TICKS_MAX or abs(price) > PRICE_MAX:
        raise ValueError
    return ticks * tick


def quantity(value: object) -> int:
    """Return cards, 0 to 10¹². Raises ValueError."""
    cards = cut(value)
    if 0 <= cards <= QUANTITY_MAX:
        return cards
    raise ValueError


def at_least_zero(value: object) -> Exact:
    """Return a number that is not negative. Raises ValueError."""
    number = exact(value)
    if number < 0:
        raise ValueError
    return number


def cost(value: object) -> int:
    """Return money that is a cost: cut up to 10⁻⁶ yuan, in 10⁻¹². Raises ValueError."""
    number = exact(value) * MICRO
    if number < 0:
        raise ValueError
    return -(-number.numerator // number.denominator) * MICRO


def read_frame(top: Fields) -> Frame:
    """Read everything but the orders and the links."""
    top.text("currency")
    tick = top.cut("tick")
    if tick <= 0 or exact(top.get("tick")) * MICRO % 1:
        raise Misplaced("tick", "a multiple of 0.000001", top.get("tick"))
    zones, classes = _names(top, "zones"), _names(top, "classes")
    hours, hour = _hours(top)
    frame = Frame(
        zones=zones, classes=classes, hours=hours, hour=hour, tick=tick,
        kg={}, carbon={}, pools={},
    )  # fmt: skip
    _read_carbon(top, frame)
    return frame


def _names(top: Fields, key: str) -> dict[str, int]:
    rows = [text_of(name, f"{key}[{i}]") for i, name in enumerate(top.rows(key))]
    names = {name: i for i, name in enumerate(rows)}
    if len(names) != len(rows) or not rows:
        raise Misplaced(key, "ids, each once", rows)
    return names


def _hours(top: Fields) -> tuple[tuple[int, ...], int]:
    lengths: list[Fraction] = []
    before: Fraction | None = None
    zoned: set[bool] = set()
    for i, row in enumerate(top.rows("slots")):
        slot = Fields(row, f"slots[{i}]", "start end")
        (start, a), (end, b) = (
            slot.take(key, _instant, "a time in RFC 3339") for key in ("start", "end")
        )
        zoned |= {a, b}
        if end <= start or (before is not None and start < before) or len(zoned) > 1:
            raise Misplaced(slot.place, "slots in order", slot.get("start"))
        lengths.append((end - start) / 3600)
        before = end
    if not lengths:
        raise Misplaced("slots", "at least one slot", "none")
    hour = lcm(*(length.denominator for length in lengths))
    return tuple(int(length * hour) for length in lengths), hour


def _instant(value: object) -> tuple[Fraction, bool]:
    """Return seconds since some moment, and whether the time names its offset from UTC."""
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError
    moment = datetime.fromisoformat(match[1] + (match[3] or "").upper())
    zoned = moment.tzinfo is not None
    whole = moment.replace(tzinfo=moment.tzinfo or UTC) - _EPOCH
    return whole // timedelta(seconds=1) + Fraction("0" + (match[2] or ".0")), zoned


def _read_carbon(top: Fields, frame: Frame) -> None:
    price = top.exact("carbon_price", 0, least=0)
    for i, row in enumerate(top.rows("carbon")):
        entry = Fields(row, f"carbon[{i}]", "zone class kg")
        zone, card_class = place_of(entry, frame)
        base = frame.base(zone, card_class)
        for t, kg in enumerate(entry.series("kg", len(frame.hours), at_least_zero)):
            if base + t in frame.kg:
                raise Misplaced(entry.place, "a zone and class once", entry.get("zone"))
            frame.kg[base + t] = kg
            frame.carbon[base + t] = half_even(price * kg * MICRO, 1) * MICRO


def place_of(row: Fields, frame: Frame) -> tuple[int, int]:
    """Return the zone and the class that a row names."""
    zone = row.take("zone", lambda v: frame.zones[v], "a zone of the case")  # type: ignore[index]
    card_class = row.take(
        "class",
        lambda v: frame.classes[v],  # type: ignore[index]
        "a class of the case",
    )
    return zone, card_class


def read_links(top: Fields, frame: Frame) -> tuple[Link, ...]:
    """Read the links, at most one for a pair."""
    links = tuple(
        _link(Fields(row, f"links[{i}]", "from to capacity cost weights"), frame)
        for i, row in enumerate(top.rows("links"))
    )
    if len({(link.source, link.target) for link in links}) != len(links):
        raise Misplaced("links", "at most one entry for a pair", "two")
    return links


def _link(row: Fields, frame: Frame) -> Link:
    zone: Callable[[object], int] = lambda v: frame.zones[v]  # type: ignore[index]  # noqa: E731
    source = row.take("from", zone, "a zone of the case")
    target = row.take("to", zone, "a zone of the case")
    if source == target:
        raise Misplaced(row.place, "two zones", row.get("to"))
    weights = named_numbers(row, "weights", frame.classes)
    if any(weight <= 0 for weight in weights.values()):
        raise Misplaced(row.at("weights"), "weights > 0", row.get("weights"))
    return Link(
        source=source,
        target=target,
        capacity=row.series("capacity", len(frame.hours), lambda v: at_least_zero(v) * ONE),
        cost=0 if row.get("cost") is None else row.take("cost", cost, "a number ≥ 0"),
        weights=tuple(weights.get(k, 1) for k in frame.classes.values()),
    )


def named_numbers(row: Fields, key: str, names: dict[str, int]) -> dict[int, Exact]:
    """Return an object of numbers under names, by index."""
    value = row.get(key)
    if value is None:
        return {}
    return row.take(
        key,
        lambda v: {names[name]: exact(number) for name, number in v.items()},  # type: ignore[attr-defined]
        "an object of numbers",
    )

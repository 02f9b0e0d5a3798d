"""What every order is read against: zones, classes, slots, tick, and the bounds of prices."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from suanwang.market.case.fields import Fields, Misfit, number_at, text_at
from suanwang.market.case.model import MICRO, Ints
from suanwang.market.case.times import hours_of_slots

NODES_MAX = 1 << 22  # a price each, in memory and in RESULT
TICKS_MAX = 2**53
PRICE_MAX = 9 * 10**12 * MICRO  # micro-yuan; leaves 64 bits room for carbon
CARBON_MAX = 10**11 * MICRO  # micro-yuan per card-hour, so that price + carbon fits 64 bits
_TOLERANCE = Fraction(1, 10**6)  # of a tick

ZONE = "a zone of the case"
CLASS = "a class of the case"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The places of a case and its step of prices."""

    tick: int  # micro-yuan
    zones: dict[str, int]
    classes: dict[str, int]
    hours: tuple[Fraction, ...]

    @property
    def slots(self) -> int:
        """Return the number of slots."""
        return len(self.hours)

    def slot(self, value: object, place: str) -> int:
        """Read the index of a slot."""
        # An index is read a million times, almost always as it should be.
        number = value if type(value) is int else None
        if number is None or not 0 <= number < self.slots:
            number = _index(value, place, self.slots)
        return number

    def zone(self, fields: Fields, key: str = "zone") -> int:
        """Read the name of a zone."""
        return fields.one_of(key, self.zones, ZONE)

    def card_class(self, fields: Fields) -> int:
        """Read the name of a class."""
        return fields.one_of("class", self.classes, CLASS)

    def price(self, value: object, place: str) -> int:
        """Read a price, in micro-yuan: a multiple of the tick."""
        return price_on_tick(value, place, tick=self.tick)

    def window(self, fields: Fields, *, end: int) -> tuple[int, int]:
        """Read `start` (default 0) and `end`, which is behind the last slot."""
        start = fields.whole("start", least=0, most=self.slots - 1)
        return start, fields.whole("end", default=end, least=start + 1, most=self.slots)


def _index(value: object, place: str, length: int) -> int:
    number = number_at(value, place, least=0, most=length - 1)
    if number.denominator != 1:
        raise Misfit(place, "the index of a slot", value)
    return int(number)


def price_on_tick(value: object, place: str, *, tick: int) -> int:
    """Read a price in micro-yuan; one within 10⁻⁶ ticks of a multiple of the tick is that one."""
    ticks = number_at(value, place) * MICRO / tick
    nearest = round(ticks)
    if abs(ticks - nearest) > _TOLERANCE:
        raise Misfit(place, f"a multiple of the tick {decimal(tick)}", value)
    if abs(nearest) > TICKS_MAX or abs(nearest * tick) > PRICE_MAX:
        raise Misfit(place, "a price within ± 2⁵³ ticks and ± 9·10¹² yuan", value)
    return nearest * tick


def decimal(micro: int) -> str:
    """Show micro-yuan as yuan."""
    return f"{micro // MICRO}.{micro % MICRO:06}".rstrip("0").rstrip(".")


def read_frame(fields: Fields) -> Frame:
    """Read the tick, the zones, the classes and the slots."""
    zones, classes = _names(fields, "zones"), _names(fields, "classes")
    hours = hours_of_slots(fields)
    if not hours:
        raise Misfit(fields.at("slots"), "at least one slot", fields.raw("slots"))
    nodes = len(zones) * len(classes) * len(hours)
    if nodes > NODES_MAX:
        raise Misfit("$", f"zones × classes × slots ≤ {NODES_MAX}", nodes)
    return Frame(tick=_tick(fields), zones=zones, classes=classes, hours=hours)


def _tick(fields: Fields) -> int:
    micro = fields.number("tick", above=0, most=PRICE_MAX // MICRO) * MICRO
    if micro.denominator != 1:
        raise Misfit(fields.at("tick"), "a multiple of 0.000001", fields.raw("tick"))
    return int(micro)


def _names(fields: Fields, key: str) -> dict[str, int]:
    names: dict[str, int] = {}
    for place, value in fields.items(key):
        name = text_at(value, place)
        if name in names:
            raise Misfit(place, "each name once", name)
        names[name] = len(names)
    if not names:
        raise Misfit(fields.at(key), "at least one name", fields.raw(key))
    return names


def read_carbon(fields: Fields, frame: Frame) -> tuple[Ints, dict[tuple[int, int, int], Fraction]]:
    """Read the carbon cost of each node, [slots, classes, zones] in micro-yuan, and its kg."""
    price = fields.number("carbon_price", least=0) * MICRO
    cost = np.zeros((frame.slots, len(frame.classes), len(frame.zones)), dtype=np.int64)
    kg: dict[tuple[int, int, int], Fraction] = {}
    seen: set[tuple[int, int]] = set()
    for place, value in fields.items("carbon"):
        entry = Fields(value, place, needs="zone class kg")
        zone, card_class = frame.zone(entry), frame.card_class(entry)
        if (card_class, zone) in seen:
            raise Misfit(place, "each zone and class once", entry.raw("zone"))
        seen.add((card_class, zone))
        for slot, (at, each) in enumerate(entry.series("kg", frame.slots)):
            amount = number_at(each, at, least=0)
            if price * amount > CARBON_MAX:
                raise Misfit(at, "carbon_price × kg ≤ 10¹¹ yuan per card-hour", each)
            if amount:
                kg[slot, card_class, zone] = amount
                cost[slot, card_class, zone] = round(price * amount)
    return cost, kg

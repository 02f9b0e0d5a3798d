"""What a provider asks for a card-hour: the same all day, or by the hour of the Beijing day.

    {"kind": "flat", "price": "3.20"}
    {"kind": "time_of_use", "price": "3.20",
     "hours": {"peak": [8, 9, 10, 11], "valley": [23, 0, 1, 2, 3, 4, 5, 6]},
     "factors": {"peak": "1.5", "valley": "0.45"}}           hours not named cost the plain price
    {"kind": "per_class", "classes": {"a100-80g-sxm": {…}, "xeon-8380": {…}}}

Costs are exact: a span is cut at whole hours, summed, and rounded once to the smallest unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate

from suanwang.basics.canonical import Json
from suanwang.basics.money import Money, round_exactly
from suanwang.basics.products import CardClass
from suanwang.basics.slots import Instant, Slot, to_micros
from suanwang.grid.errors import (
    ClassUnpriced,
    FieldNotList,
    FieldNotNumber,
    HourPricedTwice,
    PeriodsDiffer,
)
from suanwang.grid.hourly import (
    BEIJING_HOURS,
    BEIJING_MICROS,
    DAY_MICROS,
    HOUR_MICROS,
    HOURS,
    totals_each_hour,
)
from suanwang.grid.wire import Fields

CLASSES_MAX = 500
FACTOR_MAX = Decimal(100)
_FACTOR_PLACES = 6


def list_source(of: str, version: int) -> str:
    """Name a version of a list price: "list:pool_01JB…", from the second on "list:pool_01JB…#2".

    Version 0 is a price from before prices were put on record; it is named as the first is.
    """
    return f"list:{of}" if version <= 1 else f"list:{of}#{version}"


class Period(StrEnum):
    """The parts of a day that a time-of-use price may name."""

    SHARP = "sharp"
    PEAK = "peak"
    FLAT = "flat"
    VALLEY = "valley"


@dataclass(frozen=True)
class ListPrice:
    """The price of one card-hour in each hour of the Beijing day.

    `periods` is empty for a flat price; otherwise it maps each named period to its factor and its
    hours, and each factor is applied to `price` and rounded half up once.
    """

    price: Money
    periods: Mapping[Period, tuple[Decimal, tuple[int, ...]]] = field(default_factory=dict)
    hourly: tuple[int, ...] = field(init=False, repr=False, compare=False)
    # Units × µs from midnight to each whole hour, and over the whole day.
    _until: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        units = [self.price.units] * HOURS
        for factor, hours in self.periods.values():
            for hour in hours:
                units[hour] = self.price.times(factor).units
        object.__setattr__(self, "hourly", tuple(units))
        until = accumulate((each * HOUR_MICROS for each in units), initial=0)
        object.__setattr__(self, "_until", tuple(until))

    @classmethod
    def flat(cls, price: str | Money) -> ListPrice:
        """Make a price that is the same in every hour."""
        return cls(price if isinstance(price, Money) else Money.parse(price))

    @property
    def is_flat(self) -> bool:
        """Say whether every hour costs the same."""
        return min(self.hourly) == max(self.hourly)

    def price_at(self, instant: Instant) -> Money:
        """Return the price per card-hour that applies at `instant`."""
        hour = (to_micros(instant) + BEIJING_MICROS) % DAY_MICROS // HOUR_MICROS
        return Money(self.hourly[hour], self.price.asset)

    def prices_over(self, slot: Slot) -> list[tuple[Slot, Money]]:
        """Cut a span where the price changes and say what applies in each part."""
        if self.is_flat:
            return [(slot, self.price_at(slot.start))]
        parts: list[tuple[Slot, Money]] = []
        for hour in slot.hours():
            price = self.price_at(hour.start)
            if parts and parts[-1][1] == price:
                parts[-1] = (Slot(parts[-1][0].start, hour.end), price)
            else:
                parts.append((hour, price))
        return parts

    def cost_over(self, slot: Slot, cards: int) -> Money:
        """Return what `cards` cost over a span, rounded half up to the smallest unit."""
        whole = self.unit_micros(to_micros(slot.start), to_micros(slot.end)) * cards
        return Money(round_exactly(Fraction(whole, HOUR_MICROS)), self.price.asset)

    def unit_micros(self, start: int, end: int) -> int:
        """Integrate the price of one card from `start` to `end` (µs since 1970): units × µs."""
        return self._until_instant(end) - self._until_instant(start)

    def unit_micros_each_hour(self, first: int, count: int, length: int) -> list[int]:
        """Return `unit_micros` of spans of one length that start an hour apart, from `first` on."""
        ends = self._each_hour(first + length, count)
        return [end - start for start, end in zip(self._each_hour(first, count), ends, strict=True)]

    def _each_hour(self, first: int, count: int) -> list[int]:
        hour, past = divmod(first, HOUR_MICROS)
        begin = (hour + BEIJING_HOURS) % HOURS
        repeats = (begin + count) // HOURS + 1
        rates = (self.hourly * repeats)[begin : begin + count]
        return totals_each_hour(rates, self._until_instant(first), past)

    def _until_instant(self, micros: int) -> int:
        days, rest = divmod(micros + BEIJING_MICROS, DAY_MICROS)
        hour, past = divmod(rest, HOUR_MICROS)
        return days * self._until[HOURS] + self._until[hour] + past * self.hourly[hour]

    def to_wire(self) -> dict[str, Json]:
        """Write the price as a centre states it."""
        if not self.periods:
            return {"kind": "flat", "price": str(self.price)}
        hours: dict[str, Json] = {p: list(hours) for p, (_, hours) in self.periods.items()}
        factors: dict[str, Json] = {p: f"{factor:f}" for p, (factor, _) in self.periods.items()}
        return {
            "kind": "time_of_use",
            "price": str(self.price),
            "hours": hours,
            "factors": factors,
        }

    @classmethod
    def from_wire(
        cls, wire: object, *, card_class: CardClass | None = None, path: str = "price"
    ) -> ListPrice:
        """Read a price; of a table per class the row of `card_class` is taken."""
        fields = Fields.of(wire, path)
        kind = fields.one_of("kind", ("flat", "time_of_use", "per_class"))
        if kind == "per_class":
            return PriceTable.from_wire(wire, path=path).of(card_class)
        if kind == "flat":
            fields.only("kind", "price")
            return cls(fields.price("price"))
        fields.only("kind", "price", "hours", "factors")
        return cls(fields.price("price"), _periods(fields))


def _periods(fields: Fields) -> dict[Period, tuple[Decimal, tuple[int, ...]]]:
    hours, factors = fields.inner("hours"), fields.inner("factors")
    hours.only(*Period)
    factors.only(*Period)
    if hours.values.keys() != factors.values.keys():
        raise PeriodsDiffer(
            hours=", ".join(sorted(hours.values)), factors=", ".join(sorted(factors.values))
        )
    taken: dict[int, Period] = {}
    found = {}
    for period in (each for each in Period if each in hours.values):
        named = _hours(hours, period)
        for hour in named:
            if hour in taken:
                raise HourPricedTwice(hour=hour, left=taken[hour], right=period)
            taken[hour] = period
        found[period] = (_factor(factors, period), named)
    return found


def _hours(hours: Fields, period: Period) -> tuple[int, ...]:
    named = hours.items(period, most=HOURS)
    listed = Fields({str(i): hour for i, hour in enumerate(named)}, hours.at(period))
    return tuple(sorted({listed.whole(key, 0, HOURS - 1) for key in listed.values}))


def _factor(factors: Fields, period: Period) -> Decimal:
    found = factors.value(period)
    try:
        factor = Decimal(found) if isinstance(found, str) else Decimal("NaN")
    except InvalidOperation:
        factor = Decimal("NaN")
    exponent = factor.as_tuple().exponent
    fits = isinstance(exponent, int) and -exponent <= _FACTOR_PLACES
    if not fits or not 0 < factor <= FACTOR_MAX:
        raise FieldNotNumber(
            field=factors.at(period), least="0.000001", most=FACTOR_MAX, found=str(found)[:80]
        )
    return factor


@dataclass(frozen=True, slots=True)
class PriceTable:
    """A provider's prices for all its classes, so that one file serves every pool."""

    classes: Mapping[CardClass, ListPrice]

    def of(self, card_class: CardClass | None) -> ListPrice:
        """Return the price of one class, or refuse a class that the table does not have."""
        found = None if card_class is None else self.classes.get(card_class)
        if found is None:
            raise ClassUnpriced(card_class=card_class, possible=", ".join(sorted(self.classes)))
        return found

    def to_wire(self) -> dict[str, Json]:
        """Write the table."""
        classes: dict[str, Json] = {name: each.to_wire() for name, each in self.classes.items()}
        return {"kind": "per_class", "classes": classes}

    @classmethod
    def from_wire(cls, wire: object, *, path: str = "price") -> PriceTable:
        """Read a table; tables inside tables are refused."""
        fields = Fields.of(wire, path)
        fields.only("kind", "classes")
        fields.one_of("kind", ("per_class",))
        classes = fields.inner("classes")
        if len(classes.values) > CLASSES_MAX:
            raise FieldNotList(field=classes.path, most=CLASSES_MAX, found=len(classes.values))
        found = {}
        for name in classes.values:
            inner = classes.inner(name)
            inner.one_of("kind", ("flat", "time_of_use"))
            found[CardClass(name)] = ListPrice.from_wire(inner.values, path=inner.path)
        return cls(found)

"""Reads the fields of a wire object; whatever is wrong is refused by its field's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from suanwang.basics.errors import Invalid
from suanwang.basics.money import Money
from suanwang.grid.errors import (
    FieldMissing,
    FieldNotList,
    FieldNotMapping,
    FieldNotNumber,
    FieldNotOneOf,
    FieldNotPrice,
    FieldNotText,
    FieldNotWhole,
    FieldUnknown,
)

# A card-hour, a GB or a GB-month above this is a slip of the pen, not a price.
PRICE_MAX = Money.parse("1000000")
TEXT_MAX = 200
LIST_MAX = 1000
_FOUND_MAX = 80


@dataclass(frozen=True, slots=True)
class Fields:
    """A wire object with the path that leads to it, for messages."""

    values: Mapping[str, Any]
    path: str = ""

    @classmethod
    def of(cls, wire: object, path: str = "") -> Fields:
        """Take a wire object; anything but a mapping with text keys is refused."""
        if not isinstance(wire, Mapping) or not all(isinstance(key, str) for key in wire):
            raise FieldNotMapping(field=path or "/", found=_short(wire))
        return cls(wire, path)

    def at(self, field: str) -> str:
        """Return a field's path, such as "price/hours/peak"."""
        return f"{self.path}/{field}" if self.path else field

    def only(self, *known: str) -> None:
        """Refuse a field that is not among `known`."""
        for field in self.values:
            if field not in known:
                raise FieldUnknown(field=self.at(_short(field)), possible=", ".join(known))

    def has(self, field: str) -> bool:
        """Say whether the field is there and not null."""
        return self.values.get(field) is not None

    def value(self, field: str) -> Any:  # noqa: ANN401 - whatever stands in the wire object
        """Return a field that must be there."""
        if not self.has(field):
            raise FieldMissing(field=self.at(field))
        return self.values[field]

    def inner(self, field: str) -> Fields:
        """Return a field that is itself an object."""
        return Fields.of(self.value(field), self.at(field))

    def text(self, field: str, *, most: int = TEXT_MAX) -> str:
        """Return a text that is not blank and cannot steer the terminal that shows it."""
        found = self.value(field)
        good = isinstance(found, str) and 0 < len(found.strip()) <= most and found.isprintable()
        if not good:
            raise FieldNotText(field=self.at(field), most=most, found=_short(found))
        return str(found).strip()

    def one_of(self, field: str, possible: Iterable[str]) -> str:
        """Return one of a closed list of words."""
        found, words = self.value(field), list(possible)
        if found not in words:
            raise FieldNotOneOf(
                field=self.at(field), possible=", ".join(words), found=_short(found)
            )
        return str(found)

    def number(self, field: str, least: float, most: float) -> float:
        """Return a number, written as one or as a decimal string."""
        found = self.value(field)
        value = _as_float(found)
        if value is None or not least <= value <= most:
            raise FieldNotNumber(
                field=self.at(field), least=f"{least:g}", most=f"{most:g}", found=_short(found)
            )
        return value

    def whole(self, field: str, least: int, most: int) -> int:
        """Return a whole number."""
        found = self.value(field)
        if type(found) is not int or not least <= found <= most:
            raise FieldNotWhole(field=self.at(field), least=least, most=most, found=_short(found))
        return found

    def price(self, field: str) -> Money:
        """Return an amount of yuan, zero or more."""
        found = self.value(field)
        try:
            price = Money.parse(found) if isinstance(found, str) else None
        except Invalid:
            price = None
        if price is None or not Money.zero() <= price <= PRICE_MAX:
            raise FieldNotPrice(field=self.at(field), most=PRICE_MAX, found=_short(found))
        return price

    def items(self, field: str, *, most: int = LIST_MAX) -> list[Any]:
        """Return a list."""
        found = self.value(field)
        if not isinstance(found, list | tuple) or len(found) > most:
            raise FieldNotList(field=self.at(field), most=most, found=_short(found))
        return list(found)


def _as_float(found: object) -> float | None:
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        value = float(found)
    except (ValueError, OverflowError):
        return None
    return value if isfinite(value) else None


def _short(found: object) -> str:
    text = str(found)
    return text if len(text) <= _FOUND_MAX else f"{text[:_FOUND_MAX]}…"

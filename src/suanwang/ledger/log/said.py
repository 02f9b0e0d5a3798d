"""Reading what a record says, field by field; whatever is not as it must be is named by its place.

A record that is in the log is what the exchange wrote, not what makes sense: nothing is taken for
granted here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from suanwang.basics.errors import Invalid
from suanwang.basics.money import CNY, Money
from suanwang.ledger.log.verdict import wrong

LIST_MAX = 10_000
_DIGITS_MAX = 40


@dataclass(frozen=True, slots=True)
class Said:
    """An object in a record, and where it stands."""

    place: str
    fields: Mapping[str, Any]

    def at(self, key: str) -> str:
        """Return the place of a field."""
        return f"{self.place}.{key}"

    def text(self, key: str) -> str:
        """Return a text that must be there."""
        found = self.fields.get(key)
        if not isinstance(found, str):
            wrong(self.at(key), "text", found)
        return found

    def text_or_none(self, key: str) -> str | None:
        """Return a text, or None where it is null or missing."""
        return None if self.fields.get(key) is None else self.text(key)

    def whole(self, key: str) -> int:
        """Return a whole number that is not negative."""
        found = self.fields.get(key)
        if type(found) is not int or found < 0:
            wrong(self.at(key), "a whole number", found)
        return found

    def money(self, key: str) -> Money:
        """Return an amount of yuan that must be there, as a decimal string."""
        try:
            return Money.parse(self.text(key), CNY)
        except (Invalid, ArithmeticError):
            wrong(self.at(key), "an amount of yuan", self.fields.get(key))

    def number(self, key: str) -> Fraction:
        """Return an exact number from a decimal string."""
        text = self.text(key)
        try:
            found = Decimal(text if text.isascii() and len(text) <= _DIGITS_MAX else "NaN")
        except InvalidOperation:
            found = Decimal("NaN")
        # "1E9999999" is a short text and a very long number.
        if not found.is_finite() or abs(found.adjusted()) > _DIGITS_MAX:
            wrong(self.at(key), "a decimal number", text)
        return Fraction(found)

    def inner(self, key: str) -> Said:
        """Return an object that must be there."""
        found = self.fields.get(key)
        if not isinstance(found, dict):
            wrong(self.at(key), "an object", found)
        return Said(self.at(key), found)

    def rows(self, key: str) -> Iterator[Said]:
        """Yield the objects of a list that must be there."""
        found = self.fields.get(key)
        if not isinstance(found, list) or len(found) > LIST_MAX:
            wrong(self.at(key), f"a list of at most {LIST_MAX}", found)
        for number, each in enumerate(found):
            place = f"{self.at(key)}[{number}]"
            if not isinstance(each, Mapping):
                wrong(place, "an object", each)
            yield Said(place, each)

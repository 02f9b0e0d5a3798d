"""Takes one JSON object apart: every wrong value is a `Misplaced` that names its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from suanwang.market.verify.numbers import Exact, cut, exact

FOUND_MAX = 60  # characters of what was found
TEXT_MAX = 256
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
T = TypeVar("T")


class Misplaced(Exception):
    """A value that the rules do not allow, with its place; a reader turns it into its own error."""

    def __init__(self, place: str, expected: str, found: object) -> None:
        self.place, self.expected, self.found = place, expected, shown(found)
        super().__init__(place)


def shown(value: object) -> str:
    """Show a value in one short line."""
    if isinstance(value, list | dict):
        return "[…]" if isinstance(value, list) else "{…}"
    if isinstance(value, int) and value.bit_length() > 8 * FOUND_MAX:
        return "a very long number"
    text = ascii(value) if isinstance(value, str) else str(value)
    return text[:FOUND_MAX] + ("…" if len(text) > FOUND_MAX else "")


def text_of(value: object, place: str) -> str:
    """Return an id or another short text that a UTF-8 file can carry."""
    if type(value) is str and 0 < len(value) <= TEXT_MAX and not _UNPRINTABLE.search(value):
        return value
    raise Misplaced(place, f"text of 1 to {TEXT_MAX} printable characters", value)


class Fields:
    """The fields of one object at one place of a file; null stands for a key that is missing."""

    def __init__(self, value: object, place: str, keys: str) -> None:
        if not isinstance(value, dict):
            raise Misplaced(place, "an object", value)
        unknown = value.keys() - set(keys.split())
        if unknown:
            raise Misplaced(place, f"only the keys {keys}", min(map(str, unknown)))
        self._values = value
        self.place = place

    def get(self, key: str) -> object:
        """Return a value as it stands, None where it is missing."""
        return self._values.get(key)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def at(self, key: str) -> str:
        """Return the place of a key."""
        return f"{self.place}.{key}" if self.place else key

    def take(self, key: str, read: Callable[[object], T], expected: str) -> T:
        """Return what `read` makes of a value; it raises ValueError for what it does not like."""
        value = self._values.get(key)
        try:
            return read(value)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise Misplaced(self.at(key), expected, value) from None

    def text(self, key: str) -> str:
        """Return a text."""
        return text_of(self._values.get(key), self.at(key))

    def text_or_none(self, key: str) -> str | None:
        """Return a text, None where it is missing."""
        return None if self._values.get(key) is None else self.text(key)

    def whole(self, key: str, default: int | None = None, *, least: int = 0) -> int:
        """Return a whole number from `least`."""
        number = self.exact(key, default, least=least)
        if type(number) is not int:
            raise Misplaced(self.at(key), "a whole number", self._values.get(key))
        return number

    def exact(self, key: str, default: int | None = None, *, least: int | None = None) -> Exact:
        """Return a number as it is written."""
        return self._number(key, exact, default, least=least)

    def cut(self, key: str, default: int | None = None, *, least: int | None = None) -> int:
        """Return a number in 10⁻¹², cut towards zero."""
        return int(self._number(key, cut, default, least=least))

    def rows(self, key: str) -> list[object]:
        """Return a list, an empty one where it is missing."""
        value = self._values.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise Misplaced(self.at(key), "a list", value)
        return value

    def series(self, key: str, length: int, read: Callable[[object], T]) -> tuple[T, ...]:
        """Return a list of this length, or one value for each."""
        value = self._values.get(key)
        values = value if isinstance(value, list) else [value] * length
        if len(values) != length:
            raise Misplaced(self.at(key), f"one number or {length}", value)
        return self.take(key, lambda _: tuple(map(read, values)), "numbers in their range")

    def _number(
        self,
        key: str,
        read: Callable[[object], Exact],
        default: int | None,
        *,
        least: int | None,
    ) -> Exact:
        value = self._values.get(key)
        try:
            number = read(default if value is None else value)
        except ValueError:
            raise Misplaced(self.at(key), "a number", value) from None
        if least is not None and number < least:
            raise Misplaced(self.at(key), f"a number ≥ {least}", value)
        return number

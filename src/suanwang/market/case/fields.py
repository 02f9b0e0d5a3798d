"""Reads values out of a document, or says what was expected at which place and what was found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from suanwang.market.case.numerals import exact

FOUND_MAX = 80  # characters of what was found
TEXT_MAX = 256  # characters of an id or any other text
SCALE_12 = 10**12  # quantities are cut to this part of a card
QUANTITY_MAX = Fraction(10**12)
#: Control characters and lone surrogates, which no terminal and no UTF-8 file can carry.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_BITS_SHOWN = 1000
TEXT_EXPECTED = f"text of 1 to {TEXT_MAX} printable characters"

E = TypeVar("E", bound=StrEnum)


class Misfit(Exception):
    """A value that the rules do not allow: its place, what was expected and what was found."""

    def __init__(self, place: str, expected: str, found: object) -> None:
        self.place = place
        self.expected = expected
        self.found = shown(found)
        super().__init__(f"{place}: expected {expected}, found {self.found}")


class Nothing:
    """What is found where a key is missing."""


def shown(value: object) -> str:
    """Show any value in at most 80 printable characters."""
    if isinstance(value, str):
        return _short(f'"{value[: FOUND_MAX + 1]}"')
    if isinstance(value, bool | None):
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int):
        # Python refuses to write out a whole number of thousands of digits.
        return _short(str(value)) if value.bit_length() < _BITS_SHOWN else "a very long number"
    if isinstance(value, float | Decimal):
        return _short(str(value))
    if isinstance(value, Fraction):
        return _short(str(float(value)))
    kinds: tuple[tuple[type, str], ...] = ((list, "a list"), (dict, "an object"))
    return next((words for kind, words in kinds if isinstance(value, kind)), "nothing")


def _short(text: str) -> str:
    printable = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: FOUND_MAX + 1])
    return printable if len(printable) <= FOUND_MAX else printable[: FOUND_MAX - 1] + "…"


def text_at(value: object, place: str) -> str:
    """Read an id or another short text."""
    good = isinstance(value, str) and 0 < len(value) <= TEXT_MAX and not UNPRINTABLE.search(value)
    if not isinstance(value, str) or not good:
        raise Misfit(place, TEXT_EXPECTED, value)
    return value


def list_at(value: object, place: str) -> list[object]:
    """Read a list."""
    if not isinstance(value, list):
        raise Misfit(place, "a list", value)
    return value


def number_at(
    value: object,
    place: str,
    *,
    least: Fraction | int | None = None,
    most: Fraction | int | None = None,
    above: int | None = None,
) -> Fraction:
    """Read a number: at least `least`, at most `most`, more than `above`."""
    number = exact(value)
    low = number is not None and (
        (least is not None and number < least) or (above is not None and number <= above)
    )
    if number is None or low or (most is not None and number > most):
        raise Misfit(place, _range("a number", least=least, most=most, above=above), value)
    return number


def whole_at(
    value: object, place: str, *, least: int | None = None, most: int | None = None
) -> int:
    """Read a whole number between two bounds, both allowed."""
    number = exact(value)
    if (
        number is None
        or number.denominator != 1
        or (least is not None and number < least)
        or (most is not None and number > most)
    ):
        raise Misfit(place, _range("a whole number", least=least, most=most), value)
    return int(number)


def _range(
    what: str,
    *,
    least: Fraction | int | None = None,
    most: Fraction | int | None = None,
    above: int | None = None,
) -> str:
    bounds = [("≥", least), (">", above), ("≤", most)]
    return " ".join([what, *(f"{sign} {bound}" for sign, bound in bounds if bound is not None)])


def quantity_at(value: object, place: str, *, above: int | None = None) -> Fraction:
    """Read cards: 0 to 10¹², cut to 10⁻¹²; with `above` 0, some must be left after the cut."""
    number = cut(number_at(value, place, least=0, most=QUANTITY_MAX), parts=SCALE_12)
    if above is not None and number <= above:
        raise Misfit(place, f"a quantity > {above}", value)
    return number


def cut(number: Fraction, *, parts: int) -> Fraction:
    """Cut a number down to a whole number of parts of one."""
    return Fraction(number * parts // 1, parts)


class Fields:
    """One object of the document; a key that may be missing may also be null."""

    __slots__ = ("_values", "place")

    def __init__(self, value: object, place: str, *, needs: str, may: str = "") -> None:
        """Check the keys against two lists of words: those needed and those allowed besides."""
        if not isinstance(value, dict):
            raise Misfit(place, "an object", value)
        needed, allowed = needs.split(), may.split()
        for key in value:
            if key not in needed and key not in allowed:
                raise Misfit(place, f"only the keys {', '.join([*needed, *allowed])}", key)
        for key in needed:
            if key not in value:
                raise Misfit(f"{place}.{key}", "a value", Nothing())
        self.place = place
        self._values = {
            key: each for key, each in value.items() if each is not None or key in needed
        }

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def raw(self, key: str, default: object = None) -> object:
        """Return a value as it stands."""
        return self._values.get(key, default)

    def at(self, key: str) -> str:
        """Return the place of a key."""
        return f"{self.place}.{key}"

    def text(self, key: str) -> str:
        """Read an id."""
        return text_at(self.raw(key), self.at(key))

    def text_or_none(self, key: str) -> str | None:
        """Read an id that may be missing."""
        return self.text(key) if key in self else None

    def number(
        self,
        key: str,
        *,
        default: int = 0,
        least: int | None = None,
        most: int | None = None,
        above: int | None = None,
    ) -> Fraction:
        """Read a number, or the default where the key is missing."""
        value = self.raw(key, default)
        return number_at(value, self.at(key), least=least, most=most, above=above)

    def whole(
        self, key: str, *, default: int = 0, least: int | None = None, most: int | None = None
    ) -> int:
        """Read a whole number, or the default where the key is missing."""
        return whole_at(self.raw(key, default), self.at(key), least=least, most=most)

    def quantity(self, key: str, *, default: int = 0, above: int | None = None) -> Fraction:
        """Read cards, or the default where the key is missing."""
        return quantity_at(self.raw(key, default), self.at(key), above=above)

    def switch(self, key: str) -> bool:
        """Read true or false; false where the key is missing."""
        value = self.raw(key, default=False)
        if not isinstance(value, bool):
            raise Misfit(self.at(key), "true or false", value)
        return value

    def choice(self, key: str, words: type[E], default: E | None = None) -> E:
        """Read one word of a closed list."""
        value = self.raw(key, default)
        for word in words:
            if value == word:
                return word
        raise Misfit(self.at(key), " or ".join(words), value)

    def one_of(self, key: str, places: dict[str, int], what: str) -> int:
        """Read the name of a zone or class as its index."""
        return index_of(self.raw(key), self.at(key), places, what)

    def entries(self, key: str) -> list[object]:
        """Return a list that may be missing."""
        return list_at(self.raw(key, []), self.at(key))

    def items(self, key: str) -> Iterator[tuple[str, object]]:
        """Walk a list that may be missing: the place and the value of each entry."""
        return _placed(self.entries(key), self.at(key))

    def series(self, key: str, length: int) -> Iterable[tuple[str, object]]:
        """Walk a list of exactly this length, or one value that stands for each."""
        value = self.raw(key)
        if not isinstance(value, list):
            return [(self.at(key), value)] * length
        if len(value) != length:
            raise Misfit(self.at(key), f"a number or a list of {length}", f"a list of {len(value)}")
        return _placed(value, self.at(key))

    def mapping(self, key: str, what: str) -> dict[str, object]:
        """Read an object whose keys are names."""
        value = self.raw(key, {})
        if not isinstance(value, dict):
            raise Misfit(self.at(key), f"an object of {what}", value)
        return value


def index_of(value: object, place: str, places: dict[str, int], what: str) -> int:
    """Read a name as its index among those known."""
    found = places.get(value) if isinstance(value, str) else None
    if found is None:
        raise Misfit(place, what, value)
    return found


def _placed(values: list[object], place: str) -> Iterator[tuple[str, object]]:
    return ((f"{place}[{index}]", value) for index, value in enumerate(values))

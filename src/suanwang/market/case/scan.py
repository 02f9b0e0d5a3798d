"""Reads JSON strictly, and long lists piece by piece: a million orders never stand as objects.

Strictly: one object, no key twice, no NaN or Infinity, no number longer than anyone needs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, Protocol

from suanwang.market.case.fields import FOUND_MAX, Misfit
from suanwang.market.case.numerals import (
    DIGITS_EXPECTED,
    NumeralRefused,
    refuse_constant,
    whole_of,
)

#: Entries of a list handed on at once: few enough to stay in the processor's cache.
PIECE = 1 << 13
_NEWLINE = "\n"
_SPACE = re.compile(r"[ \t\n\r]*")

#: Stands for an entry that has been handed on.
_TAKEN = object()


class Sink(Protocol):
    """What takes the entries of a long list."""

    def add(self, rows: list[Any]) -> None:
        """Take the next entries; may raise Misfit."""

    def clear(self) -> None:
        """Forget all entries, to begin again."""


class _KeyTwice(ValueError):
    """A key that stands twice in one object; the argument is the key."""


def scan_document(
    content: bytearray, *, number: Callable[[str], object], sinks: Mapping[str, Sink]
) -> dict[str, Any]:
    """Read a JSON object; lists under a key of `sinks` go there in pieces, and are left out.

    `number` reads a number with a point or an exponent. Raises Misfit.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        found = f"byte 0x{content[error.start]:02x}"
        raise Misfit(line_and_column(before, len(before)), "UTF-8", found) from None
    scanner = _Scanner(text, number)
    return scanner.document(sinks)


def line_and_column(text: str, index: int) -> str:
    """Name the place of a character, both counted from 1."""
    line = text.count("\n", 0, index) + 1
    return f"line {line} column {index - text.rfind(_NEWLINE, 0, index)}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _KeyTwice(key)
            seen.add(key)
    return values


def _other(entries: list[object]) -> bool:
    """Say whether an entry is anything but an object that has been handed on."""
    return entries.count(_TAKEN) != len(entries)


class _Scanner:
    def __init__(self, text: str, number: Callable[[str], object]) -> None:
        self._text = text
        # The decoder wants to be told a float; it passes on whatever it gets.
        self._number: Any = number
        self._decode = json.JSONDecoder(
            object_pairs_hook=_object,
            parse_float=self._number,
            parse_int=whole_of,
            parse_constant=refuse_constant,
        ).raw_decode

    def document(self, sinks: Mapping[str, Sink]) -> dict[str, Any]:
        document: dict[str, Any] = {}
        seen: set[str] = set()
        at = self._mark("{", self._skip(0), "an object, beginning with {")
        more = self._text[at : at + 1] != "}"
        while more:
            key, at = self._key(at)
            if key in seen:
                raise Misfit(f"$.{key[:FOUND_MAX]}", "each key once", key)
            seen.add(key)
            at = self._mark(":", at, "':'")
            if key in sinks and self._text[at : at + 1] == "[":
                at = self._stream(f"$.{key}", at, sinks[key])
            else:
                document[key], at = self._value(f"$.{key[:FOUND_MAX]}", at)
            more = self._text[at : at + 1] == ","
            at = self._skip(at + 1) if more else at
        at = self._mark("}", at, "',' or '}'")
        if at != len(self._text):
            self._stop(at, "the end of the file")
        return document

    def _skip(self, at: int) -> int:
        space = _SPACE.match(self._text, at)
        return space.end() if space else at

    def _mark(self, mark: str, at: int, expected: str) -> int:
        if self._text[at : at + 1] != mark:
            self._stop(at, expected)
        return self._skip(at + 1)

    def _stop(self, at: int, expected: str) -> NoReturn:
        found: object = self._text[at : at + 20] or "the end of the file"
        raise Misfit(line_and_column(self._text, at), expected, found)

    def _key(self, at: int) -> tuple[str, int]:
        if self._text[at : at + 1] != '"':
            self._stop(at, "a key in double quotes")
        key, end = self._value("$", at)
        return str(key), end

    def _value(self, place: str, at: int) -> tuple[Any, int]:
        """Read one value; where it is a list with a mistake inside, name the entry."""
        try:
            value, end = self._one(place, at)
        except Misfit:
            if self._text[at : at + 1] == "[":
                # Once more, entry by entry: the second reading knows where it is.
                self._pieces(place, at, None)
            raise
        return value, self._skip(end)

    def _one(self, place: str, at: int) -> tuple[Any, int]:
        try:
            return self._decode(self._text, at)
        except json.JSONDecodeError as error:
            expected = error.msg.removeprefix("Expecting ")
            expected = expected if expected != error.msg else f"valid JSON ({error.msg})"
            self._stop(error.pos, expected)
        except NumeralRefused as error:
            raise Misfit(place, DIGITS_EXPECTED, error.args[0]) from None
        except _KeyTwice as error:
            raise Misfit(place, "each key once", error.args[0]) from None
        except RecursionError:
            raise Misfit(place, "less nesting", self._text[at : at + FOUND_MAX]) from None

    def _stream(self, place: str, at: int, sink: Sink) -> int:
        """Hand a list of objects on while the decoder reads it; return where it ends."""
        taken, rows = 0, list[dict[str, Any]]()

        def take(pairs: list[tuple[str, Any]]) -> object:
            nonlocal taken, rows
            rows.append(_object(pairs))
            if len(rows) == PIECE:
                sink.add(rows)
                taken, rows = taken + PIECE, []
            return _TAKEN

        decoder = json.JSONDecoder(
            object_pairs_hook=take, parse_float=self._number, parse_constant=refuse_constant
        )
        try:
            entries, end = decoder.raw_decode(self._text, at)
            sink.add(rows)
        except (ValueError, RecursionError, Misfit):
            entries = None
        # An object within an entry would have been taken for one of its own.
        if entries is None or len(entries) != taken + len(rows) or _other(entries):
            sink.clear()
            return self._pieces(place, at, sink)
        return self._skip(end)

    def _pieces(self, place: str, at: int, sink: Sink | None) -> int:
        """Hand a list on entry by entry, which names the place of a mistake; return its end."""
        text = self._text
        at = self._skip(at + 1)
        count, piece = 0, list[Any]()
        if text[at : at + 1] == "]":
            return self._skip(at + 1)
        while True:
            value, at = self._one(f"{place}[{count}]", at)
            count += 1
            piece.append(value)
            if len(piece) == PIECE:
                if sink is not None:
                    sink.add(piece)
                piece = []
            if text[at : at + 1] != ",":
                at = self._skip(at)
                if text[at : at + 1] != ",":
                    break
            at = self._skip(at + 1)
        if sink is not None:
            sink.add(piece)
        return self._mark("]", at, "',' or ']'")

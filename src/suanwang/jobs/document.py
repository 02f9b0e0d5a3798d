"""Reads YAML into plain values and remembers the line and column of every one.

Built on the parser's events instead of its loader, since a job file comes from strangers: depth and
aliases are bounded while reading, keys stay as written, duplicates are seen, and no tag makes an
object. Plain scalars follow YAML 1.2: only true, false, null and decimal numbers are not text, so
`1:30`, `yes`, `007` and `2026-11-24` stay what was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn, TypeAlias

import yaml

from suanwang.jobs.errors import Wrong
from suanwang.jobs.syntax import explain_syntax
from suanwang.jobs.values import shown

BYTES_MAX = 1_000_000
DEPTH_MAX = 32
ALIASED_VALUES_MAX = 10_000

Path: TypeAlias = tuple[str | int, ...]
Place: TypeAlias = tuple[int, int]  # line and column, from 1

# What YAML forbids, and what operating systems and databases cannot keep.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_CORE: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
# Digits beyond 18 stay text: no field takes such a number.
_WHOLE = re.compile(r"-?[1-9][0-9]{0,17}|0")
_DECIMAL = re.compile(r"-?(?:[1-9][0-9]{0,17}|0)\.[0-9]{1,18}")
_PREFIX = "tag:yaml.org,2002:"
_COLLECTION_TAGS = {None, "!", f"{_PREFIX}map", f"{_PREFIX}seq"}
_PLAIN_TAGS = {f"{_PREFIX}{kind}" for kind in ("int", "float", "bool", "null")}
# The C parser where the wheel has it: twenty times faster, the same events.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Document:
    """The values of a file, where each stands, and what is wrong with the writing."""

    value: Any = None
    places: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    mistakes: list[tuple[Path, Place, Wrong]] = field(default_factory=list)


class _Stopped(Exception):
    """Reading cannot go on; the reason is in the document's mistakes."""


def decode(data: bytes) -> str:
    """Read bytes as UTF-8 text, or raise the mistake with line and column as arguments."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        refused = Wrong("not-utf-8", byte=f"0x{data[error.start]:02X}")
        raise NotText(refused, place_at(before, len(before))) from None


class NotText(Exception):
    """The bytes are no text; carries the mistake and its place."""

    def __init__(self, mistake: Wrong, place: Place) -> None:
        super().__init__(str(mistake))
        self.mistake = mistake
        self.place = place


def place_at(text: str, index: int) -> Place:
    """Return line and column, from 1, of a character."""
    return text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1


def read_document(text: str) -> Document:
    """Read one YAML document; never raises for any text."""
    document = Document()
    try:
        _Reader(_checked(text, document), document).read()
    except _Stopped:
        pass
    except yaml.YAMLError as error:
        place, mistake = explain_syntax(error, text)
        document.mistakes.append(((), place, mistake))
    return document


def _checked(text: str, document: Document) -> str:
    def stop(place: Place, mistake: Wrong) -> NoReturn:
        document.mistakes.append(((), place, mistake))
        raise _Stopped

    # A character is at least a byte, so the cheap test comes first.
    if len(text) > BYTES_MAX or len(text.encode("utf-8", "surrogatepass")) > BYTES_MAX:
        stop((1, 1), Wrong("file-too-large", most=BYTES_MAX))
    text = text.removeprefix("\ufeff")
    bad = _FORBIDDEN.search(text)
    if bad:
        stop(
            place_at(text, bad.start()),
            Wrong("control-character", character=f"U+{ord(bad[0]):04X}"),
        )
    tab = _tab_indent(text)
    if tab is not None:
        try:
            for _ in yaml.parse(text, Loader=_LOADER):
                pass
        except yaml.YAMLError:
            stop(tab, Wrong("tab-indent"))
    return text


def _tab_indent(text: str) -> Place | None:
    match = re.search(r"^ *\t+ *(?=[^\s#])", text, re.MULTILINE)
    if match is None:
        return None
    line, _ = place_at(text, match.start())
    return line, match[0].index("\t") + 1


class _Reader:
    """Walks the events of one document."""

    def __init__(self, text: str, document: Document) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self._document = document
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._aliased = 0

    def read(self) -> None:
        next(self._events)  # the stream starts
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            self._empty()
        self._document.value, _ = self._node(next(self._events), ())
        if self._document.value is None:
            self._empty()
        next(self._events)  # the document ends
        event = next(self._events)
        if isinstance(event, yaml.DocumentStartEvent):
            self._stop(event, Wrong("several-documents"))

    def _empty(self) -> NoReturn:
        self._document.mistakes.append(((), (1, 1), Wrong("file-empty")))
        raise _Stopped

    def _note(self, event: Any, mistake: Wrong, path: Path = ()) -> None:  # noqa: ANN401
        mark = event.start_mark
        self._document.mistakes.append((path, (mark.line + 1, mark.column + 1), mistake))

    def _stop(self, event: Any, mistake: Wrong, path: Path = ()) -> NoReturn:  # noqa: ANN401
        self._note(event, mistake, path)
        raise _Stopped

    def _node(self, event: Any, path: Path) -> tuple[Any, int]:  # noqa: ANN401 - parser's events
        """Return the value that starts at `event`, and how many values it holds."""
        mark = event.start_mark
        self._document.places[path] = (mark.line + 1, mark.column + 1)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path)
        if len(path) >= DEPTH_MAX:
            self._stop(event, Wrong("too-deep", most=DEPTH_MAX), path)
        if isinstance(event, yaml.ScalarEvent):
            value, size = self._scalar(event, path), 1
        elif isinstance(event, yaml.SequenceStartEvent):
            value, size = self._sequence(event, path)
        else:
            value, size = self._mapping(event, path)
        if event.anchor is not None:
            # Only now: an alias inside its own anchor would never end.
            self._anchors[event.anchor] = (value, size)
        return value, size

    def _alias(self, event: Any, path: Path) -> tuple[Any, int]:  # noqa: ANN401
        if event.anchor not in self._anchors:
            self._stop(event, Wrong("alias-unknown", found=event.anchor), path)
        value, size = self._anchors[event.anchor]
        self._aliased += size
        if self._aliased > ALIASED_VALUES_MAX:
            self._stop(event, Wrong("too-many-aliases", most=ALIASED_VALUES_MAX), path)
        return value, size

    def _scalar(self, event: Any, path: Path) -> Any:  # noqa: ANN401
        if event.tag in _PLAIN_TAGS or (event.tag is None and not event.style):
            return _plain(event.value)
        if event.tag not in (None, "!", f"{_PREFIX}str"):
            self._note(event, Wrong("yaml-tag", found=shown(event.tag)), path)
        return event.value

    def _sequence(self, event: Any, path: Path) -> tuple[list[Any], int]:  # noqa: ANN401
        self._tag(event, path)
        values: list[Any] = []
        size = 1
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            value, inner = self._node(event, (*path, len(values)))
            values.append(value)
            size += inner
        return values, size

    def _mapping(self, event: Any, path: Path) -> tuple[dict[str, Any], int]:  # noqa: ANN401
        self._tag(event, path)
        values: dict[str, Any] = {}
        size = 1
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, path)
            mark = event.start_mark
            if key in values:
                first, _ = self._document.keys[(*path, str(key))]
                self._note(
                    event, Wrong("duplicate-key", key=key, first_line=first), (*path, str(key))
                )
            if key is None or key in values:
                # Read on to see later mistakes; the first value stands.
                _, inner = self._node(next(self._events), (*path, "", len(values)))
            else:
                self._document.keys[(*path, key)] = (mark.line + 1, mark.column + 1)
                values[key], inner = self._node(next(self._events), (*path, key))
            size += inner + 1
        return values, size

    def _key(self, event: Any, path: Path) -> str | None:  # noqa: ANN401
        if not isinstance(event, yaml.ScalarEvent):
            self._note(event, Wrong("key-not-text", found="{…}"), path)
            self._node(event, (*path, "", 0))
            return None
        if event.value == "<<" and not event.style:
            self._note(event, Wrong("merge-key"), path)
            return None
        return str(event.value)

    def _tag(self, event: Any, path: Path) -> None:  # noqa: ANN401
        if event.tag not in _COLLECTION_TAGS:
            self._note(event, Wrong("yaml-tag", found=shown(event.tag)), path)


def _plain(text: str) -> Any:  # noqa: ANN401 - whatever the scalar says
    if text in _CORE:
        return _CORE[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text

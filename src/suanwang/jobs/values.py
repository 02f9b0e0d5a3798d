"""How people write durations, sizes, times, amounts and index ranges: read, and written back.

Every reader returns a value or raises the mistake that names what was expected and found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from math import ceil
from typing import TypeAlias

from suanwang.basics.errors import SuanwangError
from suanwang.basics.money import Money
from suanwang.basics.slots import Instant, format_instant, parse_instant
from suanwang.jobs.errors import Wrong

#: A time, or a duration from the moment the job is handed in.
When: TypeAlias = Instant | timedelta

DURATION_MAX = timedelta(days=3650)  # the longest retention of a cold store
SIZE_MAX_BYTES = 10**18  # an exabyte
ARRAY_MEMBERS_MAX = 10_000
ARRAY_INDEX_MAX = 10**9
_SHOWN_MAX = 60

_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
_BYTES = {
    "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "PiB": 2**50,
}  # fmt: skip
_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,9})?) ?([kKMGTP]?i?B)", re.ASCII)
_RANGE = re.compile(r"(\d{1,18})-(\d{1,18})", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?", re.ASCII)


def shown(value: object) -> str:
    """Show a value as it would be written in the file, in one short line."""
    if isinstance(value, str):
        cut = value if len(value) <= _SHOWN_MAX else value[: _SHOWN_MAX - 1] + "…"
        return '"' + "".join(_visible(character) for character in cut) + '"'
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) >= 10**18:
        # Python refuses to print numbers of thousands of digits; nobody reads them either.
        return f"≈ 2^{value.bit_length()}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int | float):
        return str(value)
    return "{…}" if isinstance(value, dict) else "[…]" if isinstance(value, list | tuple) else "?"


def _visible(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\u{ord(character):04x}"


def parse_duration(value: object, *, most: timedelta = DURATION_MAX) -> timedelta:
    """Read "90s", "20m", "2h", "3d" or "1h30m": above zero, at most `most`."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if match is None:
        raise Wrong("duration-unreadable", found=shown(value))
    parts = zip(_SECONDS.values(), match.groups(default="0"), strict=True)
    seconds = sum(unit * int(count) for unit, count in parts)
    if not 0 < seconds <= most.total_seconds():
        raise Wrong("out-of-range", least="1s", most=format_duration(most), found=shown(value))
    return timedelta(seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """Write whole seconds in the largest unit that divides them: "90m", "2h", "45s"."""
    seconds = int(duration.total_seconds())
    unit, size = next((u, s) for u, s in _SECONDS.items() if seconds % s == 0)
    return f"{seconds // size}{unit}"


def parse_size(value: object) -> int:
    """Read "500MB" (10⁶) or "2GiB" (2³⁰) as whole bytes, rounded up."""
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[2] not in _BYTES:
        raise Wrong("size-unreadable", found=shown(value))
    size = ceil(Decimal(match[1]) * _BYTES[match[2]])
    if not 0 < size <= SIZE_MAX_BYTES:
        raise Wrong("out-of-range", least="1B", most="1000PB", found=shown(value))
    return size


def format_size(size: int) -> str:
    """Write bytes in the largest decimal unit that divides them: "4GB", "1500MB"."""
    units = [(10**15, "PB"), (10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")]
    unit, name = next(((u, n) for u, n in units if size % u == 0), (1, "B"))
    return f"{size // unit}{name}"


def parse_when(value: object) -> When:
    """Read a time with an offset, or a duration from now."""
    if isinstance(value, Instant | timedelta):
        return value
    if not isinstance(value, str):
        raise Wrong("when-unreadable", found=shown(value))
    if _DURATION.fullmatch(value) and value:
        return parse_duration(value)
    try:
        return parse_instant(value)
    except (SuanwangError, OverflowError):
        raise Wrong("when-unreadable", found=shown(value)) from None


def format_when(when: When) -> str:
    """Write a time in UTC, or a duration."""
    return format_duration(when) if isinstance(when, timedelta) else format_instant(when)


def instant_of(when: When | None, *, now: Instant) -> Instant | None:
    """Turn a duration from `now` into the instant it means."""
    return now + when if isinstance(when, timedelta) else when


def parse_number(value: object, *, least: Decimal, most: Decimal, example: str) -> Decimal:
    """Read a number, given as number or decimal string, from `least` to `most`."""
    number = _decimal(value)
    if number is None:
        raise Wrong("expected-number", example=example, found=shown(value))
    if not least <= number <= most:
        raise Wrong("out-of-range", least=f"{least:f}", most=f"{most:f}", found=shown(value))
    return number


def _decimal(value: object) -> Decimal | None:
    # A float's shortest text is what was written; its binary value is not.
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    number = Decimal(value if isinstance(value, int | Decimal) else str(value))
    return number if number.is_finite() else None


def parse_price(value: object) -> Money:
    """Read an amount of yuan above zero, given as a number or a decimal string."""
    if isinstance(value, Money):
        return value
    number = _decimal(value)
    if number is None:
        raise Wrong("price-unreadable", found=shown(value))
    try:
        price = Money.parse(str(number))
    except SuanwangError:
        raise Wrong("price-unreadable", found=shown(value)) from None
    if price.units <= 0:
        raise Wrong("out-of-range", least="0.000001", most="9223372036854", found=shown(value))
    return price


@dataclass(frozen=True, slots=True)
class IndexRange:
    """The indices of an array job, both ends included."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.first, self.last + 1))

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


def parse_array(value: object) -> IndexRange:
    """Read "0-99"; at most ten thousand members, the last not before the first."""
    if isinstance(value, IndexRange):
        return value
    match = _RANGE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Wrong("array-unreadable", found=shown(value))
    first, last = int(match[1]), int(match[2])
    if last < first:
        raise Wrong("array-unreadable", found=shown(value))
    if last - first + 1 > ARRAY_MEMBERS_MAX:
        raise Wrong("array-too-large", most=ARRAY_MEMBERS_MAX, found=last - first + 1)
    if last > ARRAY_INDEX_MAX:
        raise Wrong("out-of-range", least=0, most=ARRAY_INDEX_MAX, found=last)
    return IndexRange(first, last)

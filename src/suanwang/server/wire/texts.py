"""Single values on the wire: money as decimal strings, instants in UTC, whole seconds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from suanwang.basics.money import Money
from suanwang.basics.slots import Instant, format_instant

CURRENCY = "CNY"


def amount(money: Money | None) -> str | None:
    """Write money as a decimal string, "12.5", or null."""
    return None if money is None else shown(money)


def shown(money: Money) -> str:
    """Write money with as many places as it needs, and at least two."""
    whole, _, places = str(money).partition(".")
    return f"{whole}.{places.rstrip('0').ljust(2, '0')}"


def instant(value: Instant | None) -> str | None:
    """Write an instant as RFC 3339 in UTC, or null."""
    return None if value is None else format_instant(value)


def always(value: Instant) -> str:
    """Write an instant that is always there."""
    return format_instant(value)


def seconds(value: timedelta | None) -> int | None:
    """Write a duration in whole seconds, rounded up: half a second is not nothing."""
    return None if value is None else -(-value // timedelta(seconds=1))


def encode(document: Any) -> bytes:  # noqa: ANN401 - any JSON document
    """Write a document as the bytes of an answer."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def encode_lines(documents: Iterable[Any]) -> bytes:
    """Write documents as NDJSON: one a line."""
    return b"".join(encode(each) + b"\n" for each in documents)

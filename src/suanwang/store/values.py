"""How values stand in columns: instants as microseconds, money as units, things as JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant, from_micros, to_micros

# Later than any instant that is written, and still a BIGINT: the year 292,000 or so.
NEVER = 2**63 - 1


NEWEST = "~"  # where a list of the newest begins: it sorts after every id


def instant(value: int | None) -> Instant | None:
    """Read an instant column."""
    return None if value is None else from_micros(value)


def micros(value: Instant | None) -> int | None:
    """Write an instant column."""
    return None if value is None else to_micros(value)


def money(value: int | None) -> Money | None:
    """Read a yuan column."""
    return None if value is None else Money(value, CNY)


def units(value: Money | None) -> int | None:
    """Write a money column."""
    return None if value is None else value.units


def parse(text: str | None) -> Any:  # noqa: ANN401 - JSON may be anything
    """Read a JSON column."""
    return None if text is None else json.loads(text)


def write(value: Any) -> str | None:  # noqa: ANN401 - as above
    """Write a JSON column, canonically: no floats."""
    return None if value is None else canonical_bytes(value).decode()


def facts(text: str | None) -> Mapping[str, Any]:
    """Read a JSON column that holds an object; nothing there is an empty one."""
    return {} if text is None else dict(json.loads(text))

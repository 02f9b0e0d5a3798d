"""Facts as records keep them: JSON without floats, money as decimal strings, times in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from suanwang.basics.canonical import Json
from suanwang.basics.money import Asset, Money
from suanwang.basics.slots import Instant, format_instant


def plain(value: Any) -> Json:  # noqa: ANN401 - one fact of any kind
    """Write one fact as JSON that every reader reads alike."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Money | Asset | Decimal | Fraction | float):
        return str(value)
    if isinstance(value, Instant):
        return format_instant(value)
    if isinstance(value, timedelta):
        return str(value // timedelta(seconds=1))
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        ordered = value if isinstance(value, list | tuple) else sorted(value, key=str)
        return [plain(inner) for inner in ordered]
    raise TypeError(f"expected a plain fact, found {value!r}")


def plain_facts(facts: Mapping[str, Any]) -> dict[str, Json]:
    """Write several facts; those that are None are left out."""
    return {name: plain(value) for name, value in facts.items() if value is not None}

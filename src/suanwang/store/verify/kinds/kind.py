"""How rows of one table are held against what was put on record of them, as a declaration.

    Kind(
        evidence="voucher",                  the kind of evidence; its ids are the rows', or "…#2"
        table="voucher_grants",              how findings name a row
        rows="verify_voucher_grants",        a query in sql/: a page of rows after :after, by id
        made_at="issued_at",                 rows older than the first record of the kind have none
        first={"amount": yuan("amount_units")},     field of the record → what the row says
        last={"lapsed": yuan("lapsed_units")},
        unsaid={"lapsed": "0.000000"},           what a record says that leaves a field out
    )

`first` is compared with the first record about a row, `last` with the newest; a dot goes into an
object of the record. Where a row is the sum of many records, `replay` makes of all of them, in
order, what the row must say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from suanwang.basics.canonical import sha256_hex
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import format_instant, from_micros
from suanwang.store.tx import Row

Fields: TypeAlias = Mapping[str, Any]
Read: TypeAlias = Callable[[Row], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of evidence and the rows that it is about."""

    evidence: str
    table: str
    rows: str
    made_at: str
    first: Mapping[str, Read] = field(default_factory=dict)
    last: Mapping[str, Read] = field(default_factory=dict)
    unsaid: Mapping[str, Any] = field(default_factory=dict)
    replay: Callable[[Sequence[Fields]], Fields] | None = None
    replayed: Mapping[str, Read] = field(default_factory=dict)


def column(name: str) -> Read:
    """Read a column as it is."""
    return lambda row: row[name]


def yuan(name: str) -> Read:
    """Read a column of yuan as records write it; NULL is null."""
    return lambda row: None if row[name] is None else str(Money(row[name], CNY))


def instant(name: str) -> Read:
    """Read an instant as records write it; NULL is null."""
    return lambda row: None if row[name] is None else format_instant(from_micros(row[name]))


def part(name: str, *path: str, default: object = None) -> Read:
    """Read a column of JSON, or what stands at a path in it."""

    def read(row: Row) -> object:
        found = json.loads(row[name])
        for step in path:
            found = found.get(step, default)
        return found

    return read


def digest(name: str) -> Read:
    """Read the SHA-256 of a text column, in hex."""
    return lambda row: sha256_hex(row[name].encode())


def columns(*names: str) -> dict[str, Read]:
    """Read columns that records call by the same names."""
    return {name: column(name) for name in names}

"""Bills, usage, rounds and accounts against what was put on record of them when they were made.

A row that is older than the first record of its kind comes from a time before there were any.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from suanwang.basics.canonical import sha256_hex
from suanwang.basics.money import CNY, Money
from suanwang.store.tx import Row, Tx
from suanwang.store.verify.finding import FINDINGS_MAX, Finding, finding

PAGE = 1_000
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Kind:
    """How rows of one table are compared with their records."""

    query: str
    table: str
    made_at: str  # the column
    ours: Callable[[Row], Fields]  # what the row says
    said: Callable[[Mapping[str, Any]], Fields]  # what was put on record


def check_records(tx: Tx) -> Iterator[Finding]:
    """Compare every row that has a record with it, and every record with its row."""
    for kind, each in _KINDS.items():
        yield from _check_kind(tx, kind, each)
    for row in tx.all("verify_orphans", limit=FINDINGS_MAX):
        name = f"evidence {row.seq} {row.kind} {row.id}"
        yield finding("row-missing", name, expected=f"the {row.kind} {row.id}", found="none")


def _check_kind(tx: Tx, kind: str, each: _Kind) -> Iterator[Finding]:
    since = tx.one("verify_since", kind=kind).at
    after = ""
    while page := tx.all(each.query, after=after, limit=PAGE):
        for row in page:
            yield from _check_row(row, each, since=since)
        after = page[-1].id


def _check_row(row: Row, each: _Kind, *, since: int | None) -> Iterator[Finding]:
    name = f"{each.table} {row.id}"
    if row.record is None:
        if since is not None and row[each.made_at] > since:
            yield finding("record-missing", name, expected="a record of it", found="none")
        return
    try:
        ours, said = each.ours(row), each.said(json.loads(row.record))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        yield finding("row-unreadable", name, expected="a row as it was written", found=repr(error))
        return
    for field, expected in said.items():
        if ours[field] != expected:
            where = f"{name} {field}"
            yield finding("row-differs", where, expected=expected, found=ours[field])


def _bill(row: Row) -> Fields:
    body = json.loads(row.lines)
    gross = Money(body.get("gross_units", row.total_units), CNY)
    return {
        "job_id": row.job_id,
        "organisation_id": row.organisation_id,
        "provider_id": row.provider_id,
        "lines": body["lines"],
        "parts": body.get("parts", []),
        "mode": body.get("mode", "direct"),
        "gross": str(gross),
        "total": str(Money(row.total_units, CNY)),
    }


def _bill_said(record: Mapping[str, Any]) -> Fields:
    names = (
        "job_id", "organisation_id", "provider_id", "lines", "parts", "mode", "gross", "total",
    )  # fmt: skip
    return {name: record[name] for name in names}


def _usage(row: Row) -> Fields:
    usage = json.loads(row.usage)
    return {
        "record": usage,
        "signature": row.signature,
        "job_id": row.job_id,
        "centre_id": row.centre_id,
    }


def _usage_said(record: Mapping[str, Any]) -> Fields:
    usage = record["record"]
    return {
        "record": usage,
        "signature": record["signature"],
        "job_id": usage["job_id"],
        "centre_id": usage["centre_id"],
    }


def _round(row: Row) -> Fields:
    return {"outcome_sha256": sha256_hex(row.outcome.encode())}


def _round_said(record: Mapping[str, Any]) -> Fields:
    return {"outcome_sha256": record["outcome_sha256"]}


_ACCOUNT = ("organisation_id", "name", "asset", "scale")


def _account(row: Row) -> Fields:
    return {name: row[name] for name in _ACCOUNT}


def _account_said(record: Mapping[str, Any]) -> Fields:
    return {name: record[name] for name in _ACCOUNT}


_KINDS = {
    "bill": _Kind("verify_bills", "bills", "created_at", _bill, _bill_said),
    "usage": _Kind("verify_usage", "usage_records", "received_at", _usage, _usage_said),
    "round": _Kind("verify_rounds", "rounds", "at", _round, _round_said),
    "account": _Kind("verify_accounts", "accounts", "created_at", _account, _account_said),
}

"""Bills as plain CSV, a row a line, and as JSON lines, a bill a line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence

from suanwang.basics.slots import format_instant
from suanwang.jobs.export.facts import ExportedBill

BOM = "\ufeff"  # Excel takes a CSV file for UTF-8 only where it begins with it
COLUMNS = (
    "bill_id", "billed_at", "settled_at", "organisation_id", "organisation", "project_id",
    "project", "job_id", "job", "job_kind", "centre_id", "centre", "kind", "quantity", "unit",
    "price", "amount", "currency", "price_source", "usage_id", "at",
)  # fmt: skip
# A spreadsheet runs a cell that begins so as a formula (OWASP: CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TYPED = ("organisation", "project", "job", "centre")  # names that people type


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, str]], *, header: bool) -> str:
    """Write rows as CSV (RFC 4180)."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\r\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def plain_rows(bill: ExportedBill, *, excel: bool = False) -> list[dict[str, str]]:
    """Write every line of a bill as a row; for Excel, names cannot act as formulas."""
    said = {
        "bill_id": bill.id,
        "billed_at": format_instant(bill.created_at),
        "settled_at": format_instant(bill.settled_at) if bill.settled_at else "",
        "organisation_id": bill.organisation_id,
        "organisation": bill.organisation_name,
        "project_id": bill.project_id or "",
        "project": bill.project_name or "",
        "job_id": bill.job_id,
        "job": bill.job_name,
        "job_kind": bill.job_kind,
        "centre_id": bill.centre_id or "",
        "centre": bill.centre_name or "",
    }
    if excel:
        said |= {name: tame(said[name]) for name in _TYPED}
    own = COLUMNS[len(said) :]
    return [said | {name: str(line.get(name, "")) for name in own} for line in bill.lines]


def json_line(bill: ExportedBill) -> str:
    """Write a bill as one line of JSON."""
    body = {
        "id": bill.id,
        "job_id": bill.job_id,
        "job": bill.job_name,
        "job_kind": bill.job_kind,
        "organisation_id": bill.organisation_id,
        "organisation": bill.organisation_name,
        "project_id": bill.project_id,
        "project": bill.project_name,
        "centre_id": bill.centre_id,
        "centre": bill.centre_name,
        "mode": bill.mode,
        "lines": [dict(line) for line in bill.lines],
        "parts": [dict(part) for part in bill.parts],
        "total": str(bill.total),
        "currency": bill.total.asset.code,
        "created_at": format_instant(bill.created_at),
        "settled_at": format_instant(bill.settled_at) if bill.settled_at else None,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n"


def tame(text: str) -> str:
    """Keep a name from acting as a formula in a spreadsheet."""
    return f"'{text}" if text.startswith(_FORMULA) else text

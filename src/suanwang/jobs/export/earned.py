"""What sellers earned by bills: as centre, broker or carrier, a row for each part of a line.

A credit note's rows are below zero: what was given back of what had been earned. A part below
zero is what a party paid, as a broker that bought dearer than it sold. Rows are those that an
invoice's earnings sum up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import format_instant
from suanwang.jobs.export.facts import ExportedBill
from suanwang.jobs.export.plain import tame

ROLES = ("centre", "broker", "carrier")
COLUMNS = (
    "seller_id", "role", "bill_id", "credit_note", "billed_at", "settled_at", "job_id", "job_kind",
    "centre_id", "centre", "kind", "quantity", "unit", "price", "amount", "earned", "currency",
    "price_source", "usage_id", "at",
)  # fmt: skip
_OF_LINE = ("kind", "quantity", "unit", "price", "amount", "price_source", "usage_id", "at")


def earned_rows(
    bill: ExportedBill, owner: OrganisationId | None, *, excel: bool = False
) -> list[dict[str, str]]:
    """Write what a seller (None: each) earned by a bill; for Excel, names are no formulas."""
    centre = bill.centre_name or ""
    said = {
        "bill_id": bill.id,
        "credit_note": bill.credit_note or "",
        "billed_at": format_instant(bill.created_at),
        "settled_at": format_instant(bill.settled_at) if bill.settled_at else "",
        "job_id": bill.job_id,
        "job_kind": bill.job_kind,
        "centre_id": bill.centre_id or "",
        "centre": tame(centre) if excel else centre,
        "currency": bill.total.asset.code,
    }
    return [
        said
        | {name: str(line.get(name, "")) for name in _OF_LINE}
        | {"seller_id": part["organisation_id"], "role": part["role"], "earned": part["amount"]}
        for line, part in _parts(bill)
        if owner is None or part["organisation_id"] == owner
    ]


def earned_line(bill: ExportedBill, owner: OrganisationId | None) -> str:
    """Write what each seller earned by a bill as one line of JSON; "" where nothing was."""
    rows = earned_rows(bill, owner)
    if not rows:
        return ""
    earned = sum((Money.parse(row["earned"]) for row in rows), start=Money.zero(CNY))
    shared = ("bill_id", "billed_at", "job_id", "job_kind", "centre_id", "centre", "currency")
    own = ("seller_id", "role", "earned", *_OF_LINE)
    body = {name: rows[0][name] for name in shared} | {
        "settled_at": rows[0]["settled_at"] or None,
        "credit_note": rows[0]["credit_note"] or None,
        "earned": str(earned),
        "parts": [{name: row[name] for name in own} for row in rows],
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n"


def _parts(bill: ExportedBill) -> Iterator[tuple[Mapping[str, Any], Mapping[str, str]]]:
    """Yield each line's parts that earn; a bill that has none is its provider's."""
    split = False
    for line in bill.lines:
        for part in line.get("parts", ()):
            split = True
            if part["role"] in ROLES:
                yield line, part
    if not split and bill.provider_id and bill.provider_share:
        share = str(bill.provider_share)
        yield (
            {"kind": "bill", "amount": str(bill.total)},
            {"organisation_id": bill.provider_id, "role": "centre", "amount": share},
        )

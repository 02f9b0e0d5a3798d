"""Bills, as the API shows them."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from suanwang.server.wire.texts import CURRENCY, always, instant, shown
from suanwang.store.bills import StoredBill


class BillOut(TypedDict):
    """One job's bill: quantity × price on each line; fee and tax are lines too."""

    id: str
    job_id: str
    organisation_id: str
    lines: list[dict[str, Any]]
    total: str
    currency: str
    created_at: str
    settled_at: str | None


def bill_out(bill: StoredBill) -> BillOut:
    """Write a bill."""
    return {
        "id": bill.id,
        "job_id": bill.job_id,
        "organisation_id": bill.organisation_id,
        "lines": [dict(line) for line in bill.lines],
        "total": shown(bill.total),
        "currency": CURRENCY,
        "created_at": always(bill.created_at),
        "settled_at": instant(bill.settled_at),
    }

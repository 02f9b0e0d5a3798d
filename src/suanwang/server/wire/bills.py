"""Bills, as the API shows them."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from suanwang.server.wire.texts import CURRENCY, always, instant, shown
from suanwang.store.bills import StoredBill


class BillOut(TypedDict):
    """One job's bill: quantity × price on each line; fee and tax are lines too.

    `parts`: who gets what of `gross`; `vouchers` are paid by funders, `total` by the buyer.
    """

    id: str
    job_id: str
    organisation_id: str
    lines: list[dict[str, Any]]
    parts: list[dict[str, Any]]
    gross: str
    vouchers: str
    total: str
    mode: str
    seller_id: str
    contract_id: str | None
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
        "parts": [dict(part) for part in bill.parts],
        "gross": shown(bill.gross),
        "vouchers": shown(bill.vouchers),
        "total": shown(bill.total),
        "mode": bill.mode,
        "seller_id": bill.seller_id,
        "contract_id": bill.contract_id,
        "currency": CURRENCY,
        "created_at": always(bill.created_at),
        "settled_at": instant(bill.settled_at),
    }

"""Disputes, credit notes and invoices."""

from __future__ import annotations

from suanwang.store.verify.kinds.kind import Kind, column, columns, instant, part, yuan

KINDS = (
    Kind(
        evidence="dispute",
        table="disputes",
        rows="verify_disputes",
        made_at="created_at",
        last={
            **columns("job_id", "bill_id", "organisation_id", "seller_id", "state", "reason"),
            "amount": yuan("amount_units"),
            "due_at": instant("due_at"),
            **{name: part("body", name) for name in ("items", "text", "said", "frozen")},
        },
    ),
    Kind(
        evidence="credit_note",
        table="credit_notes",
        rows="verify_credit_notes",
        made_at="created_at",
        first={
            **columns("number", "dispute_id", "job_id", "bill_id", "organisation_id", "seller_id"),
            "amount": yuan("amount_units"),
            "total": yuan("total_units"),
            "issued_at": instant("created_at"),
            **{
                name: part("body", name)
                for name in ("items", "vouchers", "transfers", "paid_by", "text")
            },
        },
    ),
    Kind(
        evidence="invoice",
        table="invoices",
        rows="verify_invoices",
        made_at="created_at",
        first={
            **columns("number", "month"),
            "recipient.organisation_id": column("organisation_id"),
            "issued_at": instant("created_at"),
        },
    ),
)

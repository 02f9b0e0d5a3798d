"""Disputes, credit notes and invoices, as the API shows them."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from suanwang.server.wire.texts import CURRENCY, always, instant, shown
from suanwang.store.disputes import CreditNote, Dispute
from suanwang.store.invoices import Invoice


class DisputeOut(TypedDict):
    """One dispute. `frozen`: what each party has set aside, and what it should have."""

    id: str
    job_id: str
    bill_id: str
    organisation_id: str
    seller_id: str
    state: str
    reason: str
    text: str
    items: list[dict[str, Any]]
    amount: str
    currency: str
    frozen: list[dict[str, Any]]
    said: list[dict[str, Any]]
    due_at: str | None
    credit_note_id: str | None
    credited: str | None
    unpaid: str | None
    created_at: str
    updated_at: str


class DisputesOut(TypedDict):
    """A page of disputes, newest first."""

    items: list[DisputeOut]
    next_cursor: str | None


class CreditNoteOut(TypedDict):
    """One credit note: what of a bill was given back, by whom, and what of it the buyer got."""

    id: str
    number: str
    dispute_id: str | None
    job_id: str
    bill_id: str
    organisation_id: str
    seller_id: str
    paid_by: str
    text: str
    items: list[dict[str, Any]]
    vouchers: list[dict[str, Any]]
    amount: str
    total: str
    currency: str
    transfers: list[str]
    issued_at: str


class CreditNotesOut(TypedDict):
    """A page of credit notes, newest first."""

    items: list[CreditNoteOut]
    next_cursor: str | None


class InvoiceOut(TypedDict):
    """An invoice as lists show it. `sha256`: of its canonical JSON, which was put on record."""

    id: str
    number: str
    organisation_id: str
    month: str
    paid: str
    earned: str
    currency: str
    sha256: str
    issued_at: str


class InvoicesOut(TypedDict):
    """A page of invoices, newest first."""

    items: list[InvoiceOut]
    next_cursor: str | None


def dispute_out(dispute: Dispute) -> DisputeOut:
    """Write a dispute."""
    body = dispute.body
    return {
        "id": dispute.id,
        "job_id": dispute.job_id,
        "bill_id": dispute.bill_id,
        "organisation_id": dispute.organisation_id,
        "seller_id": dispute.seller_id,
        "state": dispute.state.value,
        "reason": dispute.reason.value,
        "text": body["text"],
        "items": [each.to_wire() for each in dispute.items],
        "amount": shown(dispute.amount),
        "currency": CURRENCY,
        "frozen": list(body["frozen"]),
        "said": list(body["said"]),
        "due_at": instant(dispute.due_at),
        "credit_note_id": body.get("credit_note_id"),
        "credited": body.get("credited"),
        "unpaid": body.get("unpaid"),
        "created_at": always(dispute.created_at),
        "updated_at": always(dispute.updated_at),
    }


def credit_note_out(note: CreditNote) -> CreditNoteOut:
    """Write a credit note."""
    return {
        "id": note.id,
        "number": note.number,
        "dispute_id": note.dispute_id,
        "job_id": note.job_id,
        "bill_id": note.bill_id,
        "organisation_id": note.organisation_id,
        "seller_id": note.seller_id,
        "paid_by": note.body["paid_by"],
        "text": note.body["text"],
        "items": [each.to_wire() for each in note.items],
        "vouchers": list(note.body["vouchers"]),
        "amount": shown(note.amount),
        "total": shown(note.total),
        "currency": CURRENCY,
        "transfers": list(note.body["transfers"]),
        "issued_at": always(note.created_at),
    }


def invoice_out(invoice: Invoice) -> InvoiceOut:
    """Write an invoice as lists show it."""
    return {
        "id": invoice.id,
        "number": invoice.number,
        "organisation_id": invoice.organisation_id,
        "month": str(invoice.month),
        "paid": invoice.document["purchases"]["total"],
        "earned": invoice.document["earnings"]["total"],
        "currency": CURRENCY,
        "sha256": invoice.sha256,
        "issued_at": always(invoice.created_at),
    }

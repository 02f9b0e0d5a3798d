"""Disputes, credit notes and invoices as the exchange shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from suanwang.client.reading import Resource


@dataclass(frozen=True, kw_only=True)
class Dispute(Resource):
    """A dispute of a bill. `frozen`: what each party has set aside, and what it should have."""

    id: str
    job_id: str
    bill_id: str
    organisation_id: str
    seller_id: str
    state: str
    reason: str
    text: str
    items: tuple[Mapping[str, Any], ...]
    amount: Decimal
    currency: str
    frozen: tuple[Mapping[str, Any], ...]
    said: tuple[Mapping[str, Any], ...]
    due_at: datetime | None
    credit_note_id: str | None
    credited: Decimal | None
    unpaid: Decimal | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class CreditNote(Resource):
    """What of a bill was given back, by whom, and what of it the buyer got (`total`)."""

    id: str
    number: str
    dispute_id: str | None
    job_id: str
    bill_id: str
    organisation_id: str
    seller_id: str
    paid_by: str
    text: str
    items: tuple[Mapping[str, Any], ...]
    vouchers: tuple[Mapping[str, Any], ...]
    amount: Decimal
    total: Decimal
    currency: str
    transfers: tuple[str, ...]
    issued_at: datetime


@dataclass(frozen=True, kw_only=True)
class Invoice(Resource):
    """An invoice of one month, as lists show it. `sha256`: of its JSON."""

    id: str
    number: str
    organisation_id: str
    month: str
    paid: Decimal
    earned: Decimal
    currency: str
    sha256: str
    issued_at: datetime

"""Invoices as rows and back, and what they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from suanwang.basics.canonical import Json, canonical_bytes, sha256_hex
from suanwang.basics.errors import NotFound
from suanwang.basics.ids import InvoiceId, OrganisationId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant, Slot, from_micros, to_micros
from suanwang.jobs.invoices import CorrectedBill, InvoicedBill, InvoicedNote, PartyName
from suanwang.jobs.parts import PartRole
from suanwang.ledger.closing import Month
from suanwang.ledger.settlement import VERSIONS_MAX
from suanwang.store import evidence, identity
from suanwang.store.disputes import note_from
from suanwang.store.evidence import Evidence
from suanwang.store.tx import Row, Tx
from suanwang.store.values import NEWEST, parse

CORRECTED_MAX = timedelta(days=190)  # before a month: an older bill's day is closed for good


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """One invoice. `document` was put on record and never changes."""

    id: InvoiceId
    number: str
    organisation_id: OrganisationId
    month: Month
    sha256: str
    created_at: Instant
    document: dict[str, Any]


def add(tx: Tx, document: dict[str, Json], *, owner: OrganisationId, at: Instant) -> None:
    """Remember an invoice, and put it on record."""
    name = str(document["invoice_id"])
    tx.do(
        "invoice_add",
        id=name,
        number=document["number"],
        organisation_id=owner,
        month=document["month"],
        sha256=sha256_hex(canonical_bytes(document)),
        created_at=to_micros(at),
    )
    kept = Evidence(kind="invoice", id=name, record=document, at=at, organisation_id=owner)
    evidence.add(tx, [kept])


def invoice(tx: Tx, invoice_id: str) -> Invoice:
    """Return one invoice, by its id or number; NotFound if there is none."""
    row = tx.first("invoice_by_id", id=invoice_id)
    if row is None:
        raise NotFound(kind="invoice", id=invoice_id)
    return _invoice(row)


def of_month(tx: Tx, owner: OrganisationId, month: Month) -> Invoice | None:
    """Return the invoice of an organisation and month, if it has one."""
    row = tx.first("invoice_of_month", owner=owner, month=str(month))
    return None if row is None else invoice(tx, row.id)


def page(
    tx: Tx, owner: OrganisationId | None, *, before: str = NEWEST, limit: int = 100
) -> list[Invoice]:
    """List an organisation's invoices, or everybody's, newest first."""
    rows = tx.all("invoices_of", owner=owner, before=before, limit=limit)
    return [_invoice(row) for row in rows]


def numbers_of(tx: Tx, owners: Iterable[str], months: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return the numbers of organisations' invoices of months, by organisation and month."""
    ids, wanted = sorted(set(owners)), sorted(set(months))
    rows = tx.all("invoice_numbers_of", ids=ids, months=wanted) if ids else []
    return {(row.organisation_id, row.month): row.number for row in rows}


def to_invoice(tx: Tx, month: Month, *, after: str, limit: int) -> list[OrganisationId]:
    """Return organisations that may have something on an invoice of a month, and have none yet."""
    rows = tx.all(
        "organisations_to_invoice", month=str(month), after=after, limit=limit, **_span(month.slot)
    )
    return [OrganisationId(row.id) for row in rows]


def bought(tx: Tx, owner: OrganisationId, period: Slot, *, limit: int) -> list[InvoicedBill]:
    """Return the bills of a period that an organisation bought, as they were at its end."""
    rows = tx.all("bills_to_invoice", owner=owner, limit=limit, **_versions(period))
    return [_bill(row) for row in rows]


def earned(tx: Tx, owner: OrganisationId, period: Slot, *, limit: int) -> list[InvoicedBill]:
    """Return the bills of a period that an organisation earned by, as they were at its end."""
    sells = _sells(tx, owner)
    rows = tx.all("bills_earned", owner=owner, limit=limit, sells=sells, **_versions(period))
    return [_bill(row) for row in rows]


def corrected(tx: Tx, owner: OrganisationId, period: Slot, *, limit: int) -> list[CorrectedBill]:
    """Return what a period corrected of bills of earlier ones that an organisation is party to."""
    rows = tx.all(
        "bills_corrected",
        owner=owner,
        limit=limit,
        sells=_sells(tx, owner),
        earliest=to_micros(period.start - CORRECTED_MAX),
        **_versions(period),
    )
    return [
        CorrectedBill(
            id=row.id,
            version_id=row.version_id,
            job_id=row.job_id,
            organisation_id=OrganisationId(row.organisation_id),
            before=parse(row.before),
            after=parse(row.record),
            corrected_at=from_micros(row.at),
        )
        for row in rows
    ]


def _sells(tx: Tx, owner: OrganisationId) -> int:
    """Say whether an organisation may be named in others' bills: broker or carrier by contract."""
    return int(tx.first("organisation_is_partner", id=owner) is not None)


def notes(tx: Tx, owner: OrganisationId, period: Slot, *, limit: int) -> list[InvoicedNote]:
    """Return the credit notes of a period that an organisation got or gave, oldest first."""
    rows = tx.all("credit_notes_to_invoice", owner=owner, limit=limit, **_span(period))
    return [
        InvoicedNote(
            id=each.id,
            number=each.number,
            bill_id=each.bill_id,
            job_id=each.job_id,
            dispute_id=each.dispute_id,
            organisation_id=each.organisation_id,
            items=each.items,
            amount=each.amount,
            total=each.total,
            created_at=each.created_at,
            paid_by=str(each.body["paid_by"]),
        )
        for each in map(note_from, rows)
    ]


def names(tx: Tx, ids: Iterable[OrganisationId]) -> dict[OrganisationId, PartyName]:
    """Return who organisations are, with the credit codes that they were verified by."""
    wanted = sorted(set(ids))
    codes: dict[str, str] = {}
    for row in tx.all("credit_codes", ids=wanted):
        code = parse(row.record).get("registration_number")
        if code:
            codes[row.organisation_id] = code
    found = [identity.organisation(tx, each) for each in wanted]
    return {
        each.id: PartyName(id=each.id, name=each.name, credit_code=codes.get(each.id))
        for each in found
    }


def _span(period: Slot) -> dict[str, int]:
    return {"since": to_micros(period.start), "until": to_micros(period.end)}


def _versions(period: Slot) -> dict[str, int]:
    return _span(period) | {"versions": VERSIONS_MAX}


def _bill(row: Row) -> InvoicedBill:
    body = parse(row.lines)
    record = parse(row.record) if row.record else None
    said = record or body
    parts: Sequence[dict[str, Any]] = said.get("parts", ())
    brokers = [part for part in parts if part["role"] == PartRole.BROKER]
    total = Money.parse(record["total"]) if record else Money(row.total_units, CNY)
    return InvoicedBill(
        id=row.id,
        job_id=row.job_id,
        job_name=row.job_name,
        organisation_id=OrganisationId(row.organisation_id),
        seller_id=OrganisationId(brokers[0]["organisation_id"] if brokers else row.provider_id),
        lines=tuple(said["lines"]),
        total=total,
        created_at=from_micros(row.created_at),
        record_sha256=sha256_hex(canonical_bytes(record)) if record else None,
    )


def _invoice(row: Row) -> Invoice:
    return Invoice(
        id=InvoiceId(row.id),
        number=row.number,
        organisation_id=OrganisationId(row.organisation_id),
        month=Month.parse(row.month),
        sha256=row.sha256,
        created_at=from_micros(row.created_at),
        document=parse(row.record),
    )

"""Disputes, what they freeze, and credit notes as rows and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from suanwang.basics.errors import Conflict, NotFound
from suanwang.basics.ids import (
    AccountId,
    BillId,
    CreditNoteId,
    DisputeId,
    JobId,
    OrganisationId,
    TransferId,
)
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.jobs.credits import Item
from suanwang.jobs.parts import PartRole
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.disputes import OPEN, DisputeReason, DisputeState
from suanwang.store.tx import Row, Tx
from suanwang.store.values import NEWEST, instant, micros, parse, write


class FreezeState(StrEnum):
    """What became of what was set aside."""

    FROZEN = "frozen"
    PAID = "paid"
    RELEASED = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """One dispute. `body`: what was said, by whom, and when."""

    id: DisputeId
    job_id: JobId
    bill_id: BillId
    organisation_id: OrganisationId
    seller_id: OrganisationId
    state: DisputeState
    reason: DisputeReason
    items: tuple[Item, ...]
    amount: Money
    due_at: Instant | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    changes: int = 1
    created_at: Instant
    updated_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """What one party set aside for a dispute (its hold has the same id), or gave back at once."""

    id: TransferId
    dispute_id: DisputeId | None = None
    credit_note_id: CreditNoteId | None = None
    bill_id: BillId
    organisation_id: OrganisationId
    role: PartRole
    account_id: AccountId
    account_name: AccountName
    wanted: Money
    amount: Money
    state: FreezeState = FreezeState.FROZEN


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNote:
    """What of a bill was given back. It never changes. `body`: parts, reason, transfers."""

    id: CreditNoteId
    number: str
    dispute_id: DisputeId | None = None
    job_id: JobId
    bill_id: BillId
    organisation_id: OrganisationId
    seller_id: OrganisationId
    items: tuple[Item, ...]
    amount: Money
    total: Money
    body: Mapping[str, Any] = field(default_factory=dict)
    created_at: Instant


def add(tx: Tx, dispute: Dispute) -> None:
    """Remember a dispute."""
    tx.do(
        "dispute_add",
        id=dispute.id,
        job_id=dispute.job_id,
        bill_id=dispute.bill_id,
        organisation_id=dispute.organisation_id,
        seller_id=dispute.seller_id,
        state=dispute.state.value,
        reason=dispute.reason.value,
        amount_units=dispute.amount.units,
        due_at=micros(dispute.due_at),
        body=_body(dispute.items, dispute.body),
        created_at=to_micros(dispute.created_at),
        updated_at=to_micros(dispute.updated_at),
    )


def save(tx: Tx, dispute: Dispute) -> None:
    """Write a dispute after a step. Raises Conflict if somebody else took one meanwhile."""
    changed = tx.do(
        "dispute_save",
        id=dispute.id,
        state=dispute.state.value,
        due_at=micros(dispute.due_at),
        body=_body(dispute.items, dispute.body),
        changes=dispute.changes,
        updated_at=to_micros(dispute.updated_at),
    )
    if not changed:
        raise Conflict(kind="dispute", id=dispute.id, found="changed meanwhile", expected="as read")


def dispute(tx: Tx, dispute_id: str) -> Dispute:
    """Return one dispute; NotFound if there is none."""
    row = tx.first("dispute_by_id", id=dispute_id)
    if row is None:
        raise NotFound(kind="dispute", id=dispute_id)
    return _dispute(row)


def of_bill(tx: Tx, bill_id: BillId) -> list[Dispute]:
    """Return the disputes of a bill, in order."""
    return [_dispute(row) for row in tx.all("disputes_of_bill", bill_id=bill_id)]


def page(
    tx: Tx, owner: OrganisationId | None, *, before: str = NEWEST, limit: int = 100
) -> list[Dispute]:
    """List the disputes of an organisation, as buyer or seller, or everybody's, newest first."""
    rows = tx.all("disputes_of", owner=owner, before=before, limit=limit)
    return [_dispute(row) for row in rows]


def due(tx: Tx, *, now: Instant, stale: Instant, limit: int) -> list[DisputeId]:
    """Return disputes that change by themselves now, and those whose day is to be looked up."""
    rows = tx.all("disputes_due", now=to_micros(now), stale=to_micros(stale), limit=limit)
    return [DisputeId(row.id) for row in rows]


def taken_of(tx: Tx, bill_id: BillId) -> list[Item]:
    """Return what of a bill was credited, or is disputed and not decided."""
    items = [item for each in of_bill(tx, bill_id) if each.state in OPEN for item in each.items]
    return items + [item for note in notes_of_bill(tx, bill_id) for item in note.items]


def add_freezes(tx: Tx, freezes: Iterable[Freeze]) -> None:
    """Remember what parties set aside or gave back."""
    tx.many(
        "freeze_add",
        [
            {
                "id": each.id,
                "dispute_id": each.dispute_id,
                "credit_note_id": each.credit_note_id,
                "bill_id": each.bill_id,
                "organisation_id": each.organisation_id,
                "role": each.role.value,
                "account_id": each.account_id,
                "account_name": each.account_name.value,
                "wanted_units": each.wanted.units,
                "units": each.amount.units,
                "state": each.state.value,
            }
            for each in freezes
        ],
    )


def end_freezes(
    tx: Tx, dispute_id: DisputeId, state: FreezeState, *, note: CreditNoteId | None = None
) -> None:
    """Note that what a dispute froze is paid or released."""
    tx.do("freezes_end", dispute_id=dispute_id, state=state.value, credit_note_id=note)


def freezes_of(tx: Tx, dispute_ids: Sequence[DisputeId]) -> list[Freeze]:
    """Return what was frozen for disputes, in order."""
    if not dispute_ids:
        return []
    rows = tx.all("freezes_of_disputes", ids=sorted(dispute_ids))
    return [
        Freeze(
            id=TransferId(row.id),
            dispute_id=DisputeId(row.dispute_id),
            credit_note_id=row.credit_note_id and CreditNoteId(row.credit_note_id),
            bill_id=BillId(row.bill_id),
            organisation_id=OrganisationId(row.organisation_id),
            role=PartRole(row.role),
            account_id=AccountId(row.account_id),
            account_name=AccountName(row.account_name),
            wanted=Money(row.wanted_units, CNY),
            amount=Money(row.units, CNY),
            state=FreezeState(row.state),
        )
        for row in rows
    ]


def kept_from_settlement(
    tx: Tx, bill_ids: Sequence[BillId]
) -> dict[tuple[BillId, OrganisationId], Money]:
    """Return what of unsettled bills is frozen in `receivable` or was given back out of it."""
    found: dict[tuple[BillId, OrganisationId], Money] = {}
    rows = tx.all("freezes_before_settlement", ids=sorted(bill_ids)) if bill_ids else []
    for row in rows:
        key = (BillId(row.bill_id), OrganisationId(row.organisation_id))
        found[key] = found.get(key, Money.zero(CNY)) + Money(row.units, CNY)
    return found


def add_note(tx: Tx, note: CreditNote) -> None:
    """Remember a credit note."""
    tx.do(
        "credit_note_add",
        id=note.id,
        number=note.number,
        dispute_id=note.dispute_id,
        job_id=note.job_id,
        bill_id=note.bill_id,
        organisation_id=note.organisation_id,
        seller_id=note.seller_id,
        amount_units=note.amount.units,
        total_units=note.total.units,
        body=_body(note.items, note.body),
        created_at=to_micros(note.created_at),
    )


def note(tx: Tx, note_id: str) -> CreditNote:
    """Return one credit note; NotFound if there is none."""
    row = tx.first("credit_note_by_id", id=note_id)
    if row is None:
        raise NotFound(kind="credit note", id=note_id)
    return note_from(row)


def notes_of_bill(tx: Tx, bill_id: BillId) -> list[CreditNote]:
    """Return the credit notes of a bill, in order."""
    return [note_from(row) for row in tx.all("credit_notes_of_bill", bill_id=bill_id)]


def notes_page(
    tx: Tx, owner: OrganisationId | None, *, before: str = NEWEST, limit: int = 100
) -> list[CreditNote]:
    """List the credit notes that an organisation got or gave, or everybody's, newest first."""
    rows = tx.all("credit_notes_of", owner=owner, before=before, limit=limit)
    return [note_from(row) for row in rows]


def next_number(tx: Tx, series: str) -> int:
    """Count a series up; whoever does so at the same time waits, and no number is lost."""
    return int(tx.one("document_number_next", series=series).last)


def note_from(row: Row) -> CreditNote:
    """Read a credit note's row."""
    body = parse(row.body)
    return CreditNote(
        id=CreditNoteId(row.id),
        number=row.number,
        dispute_id=row.dispute_id and DisputeId(row.dispute_id),
        job_id=JobId(row.job_id),
        bill_id=BillId(row.bill_id),
        organisation_id=OrganisationId(row.organisation_id),
        seller_id=OrganisationId(row.seller_id),
        items=tuple(Item.read(each) for each in body.pop("items")),
        amount=Money(row.amount_units, CNY),
        total=Money(row.total_units, CNY),
        body=body,
        created_at=from_micros(row.created_at),
    )


def _dispute(row: Row) -> Dispute:
    body = parse(row.body)
    return Dispute(
        id=DisputeId(row.id),
        job_id=JobId(row.job_id),
        bill_id=BillId(row.bill_id),
        organisation_id=OrganisationId(row.organisation_id),
        seller_id=OrganisationId(row.seller_id),
        state=DisputeState(row.state),
        reason=DisputeReason(row.reason),
        items=tuple(Item.read(each) for each in body.pop("items")),
        amount=Money(row.amount_units, CNY),
        due_at=instant(row.due_at),
        body=body,
        changes=row.changes,
        created_at=from_micros(row.created_at),
        updated_at=from_micros(row.updated_at),
    )


def _body(items: Iterable[Item], body: Mapping[str, Any]) -> str | None:
    return write({**body, "items": [each.to_wire() for each in items]})

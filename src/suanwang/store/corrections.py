"""Corrections of meters' records as rows and back, and bills as they are after one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import BillId, CorrectionId, JobId, LeaseId, OrganisationId
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.ledger.settlement import CorrectionState
from suanwang.store.bills import StoredBill, body_of
from suanwang.store.tx import Row, Tx
from suanwang.store.values import NEWEST, parse, write


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A corrected usage record of a lease that has a bill, and what became of it."""

    id: CorrectionId
    lease_id: LeaseId
    job_id: JobId
    bill_id: BillId
    organisation_id: OrganisationId  # the buyer
    centre_owner: OrganisationId
    day: str
    usage_id: str
    state: CorrectionState
    record: Mapping[str, Any]
    signature: str
    reason: str
    why: str | None  # it is pending, or lapsed: the error's code
    created_at: Instant
    updated_at: Instant


def add(tx: Tx, each: Correction) -> None:
    """Remember a correction."""
    tx.do(
        "correction_add",
        id=each.id,
        lease_id=each.lease_id,
        job_id=each.job_id,
        bill_id=each.bill_id,
        organisation_id=each.organisation_id,
        centre_owner=each.centre_owner,
        day=each.day,
        usage_id=each.usage_id,
        state=each.state.value,
        record=write(dict(each.record)),
        signature=each.signature,
        reason=each.reason,
        why=each.why,
        created_at=to_micros(each.created_at),
        updated_at=to_micros(each.updated_at),
    )


def save(tx: Tx, each: Correction) -> None:
    """Write what became of a correction."""
    tx.do(
        "correction_save",
        id=each.id,
        state=each.state.value,
        why=each.why,
        updated_at=to_micros(each.updated_at),
    )


def correction(tx: Tx, correction_id: str) -> Correction:
    """Return one correction."""
    row = tx.first("correction_by_id", id=correction_id)
    if row is None:
        raise NotFound(kind="correction", id=correction_id)
    return _correction(row)


def of_usage(tx: Tx, usage_id: str) -> Correction | None:
    """Return the correction that a usage record makes, if it came before."""
    row = tx.first("correction_of_usage", usage_id=usage_id)
    return None if row is None else _correction(row)


def pending(tx: Tx, day: str, *, limit: int) -> list[Correction]:
    """Return what waits for a run of a market day, in the order in which it came."""
    return [_correction(row) for row in tx.all("corrections_pending", day=day, limit=limit)]


def page(tx: Tx, owner: str | None, *, before: str | None, limit: int) -> list[Correction]:
    """List the corrections of an organisation's bills or centres (None: all), newest first."""
    rows = tx.all("corrections_of", owner=owner, before=before or NEWEST, limit=limit)
    return [_correction(row) for row in rows]


def save_bill(tx: Tx, bill: StoredBill) -> None:
    """Write what a bill says in its new version; the caller has it locked."""
    changed = tx.do(
        "bill_correct",
        id=bill.id,
        version=bill.version,
        before=bill.version - 1,
        lines=body_of(bill),
        total_units=bill.total.units,
    )
    assert changed == 1, f"{bill.id} was not at version {bill.version - 1}"


def replace_usage(tx: Tx, lease_id: LeaseId) -> None:
    """Note that a lease is billed by another record from here on."""
    tx.do("usage_corrected", lease_id=lease_id)


def _correction(row: Row) -> Correction:
    return Correction(
        id=CorrectionId(row.id),
        lease_id=LeaseId(row.lease_id),
        job_id=JobId(row.job_id),
        bill_id=BillId(row.bill_id),
        organisation_id=OrganisationId(row.organisation_id),
        centre_owner=OrganisationId(row.centre_owner),
        day=row.day,
        usage_id=row.usage_id,
        state=CorrectionState(row.state),
        record=parse(row.record),
        signature=row.signature,
        reason=row.reason,
        why=row.why,
        created_at=from_micros(row.created_at),
        updated_at=from_micros(row.updated_at),
    )

"""Draw up a job's bill from usage and the terms that were kept with the job; nothing is moved.

A bill is drawn up when a job is metered, and again when its usage is corrected: the same terms,
the same limit, another record. What it says is paid by `bill_jobs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suanwang.basics.canonical import Json
from suanwang.basics.ids import BillId, JobId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant
from suanwang.flows.specs import spec_of
from suanwang.flows.terms import terms_of
from suanwang.jobs.bill import Bill, bill_for
from suanwang.jobs.parts import (
    Mode,
    Part,
    Parties,
    PartRole,
    line_to_wire,
    parts_of_line,
    sum_parts,
)
from suanwang.jobs.usage import UsageRecord
from suanwang.store.bills import StoredBill
from suanwang.store.jobs import Job

_NOTHING = Money.zero(CNY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A bill before vouchers, with who gets what of it."""

    bill: StoredBill
    parts: tuple[Part, ...]

    def of_role(self, role: PartRole) -> Money:
        """Return what all parties of a role get."""
        return sum((each.amount for each in self.parts if each.role is role), _NOTHING)


def draw_up(
    job: Job,
    usage: Mapping[str, Any] | None,
    *,
    limit: Money,
    parties: Parties,
    bill_id: BillId,
    at: Instant,
) -> Drawn:
    """Draw up the bill of a usage record at the job's own terms, never above `limit`.

    A job that used nothing has a bill without lines.
    """
    bill = None if usage is None else _bill_of(job, usage, limit)
    lines = [(line, parts_of_line(line, parties)) for line in (bill.lines if bill else ())]
    parts = sum_parts(parts for _, parts in lines)
    total = bill.total if bill else _NOTHING
    stored = StoredBill(
        id=bill_id,
        job_id=JobId(job.id),
        organisation_id=job.organisation_id,
        provider_id=parties.centre,
        lines=tuple(line_to_wire(line, parts) for line, parts in lines),
        total=total,
        provider_share=sum((p.amount for p in parts if p.role is PartRole.CENTRE), _NOTHING),
        created_at=at,
        parts=tuple(part.to_wire() for part in parts),
        gross=total,
        mode=Mode.DIRECT,
    )
    return Drawn(bill=stored, parts=parts)


def _bill_of(job: Job, usage: Mapping[str, Any], limit: Money) -> Bill:
    return bill_for(
        UsageRecord.from_wire(dict(usage)),
        terms_of(job),
        hold=limit,
        time_limit_seconds=int(spec_of(job).time_limit.total_seconds()),
    )


def on_record(bill: StoredBill, job: Job, usage: Mapping[str, Any] | None) -> dict[str, Json]:
    """Say of a bill what can be proven: every line, who gets what, and what it rests on."""
    return {
        "bill_id": str(bill.id),
        "job_id": str(bill.job_id),
        "organisation_id": str(bill.organisation_id),
        "provider_id": str(bill.provider_id),
        "mode": bill.mode,
        "contract_id": None,
        "lines": [dict(line) for line in bill.lines],
        "parts": [dict(part) for part in bill.parts],
        "gross": str(bill.gross),
        "vouchers": str(bill.vouchers),
        "total": str(bill.total),
        "currency": bill.total.asset.code,
        "usage_id": None if usage is None else str(usage["usage_id"]),
        "round_id": job.round_id,
        "terms": dict(job.terms) if job.terms else None,
    }

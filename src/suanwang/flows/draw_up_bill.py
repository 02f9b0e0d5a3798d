"""Draw up a job's bill from usage and the terms that were kept with the job; nothing is moved.

A bill is drawn up when a job is metered, and again when its usage is corrected: the same terms,
the same limit, another record. What it says is paid by `bill_jobs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from suanwang.basics.canonical import Json
from suanwang.basics.ids import BillId, JobId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant
from suanwang.flows.specs import spec_of
from suanwang.flows.terms import deal_of, terms_of
from suanwang.jobs.bill import Bill, bill_for
from suanwang.jobs.parts import (
    Part,
    Parties,
    PartRole,
    line_to_wire,
    parts_of_lines,
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

    The deal that the job was cleared with says who of the parties gets what. A job that used
    nothing has a bill without lines.
    """
    bill = None if usage is None else _bill_of(job, usage, limit)
    deal = deal_of(job)
    lines = bill.lines if bill else ()
    shares = parts_of_lines(lines, replace(parties, deal=deal))
    parts = sum_parts(shares)
    total = bill.total if bill else _NOTHING
    stored = StoredBill(
        id=bill_id,
        job_id=JobId(job.id),
        organisation_id=job.organisation_id,
        provider_id=parties.centre,
        lines=tuple(line_to_wire(*each) for each in zip(lines, shares, strict=True)),
        total=total,
        provider_share=sum((p.amount for p in parts if p.role is PartRole.CENTRE), _NOTHING),
        created_at=at,
        parts=tuple(part.to_wire() for part in parts),
        gross=total,
        mode=deal.mode,
        contract_id=deal.contract,
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
        "day": bill.day,
        "contract_id": bill.contract_id,
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


def commission_record(bill: StoredBill, job: Job) -> dict[str, Json] | None:
    """Say how a bill was split and by which contracts; None where its centre sold it alone."""
    deal = job.terms and job.terms.get("deal")
    if not deal:
        return None
    return {
        "bill_id": str(bill.id),
        "job_id": str(bill.job_id),
        "mode": bill.mode,
        "deal": dict(deal),
        "parts": [dict(part) for part in bill.parts],
        "gross": str(bill.gross),
    }

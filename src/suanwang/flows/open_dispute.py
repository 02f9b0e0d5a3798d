"""Open a dispute: lines of a bill, or amounts of them, and a reason; what is disputed is frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from suanwang.basics.canonical import Json
from suanwang.basics.errors import Invalid, NotFound
from suanwang.basics.ids import DisputeId, JobId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant, format_instant
from suanwang.flows import dispute_money
from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.issue_credit_note import LINES_MAX, TEXT_MAX, seller_of
from suanwang.flows.timing import Timing
from suanwang.jobs.credits import asked_for, lines_left, total_of
from suanwang.ledger.calendar import bank_days
from suanwang.ledger.disputes import (
    DISPUTE,
    DisputeReason,
    DisputeTooLate,
    due_after,
)
from suanwang.ledger.settlement import DayState
from suanwang.store import bills, days, disputes, evidence
from suanwang.store.bills import StoredBill
from suanwang.store.disputes import Dispute, Freeze
from suanwang.store.evidence import Evidence
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDispute:
    """What of whose bill is disputed, and why. None: all that is left of a line."""

    job_id: str
    lines: Mapping[int, Money | None]
    reason: DisputeReason
    text: str = ""


def open_dispute(tx: Tx, new: NewDispute, *, act: Act, timing: Timing) -> Dispute:
    """Dispute lines of a bill of the caller's; exactly what is disputed is frozen.

    Raises: NotAllowed, NotFound, Invalid, DisputeTooLate, LineNotCharged, CreditTooLarge.
    """
    key = must_be(act, Role.BUYER)
    if not 0 < len(new.lines) <= LINES_MAX:
        raise Invalid(reason=f"expected 1 to {LINES_MAX} lines, found {len(new.lines)}")
    check_text(new.text)
    bill = bills.lock_bill_of_job(tx, JobId(new.job_id))
    if bill.organisation_id != key.organisation_id:
        raise NotFound(kind="bill", id=new.job_id)
    _in_time(tx, bill, act=act, timing=timing)
    left = lines_left(bill.lines, disputes.taken_of(tx, bill.id))
    items = asked_for(bill.id, left, new.lines)
    dispute = Dispute(
        id=act.new_id(DisputeId),
        job_id=bill.job_id,
        bill_id=bill.id,
        organisation_id=bill.organisation_id,
        seller_id=seller_of(bill),
        state=DISPUTE.first,
        reason=new.reason,
        items=items,
        amount=total_of(items),
        due_at=due_after(act.now, timing.dispute_answer_days, bank_days()),
        body={"text": new.text, "said": [word(act, "open", text=new.text)]},
        created_at=act.now,
        updated_at=act.now,
    )
    frozen = dispute_money.freeze(tx, dispute, bill, act=act)
    dispute = replace(dispute, body={**dispute.body, "frozen": [_frozen(each) for each in frozen]})
    disputes.add(tx, dispute)
    tell(tx, dispute, "opened", act=act)
    return dispute


def check_text(text: str) -> None:
    """Refuse a text that is too long. Raises Invalid."""
    if len(text) > TEXT_MAX:
        raise Invalid(reason=f"expected a text of at most {TEXT_MAX} characters")


def word(act: Act, verb: str, **more: Json) -> dict[str, Json]:
    """Write who did what and when; the exchange's own doing has no key."""
    by = None if act.key is None else str(act.key.key_id)
    return {"verb": verb, "by": by, "at": format_instant(act.now), **more}


def tell(tx: Tx, dispute: Dispute, verb: str, *, act: Act) -> None:
    """Put a dispute, as it stands, on record, and tell buyer and seller."""
    evidence.add_word(
        tx,
        Evidence(
            kind="dispute", id=dispute.id, record=dispute_record(dispute), at=act.now,
            organisation_id=dispute.organisation_id,
        ),
    )  # fmt: skip
    body: dict[str, Any] = {
        "job_id": str(dispute.job_id),
        "state": dispute.state.value,
        "reason": dispute.reason.value,
        "amount": str(dispute.amount),
        "currency": CNY.code,
        "due_at": _when(dispute.due_at),
    }
    for owner in {dispute.organisation_id, dispute.seller_id}:
        publish(
            tx, f"dispute.{verb}", subject=dispute.id, organisation_id=owner, body=body, act=act
        )


def dispute_record(dispute: Dispute) -> dict[str, Json]:
    """Say of a dispute what can be proven."""
    return {
        "dispute_id": str(dispute.id),
        "job_id": str(dispute.job_id),
        "bill_id": str(dispute.bill_id),
        "organisation_id": str(dispute.organisation_id),
        "seller_id": str(dispute.seller_id),
        "state": dispute.state.value,
        "reason": dispute.reason.value,
        "items": [each.to_wire() for each in dispute.items],
        "amount": str(dispute.amount),
        "currency": CNY.code,
        "due_at": _when(dispute.due_at),
        **dict(dispute.body),
    }


def _when(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _in_time(tx: Tx, bill: StoredBill, *, act: Act, timing: Timing) -> None:
    until, day = bill.created_at + timing.dispute_window, bill.market_day
    if act.now >= until or days.shared(tx, day).state is DayState.CLOSED:
        raise DisputeTooLate(
            kind="bill", id=bill.id, found="closed", expected="open",
            until=format_instant(until), day=day,
        )  # fmt: skip


def _frozen(each: Freeze) -> dict[str, Json]:
    return {
        "organisation_id": str(each.organisation_id),
        "role": each.role.value,
        "account": each.account_name.value,
        "wanted": str(each.wanted),
        "frozen": str(each.amount),
        "hold_id": str(each.id) if each.amount else None,
    }

"""Correct a meter: another signed usage record for a lease whose bill exists, within its window.

    day open, preliminary    made at once: the bill's money is taken back and made anew
    day final                kept for the one resettlement of the day
    day resettled, closed    refused: day-resettled, day-closed

What a correction costs the buyer is refused by name where it lacks; what an earner must pay back
and cannot yet stays pending for the next run of its day. No floor gives way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from suanwang.basics.canonical import Json
from suanwang.basics.errors import Invalid, NotFound
from suanwang.basics.ids import CorrectionId, OrganisationId
from suanwang.flows import reports
from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.apply_correction import (
    BillNotCorrectable,
    Short,
    apply_correction,
    must_be_plain,
)
from suanwang.flows.errors import UsageTwice
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.flows.record_usage import Verify, check_record
from suanwang.jobs.usage import UsageRecord
from suanwang.ledger.errors import DayClosed
from suanwang.ledger.settlement import (
    CORRECTED_AT_ONCE,
    CORRECTION,
    CorrectionEvent,
    DayResettled,
    DayState,
)
from suanwang.store import bills, centres, corrections, days, evidence, jobs, leases, usage
from suanwang.store.bills import StoredBill
from suanwang.store.corrections import Correction
from suanwang.store.evidence import Evidence
from suanwang.store.leases import Lease
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx

REASON_MAX = 500
RESETTLED_MAX = 1_000  # corrections of one day in one run


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCorrection:
    """The corrected record of a lease, as its centre signed it, and why it is another."""

    lease_id: str
    record: Mapping[str, Any]
    signature: str
    reason: str = ""


def correct_usage(tx: Tx, new: NewCorrection, *, verify: Verify, act: Act) -> Correction:
    """Take a corrected usage record; the same one again is the same correction.

    Raises: NotAllowed, NotFound, Invalid, UsageRefused, UsageTwice, BillNotCorrectable,
    FundsInsufficient, DaySettling, DayResettled, DayClosed.
    """
    record = UsageRecord.from_wire(new.record)
    lease = _lease(tx, new, act=act)
    before = corrections.of_usage(tx, record.usage_id)
    if before is not None and before.lease_id == lease.id:
        return before
    bill = bills.lock_bill_of_job(tx, lease.job_id)
    job = jobs.job_for_update(tx, lease.job_id)
    if job.usage is None or job.usage["lease_id"] != lease.id:
        raise NotFound(kind="bill", id=new.lease_id)
    if any(each.id == record.usage_id for each in usage.of_job(tx, job.id)):
        raise UsageTwice(id=record.usage_id, lease=lease.id)
    refusal = check_record(
        tx, record, job=job, lease=lease, signature=new.signature, verify=verify, act=act
    )
    if refusal is not None:
        raise refusal
    must_be_plain(tx, bill)
    state = _state(tx, bill, record.usage_id)
    made = _kept(tx, new, record, bill=bill, lease=lease, act=act)
    if state in CORRECTED_AT_ONCE:
        made = _try(tx, made, bill, act=act, refused=True)
    _tell(tx, made, act=act)
    return made


def retry_corrections(tx: Tx, day: date, *, act: Act) -> int:
    """Make what waits for a run of a market day, in the order it came; return how many were."""
    done = 0
    for each in corrections.pending(tx, day.isoformat(), limit=RESETTLED_MAX):
        made = _try(tx, each, bills.lock_bill_of_job(tx, each.job_id), act=act, refused=False)
        if made != each:
            _tell(tx, made, act=act)
            done += 1
    return done


def lapse_corrections(tx: Tx, day: date, *, act: Act) -> None:
    """Let go what nobody could pay until its market day is closed."""
    for each in corrections.pending(tx, day.isoformat(), limit=RESETTLED_MAX):
        state = CORRECTION.after(each.state, CorrectionEvent.LAPSE, subject=each.id)
        lapsed = replace(each, state=state, updated_at=act.now)
        corrections.save(tx, lapsed)
        _tell(tx, lapsed, act=act)


def _lease(tx: Tx, new: NewCorrection, *, act: Act) -> Lease:
    key = must_be(act, Role.AGENT, Role.OPERATOR)
    lease = leases.lease(tx, new.lease_id)
    if key.role is Role.OPERATOR:
        if not 0 < len(new.reason) <= REASON_MAX:
            raise Invalid(reason=f"expected a reason of 1 to {REASON_MAX} characters")
        said: dict[str, Json] = {"lease_id": str(lease.id), "reason": new.reason}
        record_operator_action(tx, "correct-usage", said, act=act)
    elif lease.centre_id != reports.centre_of(act):
        raise NotFound(kind="lease", id=new.lease_id)
    return lease


def _state(tx: Tx, bill: StoredBill, usage_id: str) -> DayState:
    state = days.shared(tx, bill.market_day).state
    if state is DayState.RESETTLED:
        raise DayResettled(
            kind="market day", id=usage_id, found=state, expected=DayState.FINAL, day=bill.day
        )
    if state is DayState.CLOSED:
        raise DayClosed(id=usage_id, day=bill.day, kind="day")
    return state


def _kept(
    tx: Tx, new: NewCorrection, record: UsageRecord, *, bill: StoredBill, lease: Lease, act: Act
) -> Correction:
    made = Correction(
        id=act.new_id(CorrectionId),
        lease_id=lease.id,
        job_id=bill.job_id,
        bill_id=bill.id,
        organisation_id=bill.organisation_id,
        centre_owner=OrganisationId(centres.centre(tx, lease.centre_id).organisation_id),
        day=bill.market_day.isoformat(),
        usage_id=record.usage_id,
        state=CORRECTION.first,
        record=record.to_wire(),
        signature=new.signature,
        reason=new.reason,
        why=None,
        created_at=act.now,
        updated_at=act.now,
    )
    corrections.add(tx, made)
    return made


def _try(tx: Tx, each: Correction, bill: StoredBill, *, act: Act, refused: bool) -> Correction:
    """Make a correction; where somebody lacks the money, say so and keep it."""
    try:
        short = apply_correction(tx, each, bill, act=act)
    except BillNotCorrectable as error:
        if refused:
            raise
        # It was disputed or credited while it waited: its day must not wait for that.
        short = Short(error=error, costs_buyer=False)
    if short is not None and refused and short.costs_buyer:
        raise short.error
    if short is not None:
        after = replace(each, why=short.error.code)
    else:
        state = CORRECTION.after(each.state, CorrectionEvent.APPLY, subject=each.id)
        after = replace(each, state=state, why=None)
    if after != each:
        after = replace(after, updated_at=act.now)
        corrections.save(tx, after)
    return after


def _tell(tx: Tx, each: Correction, *, act: Act) -> None:
    record: dict[str, Json] = {
        "correction_id": str(each.id),
        "bill_id": str(each.bill_id),
        "job_id": str(each.job_id),
        "organisation_id": str(each.organisation_id),
        "day": each.day,
        "usage_id": each.usage_id,
        "state": each.state.value,
        "reason": each.reason,
        "why": each.why,
    }
    evidence.add_word(
        tx,
        Evidence(
            kind="correction", id=each.id, record=record, at=act.now,
            organisation_id=each.organisation_id,
        ),
    )  # fmt: skip
    for owner in {each.organisation_id, each.centre_owner}:
        publish(
            tx, f"correction.{each.state}", subject=each.id, organisation_id=owner,
            body={"job_id": str(each.job_id), "day": each.day, "state": each.state.value,
                  "why": each.why},
            act=act,
        )  # fmt: skip

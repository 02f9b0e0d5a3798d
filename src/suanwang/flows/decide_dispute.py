"""What happens to a dispute once it is open: answer, ruling, withdrawal, and what time does.

seller     accept     credit note         operator   uphold   credit note
           contest    waits for a ruling             reject   released
buyer      withdraw   released
time       no answer in N bank days: upheld        no ruling in M: as the setting says
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from suanwang.basics.canonical import Json
from suanwang.basics.errors import Invalid, NotFound
from suanwang.basics.money import CNY, Money
from suanwang.flows import dispute_money
from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.issue_credit_note import pay_dispute
from suanwang.flows.open_dispute import check_text, tell, word
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.flows.timing import Timing
from suanwang.ledger.calendar import bank_days
from suanwang.ledger.disputes import (
    DISPUTE,
    FOR_THE_BUYER,
    DisputeEvent,
    DisputeState,
    Overdue,
    due_after,
)
from suanwang.store import bills, disputes
from suanwang.store.bills import StoredBill
from suanwang.store.disputes import Dispute
from suanwang.store.tx import Tx

BATCH = 100
EVIDENCE_MAX = 50
STALE = timedelta(hours=1)  # how often a day that the calendar lacks is looked up again
_SHA256 = re.compile(r"[0-9a-f]{64}")
_AFTER_SILENCE = {
    Overdue.ESCALATE: DisputeEvent.ESCALATE,
    Overdue.UPHOLD: DisputeEvent.UPHOLD,
    Overdue.REJECT: DisputeEvent.REJECT,
}


def accept_dispute(tx: Tx, dispute_id: str, *, text: str = "", act: Act) -> Dispute:
    """Agree with the buyer, as the seller: what is disputed is credited.

    Raises: NotAllowed, NotFound, TransitionRefused.
    """
    dispute, bill = _as_seller(tx, dispute_id, act=act)
    check_text(text)
    said = word(act, "accept", text=text)
    return _step(tx, dispute, bill, DisputeEvent.ACCEPT, said=said, act=act)


def contest_dispute(
    tx: Tx,
    dispute_id: str,
    *,
    text: str,
    evidence: Sequence[Mapping[str, str]] = (),
    act: Act,
    timing: Timing,
) -> Dispute:
    """Contradict the buyer, as the seller, with a text and the hashes of documents.

    Raises: NotAllowed, NotFound, Invalid, TransitionRefused.
    """
    dispute, bill = _as_seller(tx, dispute_id, act=act)
    check_text(text)
    if not text:
        raise Invalid(reason="expected a text that says why the dispute is contested")
    if len(evidence) > EVIDENCE_MAX:
        raise Invalid(reason=f"expected at most {EVIDENCE_MAX} pieces of evidence")
    for each in evidence:
        if not _SHA256.fullmatch(each["sha256"]):
            raise Invalid(reason=f"expected a SHA-256 in hexadecimal, found {each['sha256']!r:.80}")
    kept: list[Json] = [{"kind": e["kind"], "sha256": e["sha256"]} for e in evidence]
    said = word(act, "contest", text=text, evidence=kept)
    due = due_after(act.now, timing.dispute_ruling_days, bank_days())
    changed = replace(dispute, due_at=due)
    return _step(tx, changed, bill, DisputeEvent.CONTEST, said=said, act=act)


def rule_dispute(tx: Tx, dispute_id: str, *, uphold: bool, text: str, act: Act) -> Dispute:
    """Rule on a contested dispute, as an operator, with reasons.

    Raises: NotAllowed, NotFound, Invalid, TransitionRefused.
    """
    must_be(act, Role.OPERATOR)
    check_text(text)
    if not text:
        raise Invalid(reason="expected the reasons of the ruling")
    dispute, bill = _locked(tx, dispute_id)
    event = DisputeEvent.UPHOLD if uphold else DisputeEvent.REJECT
    ruled = _step(tx, dispute, bill, event, said=word(act, event.value, text=text), act=act)
    body = {"dispute_id": str(ruled.id), "ruling": ruled.state.value, "text": text}
    record_operator_action(tx, "dispute-ruling", body, act=act)
    return ruled


def withdraw_dispute(tx: Tx, dispute_id: str, *, act: Act) -> Dispute:
    """Take a dispute back, as its buyer: what it froze is let go.

    Raises: NotAllowed, NotFound, TransitionRefused.
    """
    key = must_be(act, Role.BUYER)
    dispute, bill = _locked(tx, dispute_id)
    if dispute.organisation_id != key.organisation_id:
        raise NotFound(kind="dispute", id=dispute_id)
    said = word(act, "withdraw")
    return _step(tx, dispute, bill, DisputeEvent.WITHDRAW, said=said, act=act)


def lapse_disputes(tx: Tx, *, act: Act, timing: Timing) -> int:
    """Let time decide what nobody answered or ruled on; return how many disputes changed.

    A deadline that lay beyond the calendar's years is set once the calendar covers it.
    """
    count = 0
    for dispute_id in disputes.due(tx, now=act.now, stale=act.now - STALE, limit=BATCH):
        dispute, bill = _locked(tx, dispute_id)
        if dispute.due_at is None:
            count += _set_deadline(tx, dispute, act=act, timing=timing)
            continue
        if dispute.due_at > act.now or dispute.state not in (
            DisputeState.OPENED,
            DisputeState.CONTESTED,
        ):
            continue  # somebody was faster
        event = DisputeEvent.SILENCE
        if dispute.state is DisputeState.CONTESTED:
            event = _AFTER_SILENCE[timing.dispute_overdue]
        _step(tx, dispute, bill, event, said=word(act, event.value), act=act)
        count += 1
    return count


def _set_deadline(tx: Tx, dispute: Dispute, *, act: Act, timing: Timing) -> int:
    opened = dispute.state is DisputeState.OPENED
    days = timing.dispute_answer_days if opened else timing.dispute_ruling_days
    due = due_after(dispute.updated_at, days, bank_days())
    if due is None:
        return 0
    disputes.save(tx, replace(dispute, due_at=due))
    tell(tx, replace(dispute, due_at=due), "dated", act=act)
    return 1


def _as_seller(tx: Tx, dispute_id: str, *, act: Act) -> tuple[Dispute, StoredBill]:
    key = must_be(act, Role.PROVIDER, Role.BROKER)
    dispute, bill = _locked(tx, dispute_id)
    if dispute.seller_id != key.organisation_id:
        raise NotFound(kind="dispute", id=dispute_id)
    return dispute, bill


def _locked(tx: Tx, dispute_id: str) -> tuple[Dispute, StoredBill]:
    """Lock a dispute's bill, then read the dispute. Raises NotFound."""
    bill = bills.lock_bill_of_job(tx, disputes.dispute(tx, dispute_id).job_id)
    return disputes.dispute(tx, dispute_id), bill


def _step(
    tx: Tx,
    dispute: Dispute,
    bill: StoredBill,
    event: DisputeEvent,
    *,
    said: Mapping[str, Json],
    act: Act,
) -> Dispute:
    """Let something happen to a dispute, or refuse it by the table, and move its money."""
    state = DISPUTE.after(dispute.state, event, subject=dispute.id)
    body = {**dispute.body, "said": [*dispute.body["said"], dict(said)]}
    due = dispute.due_at if state is DisputeState.CONTESTED else None
    after = replace(dispute, state=state, body=body, due_at=due, updated_at=act.now)
    if state in FOR_THE_BUYER:
        note = pay_dispute(tx, after, bill, act=act)
        paid = Money.zero(CNY) if note is None else note.amount
        result: dict[str, Json] = {
            "credit_note_id": None if note is None else str(note.id),
            "credited": str(paid),
            "unpaid": str(dispute.amount - paid),
        }
        after = replace(after, body={**body, **result})
    elif state in DISPUTE.final:
        dispute_money.let_go(tx, after, bill, act=act)
    disputes.save(tx, after)
    tell(tx, after, state.value, act=act)
    return replace(after, changes=dispute.changes + 1)

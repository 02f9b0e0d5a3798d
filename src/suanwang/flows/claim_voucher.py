"""Claim under a programme that reimburses: claim, first review, delivery, second review, money.

firm     claim ─────────▶ claimed      decided now, decided again at the first review
funder   review ────────▶ locked       the amount is set aside in the pool, in vouchers
firm     deliver ───────▶ delivered    every piece of evidence that the programme lists
funder   review ────────▶ verified     by another key than the first; then paid, or, pro rata,
pay_window ────▶ paid         together with all claims of the window
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from suanwang.basics.errors import Conflict, Invalid, NotFound
from suanwang.basics.ids import BillId, ClaimId, JobId, OrganisationId, TransferId
from suanwang.basics.languages import LANGUAGES
from suanwang.basics.money import CNY, Money, voucher_of
from suanwang.basics.slots import format_instant, market_day
from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.voucher_accounts import (
    firm_account,
    funder_accounts,
    must_be_complete,
    must_fund,
    open_firm,
)
from suanwang.flows.voucher_subsidy import put_claim_on_record, standing_of
from suanwang.jobs.subsidy import items_of, reason_wire
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.transfers import Transfer, chained, move
from suanwang.ledger.vouchers.claims import ClaimEvent, ClaimState, walk
from suanwang.ledger.vouchers.engine import Asked, Decision, Item, decide, share_out
from suanwang.ledger.vouchers.errors import (
    ClaimRefused,
    EvidenceMissing,
    PoolTooSmall,
    ProgrammeModeWrong,
    SecondReviewer,
)
from suanwang.ledger.vouchers.programme import Exhaustion, Redemption
from suanwang.ledger.vouchers.reasons import Reason, sentence
from suanwang.store import bills, identity, ledger, vouchers
from suanwang.store.bills import StoredBill
from suanwang.store.tx import Tx
from suanwang.store.vouchers import Claim, Running

ITEMS_MAX = 200
EVIDENCE_MAX = 50
NOTE_MAX = 500
SIDES = ("user", "supplier")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NOTHING = Money.zero(CNY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a claim is for. A job of the exchange is one: supplier and items are its bill's."""

    contract_id: str
    supplier_id: OrganisationId | None = None
    items: Sequence[Mapping[str, str]] = ()  # kind, amount
    signed_on: date | None = None
    days: int | None = None
    side: str = "user"
    pflops: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a reviewer says."""

    approve: bool
    note: str = ""


def claim_voucher(tx: Tx, programme_id: str, contract: Contract, *, act: Act) -> Claim:
    """Claim for a contract.

    Raises: ProgrammeUnknown, ProgrammeIncomplete, ProgrammeModeWrong, ClaimRefused, Invalid.
    """
    key = must_be(act, Role.BUYER, Role.PROVIDER, Role.BROKER)
    running = vouchers.lock_programme(tx, programme_id, at=act.now)
    must_be_complete(running)
    if running.programme["redemption"] is not Redemption.REIMBURSE:
        raise ProgrammeModeWrong(kind="programme", id=running.id,
                                 found=running.programme["redemption"].value,
                                 expected=Redemption.REIMBURSE.value)  # fmt: skip
    funder_accounts(tx, running)  # a claim against nobody is none
    body = _claimed(tx, contract, firm=key.organisation_id)
    claim = Claim(
        id=act.new_id(ClaimId),
        programme_id=running.id,
        organisation_id=key.organisation_id,
        supplier_id=OrganisationId(body["supplier_id"]),
        contract_id=contract.contract_id,
        one_only=bool(running.programme["one_claim_per_contract"]),
        side=contract.side,
        year=market_day(act.now).year,
        state=walk(ClaimState.ISSUED, ClaimEvent.CLAIM, subject="new"),
        base=_NOTHING,
        amount=_NOTHING,
        bill_id=BillId(body["bill_id"]) if body["bill_id"] else None,
        body=body,
        created_at=act.now,
        updated_at=act.now,
    )
    decision = _decide(tx, running, claim, act=act)
    claim = _decided(claim, decision)
    vouchers.add_claims(tx, [claim])
    put_claim_on_record(tx, claim, act=act)
    return claim


def review_claim(tx: Tx, claim_id: str, review: Review, *, act: Act) -> Claim:
    """Review a claim: the first time it is locked, the second time verified and paid.

    Raises: NotFound, NotTheFunder, TransitionRefused, SecondReviewer, ClaimRefused, PoolTooSmall.
    """
    key = must_be(act, Role.FUNDER, Role.OPERATOR)
    running, claim = lock_claim(tx, claim_id, act=act)
    must_fund(running, act)
    said = {
        "by": str(key.key_id),
        "at": format_instant(act.now),
        "approved": review.approve,
        "note": review.note[:NOTE_MAX],
    }
    reviews = [*claim.body["reviews"], said]
    claim = replace(claim, body={**claim.body, "reviews": reviews})
    if not review.approve:
        return _reject(tx, running, claim, act=act)
    if claim.state is ClaimState.CLAIMED:
        return _lock(tx, running, claim, act=act)
    claim = step(claim, ClaimEvent.VERIFY, act=act)
    if any(each["by"] == said["by"] for each in reviews[:-1]):
        raise SecondReviewer(id=claim.id, key=said["by"])
    if running.programme["exhaustion"] is Exhaustion.PRO_RATA:
        return save(tx, claim, act=act)
    return _pay(tx, running, claim, act=act)


def deliver_claim(
    tx: Tx, claim_id: str, evidence: Sequence[Mapping[str, str]], *, act: Act
) -> Claim:
    """Hand in the evidence of a locked claim: kind and SHA-256 of each document.

    Raises: NotFound, EvidenceMissing, TransitionRefused, Invalid; Conflict before settlement.
    """
    key = must_be(act, Role.BUYER, Role.PROVIDER, Role.BROKER)
    running, claim = lock_claim(tx, claim_id, act=act)
    if claim.organisation_id != key.organisation_id:
        raise NotFound(kind="claim", id=claim_id)
    if len(evidence) > EVIDENCE_MAX:
        raise Invalid(reason=f"expected at most {EVIDENCE_MAX} pieces of evidence")
    for each in evidence:
        if not _SHA256.fullmatch(each["sha256"]):
            raise Invalid(reason=f"expected a SHA-256 in hexadecimal, found {each['sha256']!r:.80}")
    brought = {each["kind"] for each in evidence}
    missing = [each for each in running.programme["evidence"] or () if each not in brought]
    if missing:
        raise EvidenceMissing(id=claim.id, missing=", ".join(missing))
    if claim.bill_id and bills.bill_of_job(tx, JobId(claim.contract_id)).settled_at is None:
        raise Conflict(kind="bill", id=claim.bill_id, found="not settled", expected="settled")
    kept = [{"kind": each["kind"], "sha256": each["sha256"]} for each in evidence]
    claim = replace(claim, body={**claim.body, "evidence": kept})
    return save(tx, step(claim, ClaimEvent.DELIVER, act=act), act=act)


def pay_window(tx: Tx, programme_id: str, *, act: Act) -> list[Claim]:
    """Pay all verified claims of a window, each its share of what the pool still has.

    Raises: ProgrammeUnknown, ProgrammeModeWrong, NotTheFunder.
    """
    running = vouchers.lock_programme(tx, programme_id, at=act.now)
    must_fund(running, act)
    exhaustion = running.programme["exhaustion"]
    if exhaustion is not Exhaustion.PRO_RATA:
        raise ProgrammeModeWrong(kind="programme", id=running.id, found=str(exhaustion),
                                 expected=Exhaustion.PRO_RATA.value)  # fmt: skip
    waiting = vouchers.verified(tx, programme_id)
    pool = ledger.account(tx, funder_accounts(tx, running).stock).available
    shares = share_out([each.amount for each in waiting], Money(pool.units, CNY))
    paid = []
    for claim, share in zip(waiting, shares, strict=True):
        if share:
            reduced = replace(claim, amount=share)
            paid.append(_pay(tx, running, reduced, act=act, reserved=False))
    return paid


def lock_claim(tx: Tx, claim_id: str, *, act: Act) -> tuple[Running, Claim]:
    """Lock a claim's programme, then read the claim. Raises NotFound."""
    programme_id = vouchers.claim(tx, claim_id).programme_id
    running = vouchers.lock_programme(tx, programme_id, at=act.now)
    return running, vouchers.claim(tx, claim_id)


def step(claim: Claim, event: ClaimEvent, *, act: Act) -> Claim:
    """Let something happen to a claim, or refuse it by the table."""
    return replace(claim, state=walk(claim.state, event, subject=claim.id), updated_at=act.now)


def save(tx: Tx, claim: Claim, *, act: Act) -> Claim:
    """Write a claim after a step, and put it on record."""
    vouchers.save_claim(tx, claim)
    put_claim_on_record(tx, claim, act=act, number=claim.changes + 1)
    return replace(claim, changes=claim.changes + 1)


def give_back(tx: Tx, running: Running, claim: Claim, *, act: Act) -> list[str]:
    """Give vouchers that were set aside for a claim back to the funder's stock."""
    transfer = move(
        act.new_id(TransferId),
        Money(claim.amount.units, voucher_of(running.id)),
        debit=firm_account(tx, running.id, claim.organisation_id).id,
        credit=funder_accounts(tx, running).stock,
        at=act.now,
        group_id=claim.id,
        memo=_memo(claim, "voucher-return"),
    )
    ledger.post(tx, [transfer])
    return [str(transfer.id)]


def _claimed(tx: Tx, contract: Contract, *, firm: OrganisationId) -> dict[str, Any]:
    """Gather what a claim rests on; a job's bill says it better than the firm can."""
    bill = _bill(tx, contract.contract_id, firm=firm)
    if contract.side not in SIDES:
        raise Invalid(reason=f"expected a side of {', '.join(SIDES)}; found {contract.side!r:.40}")
    if bill is not None:
        supplier = bill.provider_id
        items = [{"kind": each.kind, "amount": str(each.amount)} for each in items_of(bill.lines)]
    else:
        if contract.supplier_id is None:
            raise Invalid(reason="expected supplier_id, for a contract outside the exchange")
        supplier = identity.organisation(tx, contract.supplier_id).id
        items = [{"kind": each["kind"], "amount": each["amount"]} for each in contract.items]
    if not 0 < len(items) <= ITEMS_MAX:
        raise Invalid(reason=f"expected 1 to {ITEMS_MAX} items, found {len(items)}")
    for each in items:
        if Money.parse(each["amount"]).units < 0:
            raise Invalid(reason=f"expected amounts of 0 or more, found {each['amount']}")
    return {
        "supplier_id": str(supplier),
        "bill_id": str(bill.id) if bill else None,
        "items": items,
        "signed_on": contract.signed_on.isoformat() if contract.signed_on else None,
        "days": contract.days,
        "pflops": contract.pflops,
        "evidence": [],
        "reviews": [],
        "transfers": [],
    }


def _bill(tx: Tx, contract_id: str, *, firm: OrganisationId) -> StoredBill | None:
    if not contract_id.startswith("job_"):
        return None
    bill = bills.bill_of_job(tx, JobId(contract_id))
    if bill.organisation_id != firm:
        raise NotFound(kind="bill", id=contract_id)
    if bill.vouchers:
        raise _refused(Reason.SUBSIDISED, {})
    return bill


def _decide(tx: Tx, running: Running, claim: Claim, *, act: Act) -> Decision:
    """Decide by what holds now; nothing to pay refuses the claim, with the reason."""
    body, known = claim.body, vouchers.parties(tx, (claim.organisation_id, claim.supplier_id))
    asked = Asked(
        contract_id=claim.contract_id,
        on=market_day(act.now),
        firm=known[claim.organisation_id],
        supplier=known[claim.supplier_id],
        items=[Item(kind=i["kind"], amount=Money.parse(i["amount"])) for i in body["items"]],
        signed_on=date.fromisoformat(body["signed_on"]) if body["signed_on"] else None,
        contract_days=body["days"],
        pflops=body["pflops"],
        days_since_bill=_days_since_bill(tx, claim, act=act),
    )
    standing = standing_of(
        tx, running, firm=claim.organisation_id, contract_id=claim.contract_id, act=act,
        but=claim.id, side=claim.side,
    )  # fmt: skip
    pool = None
    if running.programme["exhaustion"] is not Exhaustion.PRO_RATA:
        stock = ledger.account(tx, funder_accounts(tx, running).stock).available
        pool = Money(stock.units, CNY)
    decision = decide(running.programme, asked, replace(standing, pool_left=pool))
    if not decision.amount:
        assert decision.reason is not None, "nothing is paid for no reason"
        raise _refused(decision.reason, decision.facts)
    return decision


def _refused(reason: Reason, facts: Mapping[str, str]) -> ClaimRefused:
    return ClaimRefused(
        why=reason.value,
        sentences={lang: sentence(reason, facts, lang) for lang in LANGUAGES},
    )


def _days_since_bill(tx: Tx, claim: Claim, *, act: Act) -> int:
    if claim.bill_id is None:
        return 0
    return (act.now - bills.bill_of_job(tx, JobId(claim.contract_id)).created_at).days


def _decided(claim: Claim, decision: Decision) -> Claim:
    lines = [
        {"kind": each.kind, "amount": str(each.amount), "taken": str(each.taken)}
        | ({"reason": reason_wire(each)} if each.reason else {})
        for each in decision.lines
    ]
    body = {**claim.body, "lines": lines}
    if decision.reason is not None:
        body["reason"] = reason_wire(decision)
    return replace(claim, base=decision.base, amount=decision.amount, body=body)


def _lock(tx: Tx, running: Running, claim: Claim, *, act: Act) -> Claim:
    """Set the amount aside; pro rata there is nothing to set aside before the window ends."""
    claim = step(claim, ClaimEvent.LOCK, act=act)
    claim = _decided(claim, _decide(tx, running, claim, act=act))
    if running.programme["exhaustion"] is Exhaustion.PRO_RATA:
        return save(tx, claim, act=act)
    accounts = funder_accounts(tx, running)
    transfer = move(
        act.new_id(TransferId),
        Money(claim.amount.units, voucher_of(running.id)),
        debit=accounts.stock,
        credit=open_firm(tx, running.id, claim.organisation_id, act=act),
        at=act.now,
        group_id=claim.id,
        memo=_memo(claim, "voucher-lock"),
    )
    ledger.post(tx, [transfer])
    return save(tx, _moved(claim, [str(transfer.id)]), act=act)


def _reject(tx: Tx, running: Running, claim: Claim, *, act: Act) -> Claim:
    reserved = claim.state in (ClaimState.LOCKED, ClaimState.DELIVERED, ClaimState.VERIFIED)
    claim = step(claim, ClaimEvent.REJECT, act=act)
    if reserved and running.programme["exhaustion"] is not Exhaustion.PRO_RATA:
        claim = _moved(claim, give_back(tx, running, claim, act=act))
    return save(tx, claim, act=act)


def _pay(tx: Tx, running: Running, claim: Claim, *, act: Act, reserved: bool = True) -> Claim:
    """Pay the firm out of the pledge, and take the vouchers back, in one chain."""
    accounts = funder_accounts(tx, running)
    if accounts.pledged.available < claim.amount:
        raise PoolTooSmall(id=running.id, left=accounts.pledged.available, needed=claim.amount)
    available = ledger.account_of(tx, claim.organisation_id, AccountName.AVAILABLE).id
    units = Money(claim.amount.units, voucher_of(running.id))
    held = accounts.stock
    if reserved:
        held = firm_account(tx, running.id, claim.organisation_id).id
    memo = _memo(claim, "voucher-pay")
    made: list[Transfer] = [
        move(act.new_id(TransferId), claim.amount, debit=accounts.pledged.id, credit=available,
             at=act.now, group_id=claim.id, memo=memo),
        move(act.new_id(TransferId), units, debit=held, credit=accounts.issued, at=act.now,
             group_id=claim.id, memo=memo),
    ]  # fmt: skip
    ledger.post(tx, chained(claim.id, made))
    claim = _moved(step(claim, ClaimEvent.PAY, act=act), [str(each.id) for each in made])
    return save(tx, claim, act=act)


def _moved(claim: Claim, transfers: Sequence[str]) -> Claim:
    return replace(claim, body={**claim.body, "transfers": [*claim.body["transfers"], *transfers]})


def _memo(claim: Claim, what: str) -> dict[str, str]:
    return {"what": what, "programme": claim.programme_id, "claim_id": str(claim.id)}

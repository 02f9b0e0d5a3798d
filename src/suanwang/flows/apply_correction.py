"""Make a bill anew from a corrected usage record: reversing pairs, at the prices of their own time.

    bil_…     buyer ─▶ centre 2.80, fees 0.06, tax 0.00         as it was billed
    bil_…#2   centre ─▶ buyer 2.80, …      each transfer of the version before taken back
              buyer ─▶ centre 1.40, …      the new bill, out of what the buyer has available

One chain, of the bill's own market day. Where the earner has been paid already, the difference
moves between its receivable and its available beside it, as part of its statement of the day.
Either the new payment goes first or what is taken back, whichever there is money for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from suanwang.basics.errors import Conflict, SuanwangError
from suanwang.basics.ids import AccountId, OrganisationId, SettlementId, TransferId
from suanwang.basics.money import CNY, Money
from suanwang.flows import funds
from suanwang.flows.act import Act
from suanwang.flows.bill_jobs import earning_accounts
from suanwang.flows.change import Change
from suanwang.flows.correct_budgets import correct_budgets
from suanwang.flows.draw_up_bill import commission_record, draw_up, on_record
from suanwang.jobs.parts import Part, Parties
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.book import apply
from suanwang.ledger.errors import FundsInsufficient, MemberNotVerified, MemberSuspended
from suanwang.ledger.settlement import VERSIONS_MAX, DayState
from suanwang.ledger.transfers import Transfer, TransferKind, chained, move, reverse
from suanwang.store import centres, corrections, days, disputes, jobs, ledger, usage
from suanwang.store.bills import StoredBill
from suanwang.store.corrections import Correction
from suanwang.store.jobs import Job
from suanwang.store.tx import Tx
from suanwang.store.usage import StoredUsage

_NOTHING = Money.zero(CNY)


class BillNotCorrectable(Conflict):
    """Bill {id} cannot be corrected by its meter: {reason}. A credit note can give back."""

    zh = "账单 {id} 不能按计量更正：{reason}。应退款项可用红字通知单退还。"
    code = "bill-not-correctable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Short:
    """Who lacks the money for a correction."""

    error: SuanwangError
    costs_buyer: bool  # the bill would be higher


def must_be_plain(tx: Tx, bill: StoredBill) -> None:
    """Refuse a bill that others than its buyer paid. Raises BillNotCorrectable."""
    reason = None
    if bill.vouchers:
        reason = "vouchers paid a part of it"
    elif disputes.taken_of(tx, bill.id):
        reason = "it is disputed or credited"
    elif bill.version > VERSIONS_MAX:
        reason = f"it has {VERSIONS_MAX} versions already"
    elif any(Money.parse(part["amount"]).units < 0 for part in bill.parts):
        reason = "its broker sold below what it bought at"
    if reason is not None:
        raise BillNotCorrectable(
            kind="bill", id=bill.id, found=reason, expected="plain", reason=reason
        )


def apply_correction(tx: Tx, correction: Correction, bill: StoredBill, *, act: Act) -> Short | None:
    """Write the next version of a bill and move the difference; say who is short, if anybody is."""
    job = jobs.job_for_update(tx, bill.job_id)
    made = ledger.transfers_of(tx, job.id)
    drawn = draw_up(
        job,
        correction.record,
        limit=_limit(made, bill),
        parties=Parties(
            centre=bill.provider_id, exchange=funds.exchange_accounts(tx).organisation_id
        ),
        bill_id=bill.id,
        at=bill.created_at,
    )
    new = replace(
        drawn.bill,
        version=bill.version + 1,
        day=bill.day,
        settled_at=bill.settled_at,
        run_id=bill.run_id,
    )
    must_be_plain(tx, new)
    earning = earning_accounts(tx, {*bill.earned, *new.earned, bill.provider_id})
    paid = _paid_before(tx, bill, new, earning=earning, act=act)
    back = _taken_back(made, bill, new, act=act)
    anew = _paid_anew(tx, job, new, parts=drawn.parts, earning=earning, act=act)
    error: SuanwangError | None = None
    for order in _orders(new, back, anew, paid, act=act):
        error = _why_not(tx, order)
        if error is None:
            ledger.post(tx, order)
            _add_to_statements(tx, bill.market_day, paid, act=act)
            _write(tx, correction, job=job, bill=bill, new=new, act=act)
            return None
    assert error is not None, "there are two orders, and both were refused"
    return Short(error=error, costs_buyer=new.total > bill.total)


def _limit(made: Sequence[Transfer], bill: StoredBill) -> Money:
    """Return what was held for the job when it was billed: never more is charged."""
    holds = [
        each
        for each in made
        if each.kind is TransferKind.PENDING and each.memo.get("what") == "hold"
    ]
    if not holds or holds[-1].amount is None:
        return _NOTHING
    voided = [
        each.amount
        for each in made
        if each.kind is TransferKind.VOID
        and each.pending_id == holds[-1].id
        and each.at < bill.created_at
        and each.amount is not None
    ]
    return holds[-1].amount - sum(voided, _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paid:
    """A member that has been paid for a bill, and what it gets of the bill's next version."""

    member: OrganisationId
    statement_id: SettlementId
    receivable: AccountId
    available: AccountId
    old: Money
    new: Money


def _paid_before(
    tx: Tx,
    bill: StoredBill,
    new: StoredBill,
    *,
    earning: Mapping[OrganisationId, AccountId],
    act: Act,
) -> list[_Paid]:
    """Return the members that were paid; of a bill that is not settled all is in receivable."""
    if bill.settled_at is None:
        return []
    run_id = correction_run(tx, bill.market_day)
    return [
        _Paid(
            member=member,
            statement_id=days.correction_id(tx, run_id, member) or act.new_id(SettlementId),
            receivable=earning[member],
            available=ledger.account_of(tx, member, AccountName.AVAILABLE).id,
            old=bill.earned.get(member, _NOTHING),
            new=new.earned.get(member, _NOTHING),
        )
        for member in sorted({*bill.earned, *new.earned})
    ]


def _taken_back(
    made: Sequence[Transfer], bill: StoredBill, new: StoredBill, *, act: Act
) -> list[Transfer]:
    """Reverse every transfer of the version before."""
    return [
        reverse(act.new_id(TransferId), each, at=act.now, group_id=bill.job_id,
                day=bill.market_day, memo=_memo(new))
        for each in made
        if each.chain is not None and each.chain.id == bill.version_id and each.reverses is None
    ]  # fmt: skip


def _paid_anew(
    tx: Tx,
    job: Job,
    new: StoredBill,
    *,
    parts: Sequence[Part],
    earning: Mapping[OrganisationId, AccountId],
    act: Act,
) -> list[Transfer]:
    """Pay the next version out of what the buyer has available, one transfer an account."""
    exchange, due = funds.exchange_accounts(tx), dict[AccountId, Money]()
    for part in parts:
        account = funds.account_of_part(part, earning=earning, exchange=exchange)
        due[account] = due.get(account, _NOTHING) + part.amount
    buyer = funds.buyer_account(tx, new.organisation_id)
    return [
        replace(
            move(act.new_id(TransferId), amount, debit=buyer, credit=account, at=act.now,
                 group_id=job.id, memo=_memo(new)), day=new.market_day,
        )
        for account, amount in due.items()
        if amount
    ]  # fmt: skip


def _memo(new: StoredBill) -> dict[str, str]:
    return {"what": "correction", "job_id": str(new.job_id), "bill": new.version_id}


def _orders(
    new: StoredBill,
    back: Sequence[Transfer],
    anew: Sequence[Transfer],
    paid: Sequence[_Paid],
    *,
    act: Act,
) -> Iterator[list[Transfer]]:
    """Yield the two orders in which it can be made.

    With the new payment first, members that were paid move the difference; else all of the old
    goes through their receivable before all of the new.
    """

    def to_receivable(each: _Paid, amount: Money) -> Transfer:
        ends = (each.available, each.receivable)
        return _beside(each, amount, *ends, day=new.market_day, act=act)

    def to_available(each: _Paid, amount: Money) -> Transfer:
        ends = (each.receivable, each.available)
        return _beside(each, amount, *ends, day=new.market_day, act=act)

    yield [
        *(to_receivable(each, each.old - each.new) for each in paid if each.old > each.new),
        *chained(new.version_id, [*anew, *back]),
        *(to_available(each, each.new - each.old) for each in paid if each.new > each.old),
    ]
    yield [
        *(to_receivable(each, each.old) for each in paid if each.old),
        *chained(new.version_id, [*back, *anew]),
        *(to_available(each, each.new) for each in paid if each.new),
    ]


def _beside(
    each: _Paid, amount: Money, debit: AccountId, credit: AccountId, *, day: date, act: Act
) -> Transfer:
    moved = move(
        act.new_id(TransferId), amount, debit=debit, credit=credit, at=act.now,
        group_id=each.statement_id,
        memo={"what": "settlement-correction", "day": day.isoformat()},
    )  # fmt: skip
    return replace(moved, day=day)


def _why_not(tx: Tx, order: Sequence[Transfer]) -> SuanwangError | None:
    """Try an order on a copy of the accounts, which stay locked; say why it is refused."""
    try:
        apply(ledger.load(tx, order), order)
    except (FundsInsufficient, MemberNotVerified, MemberSuspended) as refusal:
        return refusal
    return None


def _add_to_statements(tx: Tx, day: date, paid: Sequence[_Paid], *, act: Act) -> None:
    """Add the differences to the members' statements of the day."""
    run_id = correction_run(tx, day) if paid else ""
    for each in paid:
        if each.new != each.old:
            days.correct(
                tx, each.statement_id, each.member, run_id=run_id, day=day,
                amount=each.new - each.old, at=act.now,
            )  # fmt: skip


def correction_run(tx: Tx, day: date) -> str:
    """Return the run whose statements say what corrections of a day come to now."""
    is_final = days.shared(tx, day).state is DayState.FINAL
    return f"{day}/resettlement" if is_final else f"{day}/final"


def _write(
    tx: Tx, correction: Correction, *, job: Job, bill: StoredBill, new: StoredBill, act: Act
) -> None:
    corrections.replace_usage(tx, correction.lease_id)
    centre = centres.centre(tx, job.centre_id) if job.centre_id else None
    assert centre is not None, f"{job.id} was billed without a centre"
    usage.add(
        tx,
        StoredUsage(
            id=correction.usage_id,
            lease_id=correction.lease_id,
            job_id=bill.job_id,
            centre_id=centre.id,
            token=int(correction.record["token"]),
            record=correction.record,
            signature=correction.signature,
            received_at=act.now,
        ),
    )
    change = Change(act)
    said = {
        "record": dict(correction.record),
        "signature": correction.signature,
        "public_key": centre.public_key,
    }
    change.testify("usage", correction.usage_id, said, job=job)
    change.testify("bill", new.version_id, on_record(new, job, correction.record), job=job)
    split = commission_record(new, job)
    if split is not None:
        change.testify("commission", new.version_id, split, job=job)
    change.note(
        job,
        "correct",
        detail={"bill": new.version_id, "before": bill.total, "total": new.total},
        usage=dict(correction.record),
        charge=new.total,
    )
    change.write(tx)
    corrections.save_bill(tx, new)
    correct_budgets(tx, bill.job_id, new.total - bill.total, act=act)

"""Make a bill anew from a corrected usage record: reversing pairs, at the prices of their own time.

    bil_…     buyer ─▶ centre 2.80, fees 0.06, tax 0.00         as it was billed
    bil_…#2   centre ─▶ buyer 2.80, …      each transfer of the version before taken back
              buyer ─▶ centre 1.40, …      the new bill, out of what the buyer has available

One chain, of the bill's own market day. Where the earner has been paid already, the difference
moves between its receivable and its available beside it, as part of its statement of the day.
Either the new payment goes first or what is taken back, whichever there is money for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    moves = _moves(tx, job, bill, new, made=made, parts=drawn.parts, act=act)
    short = _short(tx, moves, costs_buyer=new.total > bill.total)
    if isinstance(short, Short):
        return short
    ledger.post(tx, short)
    moves.own.write(tx)
    _write(tx, correction, job=job, bill=bill, new=new, act=act)
    return None


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
class _Moves:
    """What a correction moves."""

    chain: str
    back: Sequence[Transfer]
    anew: Sequence[Transfer]
    pull: Sequence[Transfer]  # the differences that earners pay back, from available
    push: Sequence[Transfer]  # the differences that earners get, into available
    pull_all: Sequence[Transfer]
    push_all: Sequence[Transfer]
    own: _Own

    def orders(self) -> list[list[Transfer]]:
        """Return the two orders in which it can be made."""
        return [
            [*self.pull, *chained(self.chain, [*self.anew, *self.back]), *self.push],
            [*self.pull_all, *chained(self.chain, [*self.back, *self.anew]), *self.push_all],
        ]


def _short(tx: Tx, moves: _Moves, *, costs_buyer: bool) -> Short | list[Transfer]:
    """Try both orders on a copy of the accounts, which stay locked; return the one that holds."""
    error: SuanwangError | None = None
    for order in moves.orders():
        try:
            apply(ledger.load(tx, order), order)
        except (FundsInsufficient, MemberNotVerified, MemberSuspended) as refusal:
            error = refusal
        else:
            return order
    assert error is not None, "one of the orders was refused"
    return Short(error=error, costs_buyer=costs_buyer)


def _moves(
    tx: Tx,
    job: Job,
    bill: StoredBill,
    new: StoredBill,
    *,
    made: Sequence[Transfer],
    parts: Sequence[Part],
    act: Act,
) -> _Moves:
    day = bill.market_day
    memo = {"what": "correction", "job_id": str(job.id), "bill": new.version_id}
    before = [
        each
        for each in made
        if each.chain is not None and each.chain.id == bill.version_id and each.reverses is None
    ]
    back = [
        reverse(act.new_id(TransferId), each, at=act.now, group_id=job.id, day=day, memo=memo)
        for each in before
    ]
    earning = earning_accounts(tx, {*bill.earned, *new.earned, bill.provider_id})
    exchange = funds.exchange_accounts(tx)
    due: dict[AccountId, Money] = {}
    for part in parts:
        account = funds.account_of_part(part, earning=earning, exchange=exchange)
        due[account] = due.get(account, _NOTHING) + part.amount
    buyer = funds.buyer_account(tx, bill.organisation_id)
    anew = [
        replace(
            move(act.new_id(TransferId), amount, debit=buyer, credit=account, at=act.now,
                 group_id=job.id, memo=memo), day=day,
        )
        for account, amount in due.items()
        if amount
    ]  # fmt: skip
    own = _Own(tx, bill, new, earning=earning, day=day, act=act)
    return _Moves(
        chain=new.version_id,
        back=back,
        anew=anew,
        pull=own.moves(lambda old, now: old - now, back=True),
        push=own.moves(lambda old, now: now - old, back=False),
        pull_all=own.moves(lambda old, _: old, back=True),
        push_all=own.moves(lambda _, now: now, back=False),
        own=own,
    )


class _Own:
    """What moves between the receivable and the available of members that have been paid."""

    def __init__(
        self,
        tx: Tx,
        bill: StoredBill,
        new: StoredBill,
        *,
        earning: Mapping[OrganisationId, AccountId],
        day: date,
        act: Act,
    ) -> None:
        self._act, self._day, self._earning = act, day, earning
        self._old, self._new = bill.earned, new.earned
        self._ids: dict[OrganisationId, SettlementId] = {}
        self._available: dict[OrganisationId, AccountId] = {}
        if bill.settled_at is None:
            return  # nobody has been paid: the difference waits in receivable with the rest
        run_id = correction_run(tx, day)
        for member in sorted({*bill.earned, *new.earned}):
            self._ids[member] = days.correction_id(tx, run_id, member) or act.new_id(SettlementId)
            self._available[member] = ledger.account_of(tx, member, AccountName.AVAILABLE).id

    def moves(self, amount_of: Callable[[Money, Money], Money], *, back: bool) -> list[Transfer]:
        """Move what `amount_of` says of the old and the new earnings, where it is above zero."""
        made = []
        for member, settlement_id in self._ids.items():
            amount = amount_of(self._old.get(member, _NOTHING), self._new.get(member, _NOTHING))
            if amount.units <= 0:
                continue
            receivable, available = self._earning[member], self._available[member]
            debit, credit = (available, receivable) if back else (receivable, available)
            moved = move(
                self._act.new_id(TransferId), amount, debit=debit, credit=credit,
                at=self._act.now, group_id=settlement_id,
                memo={"what": "settlement-correction", "day": self._day.isoformat()},
            )  # fmt: skip
            made.append(replace(moved, day=self._day))
        return made

    def write(self, tx: Tx) -> None:
        """Add the differences to the members' statements of the day."""
        run_id = correction_run(tx, self._day)
        for member, settlement_id in self._ids.items():
            by = self._new.get(member, _NOTHING) - self._old.get(member, _NOTHING)
            if by:
                days.correct(
                    tx, settlement_id, member, run_id=run_id, day=self._day, amount=by,
                    at=self._act.now,
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

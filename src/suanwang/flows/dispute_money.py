"""The money of a dispute: frozen where it lies, given back to the buyer, or let go.

    open       hold      each party's part          receivable, or available once it is settled
    credit     post      hold ⇢ buyer, funders      one chain, named by the credit note
    let go     release   and, where the bill was settled meanwhile, receivable ⇢ available

A party that has less than its part has all of that frozen: no account goes below zero for a
dispute, and no credit is drawn on. What is missing is said, and asked for again when it is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from suanwang.basics.ids import AccountId, OrganisationId, TransferId
from suanwang.basics.money import CNY, Money
from suanwang.flows import funds
from suanwang.flows.act import Act
from suanwang.jobs.credits import Item, Party, sums_of
from suanwang.jobs.parts import PartRole
from suanwang.ledger.accounts import Account, AccountName
from suanwang.ledger.membership import MemberState
from suanwang.ledger.transfers import Rest, Transfer, chained, hold, move, post, release
from suanwang.store import disputes, ledger
from suanwang.store.bills import StoredBill
from suanwang.store.disputes import Dispute, Freeze, FreezeState
from suanwang.store.tx import Tx

_NOTHING = Money.zero(CNY)
_OF_THE_EXCHANGE = {PartRole.EXCHANGE: AccountName.FEES, PartRole.TAX: AccountName.TAX}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an amount comes from: a hold, or (None) an account as it is."""

    account: AccountId
    amount: Money
    hold_id: TransferId | None = None


def account_name(party: Party, bill: StoredBill) -> AccountName:
    """Say in which account a party has what it got of a bill, or had what it paid of it."""
    owner, role = party
    if role in _OF_THE_EXCHANGE:
        return _OF_THE_EXCHANGE[role]
    # A broker that sold at a loss paid it out of what it had available: no run pays it anything.
    waits = bill.settled_at is None and owner in bill.earned
    return AccountName.RECEIVABLE if waits else AccountName.AVAILABLE


def freeze(tx: Tx, dispute: Dispute, bill: StoredBill, *, act: Act) -> list[Freeze]:
    """Freeze what each party got of the disputed amount, as far as it has it."""
    wanted = sums_of(dispute.items)
    names = {party: account_name(party, bill) for party in wanted}
    accounts = locked(tx, names)
    buyer = funds.buyer_account(tx, dispute.organisation_id)
    left = {each.id: spendable(each) for each in accounts.values()}
    made, transfers = [], []
    for party, amount in wanted.items():
        account = accounts[party]
        taken = min(amount, left[account.id])
        left[account.id] = left[account.id] - taken
        each = Freeze(
            id=act.new_id(TransferId),
            dispute_id=dispute.id,
            bill_id=bill.id,
            organisation_id=party[0],
            role=party[1],
            account_id=account.id,
            account_name=names[party],
            wanted=amount,
            amount=taken,
        )
        made.append(each)
        if taken:
            transfers.append(
                hold(each.id, taken, debit=account.id, credit=buyer, at=act.now,
                     group_id=dispute.job_id, memo=memo_of(dispute, "dispute-hold"))
            )  # fmt: skip
    if transfers:
        ledger.post(tx, chained(dispute.id, transfers))
    disputes.add_freezes(tx, made)
    return made


def let_go(tx: Tx, dispute: Dispute, bill: StoredBill, *, act: Act) -> None:
    """Release what a dispute froze; what was due for settlement meanwhile is settled with it."""
    transfers: list[Transfer] = []
    for each in disputes.freezes_of(tx, [dispute.id]):
        if not each.amount or each.state is not FreezeState.FROZEN:
            continue
        transfers.append(
            release(act.new_id(TransferId), each.id, at=act.now, group_id=dispute.job_id,
                    memo=memo_of(dispute, "dispute-release"))
        )  # fmt: skip
        if each.account_name is AccountName.RECEIVABLE and bill.settled_at is not None:
            available = ledger.account_of(tx, each.organisation_id, AccountName.AVAILABLE).id
            transfers.append(
                move(act.new_id(TransferId), each.amount, debit=each.account_id, credit=available,
                     at=act.now, group_id=dispute.job_id, memo=memo_of(dispute, "settlement"))
            )  # fmt: skip
    if transfers:
        ledger.post(tx, chained(f"{dispute.id}#released", transfers))
    disputes.end_freezes(tx, dispute.id, FreezeState.RELEASED)


def locked(tx: Tx, names: Mapping[Party, AccountName]) -> dict[Party, Account]:
    """Return parties' accounts, locked, so that what is there stays there."""
    found = {
        party: ledger.account_of(tx, party[0], name).id for party, name in sorted(names.items())
    }
    known = {each.id: each for each in ledger.lock_accounts(tx, found.values())}
    return {party: known[account_id] for party, account_id in found.items()}


def spendable(account: Account) -> Money:
    """Return what can be taken from an account now: a suspended member's money stays there."""
    if account.owner_state is MemberState.SUSPENDED:
        return _NOTHING
    return max(account.available, _NOTHING)


def collected(
    tx: Tx, items: Sequence[Item], frozen: Iterable[Freeze], *, bill: StoredBill
) -> dict[Party, list[Source]]:
    """Gather what parties give back: what is frozen, then what is missing of it as it is there."""
    sources: dict[Party, list[Source]] = {party: [] for party in sums_of(items)}
    for each in frozen:
        if each.amount:
            source = Source(account=each.account_id, amount=each.amount, hold_id=each.id)
            sources[each.organisation_id, each.role].append(source)
    missing = {
        party: amount - total(sources[party])
        for party, amount in sums_of(items).items()
        if amount > total(sources[party])
    }
    accounts = locked(tx, {party: account_name(party, bill) for party in missing})
    left = {each.id: spendable(each) for each in accounts.values()}
    for party, amount in missing.items():
        account = accounts[party].id
        taken = min(amount, left[account])
        left[account] = left[account] - taken
        if taken:
            sources[party].append(Source(account=account, amount=taken))
    return sources


def total(sources: Iterable[Source]) -> Money:
    """Add up sources."""
    return sum((each.amount for each in sources), _NOTHING)


def paid_out(
    sources: Iterable[Source],
    payees: Iterable[tuple[AccountId, Money]],
    *,
    job_id: str,
    memo: Mapping[str, str],
    act: Act,
) -> list[Transfer]:
    """Pay payees out of sources, in order; both sum to the same."""
    made: list[Transfer] = []
    due = [(account, amount) for account, amount in payees if amount]
    for source in sources:
        left = source.amount
        while left:
            account, amount = due[0]
            taken = min(left, amount)
            left = left - taken
            due[0] = (account, amount - taken)
            if not due[0][1]:
                due.pop(0)
            made.append(_one(source, taken, account, last=not left, job_id=job_id, memo=memo,
                             act=act))  # fmt: skip
    assert not due, f"payees are short of {due}"
    return made


def _one(
    source: Source,
    amount: Money,
    credit: AccountId,
    *,
    last: bool,
    job_id: str,
    memo: Mapping[str, str],
    act: Act,
) -> Transfer:
    new = act.new_id(TransferId)
    if source.hold_id is None:
        return move(new, amount, debit=source.account, credit=credit, at=act.now, group_id=job_id,
                    memo=memo)  # fmt: skip
    rest = Rest.RELEASE if last else Rest.KEEP
    return post(new, source.hold_id, at=act.now, amount=amount, credit=credit, rest=rest,
                group_id=job_id, memo=memo)  # fmt: skip


def memo_of(dispute: Dispute, what: str) -> dict[str, str]:
    """Say what a transfer is for."""
    return {"what": what, "job_id": str(dispute.job_id), "dispute_id": str(dispute.id)}


def exchange_party(tx: Tx) -> Party:
    """Return the exchange as a party that earns fees."""
    return OrganisationId(funds.exchange_accounts(tx).organisation_id), PartRole.EXCHANGE

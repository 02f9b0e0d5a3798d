"""The money of one job: its hold, the cut of it, its release, and what the bill takes from it.

    accept   hold       the option's largest cost         buyer's available ⇢ exchange's fees
    clear    release    what the cleared price leaves     a dearer place: release all, hold anew
    bill     post ×3    provider, fee, tax                hold ⇢ receivable, fees, tax
    end      release    all that is left                  also what a bill leaves

A hold never expires by itself: the flow that ends a job releases it in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from suanwang.basics.ids import AccountId, OrganisationId, TransferId
from suanwang.basics.money import Money
from suanwang.flows.act import Act
from suanwang.grid.demand import Option
from suanwang.jobs.parts import Part, PartRole
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.transfers import Rest, Transfer, hold, post, release
from suanwang.store import identity, ledger
from suanwang.store.jobs import Job
from suanwang.store.tx import Tx


@dataclass(frozen=True, slots=True)
class ExchangeAccounts:
    """Whose they are, and where fee and tax go."""

    organisation_id: OrganisationId
    fees: AccountId
    tax: AccountId


def exchange_accounts(tx: Tx) -> ExchangeAccounts:
    """Return the exchange's accounts; it must have been opened before any job is accepted."""
    exchange = identity.exchange(tx)
    assert exchange is not None, "the exchange has no organisation yet"
    fees = ledger.account_of(tx, exchange.id, AccountName.FEES)
    tax = ledger.account_of(tx, exchange.id, AccountName.TAX)
    return ExchangeAccounts(organisation_id=exchange.id, fees=fees.id, tax=tax.id)


def buyer_account(tx: Tx, organisation_id: OrganisationId) -> AccountId:
    """Return the account that a buyer's jobs are paid from."""
    return ledger.account_of(tx, organisation_id, AccountName.AVAILABLE).id


def hold_of(
    job: Job, option: Option, *, buyer: AccountId, exchange: ExchangeAccounts, act: Act
) -> Transfer | None:
    """Hold what an option costs at most; None where there is nothing to hold.

    The hold says what the job costs an hour, which budgets may limit.
    """
    amount = option.cost_at_most
    if not amount:
        return None
    return hold(
        act.new_id(TransferId),
        amount,
        debit=buyer,
        credit=exchange.fees,
        at=act.now,
        group_id=job.id,
        memo=_memo(job, "hold") | {"hourly": str(hourly_cost(option))},
    )


def loss_hold_of(
    job: Job, amount: Money, *, broker: AccountId, exchange: ExchangeAccounts, act: Act
) -> Transfer:
    """Hold what a broker may lose by a job that it sells below what it buys at."""
    return hold(
        act.new_id(TransferId),
        amount,
        debit=broker,
        credit=exchange.fees,
        at=act.now,
        group_id=job.id,
        memo=_memo(job, "loss"),
    )


def loss_hold(job: Job) -> TransferId | None:
    """Return the hold of a job's broker, if it has one."""
    found = job.terms and job.terms.get("loss_hold")
    return TransferId(found) if isinstance(found, str) else None


def release_loss(job: Job, act: Act) -> list[Transfer]:
    """Give back what is held of a job's broker."""
    held = loss_hold(job)
    return [] if held is None else [release_hold(job, held, act)]


def hourly_cost(option: Option) -> Money:
    """Return what an option's cards cost in an hour."""
    return option.price.times(option.cards)


def release_of(job: Job, act: Act, *, amount: Money | None = None) -> list[Transfer]:
    """Give back part or all of what is held for a job; nothing if nothing is held."""
    if job.hold_id is None or (amount is not None and not amount):
        return []
    return [release_hold(job, TransferId(job.hold_id), act, amount=amount)]


def posts_of(
    job: Job,
    owed: Sequence[Part],
    *,
    earning: Mapping[OrganisationId, AccountId],
    exchange: ExchangeAccounts,
    act: Act,
    loss_hold: TransferId | None = None,
) -> list[Transfer]:
    """Pay what is owed to each party out of the job's hold, and release the rest.

    A broker's part may be below zero: its loss comes out of its own hold, `loss_hold`.
    """
    due = _due(owed, earning=earning, exchange=exchange)
    lost = -sum((amount.units for amount, _, _ in due if amount.units < 0), 0)
    gains = [each for each in due if each[0].units > 0]
    holds = [] if loss_hold is None else [(loss_hold, lost)]
    assert holds or not lost, f"job {job.id} loses {lost} that nobody has held"
    if job.hold_id is not None:
        holds.append((TransferId(job.hold_id), sum(each[0].units for each in gains) - lost))
    assert holds or not gains, f"job {job.id} has nothing held and owes {due}"
    taken = list(_take(holds, gains))
    ends = {hold_id: place for place, (hold_id, *_) in enumerate(taken)}
    made = [
        post(
            act.new_id(TransferId),
            hold_id,
            at=act.now,
            amount=amount,
            credit=credit,
            rest=Rest.RELEASE if ends[hold_id] == place else Rest.KEEP,
            group_id=job.id,
            memo=_memo(job, what),
        )
        for place, (hold_id, amount, credit, what) in enumerate(taken)
    ]
    return made + [release_hold(job, hold_id, act) for hold_id, _ in holds if hold_id not in ends]


_Gain: TypeAlias = tuple[Money, AccountId, str]


def _due(
    owed: Sequence[Part],
    *,
    earning: Mapping[OrganisationId, AccountId],
    exchange: ExchangeAccounts,
) -> list[_Gain]:
    """Add up what each account is owed: who has two roles may lose by one and gain by the other."""
    sums: dict[AccountId, _Gain] = {}
    for part in owed:
        account = account_of_part(part, earning=earning, exchange=exchange)
        before = sums.get(account)
        amount = part.amount if before is None else before[0] + part.amount
        sums[account] = (amount, account, before[2] if before else _WHAT[part.role])
    return list(sums.values())


def _take(
    holds: Sequence[tuple[TransferId, int]], gains: Sequence[_Gain]
) -> Iterator[tuple[TransferId, Money, AccountId, str]]:
    """Pay one account after the other, each hold as far as it is to go."""
    left = [each for each in holds if each[1]]
    for amount, account, what in gains:
        units = amount.units
        while units:
            hold_id, most = left.pop(0)
            part = min(units, most)
            yield hold_id, Money(part, amount.asset), account, what
            units -= part
            if most > part:
                left.insert(0, (hold_id, most - part))


def release_hold(
    job: Job, hold_id: TransferId, act: Act, *, amount: Money | None = None
) -> Transfer:
    """Give back part or all of one hold."""
    return release(
        act.new_id(TransferId),
        hold_id,
        at=act.now,
        amount=amount,
        group_id=job.id,
        memo=_memo(job, "release"),
    )


def account_of_part(
    part: Part, *, earning: Mapping[OrganisationId, AccountId], exchange: ExchangeAccounts
) -> AccountId:
    """Return the account that a part of a bill is paid into."""
    if part.role is PartRole.EXCHANGE:
        return exchange.fees
    return exchange.tax if part.role is PartRole.TAX else earning[part.organisation_id]


_WHAT = {
    PartRole.CENTRE: "charge",
    PartRole.BROKER: "brokerage",
    PartRole.CARRIER: "carriage",
    PartRole.EXCHANGE: "fee",
    PartRole.TAX: "tax",
}


def _memo(job: Job, what: str) -> dict[str, str]:
    return {"what": what, "job_id": str(job.id), "job": job.name}

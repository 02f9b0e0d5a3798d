"""The money of one job: its hold, the cut of it, its release, and what the bill takes from it.

    accept   hold       the option's largest cost         buyer's available ⇢ exchange's fees
    clear    release    what the cleared price leaves     a dearer place: release all, hold anew
    bill     post ×3    provider, fee, tax                hold ⇢ receivable, fees, tax
    end      release    all that is left                  also what a bill leaves

A hold never expires by itself: the flow that ends a job releases it in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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


def hourly_cost(option: Option) -> Money:
    """Return what an option's cards cost in an hour."""
    return option.price.times(option.cards)


def release_of(job: Job, act: Act, *, amount: Money | None = None) -> list[Transfer]:
    """Give back part or all of what is held for a job; nothing if nothing is held."""
    if job.hold_id is None or (amount is not None and not amount):
        return []
    return [
        release(
            act.new_id(TransferId),
            job.hold_id,
            at=act.now,
            amount=amount,
            group_id=job.id,
            memo=_memo(job, "release"),
        )
    ]


def posts_of(
    job: Job,
    owed: Sequence[Part],
    *,
    earning: Mapping[OrganisationId, AccountId],
    exchange: ExchangeAccounts,
    act: Act,
) -> list[Transfer]:
    """Pay what is owed to each party out of the job's hold, and release the rest."""
    due = [each for each in owed if each.amount]
    if job.hold_id is None:
        assert not due, f"job {job.id} has nothing held and owes {due}"
        return []
    if not due:
        return release_of(job, act)
    return [
        post(
            act.new_id(TransferId),
            job.hold_id,
            at=act.now,
            amount=part.amount,
            credit=account_of_part(part, earning=earning, exchange=exchange),
            rest=Rest.RELEASE if each == len(due) - 1 else Rest.KEEP,
            group_id=job.id,
            memo=_memo(job, _WHAT[part.role]),
        )
        for each, part in enumerate(due)
    ]


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

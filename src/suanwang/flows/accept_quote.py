"""Accept: the buyer takes a job's quote. What it may cost at most is held, and its limit fixed.

Held is what the chosen option costs if it runs to its time limit. The limit is the most that the
buyer has been shown as feasible (or `max_price`): so much a job may cost when its centre fails and
it must move to a dearer one, and never more. Whatever place a job has, its hold covers it.
"""

from __future__ import annotations

from suanwang.basics.canonical import Json, sha256_hex
from suanwang.basics.errors import Conflict
from suanwang.basics.ids import AccountId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import format_instant
from suanwang.flows import funds
from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.change import Change
from suanwang.flows.errors import QuoteExpired
from suanwang.flows.specs import spec_of
from suanwang.jobs.lifecycle import JobState
from suanwang.ledger.transfers import Transfer
from suanwang.store import jobs, quotes
from suanwang.store.jobs import Job
from suanwang.store.quotes import Quote
from suanwang.store.tx import Tx


def accept_quote(tx: Tx, job_id: str, *, act: Act) -> Job:
    """Accept a job's quote; accepting twice is accepting once.

    Raises: NotAllowed, NotFound; Conflict where there is no quote to accept; QuoteExpired;
    FundsInsufficient, BudgetExceeded, BudgetJobTooDear, BudgetHourTooDear.
    """
    buyer = must_be(act, Role.BUYER, Role.BROKER)
    jobs.job_of(tx, job_id, buyer.organisation_id)
    job = jobs.job_for_update(tx, job_id)
    if job.accepted_at is not None:
        return job
    if job.state is not JobState.QUOTED:
        raise Conflict(kind="job", id=job_id, found=job.state, expected=JobState.QUOTED)
    if job.quote_expires_at is not None and act.now >= job.quote_expires_at:
        raise QuoteExpired(id=job_id, expired_at=format_instant(job.quote_expires_at))
    change = Change(act)
    quote = quotes.quote(tx, job.id)
    account = funds.buyer_account(tx, job.organisation_id)
    held = hold_for(job, quote, buyer=account, exchange=funds.exchange_accounts(tx), act=act)
    change.transfer([held] if held else [])
    job = accept(change, job, quote, held=held)
    change.write(tx)
    return job


def hold_for(
    job: Job, quote: Quote, *, buyer: AccountId, exchange: funds.ExchangeAccounts, act: Act
) -> Transfer | None:
    """Return the hold that accepting a quote needs, or None where the work costs nothing."""
    chosen = quote.chosen
    assert chosen is not None, f"job {job.id} is quoted without an option"
    return funds.hold_of(job, chosen, buyer=buyer, exchange=exchange, act=act)


def accept(change: Change, job: Job, quote: Quote, *, held: Transfer | None) -> Job:
    """Note the acceptance of a quote; the caller makes the hold."""
    amount = held.amount if held else Money.zero(CNY)
    limit = limit_of(job, quote)
    change.testify("order", job.id, _order(change, job, limit=limit, held=held), job=job)
    return change.note(
        job,
        "accept",
        detail={"hold": amount, "limit": limit, "hold_id": held.id if held else None},
        accept=True,
        accepted_at=change.act.now,
        limit=limit,
        hold_id=held.id if held else None,
        next_try_at=change.act.now,
    )


def limit_of(job: Job, quote: Quote) -> Money:
    """Return the most that a job may cost, wherever it runs."""
    wanted = spec_of(job).max_price
    if wanted is not None:
        return wanted
    return max(each.cost_at_most for each in quote.options if each.why_not is None)


def _order(change: Change, job: Job, *, limit: Money, held: Transfer | None) -> dict[str, Json]:
    """Say who ordered what, for at most how much: the order among the five trusts."""
    return {
        "job_id": str(job.id),
        "organisation_id": str(job.organisation_id),
        "project_id": job.project_id and str(job.project_id),
        "member_id": job.member_id and str(job.member_id),
        "name": job.name,
        "kind": job.kind,
        "spec_sha256": sha256_hex(job.spec.encode()),
        "limit": str(limit),
        "hold_id": None if held is None else str(held.id),
        "currency": limit.asset.code,
        "accepted_at": format_instant(change.act.now),
        "key_id": None if change.act.key is None else str(change.act.key.key_id),
    }

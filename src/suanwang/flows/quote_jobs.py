"""Quote: every pool and start gets a price and a reason; a job without any is REJECTED.

fetch   submitted jobs, pools, reservations          planning takes milliseconds for each job,
work    grid.placement.plan for each job             so it happens outside a transaction
apply   QUOTED, and accepted where that was asked: held, or REJECTED for lack of funds
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from pydantic import ValidationError

from suanwang.basics.errors import Refused
from suanwang.basics.ids import CentreId, JobId, OrganisationId, PoolId, TransferId
from suanwang.basics.slots import Instant
from suanwang.flows import accept_quote, funds, job_money, unblock
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.demands import data_centres, demand_of_job, sold_to
from suanwang.flows.pipeline import LockToken, lock_params
from suanwang.flows.sales import Sales
from suanwang.flows.timing import Timing
from suanwang.grid.centre import PoolState
from suanwang.grid.deal import Sale
from suanwang.grid.demand import Demand, Option, WhyNot
from suanwang.grid.fees import TakeRates
from suanwang.grid.placement import plan
from suanwang.jobs.demand import demand_of
from suanwang.jobs.lifecycle import JobEvent, JobState
from suanwang.jobs.spec import JobSpec
from suanwang.ledger.budgets import BudgetRefused
from suanwang.ledger.errors import FundsInsufficient, MemberNotVerified, MemberSuspended
from suanwang.ledger.transfers import Transfer
from suanwang.store import centres, jobs, quotes
from suanwang.store.jobs import Job
from suanwang.store.quotes import Quote
from suanwang.store.tx import Tx

BATCH = 100
DETAIL_MAX = 500
OPTIONS_KEPT = 50  # of one quote; the chosen one comes first
# One buyer's refusal ends that buyer's jobs, never the batch: it is everybody's.
HoldRefused: TypeAlias = FundsInsufficient | MemberNotVerified | MemberSuspended | BudgetRefused
_HOLD_REFUSED = (FundsInsufficient, MemberNotVerified, MemberSuspended, BudgetRefused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplanned:
    """Submitted jobs, and the grid as it stood when they were fetched."""

    lock_token: LockToken
    now: Instant
    jobs: tuple[Job, ...]
    states: tuple[PoolState, ...]
    only_centres: Mapping[JobId, CentreId]
    sales: Sales


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """The options of each job, best first."""

    lock_token: LockToken
    options: Mapping[JobId, tuple[Option, ...]]
    refusals: Mapping[JobId, str]  # what placement cannot read at all, in its words
    waits: frozenset[JobId]  # only silent centres could take them


def fetch_submitted(tx: Tx, *, act: Act, timing: Timing) -> Unplanned | None:
    """Lock submitted jobs, oldest first, and load the grid; None if there are none."""
    token = act.new_id(LockToken)
    found = jobs.lock(tx, "jobs_lock_to_quote", **lock_params(token, act, timing, limit=BATCH))
    if not found:
        return None
    return Unplanned(
        lock_token=token,
        now=act.now,
        jobs=tuple(found),
        states=tuple(centres.pool_states(tx, now=act.now, silent_after=timing.silent_after)),
        only_centres=data_centres(tx, found),
        sales=Sales.load(tx, now=act.now),
    )


def plan_quotes(batch: Unplanned) -> Plans:
    """Plan each job; pure. Members of an array share one plan."""
    planned: dict[tuple[str, CentreId | None, OrganisationId], tuple[tuple[Option, ...], bool]] = {}
    options: dict[JobId, tuple[Option, ...]] = {}
    refusals: dict[JobId, str] = {}
    waits: set[JobId] = set()
    for job in batch.jobs:
        key = (job.spec, batch.only_centres.get(job.id), job.organisation_id)
        try:
            if key not in planned:
                planned[key] = _plan(
                    demand_of_job(job, only_centre=key[1], sales=batch.sales), batch
                )
        except (Refused, ValidationError) as why:
            # One job that cannot be read must not keep the others of its batch waiting.
            refusals[job.id] = str(why)[:DETAIL_MAX]
        found, only_silent = planned.get(key, ((), False))
        options[job.id] = found[:OPTIONS_KEPT]
        if only_silent:
            waits.add(job.id)
    return Plans(
        lock_token=batch.lock_token, options=options, refusals=refusals, waits=frozenset(waits)
    )


def _plan(demand: Demand, batch: Unplanned) -> tuple[tuple[Option, ...], bool]:
    """Return a job's options, and whether only centres that are silent now could take it."""
    options = tuple(plan(demand, batch.states, now=batch.now))
    if _feasible(options) or not any(each.why_not is WhyNot.SILENT for each in options):
        return options, False
    awake = [replace(state, silent=False) for state in batch.states]
    return options, _feasible(plan(demand, awake, now=batch.now))


def _feasible(options: Sequence[Option]) -> bool:
    return any(each.why_not is None for each in options)


def apply_quotes(tx: Tx, plans: Plans, *, act: Act, timing: Timing) -> int:
    """Quote or reject the jobs that are still ours, accept where asked; return how many."""
    ours = jobs.still_locked(tx, plans.lock_token)
    change = Change(act)
    made: list[Quote] = []
    asked: list[tuple[Job, Quote]] = []
    for job in ours.values():
        if job.state is not JobState.SUBMITTED:
            continue
        if job.id in plans.waits and act.now - job.created_at < timing.silence_wait:
            _wait(change, job, act.now + timing.try_again)
            continue
        quote = Quote(
            job_id=job.id,
            options=plans.options[job.id],
            made_at=act.now,
            expires_at=act.now + timing.quote_ttl,
        )
        made.append(quote)
        if quote.chosen is None:
            facts = {"detail": plans.refusals.get(job.id) or _whys(quote.options)}
            change.end(job, JobEvent.REJECT, "no-feasible-place", facts)
            continue
        job = _quote(change, job, quote)  # noqa: PLW2901 - the job as it is now
        if job.accept:
            asked.append((job, quote))
    quotes.save(tx, made)
    _accept_all(tx, change, asked)
    unblock.write(tx, change)
    return len(made)


def _wait(change: Change, job: Job, again: Instant) -> None:
    """Look again soon: after a restart of ours every centre is silent for a few seconds."""
    code = "centre-silent"
    if job.reason_code == code:
        change.jobs[job.id] = replace(job, next_try_at=again)
    else:
        change.note(job, "wait", detail={"code": code}, reason_code=code, next_try_at=again)


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a dry run plans over."""

    spec: JobSpec
    states: tuple[PoolState, ...]
    sold: Mapping[PoolId, Sale] | None
    take: TakeRates


def plan_only(
    tx: Tx, spec: JobSpec, *, now: Instant, timing: Timing, buyer: OrganisationId
) -> DryRun:
    """Load what a dry run plans over; nothing is stored. `plan_dry` does the rest outside."""
    states = centres.pool_states(tx, now=now, silent_after=timing.silent_after)
    sales = Sales.load(tx, now=now)
    return DryRun(spec.pinned(now), tuple(states), sold_to(buyer, spec, sales), sales.take)


def plan_dry(dry: DryRun, *, now: Instant) -> tuple[Option, ...]:
    """Plan a spec as a submission would be planned; pure."""
    demand = demand_of(dry.spec, now=now, sold=dry.sold, take=dry.take)
    return tuple(plan(demand, dry.states, now=now))[:OPTIONS_KEPT]


def _quote(change: Change, job: Job, quote: Quote) -> Job:
    chosen = quote.chosen
    assert chosen is not None, "checked by the caller"
    return change.advance(
        job,
        JobEvent.QUOTE,
        detail={
            "options": sum(each.why_not is None for each in quote.options),
            "centre": chosen.centre,
            "cost": chosen.cost,
            "hold": chosen.cost_at_most,
        },
        quote_expires_at=quote.expires_at,
        reason_code=None,
    )


def _whys(options: Sequence[Option]) -> str:
    """Count the reasons: "over-budget 2, too-few-cards 1"."""
    counts = Counter(str(each.why_not) for each in options if each.why_not is not None)
    return ", ".join(f"{why} {count}" for why, count in sorted(counts.items())) or "no pools"


def _accept_all(tx: Tx, change: Change, asked: Sequence[tuple[Job, Quote]]) -> None:
    """Accept quotes in order while there are funds; a job whose hold is refused is rejected."""
    if not asked:
        return
    exchange = funds.exchange_accounts(tx)
    by_owner: dict[OrganisationId, list[tuple[Job, Quote]]] = defaultdict(list)
    for job, quote in asked:
        by_owner[job.organisation_id].append((job, quote))
    for owner in sorted(by_owner):
        buyer = funds.buyer_account(tx, owner)
        holds = [
            accept_quote.hold_for(job, quote, buyer=buyer, exchange=exchange, act=change.act)
            for job, quote in by_owner[owner]
        ]
        refusals = _hold_all(tx, holds, act=change.act)
        for (job, quote), held in zip(by_owner[owner], holds, strict=True):
            if held is not None and held.id in refusals:
                why = refusals[held.id]
                change.end(job, JobEvent.REJECT, why.code, why.facts)
            else:
                accept_quote.accept(change, job, quote, held=held)


def _hold_all(
    tx: Tx, holds: Sequence[Transfer | None], *, act: Act
) -> dict[TransferId, HoldRefused]:
    """Make holds, all at once if there are funds for all; return the refused ones otherwise."""
    wanted = [each for each in holds if each is not None]
    try:
        job_money.move(tx, wanted, act=act)
    except _HOLD_REFUSED:
        return dict(_hold_each(tx, wanted, act=act))
    return {}


def _hold_each(
    tx: Tx, holds: Sequence[Transfer], *, act: Act
) -> Iterator[tuple[TransferId, HoldRefused]]:
    for each in holds:
        try:
            job_money.move(tx, [each], act=act)
        except _HOLD_REFUSED as why:
            yield each.id, why

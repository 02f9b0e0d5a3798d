"""Moves the money of jobs, and mirrors every move on every budget that covers the job.

    job's hold         mirror, on each budget of organisation, project and member
    hold 12.00    ⇢    hold 12.00      refused where a hard budget has less left
    release 4.00  ⇢    release 4.00
    post 6.00     ⇢    post 6.00

One batch, so both happen or neither. No flow moves a job's hold but through here; what a bill moves
under its chain stays that chain, its mirrors stand beside it. A mirror belongs to the month of the
hold that it mirrors, whenever that is paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from suanwang.basics.ids import AccountId, BudgetId, JobId, OrganisationId, TransferId
from suanwang.basics.money import Money
from suanwang.basics.slots import Instant
from suanwang.flows import budget_accounts
from suanwang.flows.act import Act
from suanwang.ledger.book import AccountBook
from suanwang.ledger.budgets import Budget, Standing, mirrored
from suanwang.ledger.transfers import Transfer, TransferKind, hold, post, release
from suanwang.store import budgets, ledger
from suanwang.store.budgets import BudgetMonth, Mirror
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx

_ABOUT_A_HOLD = (TransferKind.POST, TransferKind.VOID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one hold of a job takes of one budget."""

    budget: Budget
    opened: BudgetMonth
    amount: Money
    hourly: Money | None


@dataclass(slots=True)
class _Mirroring:
    """The mirrors of one batch."""

    taken: list[Taken] = field(default_factory=list)
    made: list[Mirror] = field(default_factory=list)
    after: dict[BudgetId, Standing] = field(default_factory=dict)

    def admit(self, book: AccountBook) -> None:
        """Refuse what a hard budget does not have; the accounts are locked by now."""
        for each in self.taken:
            account = book.account(each.opened.account_id)
            self.after[each.budget.id] = Standing.of(each.budget, each.opened.month, account)
        for budget_id, after in self.after.items():
            mine = [each for each in self.taken if each.budget.id == budget_id]
            left = sum((each.amount for each in mine), after.left)
            for each in mine:
                after.budget.check(each.amount, left=left, hourly=each.hourly, month=after.month)
                left -= each.amount


def move(tx: Tx, transfers: Sequence[Transfer], *, act: Act) -> list[Transfer]:
    """Make transfers of jobs and their mirrors, all or none; return those of jobs newly made.

    Raises: a leaf of `ledger.errors`, BudgetRefused; nothing is changed then.
    """
    mirroring = _Mirroring()
    held = _mirrors_of_holds(tx, transfers, mirroring, act=act)
    moved = _mirrors_of_moves(tx, transfers, act=act)
    if not held and not moved:
        return ledger.post(tx, transfers)
    applied = ledger.post(tx, [*transfers, *held, *moved], admit=mirroring.admit)
    budgets.add_mirrors(tx, mirroring.made)
    _warn(tx, mirroring, act=act)
    asked = {each.id for each in transfers}
    return [each for each in applied if each.id in asked]


def hold_loss(tx: Tx, transfers: Sequence[Transfer]) -> None:
    """Hold what a broker loses by a job: no cost of the buyer's, so no budget of it counts it.

    Raises: a leaf of `ledger.errors`; nothing is changed then.
    """
    ledger.post(tx, transfers)


def mirror_of(
    taken: Taken, *, hold_id: TransferId, job_id: JobId, counter: AccountId, act: Act
) -> Transfer:
    """Hold on a budget what is held for a job."""
    return hold(
        act.new_id(TransferId),
        mirrored(taken.amount),
        debit=taken.opened.account_id,
        credit=counter,
        at=act.now,
        group_id=job_id,
        memo={"what": "budget-hold", "budget": taken.budget.id, "hold_id": hold_id},
    )


def _mirrors_of_holds(
    tx: Tx, transfers: Sequence[Transfer], mirroring: _Mirroring, *, act: Act
) -> list[Transfer]:
    """Hold on every budget what is newly held for the jobs that it covers."""
    holds = [each for each in transfers if each.kind is TransferKind.PENDING]
    if not holds:
        return []
    jobs = [str(each.group_id) for each in holds]
    budgets.share_owners(tx, jobs)
    covering = budgets.covering(tx, jobs, at=act.now)
    if not covering:
        return []
    some = [budget for each in covering.values() for budget in each]
    opened = budget_accounts.months(tx, some, act.now, act=act)
    counters = {owner: budget_accounts.counter(tx, owner) for owner in _owners(some)}
    made = []
    for each in holds:
        job_id = JobId(str(each.group_id))
        for budget in covering.get(job_id, ()):
            taken = _taken(each, budget, opened[budget.id])
            counter = counters[budget.organisation_id]
            mirror = mirror_of(taken, hold_id=each.id, job_id=job_id, counter=counter, act=act)
            mirroring.taken.append(taken)
            mirroring.made.append(recorded(taken, mirror, hold_id=each.id, at=each.at))
            made.append(mirror)
    return made


def recorded(taken: Taken, mirror: Transfer, *, hold_id: TransferId, at: Instant) -> Mirror:
    """Say which hold a mirror mirrors."""
    return Mirror(
        id=mirror.id,
        hold_id=hold_id,
        budget_id=taken.budget.id,
        month=taken.opened.month,
        job_id=JobId(str(mirror.group_id)),
        at=at,
        account_id=taken.opened.account_id,
    )


def _taken(held: Transfer, budget: Budget, opened: BudgetMonth) -> Taken:
    assert held.amount is not None, "a hold has an amount"
    hourly = held.memo.get("hourly")
    return Taken(
        budget=budget,
        opened=opened,
        amount=held.amount,
        hourly=None if hourly is None else Money.parse(hourly),
    )


def _owners(some: Sequence[Budget]) -> list[OrganisationId]:
    return sorted({each.organisation_id for each in some})


def _mirrors_of_moves(tx: Tx, transfers: Sequence[Transfer], *, act: Act) -> list[Transfer]:
    """Post and release on every mirror what is posted and released of the hold that it mirrors."""
    moves = [each for each in transfers if each.kind in _ABOUT_A_HOLD]
    holds = sorted({each.pending_id for each in moves if each.pending_id is not None})
    if not holds:
        return []
    # Locked first: whoever sets a budget mirrors the holds that are open, and waits for us.
    ledger.lock_holds(tx, holds)
    mirrors = budgets.mirrors(tx, holds)
    return [
        _mirrored_move(each, mirror, act=act)
        for each in moves
        for mirror in mirrors.get(str(each.pending_id), ())
    ]


def _mirrored_move(moved: Transfer, mirror: Mirror, *, act: Act) -> Transfer:
    amount = None if moved.amount is None else mirrored(moved.amount)
    memo = {"budget": mirror.budget_id, "transfer_id": moved.id}
    if moved.kind is TransferKind.VOID:
        return release(
            act.new_id(TransferId),
            mirror.id,
            at=moved.at,
            amount=amount,
            group_id=moved.group_id,
            memo={"what": "budget-release", **memo},
        )
    return post(
        act.new_id(TransferId),
        mirror.id,
        at=moved.at,
        amount=amount,
        rest=moved.rest,
        group_id=moved.group_id,
        memo={"what": "budget-use", **memo},
    )


def _warn(tx: Tx, mirroring: _Mirroring, *, act: Act) -> None:
    """Tell each threshold once a month; the months' accounts are locked."""
    opened = {each.budget.id: each.opened for each in mirroring.taken}
    near = [s for s in mirroring.after.values() if _new(s, opened[s.budget.id].warned)]
    for standing in near:
        # Read again: whoever had the account before us may have told it.
        budget_id = standing.budget.id
        now = budgets.months_of(tx, [budget_id], standing.month)[budget_id]
        warn(tx, standing, now, act=act)


def warn(tx: Tx, standing: Standing, opened: BudgetMonth, *, act: Act) -> None:
    """Publish the thresholds that a budget has newly reached; its account is locked."""
    reached = _new(standing, opened.warned)
    if not reached:
        return
    budgets.save_warned(tx, opened, reached[-1])
    budget = standing.budget
    for percent in reached:
        body = {
            "budget_id": budget.id,
            "scope": budget.scope.value,
            "subject_id": budget.subject_id,
            "month": str(standing.month),
            "stop": budget.stop.value,
            "percent": percent,
            "amount": str(budget.amount),
            "used": str(standing.used),
            "held": str(standing.held),
            "left": str(standing.left),
            "currency": budget.amount.asset.code,
        }
        publish(
            tx,
            "budget.warned",
            subject=budget.id,
            organisation_id=budget.organisation_id,
            body=body,
            act=act,
        )


def _new(standing: Standing, warned: int) -> list[int]:
    return list(standing.newly_reached(warned))

"""Budgets as rows and back: what they say, their months, their mirrors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import AccountId, BudgetId, JobId, OrganisationId, TransferId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.ledger.budgets import Budget, Scope, Standing, Stop
from suanwang.ledger.closing import Month
from suanwang.store.tx import Row, Tx
from suanwang.store.values import NEWEST, instant, money, parse, units, write

LIST_MAX = 1_000
_NOTHING = Money.zero(CNY)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBudget:
    """A budget, and what became of it."""

    budget: Budget
    subject: str  # the name of whose jobs it covers
    changes: int
    created_at: Instant
    updated_at: Instant
    removed_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetMonth:
    """A budget's account of one month, and the last threshold that was told."""

    budget_id: BudgetId
    month: Month
    account_id: AccountId
    warned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """A hold on a budget that mirrors a job's hold on money."""

    id: TransferId
    hold_id: TransferId
    budget_id: BudgetId
    month: Month
    job_id: JobId
    at: Instant  # of the job's hold
    account_id: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetJob:
    """What one hold of a job took of a budget; the price is the one that it was cleared at."""

    id: TransferId  # the mirror
    at: Instant
    job_id: JobId
    name: str
    state: str
    project_id: str | None
    member_id: str | None
    cards: int | None
    price: Money | None
    used: Money
    held: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHold:
    """An open hold of a job, as a new budget finds it."""

    id: TransferId
    job_id: JobId
    left: Money
    at: Instant


def share_owners(tx: Tx, job_ids: Iterable[str]) -> None:
    """Keep the budgets of these jobs' organisations from changing until the transaction ends."""
    tx.all("budget_owners_share", jobs=sorted(set(job_ids)))


def lock_owner(tx: Tx, organisation_id: OrganisationId) -> None:
    """Keep everybody from holding money for an organisation while its budgets change."""
    tx.one("budget_owner_lock", id=organisation_id)


def covering(tx: Tx, job_ids: Iterable[str], *, at: Instant) -> dict[str, list[Budget]]:
    """Return the budgets that count each of these jobs at an instant."""
    found: dict[str, list[Budget]] = defaultdict(list)
    rows = tx.all("budgets_covering", jobs=sorted(set(job_ids)), at=to_micros(at))
    for row in rows:
        found[row.job_id].append(budget_from(row))
    return found


def over(tx: Tx, subjects: Iterable[str | None], *, at: Instant) -> list[StoredBudget]:
    """Return the budgets over an organisation, a project, a member at an instant."""
    wanted = sorted({each for each in subjects if each is not None})
    return [_stored(row) for row in tx.all("budgets_over", subjects=wanted, at=to_micros(at))]


def add(tx: Tx, budget: Budget, *, at: Instant) -> None:
    """Remember a new budget; its owner is locked."""
    row = _row(budget, at=at)
    tx.do(
        "budget_add",
        **row,
        organisation_id=budget.organisation_id,
        scope=budget.scope.value,
        subject_id=budget.subject_id,
        since=str(budget.since),
        since_at=to_micros(budget.since.slot.start),
    )


def save(tx: Tx, budget: Budget, *, at: Instant) -> None:
    """Write what a budget says from now on; its owner is locked."""
    tx.do("budget_save", **_row(budget, at=at))


def remove(tx: Tx, budget_id: BudgetId, *, at: Instant) -> None:
    """End a budget; its owner is locked."""
    tx.do("budget_remove", id=budget_id, at=to_micros(at))


def budget(tx: Tx, budget_id: str) -> StoredBudget:
    """Return one budget. Raises NotFound."""
    row = tx.first("budget_by_id", id=budget_id)
    if row is None:
        raise NotFound(kind="budget", id=budget_id)
    return _stored(row)


def of_subject(tx: Tx, subject_id: str) -> StoredBudget | None:
    """Return the budget of an organisation, a project or a member, if it has one."""
    row = tx.first("budget_of_subject", subject_id=subject_id)
    return None if row is None else _stored(row)


def of_organisation(tx: Tx, organisation_id: OrganisationId | None) -> list[StoredBudget]:
    """List an organisation's budgets, or everybody's; removed ones at the end."""
    if organisation_id is None:
        rows = tx.all("budgets_of_all", limit=LIST_MAX)
    else:
        rows = tx.all("budgets_of", organisation_id=organisation_id, limit=LIST_MAX)
    return [_stored(row) for row in rows]


def without_month(tx: Tx, month: Month, *, limit: int) -> list[Budget]:
    """Return budgets that have no account for a month yet."""
    until = to_micros(month.slot.end)
    rows = tx.all("budgets_without_month", month=str(month), until=until, limit=limit)
    return [budget_from(row) for row in rows]


def add_month(tx: Tx, opened: BudgetMonth) -> None:
    """Remember a budget's account of a month; one that is there stays."""
    tx.do(
        "budget_month_add",
        budget_id=opened.budget_id,
        month=str(opened.month),
        account_id=opened.account_id,
    )


def months_of(tx: Tx, budgets: Iterable[BudgetId], month: Month) -> dict[BudgetId, BudgetMonth]:
    """Return the accounts that budgets have for a month."""
    rows = tx.all("budget_months_of", budgets=sorted(set(budgets)), month=str(month))
    return {
        BudgetId(row.budget_id): BudgetMonth(
            budget_id=BudgetId(row.budget_id),
            month=month,
            account_id=AccountId(row.account_id),
            warned=row.warned,
        )
        for row in rows
    }


def save_warned(tx: Tx, opened: BudgetMonth, warned: int) -> None:
    """Note the last threshold that was told; the month's account is locked."""
    tx.do("budget_month_warned", warned=warned, budget_id=opened.budget_id, month=str(opened.month))


def standings(tx: Tx, budgets: Sequence[Budget], month: Month) -> list[Standing]:
    """Say what of each budget is used and held in a month."""
    ids = [each.id for each in budgets]
    rows = {row.budget_id: row for row in
            tx.all("budget_standings", budgets=ids, month=str(month))} if ids else {}  # fmt: skip
    found = []
    for each in budgets:
        row = rows.get(each.id)
        used = Money(-row.balance_units, CNY) if row else _NOTHING
        held = Money(row.held_units, CNY) if row else _NOTHING
        found.append(Standing(budget=each, month=month, used=used, held=held))
    return found


def mirrors(tx: Tx, holds: Iterable[str]) -> Mapping[str, list[Mirror]]:
    """Return the mirrors of holds, by the hold that they mirror."""
    found: dict[str, list[Mirror]] = defaultdict(list)
    for row in tx.all("budget_mirrors", holds=sorted(set(holds))):
        found[row.hold_id].append(_mirror(row))
    return found


def mirrors_of_job(tx: Tx, job_id: str) -> list[Mirror]:
    """Return the mirrors of a job's holds out of which something was posted, newest first."""
    return [_mirror(row) for row in tx.all("budget_mirrors_of_job", job_id=job_id)]


def add_mirrors(tx: Tx, made: Iterable[Mirror]) -> None:
    """Remember which holds mirror which."""
    tx.many(
        "budget_mirror_add",
        [
            {
                "id": each.id,
                "hold_id": each.hold_id,
                "budget_id": each.budget_id,
                "month": str(each.month),
                "job_id": each.job_id,
                "at": to_micros(each.at),
            }
            for each in made
        ],
    )


def open_holds(tx: Tx, budget: Budget, account_id: AccountId) -> list[OpenHold]:
    """Return open holds of the jobs that a new budget covers, of its first month."""
    rows = tx.all("budget_holds_open", **_before(budget, account_id))
    return [
        OpenHold(
            id=TransferId(row.id),
            job_id=JobId(row.job_id),
            left=Money(row.amount_units - row.posted_units, CNY),
            at=from_micros(row.at),
        )
        for row in rows
    ]


def used_before(tx: Tx, budget: Budget, account_id: AccountId) -> Money:
    """Return what jobs that a new budget covers have paid in its first month."""
    return Money(tx.one("budget_used_before", **_before(budget, account_id)).units, CNY)


def jobs_of(
    tx: Tx, budget_id: BudgetId, month: Month, *, before: str = NEWEST, limit: int = 100
) -> list[BudgetJob]:
    """List what jobs took of a budget in a month, the newest first."""
    rows = tx.all("budget_jobs", budget_id=budget_id, month=str(month), before=before, limit=limit)
    return [
        BudgetJob(
            id=TransferId(row.id),
            at=from_micros(row.at),
            job_id=JobId(row.job_id),
            name=row.name,
            state=row.state,
            project_id=row.project_id,
            member_id=row.member_id,
            cards=row.cards,
            price=money(row.price_units),
            used=Money(row.posted_units + row.corrected_units, CNY),
            held=Money(row.held_units, CNY),
        )
        for row in rows
    ]


def _before(budget: Budget, account_id: AccountId) -> dict[str, Any]:
    since = to_micros(budget.since.slot.start)
    return {"account_id": account_id, "subject_id": budget.subject_id, "since": since}


def budget_from(row: Row) -> Budget:
    """Read a budget's row."""
    return Budget(
        id=BudgetId(row.id),
        organisation_id=OrganisationId(row.organisation_id),
        scope=Scope(row.scope),
        subject_id=row.subject_id,
        amount=Money(row.amount_units, CNY),
        stop=Stop(row.stop),
        warn_at=tuple(parse(row.warn_at)),
        job_max=money(row.job_max_units),
        hourly_max=money(row.hourly_max_units),
        since=Month.parse(row.since),
    )


def _stored(row: Row) -> StoredBudget:
    return StoredBudget(
        budget=budget_from(row),
        subject=row.subject,
        changes=row.changes,
        created_at=from_micros(row.created_at),
        updated_at=from_micros(row.updated_at),
        removed_at=instant(row.removed_at),
    )


def _row(budget: Budget, *, at: Instant) -> dict[str, Any]:
    return {
        "id": budget.id,
        "amount_units": budget.amount.units,
        "stop": budget.stop.value,
        "warn_at": write(list(budget.warn_at)),
        "job_max_units": units(budget.job_max),
        "hourly_max_units": units(budget.hourly_max),
        "at": to_micros(at),
    }


def _mirror(row: Row) -> Mirror:
    return Mirror(
        id=TransferId(row.id),
        hold_id=TransferId(row.hold_id),
        budget_id=BudgetId(row.budget_id),
        month=Month.parse(row.month),
        job_id=JobId(row.job_id),
        at=from_micros(row.at),
        account_id=AccountId(row.account_id),
    )

"""What people see of budgets: how each stands in a month, and which jobs took of it."""

from __future__ import annotations

from dataclasses import dataclass

from suanwang.basics.slots import Instant
from suanwang.flows.act import Act
from suanwang.flows.show import must_see, whose
from suanwang.ledger.budgets import Standing
from suanwang.ledger.closing import Month
from suanwang.store import budgets
from suanwang.store.budgets import BudgetJob, StoredBudget
from suanwang.store.jobs import Job
from suanwang.store.tx import Tx
from suanwang.store.values import NEWEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A budget, and how it stands in a month."""

    stored: StoredBudget
    standing: Standing


def list_budgets(tx: Tx, month: Month | None = None, *, act: Act) -> list[Shown]:
    """List the caller's budgets; who sees all sees everybody's."""
    return _shown(tx, budgets.of_organisation(tx, whose(act)), month or Month.of(act.now))


def show_budget(tx: Tx, budget_id: str, month: Month | None = None, *, act: Act) -> Shown:
    """Return one of the caller's budgets. Raises NotFound."""
    stored = budgets.budget(tx, budget_id)
    must_see(act, "budget", budget_id, stored.budget.organisation_id)
    return _shown(tx, [stored], month or Month.of(act.now))[0]


def list_jobs(
    tx: Tx,
    budget_id: str,
    month: Month | None = None,
    *,
    act: Act,
    before: str = NEWEST,
    limit: int = 100,
) -> list[BudgetJob]:
    """List what jobs took of one of the caller's budgets in a month, newest first.

    Raises NotFound.
    """
    shown = show_budget(tx, budget_id, month, act=act)
    of = shown.standing.month
    return budgets.jobs_of(tx, shown.stored.budget.id, of, before=before, limit=limit)


def over_job(tx: Tx, job: Job, *, at: Instant) -> list[Shown]:
    """Return the budgets that count a job, as they stand this month."""
    subjects = (job.organisation_id, job.project_id, job.member_id)
    return _shown(tx, budgets.over(tx, subjects, at=at), Month.of(at))


def over_caller(tx: Tx, *, act: Act) -> list[Shown]:
    """Return the budgets that would count what the caller submits now."""
    if act.key is None:
        return []
    subjects = (act.key.organisation_id, act.key.project_id, act.key.member_id)
    return _shown(tx, budgets.over(tx, subjects, at=act.now), Month.of(act.now))


def _shown(tx: Tx, some: list[StoredBudget], month: Month) -> list[Shown]:
    standings = budgets.standings(tx, [each.budget for each in some], month)
    return [
        Shown(stored=stored, standing=standing)
        for stored, standing in zip(some, standings, strict=True)
    ]

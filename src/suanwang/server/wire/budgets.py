"""Budgets as the API shows them: how each stands in a month, and which jobs took of it."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from suanwang.basics.money import Money
from suanwang.flows.funds import hourly_cost
from suanwang.flows.show_budgets import Shown
from suanwang.grid.demand import Option
from suanwang.server.wire.texts import CURRENCY, always, amount, instant, shown
from suanwang.store.budgets import BudgetJob


class BudgetOut(TypedDict):
    """A budget in one month. `left` is below zero where more is used or held than it has."""

    id: str
    organisation_id: str
    scope: str
    subject_id: str
    subject: str
    month: str
    amount: str
    used: str
    held: str
    left: str
    currency: str
    stop: str
    warn_at: list[int]
    job_max: str | None
    hourly_max: str | None
    since: str
    created_at: str
    updated_at: str
    removed_at: str | None


class BudgetsOut(TypedDict):
    """Every budget that the key may see; removed ones at the end."""

    items: list[BudgetOut]
    next_cursor: str | None


class BudgetJobOut(TypedDict):
    """What a job took of a budget. `price` is the one per card-hour that it was cleared at."""

    job_id: str
    name: str
    state: str
    at: str
    project_id: str | None
    member_id: str | None
    cards: int | None
    price: str | None
    used: str
    held: str
    currency: str


class BudgetJobsOut(TypedDict):
    """A page of what jobs took of a budget in a month, newest first."""

    items: list[BudgetJobOut]
    next_cursor: str | None


class BudgetLeftOut(TypedDict):
    """What is left of a budget that counts the job. `enough` false: accepting would be refused."""

    id: str
    scope: str
    subject: str
    month: str
    amount: str
    left: str
    currency: str
    stop: str
    enough: bool


def budget_out(found: Shown) -> BudgetOut:
    """Write a budget."""
    stored, budget, standing = found.stored, found.stored.budget, found.standing
    return {
        "id": budget.id,
        "organisation_id": budget.organisation_id,
        "scope": budget.scope.value,
        "subject_id": budget.subject_id,
        "subject": stored.subject,
        "month": str(standing.month),
        "amount": shown(budget.amount),
        "used": shown(standing.used),
        "held": shown(standing.held),
        "left": shown(standing.left),
        "currency": CURRENCY,
        "stop": budget.stop.value,
        "warn_at": list(budget.warn_at),
        "job_max": amount(budget.job_max),
        "hourly_max": amount(budget.hourly_max),
        "since": str(budget.since),
        "created_at": always(stored.created_at),
        "updated_at": always(stored.updated_at),
        "removed_at": instant(stored.removed_at),
    }


def budget_job_out(found: BudgetJob) -> BudgetJobOut:
    """Write what a job took of a budget."""
    return {
        "job_id": found.job_id,
        "name": found.name,
        "state": found.state,
        "at": always(found.at),
        "project_id": found.project_id,
        "member_id": found.member_id,
        "cards": found.cards,
        "price": amount(found.price),
        "used": shown(found.used),
        "held": shown(found.held),
        "currency": CURRENCY,
    }


def budgets_left(some: Sequence[Shown], chosen: Option | None) -> list[BudgetLeftOut]:
    """Write what is left of the budgets that count a job, and whether that is enough for it.

    `chosen` is None where nothing more would be held.
    """
    needed = None if chosen is None else chosen.cost_at_most
    hourly = None if chosen is None else hourly_cost(chosen)
    return [_left(each, needed, hourly) for each in some]


def _left(found: Shown, needed: Money | None, hourly: Money | None) -> BudgetLeftOut:
    budget, standing = found.stored.budget, found.standing
    return {
        "id": budget.id,
        "scope": budget.scope.value,
        "subject": found.stored.subject,
        "month": str(standing.month),
        "amount": shown(budget.amount),
        "left": shown(standing.left),
        "currency": CURRENCY,
        "stop": budget.stop.value,
        "enough": needed is None or standing.allows(needed, hourly=hourly),
    }

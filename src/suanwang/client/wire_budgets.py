"""Budgets as the exchange shows them: how each stands in a month, and which jobs took of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from suanwang.client.reading import Resource


@dataclass(frozen=True, kw_only=True)
class Budget(Resource):
    """A budget in one month. `left` is below zero where more is used or held than it has."""

    id: str
    organisation_id: str
    scope: str
    subject_id: str
    subject: str
    month: str
    amount: Decimal
    used: Decimal
    held: Decimal
    left: Decimal
    currency: str
    stop: str
    warn_at: tuple[int, ...]
    job_max: Decimal | None
    hourly_max: Decimal | None
    since: str
    created_at: datetime
    updated_at: datetime
    removed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BudgetJob(Resource):
    """What a job took of a budget; `price` is the one per card-hour that it was cleared at."""

    job_id: str
    name: str
    state: str
    at: datetime
    used: Decimal
    held: Decimal
    currency: str
    project_id: str | None = None
    member_id: str | None = None
    cards: int | None = None
    price: Decimal | None = None

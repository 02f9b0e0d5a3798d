"""Budgets: set, list, show, remove; and which jobs took of one."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import Money
from suanwang.flows import show_budgets
from suanwang.flows.act import Act
from suanwang.flows.set_budget import NewBudget, remove_budget, set_budget
from suanwang.ledger.budgets import THRESHOLD_MAX, THRESHOLDS, THRESHOLDS_MAX, Stop
from suanwang.ledger.closing import Month
from suanwang.server.http.call import Signed
from suanwang.server.http.cursors import PAGE_DEFAULT
from suanwang.server.http.routing import a_router
from suanwang.server.routes.paging import CursorText, Limit, before_of, cut
from suanwang.server.wire.budgets import (
    BudgetJobsOut,
    BudgetOut,
    BudgetsOut,
    budget_job_out,
    budget_out,
)
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["budgets"])
ID_MAX = 100
Id = Annotated[str, Field(min_length=1, max_length=ID_MAX)]
Amount = Annotated[str, Field(max_length=40)]
MonthText = Annotated[
    str | None, Query(max_length=7, alias="month", description="Such as 2026-11; else this month.")
]


class BudgetIn(BaseModel):
    """A budget to set. Of project and member at most one; neither: the whole organisation."""

    model_config = ConfigDict(extra="forbid")
    amount: Amount
    project: Annotated[Id | None, Field(description="A project's id or name.")] = None
    member_id: Id | None = None
    organisation_id: Annotated[Id | None, Field(description="For operators: whose.")] = None
    stop: Literal["hard", "warn"] = "hard"
    warn_at: Annotated[
        list[Annotated[int, Field(ge=1, le=THRESHOLD_MAX)]],
        Field(max_length=THRESHOLDS_MAX, description="Thresholds in per cent, rising."),
    ] = list(THRESHOLDS)
    job_max: Annotated[Amount | None, Field(description="The most that a job may cost.")] = None
    hourly_max: Annotated[
        Amount | None, Field(description="The most that a job's cards may cost an hour.")
    ] = None
    since: Annotated[str | None, Field(max_length=7, description="Its first month.")] = None


@router.post("/budgets", response_model=BudgetOut, summary="Set a budget.")
async def set_a_budget(call: Signed, body: BudgetIn) -> Response:
    """Set a month's budget of an organisation, a project or a member, in place of one there is."""
    wanted = NewBudget(
        amount=Money.parse(body.amount),
        project=body.project,
        member_id=body.member_id,
        stop=Stop(body.stop),
        warn_at=tuple(body.warn_at),
        job_max=None if body.job_max is None else Money.parse(body.job_max),
        hourly_max=None if body.hourly_max is None else Money.parse(body.hourly_max),
        since=None if body.since is None else Month.parse(body.since),
    )
    owner = None if body.organisation_id is None else OrganisationId(body.organisation_id)

    def work(tx: Tx, act: Act) -> BudgetOut:
        stored = set_budget(tx, wanted, organisation_id=owner, act=act)
        return budget_out(show_budgets.show_budget(tx, stored.budget.id, act=act))

    return await call.act(work)


@router.get("/budgets", response_model=BudgetsOut, summary="List budgets.")
async def list_budgets(call: Signed, month: MonthText = None) -> Response:
    """List the budgets of the caller's organisation, with what is used, held and left."""
    act, of = call.parts.act(call.actor), _month(month)

    def read(tx: Tx) -> BudgetsOut:
        found = show_budgets.list_budgets(tx, of, act=act)
        return {"items": [budget_out(each) for each in found], "next_cursor": None}

    return await call.show(read)


@router.get("/budgets/{budget_id}", response_model=BudgetOut, summary="Show a budget.")
async def show_budget(call: Signed, budget_id: str, month: MonthText = None) -> Response:
    """Show a budget as it stands in a month."""
    act, of = call.parts.act(call.actor), _month(month)
    return await call.show(
        lambda tx: budget_out(show_budgets.show_budget(tx, budget_id[:ID_MAX], of, act=act))
    )


@router.get(
    "/budgets/{budget_id}/jobs", response_model=BudgetJobsOut, summary="List what jobs took."
)
async def list_budget_jobs(
    call: Signed,
    budget_id: str,
    *,
    month: MonthText = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: CursorText = None,
) -> Response:
    """List which jobs took how much of a budget in a month, newest first, at the prices of then."""
    act, of = call.parts.act(call.actor), _month(month)
    before = before_of(cursor)

    def read(tx: Tx) -> BudgetJobsOut:
        found = show_budgets.list_jobs(
            tx, budget_id[:ID_MAX], of, act=act, before=before, limit=limit + 1
        )
        items, more = cut(found, limit)
        return {"items": [budget_job_out(each) for each in items], "next_cursor": more}

    return await call.show(read)


@router.delete("/budgets/{budget_id}", status_code=204, summary="Remove a budget.")
async def remove_a_budget(call: Signed, budget_id: str) -> Response:
    """Remove a budget; what is held goes on, nothing new is counted."""
    act = call.parts.act(call.actor)
    await call.parts.store.run(lambda tx: remove_budget(tx, budget_id[:ID_MAX], act=act))
    call.parts.hints.ring("publish")
    return Response(status_code=204)


def _month(text: str | None) -> Month | None:
    return None if text is None else Month.parse(text)

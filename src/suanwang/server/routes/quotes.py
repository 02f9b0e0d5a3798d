"""A plan without obligation: what a job would cost where; nothing is stored."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from suanwang.flows import show_budgets
from suanwang.flows.act import Act
from suanwang.flows.check_secrets import check_secrets
from suanwang.flows.quote_jobs import DryRun, plan_dry, plan_only
from suanwang.flows.show_budgets import Shown
from suanwang.server.http.call import Signed
from suanwang.server.http.routing import a_router
from suanwang.server.routes.specs import read_specs
from suanwang.server.wire.jobs import QuoteOut, options_out
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["jobs"])


class QuoteIn(BaseModel):
    """A job to plan."""

    model_config = ConfigDict(extra="forbid")
    spec: dict[str, Any] = Field(description="One job file as JSON.")


@router.post("/quotes", response_model=QuoteOut, summary="Plan a job without handing it in.")
async def dry_run(call: Signed, body: QuoteIn) -> Response:
    """Show every pool that could run the job, best first, and why the others cannot."""
    [spec] = read_specs(body.spec, None)
    parts = call.parts
    now = parts.clock()

    def look(tx: Tx) -> tuple[DryRun, list[Shown]]:
        check_secrets(tx, {"/spec": spec}, call.actor.organisation_id)
        over = show_budgets.over_caller(tx, act=parts.act(call.actor))
        buyer = call.actor.organisation_id
        return plan_only(tx, spec, now=now, timing=parts.timing, buyer=buyer), over

    dry, over = await parts.store.read(look)
    options = await asyncio.to_thread(plan_dry, dry, now=now)
    document = options_out(options, lang=call.lang, expires_at=None, budgets=over)

    def work(_tx: Tx, _act: Act) -> QuoteOut:
        return document

    if "idempotency-key" in call.request.headers:
        return await call.act(work)
    return call.answer(document)

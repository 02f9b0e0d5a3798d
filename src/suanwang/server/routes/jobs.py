"""Jobs, for people: hand in, plan without obligation, accept, cancel."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from suanwang.flows.accept_quote import accept_quote
from suanwang.flows.act import Act, Role
from suanwang.flows.cancel_job import cancel_job
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.flows.submit_jobs import submit_jobs
from suanwang.server.http.call import Signed
from suanwang.server.http.routing import a_router
from suanwang.server.routes.specs import read_specs
from suanwang.server.wire.jobs import JobOut, JobsOut, job_out
from suanwang.server.wire.places import PlaceNames, names_for
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["jobs"])
Spec = dict[str, Any]


class NewJobsIn(BaseModel):
    """Jobs to hand in: one `spec`, or several `specs`, whose `after` may name each other."""

    model_config = ConfigDict(extra="forbid")
    spec: Spec | None = Field(default=None, description="One job file as JSON.")
    specs: list[Spec] | None = Field(default=None, description="Several, handed in together.")
    accept: bool = Field(default=False, description="Accept each quote as it comes.")


@router.post("/jobs", status_code=201, response_model=JobsOut, summary="Hand in jobs.")
async def submit(call: Signed, body: NewJobsIn) -> Response:
    """Take jobs in: one for each spec, or for each member of an array. Durable when answered."""
    specs = read_specs(body.spec, body.specs)
    places = None if body.spec is None else ["/spec"]
    nowhere = PlaceNames()

    def work(tx: Tx, act: Act) -> JobsOut:
        made = submit_jobs(tx, specs, accept=body.accept, act=act, places=places)
        items = [job_out(job, nowhere, lang=call.lang) for job in made]
        return {"items": items, "next_cursor": None}

    return await call.act(work, status=201, ring=("quote",))


@router.post("/jobs/{job_id}/accept", response_model=JobOut, summary="Accept a job's quote.")
async def accept(call: Signed, job_id: str) -> Response:
    """Hold the money and let the job into the next round. Accepting twice is accepting once."""

    def work(tx: Tx, act: Act) -> JobOut:
        job = accept_quote(tx, job_id, act=act)
        return job_out(job, names_for(tx, [job]), lang=call.lang)

    return await call.act(work, ring=("clear",))


@router.post(
    "/jobs/{job_id}/cancel", status_code=202, response_model=JobOut, summary="Cancel a job."
)
async def cancel(call: Signed, job_id: str) -> Response:
    """End a job that is not running at once; ask the centre to stop one that is."""

    def work(tx: Tx, act: Act) -> JobOut:
        job = cancel_job(tx, job_id, act=act)
        if call.actor.role is Role.OPERATOR:
            record_operator_action(tx, "cancel-job", {"job_id": job.id}, act=act)
        return job_out(job, names_for(tx, [job]), lang=call.lang)

    return await call.act(work, status=202, ring=("bill",))

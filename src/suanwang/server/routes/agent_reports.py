"""What an agent reports about one lease. Each report may come twice, late, or from an old token."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from starlette.responses import Response
from typing_extensions import TypedDict

from suanwang.basics.errors import Refused
from suanwang.basics.slots import parse_instant
from suanwang.flows.act import Act
from suanwang.flows.append_logs import LINES_MAX, append_logs
from suanwang.flows.fail_job import Fault, fail_job
from suanwang.flows.finish_job import Ending
from suanwang.flows.reports import Report
from suanwang.flows.return_job import return_job
from suanwang.flows.stage_job import stage_job
from suanwang.flows.start_job import start_job
from suanwang.jobs.usage import EndedBy
from suanwang.server.http.call import SignedAgent
from suanwang.server.http.routing import a_router
from suanwang.server.signatures import SIGNATURE_HEX, is_signed
from suanwang.store.logs import LogLine
from suanwang.store.outputs import Output
from suanwang.store.tx import Tx

router = a_router(prefix="/v1/agent/leases/{lease_id}", tags=["agent"])
WHOLE_MAX = 2**53  # what every JSON reader holds exactly
NAME_MAX = 1_000
TEXT_MAX = 20_000
OUTPUTS_MAX = 10_000
Whole = Annotated[int, Field(ge=0, le=WHOLE_MAX)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(min_length=1, max_length=NAME_MAX)]
_OUTPUT_MISSING = "output-missing"


class ReportedOut(TypedDict):
    """The job after the report."""

    job_id: str
    state: str
    token: int


class ReportIn(BaseModel):
    """A report; `token` is the lease's fencing token. Fields of newer agents are passed over."""

    token: Whole


class OutputIn(BaseModel):
    """One output: `blob` was uploaded here, `url` is where the buyer said, `cold` at the centre."""

    name: Name
    kind: Literal["blob", "url", "cold"]
    sha256: Digest | None = None
    bytes: Whole | None = None
    location: Annotated[str, Field(max_length=4_000)] | None = None


class ReturnedIn(ReportIn):
    """How a run ended, with its signed usage record."""

    exit_code: Annotated[int, Field(ge=-255, le=65535)]
    ended_by: EndedBy = EndedBy.EXIT
    outputs: Annotated[list[OutputIn], Field(max_length=OUTPUTS_MAX)] = []
    missing: Annotated[list[Name], Field(max_length=OUTPUTS_MAX)] = []
    usage: dict[str, Any]
    signature: Annotated[str, Field(max_length=SIGNATURE_HEX)]


class FailedIn(ReportIn):
    """Why a lease could not go on, and whose fault that is."""

    fault: Fault
    code: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
    detail: Annotated[str, Field(max_length=TEXT_MAX)] = ""


class LineIn(BaseModel):
    """One printed line."""

    seq: Whole
    at: Annotated[str, Field(max_length=40)]
    stream: Annotated[str, Field(pattern=r"^[a-z]{1,10}$")]
    text: Annotated[str, Field(max_length=TEXT_MAX)]


class LogsIn(ReportIn):
    """Printed lines, numbered from 0 in each run."""

    lines: Annotated[list[LineIn], Field(max_length=LINES_MAX)]


@router.post("/staged", response_model=ReportedOut, summary="Image and data are in.")
async def staged(call: SignedAgent, lease_id: str, body: ReportIn) -> Response:
    """Note that a job is staged."""
    return await call.act(_report(lambda tx, act: stage_job(tx, lease_id, body.token, act=act)))


@router.post("/started", response_model=ReportedOut, summary="The command runs.")
async def started(call: SignedAgent, lease_id: str, body: ReportIn) -> Response:
    """Note that a job runs."""
    return await call.act(_report(lambda tx, act: start_job(tx, lease_id, body.token, act=act)))


@router.post("/returned", response_model=ReportedOut, summary="The command has ended.")
async def returned(call: SignedAgent, lease_id: str, body: ReturnedIn) -> Response:
    """Take a job's end, its outputs and its usage record, which the centre has signed."""
    now = call.parts.clock()
    ending = Ending(
        exit_code=body.exit_code,
        ended_by=body.ended_by,
        outputs=[_output(each, at=now) for each in body.outputs],
        code=_OUTPUT_MISSING if body.missing else None,
        detail=", ".join(body.missing)[:NAME_MAX],
    )
    return await call.act(
        _report(
            lambda tx, act: return_job(
                tx,
                lease_id,
                body.token,
                ending,
                usage=body.usage,
                signature=body.signature,
                verify=is_signed,
                act=act,
            )
        ),
        ring=("bill", "place", "quote", "clear"),
    )


@router.post("/failed", response_model=ReportedOut, summary="The lease cannot go on.")
async def failed(call: SignedAgent, lease_id: str, body: FailedIn) -> Response:
    """End a lease: by the buyer's fault the job fails, by the centre's it goes elsewhere."""

    def work(tx: Tx, act: Act) -> Report:
        return fail_job(
            tx,
            lease_id,
            body.token,
            fault=body.fault,
            code=body.code,
            detail=body.detail,
            act=act,
        )

    return await call.act(_report(work), ring=("place", "quote", "clear"))


@router.post("/logs", response_model=ReportedOut, summary="The job has printed.")
async def logs(call: SignedAgent, lease_id: str, body: LogsIn) -> Response:
    """Keep printed lines; the same line twice stands once."""
    lines = [
        LogLine(seq=each.seq, at=parse_instant(each.at), stream=each.stream, text=each.text)
        for each in body.lines
    ]
    return await call.act(
        _report(lambda tx, act: append_logs(tx, lease_id, body.token, lines, act=act))
    )


def _report(report: Callable[[Tx, Act], Report]) -> Callable[[Tx, Act], ReportedOut | Refused]:
    """Turn a flow's report into an answer; its refusal is returned, since it left a trace."""

    def work(tx: Tx, act: Act) -> ReportedOut | Refused:
        done = report(tx, act)
        if done.refusal is not None:
            return done.refusal
        return {"job_id": done.job.id, "state": done.job.state.value, "token": done.job.token}

    return work


def _output(each: OutputIn, *, at: datetime) -> Output:
    return Output(
        name=each.name,
        kind=each.kind,
        sha256=each.sha256,
        bytes=each.bytes,
        location=each.location,
        at=at,
    )

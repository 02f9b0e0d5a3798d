"""Looking at jobs: lists, one job, its quote, history, bill and outputs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import FileResponse, Response

from suanwang.basics.errors import Conflict, NotFound
from suanwang.basics.ids import OrganisationId
from suanwang.flows import show_budgets
from suanwang.jobs.lifecycle import JobState
from suanwang.server.http.call import Call, Signed
from suanwang.server.http.cursors import PAGE_DEFAULT, read_cursor, write_cursor
from suanwang.server.http.routing import a_router
from suanwang.server.routes.paging import CursorText, Limit
from suanwang.server.wire.bills import BillOut, bill_out
from suanwang.server.wire.jobs import (
    JobOut,
    JobsOut,
    OutputsOut,
    QuoteOut,
    TimelineOut,
    job_out,
    output_out,
    quote_out,
    timeline_item,
)
from suanwang.server.wire.places import names_for
from suanwang.store import bills, jobs, outputs, quotes, timeline
from suanwang.store.jobs import NEWEST_FIRST, OLDEST_FIRST, Cursor, Job, JobFilter
from suanwang.store.outputs import Output
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["jobs"])
NAME_MAX = 63
ID_MAX = 40
TIMELINE_PAGE_MAX = 1_000
OCTETS = "application/octet-stream"


class Sort(StrEnum):
    """The order of a list of jobs."""

    NEWEST = "-created"
    OLDEST = "created"


Text = Annotated[str | None, Query(max_length=NAME_MAX)]


@router.get("/jobs", response_model=JobsOut, summary="List jobs, newest first.")
async def list_jobs(
    call: Signed,
    *,
    state: JobState | None = None,
    kind: Text = None,
    name: Text = None,
    array_id: Text = None,
    organisation_id: Text = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: CursorText = None,
    sort: Sort = Sort.NEWEST,
) -> Response:
    """List the jobs of the key's organisation; operators and auditors see everybody's."""
    wanted = JobFilter(
        state=None if state is None else state.value, kind=kind, name=name, array_id=array_id
    )
    after = read_cursor(cursor, int, str)

    def read(tx: Tx) -> JobsOut:
        whose = _whose(call, organisation_id)
        found = _page(tx, whose, wanted, after=after, limit=limit + 1, sort=sort)
        shown, more = found[:limit], len(found) > limit
        names = names_for(tx, shown)
        return {
            "items": [job_out(job, names, lang=call.lang) for job in shown],
            "next_cursor": _cursor(shown[-1]) if more else None,
        }

    return await call.show(read)


@router.get("/jobs/{job_id}", response_model=JobOut, summary="Show a job.")
async def show_job(call: Signed, job_id: str) -> Response:
    """Show how a job stands."""

    def read(tx: Tx) -> JobOut:
        job = job_seen(tx, call, job_id)
        return job_out(job, names_for(tx, [job]), lang=call.lang)

    return await call.show(read)


@router.get("/jobs/{job_id}/quote", response_model=QuoteOut, summary="Show a job's plan and price.")
async def show_quote(call: Signed, job_id: str) -> Response:
    """Show every pool that was looked at, best first, and why the others cannot."""
    now = call.parts.clock()

    def read(tx: Tx) -> QuoteOut:
        job = job_seen(tx, call, job_id)
        over = show_budgets.over_job(tx, job, at=now)
        held = job.accepted_at is not None
        return quote_out(quotes.quote(tx, job.id), lang=call.lang, budgets=over, held=held)

    return await call.show(read)


@router.get("/jobs/{job_id}/timeline", response_model=TimelineOut, summary="Show a job's history.")
async def show_timeline(
    call: Signed,
    job_id: str,
    limit: Annotated[int, Query(ge=1, le=TIMELINE_PAGE_MAX)] = TIMELINE_PAGE_MAX,
    cursor: CursorText = None,
) -> Response:
    """Show everything that has happened to a job, oldest first."""
    after = read_cursor(cursor, int)
    seq = int(after[0]) if after else 0

    def read(tx: Tx) -> TimelineOut:
        job = job_seen(tx, call, job_id)
        lines = timeline.of_job(tx, job.id, after=seq, limit=limit)
        full = len(lines) == limit
        return {
            "items": [timeline_item(line) for line in lines],
            "next_cursor": write_cursor([lines[-1].seq]) if full else None,
        }

    return await call.show(read)


@router.get("/jobs/{job_id}/bill", response_model=BillOut, summary="Show a job's bill.")
async def show_bill(call: Signed, job_id: str) -> Response:
    """Show what a job cost, line by line; 404 until it is billed."""

    def read(tx: Tx) -> BillOut:
        return bill_out(bills.bill_of_job(tx, job_seen(tx, call, job_id).id))

    return await call.show(read)


@router.get("/jobs/{job_id}/outputs", response_model=OutputsOut, summary="List a job's outputs.")
async def list_outputs(call: Signed, job_id: str) -> Response:
    """List what a job has brought home, and where each lies."""

    def read(tx: Tx) -> OutputsOut:
        job = job_seen(tx, call, job_id)
        return {"items": [output_out(o) for o in outputs.of_job(tx, job.id)], "next_cursor": None}

    return await call.show(read)


@router.get(
    "/jobs/{job_id}/outputs/{name:path}",
    summary="Fetch an output's bytes.",
    response_class=Response,
    responses={200: {"content": {OCTETS: {}}}},
)
async def fetch_output(call: Signed, job_id: str, name: str) -> Response:
    """Send an output that lies here; one that lies elsewhere is refused with its place."""

    def read(tx: Tx) -> Output:
        return outputs.output(tx, job_seen(tx, call, job_id).id, name)

    output = await call.parts.store.read(read)
    return blob_response(call, output)


def blob_response(call: Call, output: Output) -> Response:
    """Send the bytes of an output that lies in the blob store."""
    if output.kind != "blob" or output.sha256 is None:
        found = f"at {output.location}" if output.location else "elsewhere"
        raise Conflict(kind="output", id=output.name, found=found, expected="kept by the exchange")
    path = call.parts.blobs.path(output.sha256)
    if not path.is_file():
        raise NotFound(kind="output", id=output.name)
    headers = {"X-Sha256": output.sha256}
    return FileResponse(path, media_type=OCTETS, headers=headers)


def job_seen(tx: Tx, call: Call, job_id: str) -> Job:
    """Return a job that the key may see; another organisation's is NotFound."""
    return jobs.job_of(tx, job_id[:ID_MAX], call.sees)


def _whose(call: Call, asked: str | None) -> OrganisationId | None:
    """Say whose jobs are listed: those who see all may ask for one organisation's."""
    if call.sees is not None or asked is None:
        return call.sees
    return OrganisationId(asked)


def _page(
    tx: Tx,
    whose: OrganisationId | None,
    wanted: JobFilter,
    *,
    after: tuple[Any, ...] | None,
    limit: int,
    sort: Sort,
) -> list[Job]:
    if sort is Sort.OLDEST and whose is not None:
        start = Cursor(*after) if after else OLDEST_FIRST
        return jobs.page_oldest_first(tx, whose, wanted, after=start, limit=limit)
    start = Cursor(*after) if after else NEWEST_FIRST
    return jobs.page(tx, whose, wanted, after=start, limit=limit)


def _cursor(job: Job) -> str:
    last = Cursor.of(job)
    return write_cursor([last.created_at, last.id])

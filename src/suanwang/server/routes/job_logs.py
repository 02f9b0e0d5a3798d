"""What a job prints, as NDJSON; with follow=true until the job has ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Query
from starlette.responses import Response, StreamingResponse

from suanwang.basics.errors import Invalid
from suanwang.basics.ids import JobId
from suanwang.jobs.lifecycle import JobState
from suanwang.server.http.call import NDJSON_TYPE, Call, Signed
from suanwang.server.http.routing import a_router
from suanwang.server.routes.job_reads import job_seen
from suanwang.server.wire.jobs import log_out
from suanwang.server.wire.texts import encode_lines
from suanwang.store import jobs, logs
from suanwang.store.logs import LogLine
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["jobs"])
LOG_PAGE_MAX = 5_000
LOOK_SECONDS = 0.5
QUIET_SECONDS = 15.0
_DIGITS_MAX = 18
_STILL_PRINTING = frozenset(
    {
        JobState.SUBMITTED,
        JobState.QUOTED,
        JobState.CLEARED,
        JobState.PLACED,
        JobState.STAGED,
        JobState.RUNNING,
    }
)


class AfterUnreadable(Invalid):
    """Expected the cursor of a log line such as 1.250, found {found!r}."""

    zh = "需要形如 1.250 的日志行游标，实际为 {found!r}。"
    code = "after-unreadable"


@router.get(
    "/jobs/{job_id}/logs",
    summary="Show what a job prints (NDJSON).",
    response_class=Response,
    responses={200: {"content": {NDJSON_TYPE: {}}}},
)
async def show_logs(
    call: Signed,
    job_id: str,
    *,
    after: Annotated[str | None, Query(max_length=40, description="`cursor` of a line.")] = None,
    follow: bool = False,
    limit: Annotated[int, Query(ge=1, le=LOG_PAGE_MAX)] = LOG_PAGE_MAX,
) -> Response:
    """Send lines after `after`, oldest first. An empty line keeps a followed stream alive."""
    start = read_after(after)
    job = await call.parts.store.read(lambda tx: job_seen(tx, call, job_id))
    if follow:
        return StreamingResponse(_follow(call, job.id, start), media_type=NDJSON_TYPE)
    lines = await call.parts.store.read(
        lambda tx: logs.of_job(tx, job.id, after=start, limit=limit)
    )
    return Response(encode_lines(map(log_out, lines)), media_type=NDJSON_TYPE)


def read_after(text: str | None) -> tuple[int, int]:
    """Read the cursor of a log line: "token.seq", or only a seq of the first run."""
    if text is None or text == "":
        return (0, -1)
    token, dot, seq = text.rpartition(".")
    parts = (token if dot else "0", seq)
    if not all(p.isascii() and p.isdigit() and len(p) <= _DIGITS_MAX for p in parts):
        raise AfterUnreadable(reason="after", found=text)
    return (int(parts[0]), int(parts[1]))


async def _follow(call: Call, job_id: JobId, after: tuple[int, int]) -> AsyncIterator[bytes]:
    store, quiet = call.parts.store, 0.0

    def read(tx: Tx) -> tuple[JobState, list[LogLine]]:
        return jobs.job(tx, job_id).state, logs.of_job(tx, job_id, after=after)

    while not call.parts.stopping:
        state, lines = await store.read(read)
        if lines:
            after, quiet = (lines[-1].token, lines[-1].seq), 0.0
            yield encode_lines(map(log_out, lines))
        elif state not in _STILL_PRINTING:
            return
        else:
            quiet += LOOK_SECONDS
            if quiet >= QUIET_SECONDS:
                quiet = 0.0
                yield b"\n"
            with call.parts.resting():
                await asyncio.sleep(LOOK_SECONDS)

"""For machines that watch the server: health, metrics, what an error code means."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from suanwang.basics.errors import NotFound
from suanwang.jobs.lifecycle import JobState
from suanwang.server.http.call import JSON_TYPE, parts_of
from suanwang.server.http.error_codes import error_classes, meaning
from suanwang.server.parts import Parts
from suanwang.server.wire.texts import encode
from suanwang.store import jobs
from suanwang.store.tx import Tx

router = APIRouter(tags=["operations"])
HEALTH_SECONDS = 5.0


@router.get("/healthz", summary="Is this server well? 200 or 503.")
async def healthz(request: Request) -> Response:
    """Look at the database and at the loops."""
    parts, loops = parts_of(request), request.app.state.loops
    dead = [] if loops is None else loops.dead()
    reason = await _database_trouble(parts)
    well = reason is None and not dead and not parts.stopping
    document = {
        "status": "ok" if well else "unwell",
        "database": "ok" if reason is None else reason,
        "loops": dead or "ok",
        "stopping": parts.stopping,
    }
    return Response(encode(document), status_code=200 if well else 503, media_type=JSON_TYPE)


@router.get("/metrics", summary="Figures in the Prometheus text format.")
async def metrics(request: Request) -> Response:
    """Count what stands in the database, and show everything measured."""
    parts = parts_of(request)
    counts = await parts.store.read(jobs.count_by_state)
    for state in JobState:
        parts.metrics.jobs.labels(state.value).set(counts.get(state, 0))
    parts.metrics.in_hand.set(parts.in_hand)
    parts.metrics.outbox_lag.set(await parts.store.read(_unpublished))
    return Response(parts.metrics.text(), media_type=CONTENT_TYPE_LATEST)


@router.get("/errors/{code}", summary="What an error code means.")
async def error_code(request: Request, code: str) -> Response:
    """Explain a code: this is where a problem's `type` leads."""
    cls = error_classes().get(code)
    if cls is None:
        raise NotFound(kind="error code", id=code)
    document: dict[str, Any] = meaning(cls, request.state.lang)
    return Response(encode(document), media_type=JSON_TYPE)


async def _database_trouble(parts: Parts) -> str | None:
    try:
        await asyncio.wait_for(parts.store.read(_look), HEALTH_SECONDS)
    except Exception as error:  # noqa: BLE001 - whatever it is, the server is unwell
        return type(error).__name__
    return None


def _look(tx: Tx) -> None:
    tx.all("organisation_exchange")


def _unpublished(tx: Tx) -> int:
    return int(tx.one("events_unpublished").events)

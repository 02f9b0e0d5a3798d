"""The stream of events (SSE): every event once, in order, resumed by Last-Event-ID.

Readers are fed from the outbox by number; a hint from the publisher wakes them, and they look every
second anyway, since another server may have published.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from starlette.responses import StreamingResponse

from suanwang.basics.errors import Invalid
from suanwang.basics.slots import format_instant
from suanwang.server.http.call import Call
from suanwang.server.parts import Parts
from suanwang.store import outbox
from suanwang.store.outbox import Event

HEARTBEAT_SECONDS = 15.0
LOOK_SECONDS = 1.0
BATCH = 200
STREAMS_MAX = 2_000


class LastEventUnreadable(Invalid):
    """Expected the number of an event in Last-Event-ID, found {found!r}."""

    zh = "Last-Event-ID 应为事件序号，实际为 {found!r}。"
    code = "last-event-unreadable"


def read_last_event(text: str | None) -> int | None:
    """Read Last-Event-ID; None when there is none."""
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004 - 63 bits
        raise LastEventUnreadable(reason="last event", found=text[:50])
    return int(text)


def event_document(event: Event) -> dict[str, Any]:
    """Write an event as streams and webhooks carry it."""
    return {
        "id": event.id,
        "seq": event.seq,
        "kind": event.kind,
        "subject": event.subject,
        "organisation_id": event.organisation_id,
        "at": format_instant(event.at),
        "data": event.body,
    }


def as_message(event: Event) -> bytes:
    """Write an event as one SSE message."""
    data = json.dumps(event_document(event), ensure_ascii=False, separators=(",", ":"))
    return f"id: {event.seq}\nevent: {event.kind}\ndata: {data}\n\n".encode()


async def stream_events(call: Call, *, after: int | None) -> StreamingResponse:
    """Answer with events after a number; without one, with those from now on."""
    parts = call.parts
    if after is None:
        after = await parts.store.read(outbox.last_sequence)
    return StreamingResponse(
        _messages(parts, call, after),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _messages(parts: Parts, call: Call, after: int) -> AsyncIterator[bytes]:
    parts.metrics.streams.inc()
    try:
        yield b"retry: 1000\n: stream of events\n\n"
        quiet = 0.0
        while not parts.stopping:
            # The key is looked at again, so that a revoked one hears no more.
            await parts.keys.actor(call.request.headers.get("authorization", ""))
            start, rings = after, parts.published.rings
            events = await parts.store.read(
                partial(outbox.events_after, seq=start, organisation_id=call.sees, limit=BATCH)
            )
            for event in events:
                yield as_message(event)
                after = max(after, event.seq or 0)
            if events:
                quiet = 0.0
                continue
            waited_from = time.monotonic()
            with parts.resting():
                await parts.published.wait(LOOK_SECONDS, since=rings)
            quiet += time.monotonic() - waited_from
            if quiet >= HEARTBEAT_SECONDS:
                quiet = 0.0
                yield b": still here\n\n"
    finally:
        parts.metrics.streams.dec()

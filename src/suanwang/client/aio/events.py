"""The stream of events (server-sent events), resumed where it broke off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from suanwang.basics.errors import Unavailable
from suanwang.client.aio.transport import AsyncTransport
from suanwang.client.answers import json_line, pause_before
from suanwang.client.wire_grid import Event

PATH = "/v1/events"
TRIES_MAX = 5


class AsyncEvents:
    """What happens to the organisation's things."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def follow(self, *, after: int | str | None = None) -> AsyncIterator[Event]:
        """Yield events as they happen, after the one that counts `after`; never ends by itself."""
        last, tries = None if after is None else str(after), 0
        while True:
            try:
                async for number, text in self._frames(last):
                    last, tries = number or last, 0
                    yield self._transport.read(Event, json_line(text, PATH), PATH)
            except Unavailable:
                tries += 1
                if tries > TRIES_MAX:
                    raise
            await asyncio.sleep(pause_before(tries, None))

    async def _frames(self, last: str | None) -> AsyncIterator[tuple[str, str]]:
        """Yield (id, data) of each frame; comments keep the connection alive and say nothing."""
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
        number = ""
        parts: list[str] = []
        async with self._transport.stream(PATH, headers=headers) as answer:
            async for line in answer.aiter_lines():
                key, _, value = line.partition(":")
                if not line and parts:
                    yield number, "\n".join(parts)
                if not line:
                    number, parts = "", []
                elif key == "data":
                    parts.append(value.removeprefix(" "))
                elif key == "id":
                    number = value.strip()

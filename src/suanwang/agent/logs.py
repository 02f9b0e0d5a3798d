"""A job's output on its way to the server: lines in order, numbered, bounded, secrets masked."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from suanwang.agent.errors import ServerUnreachable
from suanwang.basics.slots import format_instant

LOG_BYTES_MAX = 10_000_000  # for one job
LINE_CHARS_MAX = 16_384  # longer lines are cut into several
BATCH_LINES = 500
BATCH_BYTES = 256_000
FLUSH_SECONDS = 0.5
_MASK = "***"
_SECRET_CHARS_MIN = 4  # masking "1" would hide every 1 in the log

Send = Callable[[list[dict[str, Any]]], Awaitable[None]]


class LineCutter:
    """Turns the bytes of one stream into lines of text; what is no UTF-8 becomes �."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._secrets = _worth_masking(secrets)
        # A secret that straddles a cut would show in two halves.
        self._keep = max((len(secret) for secret in self._secrets), default=1) - 1

    def feed(self, data: bytes, *, final: bool = False) -> list[str]:
        """Return the lines that these bytes complete."""
        text = self._rest + self._decoder.decode(data, final)
        *lines, rest = text.split("\n")
        cut: list[str] = []
        for line in lines:
            cut += _pieces(self._mask(line))
        while len(rest) > LINE_CHARS_MAX + self._keep:
            masked = self._mask(rest)
            if len(masked) <= LINE_CHARS_MAX + self._keep:
                rest = masked
                break
            cut.append(masked[:LINE_CHARS_MAX])
            rest = masked[LINE_CHARS_MAX:]
        self._rest = "" if final else rest
        return cut + (_pieces(self._mask(rest)) if final and rest else [])

    def _mask(self, line: str) -> str:
        for secret in self._secrets:
            line = line.replace(secret, _MASK)
        return line.rstrip("\r").replace("\0", "�")


class LogShipper:
    """Numbers and sends a job's lines; after the bound says once that it is truncated."""

    def __init__(
        self,
        send: Send,
        *,
        secrets: Iterable[str] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        bytes_max: int = LOG_BYTES_MAX,
    ) -> None:
        self._send = send
        self._now = now
        self._left = bytes_max
        self._cutters = {name: LineCutter(list(secrets)) for name in ("stdout", "stderr")}
        self._waiting: list[dict[str, Any]] = []
        self._seq = 0
        self._full = False
        self._over = asyncio.Event()

    def take(self, stream: str, data: bytes) -> None:
        """Accept bytes as they come from the process."""
        if not self._full:
            self._add(stream, self._cutters[stream].feed(data))

    def say(self, text: str) -> None:
        """Add a line of the agent's own, even to a full log."""
        self._queue("agent", text)

    async def run(self) -> None:
        """Send batches until `close`, then what is left."""
        while not (self._over.is_set() and not self._waiting):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), FLUSH_SECONDS)
            await self._flush()

    def close(self) -> None:
        """Take no more; `run` ends when the rest is sent."""
        for stream, cutter in self._cutters.items():
            if not self._full:
                self._add(stream, cutter.feed(b"", final=True))
        self._over.set()

    async def _flush(self) -> None:
        while self._waiting:
            batch = _batch(self._waiting)
            try:
                await self._send(batch)
            except ServerUnreachable:
                await asyncio.sleep(FLUSH_SECONDS)
                return
            del self._waiting[: len(batch)]

    def _add(self, stream: str, lines: list[str]) -> None:
        for text in lines:
            if self._full:
                return
            self._left -= len(text.encode("utf-8", "replace")) + 1
            if self._left < 0:
                self._full = True
                self._queue("agent", "log truncated here: the job wrote more than is kept")
            else:
                self._queue(stream, text)

    def _queue(self, stream: str, text: str) -> None:
        at = format_instant(self._now())
        self._waiting.append({"seq": self._seq, "at": at, "stream": stream, "text": text})
        self._seq += 1


def _batch(waiting: list[dict[str, Any]]) -> list[dict[str, Any]]:
    size = 0
    batch: list[dict[str, Any]] = []
    for line in waiting[:BATCH_LINES]:
        size += len(line["text"])
        if batch and size > BATCH_BYTES:
            break
        batch.append(line)
    return batch


def _pieces(line: str) -> list[str]:
    step = LINE_CHARS_MAX
    return [line[i : i + step] for i in range(0, len(line), step)] or [""]


def _worth_masking(secrets: Iterable[str]) -> list[str]:
    parts = [part for secret in secrets for part in (secret, *secret.splitlines())]
    return sorted({p for p in parts if len(p) >= _SECRET_CHARS_MIN}, key=len, reverse=True)

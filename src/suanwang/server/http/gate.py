"""The outermost layer: every request passes here once, and no error leaves here as a traceback.

It gives each request a trace id, refuses bodies that are too long (while they come in, too),
paths that cannot be stored and requests beyond what the server can have in hand; it measures.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from typing import Any

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from suanwang.basics.errors import SuanwangError
from suanwang.server.errors import (
    BodyTooLarge,
    OurMistake,
    Overloaded,
    Stopping,
    TextUnstorable,
)
from suanwang.server.http.languages import wanted_language
from suanwang.server.http.problems import problem
from suanwang.server.parts import Parts

log = structlog.get_logger()
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_OPS = ("/healthz", "/metrics")
_HEADERS = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]


class Gate:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self.app = app
        self.parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name: value for name, value in scope["headers"] if name in _WANTED}
        state = scope.setdefault("state", {})
        state["lang"] = wanted_language(headers.get(b"accept-language", b"").decode("latin-1"))
        state["trace_id"] = _trace_id(headers.get(b"traceparent", b"").decode("latin-1"))
        self.parts.in_hand += 1
        start, answer = time.perf_counter(), _Answer(send, state["trace_id"])
        try:
            await self._answer(scope, headers, self._limited(scope, headers, receive), answer)
        finally:
            self.parts.in_hand -= 1
            route = getattr(scope.get("route"), "path", "unknown")
            seconds = time.perf_counter() - start
            self.parts.metrics.answered(scope["method"], route, answer.status, seconds)

    async def _answer(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, answer: _Answer
    ) -> None:
        state = scope["state"]
        try:
            self._admit(scope, headers)
            await self.app(scope, receive, answer)
        except SuanwangError as error:
            await self._refuse(scope, receive, answer, error)
        except ClientDisconnect:
            log.info("client left", trace_id=state["trace_id"], path=scope["path"])
        except Exception:
            log.exception(
                "request failed",
                trace_id=state["trace_id"],
                method=scope["method"],
                path=scope["path"],
            )
            await self._refuse(scope, receive, answer, OurMistake())

    async def _refuse(
        self, scope: Scope, receive: Receive, answer: _Answer, error: SuanwangError
    ) -> None:
        if answer.started:
            return  # half an answer is out: the connection is cut, which the client sees
        state = scope["state"]
        response = problem(
            error, lang=state["lang"], instance=scope["path"], trace_id=state["trace_id"]
        )
        await response(scope, receive, answer)

    def _admit(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        if scope["path"] in _OPS:
            return
        if self.parts.stopping:
            raise Stopping(reason="stopping")
        limit = self.parts.settings.requests_at_once
        if self.parts.in_hand > limit:
            raise Overloaded(reason="overloaded", limit=limit)
        if "\x00" in scope["path"] or b"%00" in scope.get("query_string", b""):
            raise TextUnstorable(place="the address")
        length = headers.get(b"content-length", b"")
        most = self._bytes_max(scope)
        if length.isdigit() and int(length) > most:
            raise BodyTooLarge(reason="too large", limit=most)

    def _bytes_max(self, scope: Scope) -> int:
        settings = self.parts.settings
        return settings.blob_bytes_max if scope["method"] == "PUT" else settings.body_bytes_max

    def _limited(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive
    ) -> Callable[[], Any]:
        if b"content-length" in headers or scope["method"] in ("GET", "HEAD", "DELETE"):
            return receive  # the HTTP parser holds a body to its stated length
        left = most = self._bytes_max(scope)

        async def limited() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise BodyTooLarge(reason="too large", limit=most)
            return message

        return limited


_WANTED = {b"accept-language", b"traceparent", b"content-length"}


class _Answer:
    """The sending side: remembers the status and adds the headers that all answers have."""

    __slots__ = ("_send", "_trace_id", "started", "status")

    def __init__(self, send: Send, trace_id: str) -> None:
        self._send = send
        self._trace_id = trace_id
        self.started = False
        self.status = 499  # what is counted when the client leaves before any answer

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            known = {name for name, _ in message["headers"]}
            extra = [pair for pair in _HEADERS if pair[0] not in known]
            trace = (b"x-trace-id", self._trace_id.encode())
            message = {**message, "headers": [*message["headers"], *extra, trace]}
        await self._send(message)


def _trace_id(traceparent: str) -> str:
    found = _TRACEPARENT.fullmatch(traceparent)
    return found.group(1) if found else secrets.token_hex(16)

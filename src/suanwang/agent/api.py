"""The server as the agent sees it: outbound HTTP only, every call safe to repeat.

Answers fall into three: done; not now (network, 5xx, 429: try again); and no (4xx: never the same
again). A 409 with `token-old` is the fourth, and means that the job has moved on without us.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import httpx

from suanwang.agent.errors import ServerRefused, ServerUnreachable, TokenOld
from suanwang.agent.lease import Lease, monotonic

VERSION = "0.1.0"
POLL_SECONDS = 20
_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_POLL_TIMEOUT = httpx.Timeout(POLL_SECONDS + 10.0, connect=5.0)
_UPLOAD_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
_NOT_NOW = frozenset({408, 425, 429})
_SERVER_ERROR = 500
_CONFLICT = 409
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the server says to a hello."""

    centre_id: str
    pools: Mapping[str, str]  # name → id
    heartbeat_seconds: float
    lease_seconds: float


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the server says to a heartbeat: orders for our leases, and leases we do not know."""

    orders: Mapping[str, tuple[str, float]]  # lease → ("go_on" | "stop" | "drop", seconds left)
    unknown: tuple[str, ...]


class Api:
    """Calls the server with the centre's key."""

    def __init__(
        self, server: str, key: str, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.server = server.rstrip("/")
        self._client = httpx.AsyncClient(
            base_url=self.server + "/v1/agent/",
            headers={"Authorization": f"Bearer {key}", "User-Agent": f"suan-agent/{VERSION}"},
            timeout=_TIMEOUT,
            transport=transport,
            follow_redirects=False,
        )

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()

    async def hello(self, facts: Mapping[str, Any]) -> Welcome:
        """Report who we are and what we offer."""
        wire = await self._post("hello", facts)
        return Welcome(
            centre_id=str(wire["centre_id"]),
            pools=dict(wire["pools"]),
            heartbeat_seconds=float(wire["heartbeat_seconds"]),
            lease_seconds=float(wire["lease_seconds"]),
        )

    async def take_leases(self, *, most: int, wait_seconds: int = POLL_SECONDS) -> list[Lease]:
        """Wait for work, at most `most` leases."""
        asked_at = monotonic()
        body = {"wait_seconds": wait_seconds, "max": most}
        wire = await self._post("leases", body, patience=_POLL_TIMEOUT)
        # A long poll is answered when the lease is made, not when it was asked for; the seconds
        # on the wire still count from the answer at the earliest, so this errs on the safe side
        # only by the time the answer travelled.
        answered_at = monotonic()
        start = asked_at if answered_at - asked_at < 1 else answered_at - 1
        return [Lease.parse(each, asked_at=start) for each in wire.get("leases") or ()]

    async def heartbeat(self, leases: list[dict[str, Any]]) -> tuple[Pulse, float]:
        """Prove life; return the server's orders and when the question left."""
        asked_at = monotonic()
        wire = await self._post("heartbeat", {"leases": leases})
        orders = {
            str(each["lease_id"]): (str(each["order"]), float(each["expires_in_seconds"]))
            for each in wire.get("leases") or ()
        }
        return Pulse(orders, tuple(map(str, wire.get("unknown") or ()))), asked_at

    async def report(self, lease_id: str, verb: str, body: Mapping[str, Any]) -> None:
        """Tell the server one thing about a lease."""
        await self._post(f"leases/{lease_id}/{verb}", body, lease_id=lease_id)

    async def send_output(
        self, lease_id: str, name: str, *, token: int, path: Path, sha256: str
    ) -> None:
        """Upload one output; the server checks its SHA-256."""
        url = f"leases/{lease_id}/outputs/{quote(name, safe='')}"
        size = path.stat().st_size  # noqa: ASYNC240 - one stat of a local file
        request = self._client.build_request(
            "PUT", url, params={"token": token}, content=_chunks(path), timeout=_UPLOAD_TIMEOUT,
            headers={"X-Sha256": sha256, "Content-Length": str(size),
                     "Content-Type": "application/octet-stream"},
        )  # fmt: skip
        await self._send(request, lease_id=lease_id)

    async def fetch(self, lease: Lease, *, sha256: str, url: str | None, to: Path) -> str:
        """Download a blob into the file `to`; return the SHA-256 of what came."""
        place = urljoin(self.server + "/v1/agent/", url or f"blobs/{sha256}")
        # An address from the server carries its own query, which even an empty mapping would drop.
        own: dict[str, str | int] = {"lease_id": lease.lease_id, "token": lease.token}
        params = None if url else own
        request = self._client.build_request("GET", place, params=params, timeout=_UPLOAD_TIMEOUT)
        if not place.startswith(self.server + "/"):
            del request.headers["Authorization"]  # the key is for our server only
        digest = hashlib.sha256()
        try:
            answer = await self._client.send(request, stream=True)
            try:
                if answer.is_error:
                    await answer.aread()
                    self._refuse(answer, lease.lease_id)
                with to.open("wb") as file:
                    async for chunk in answer.aiter_bytes(_CHUNK_BYTES):
                        digest.update(chunk)
                        file.write(chunk)
            finally:
                await answer.aclose()
        except httpx.HTTPError as problem:
            raise self._unreachable(problem) from problem
        return digest.hexdigest()

    async def _post(
        self,
        call: str,
        body: Mapping[str, Any],
        *,
        lease_id: str = "",
        patience: httpx.Timeout = _TIMEOUT,
    ) -> dict[str, Any]:
        request = self._client.build_request("POST", call, json=dict(body), timeout=patience)
        answer = await self._send(request, lease_id=lease_id)
        if not answer.content:
            return {}
        try:
            wire = answer.json()
        except ValueError as problem:
            raise ServerUnreachable(server=self.server, reason="no JSON came back") from problem
        return wire if isinstance(wire, dict) else {}

    async def _send(self, request: httpx.Request, *, lease_id: str) -> httpx.Response:
        try:
            answer = await self._client.send(request)
        except httpx.HTTPError as problem:
            raise self._unreachable(problem) from problem
        if not answer.is_success:
            self._refuse(answer, lease_id)
        return answer

    def _refuse(self, answer: httpx.Response, lease_id: str) -> None:
        problem = _problem(answer)
        if answer.status_code == _CONFLICT and problem.get("code") == "token-old":
            raise TokenOld(lease=lease_id)
        reason = problem.get("detail") or problem.get("title") or answer.reason_phrase
        if answer.status_code >= _SERVER_ERROR or answer.status_code in _NOT_NOW:
            raise ServerUnreachable(server=self.server, reason=f"{answer.status_code} {reason}")
        call = answer.request.url.path
        raise ServerRefused(answer=answer.status_code, call=call, reason=reason)

    def _unreachable(self, problem: httpx.HTTPError) -> ServerUnreachable:
        reason = str(problem) or type(problem).__name__
        return ServerUnreachable(server=self.server, reason=reason)


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        wire = json.loads(answer.content)
    except ValueError:
        return {}
    return wire if isinstance(wire, dict) else {}


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk

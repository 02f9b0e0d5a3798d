"""A server that does what the contract says to agents, in memory, with a real socket.

It runs in a thread with its own loop, on a port of the system's choosing. A test hands it leases,
looks at what came back, and makes it misbehave: silent, slow, forgetful.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from tests.agent.builders import an_id

from suanwang.basics.ids import CentreId, JobId, LeaseId

POLL_STEP_SECONDS = 0.02


@dataclass
class Call:
    """One report as it came."""

    lease_id: str
    verb: str
    body: dict[str, Any]


@dataclass
class FakeServer:
    """`lease_seconds` and `heartbeat_seconds` are short, so that tests are."""

    lease_seconds: float = 3.0
    heartbeat_seconds: float = 0.2
    url: str = ""
    centre_id: str = field(default_factory=lambda: an_id(CentreId))
    hellos: list[dict[str, Any]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    beats: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    outputs: dict[str, bytes] = field(default_factory=dict)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    orders: dict[str, str] = field(default_factory=dict)
    old_tokens: set[tuple[str, int]] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)
    refuse: dict[str, int] = field(default_factory=dict)  # verb → times to answer 503
    away: bool = False  # every call is cut
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    # ── what a test does ─────────────────────────────────────────────────────────────────────────

    def lease(self, spec: dict[str, Any], **more: Any) -> str:
        """Queue a lease of a job; returns its id."""
        lease_id = an_id(LeaseId)
        numbered = next(self._numbers)
        inputs = [self._with_url(each, lease_id, numbered) for each in spec.get("inputs", [])]
        known = {"name": "x", "run": "true"} | spec
        wire = {
            "lease_id": lease_id, "job_id": an_id(JobId), "token": numbered,
            "pool": "cpu", "spec": {k: v for k, v in known.items() if v is not None}, "cards": 1,
            "array_index": None, "array_count": None, "time_limit_seconds": 30,
            "expires_in_seconds": self.lease_seconds, "inputs": inputs, "secrets": {},
        }  # fmt: skip
        self.waiting.append(wire | more)
        return lease_id

    def _with_url(self, wire, lease_id, token):
        sha256 = wire["from"].removeprefix("blob:")
        if sha256 == wire["from"]:
            return wire
        return wire | {"url": f"/v1/agent/blobs/{sha256}?lease_id={lease_id}&token={token}"}

    def blob(self, data: bytes) -> str:
        """Keep a blob; returns its SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.blobs[sha256] = data
        return sha256

    def verbs(self, lease_id: str) -> list[str]:
        """Return what was reported of a lease, in order."""
        return [call.verb for call in self.calls if call.lease_id == lease_id]

    def report(self, lease_id: str, *, within: float = 20.0) -> Call:
        """Wait for a lease's final report."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            for call in self.calls:
                if call.lease_id == lease_id and call.verb in ("returned", "failed"):
                    return call
            time.sleep(0.02)
        raise AssertionError(f"no final report within {within} s; came: {self.calls}")

    def wait_for(self, lease_id: str, verb: str, *, within: float = 20.0) -> None:
        """Wait until a lease has reported `verb`."""
        until = time.monotonic() + within
        while verb not in self.verbs(lease_id):
            assert time.monotonic() < until, f"no {verb!r} within {within} s; came: {self.calls}"
            time.sleep(0.02)

    def log(self) -> str:
        """Return all log lines as text."""
        return "\n".join(line["text"] for line in sorted(self.lines, key=lambda x: x["seq"]))

    # ── the server ───────────────────────────────────────────────────────────────────────────────

    def start(self) -> FakeServer:
        """Listen in a thread."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def stop(self) -> None:
        """Stop listening."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    def _serve(self, ready: threading.Event) -> None:
        asyncio.run(self._main(ready))

    async def _main(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        app = web.Application(middlewares=[self._misbehave], client_max_size=10**9)
        app.add_routes([
            web.post("/v1/agent/hello", self._hello),
            web.post("/v1/agent/leases", self._leases),
            web.post("/v1/agent/heartbeat", self._heartbeat),
            web.post("/v1/agent/leases/{id}/{verb}", self._report),
            web.put("/v1/agent/leases/{id}/outputs/{name:.+}", self._output),
            web.get("/v1/agent/blobs/{sha256}", self._blob),
        ])  # fmt: skip
        runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        ready.set()
        await self._over.wait()
        await runner.cleanup()

    @web.middleware
    async def _misbehave(self, request, handler):
        if self.away:
            request.transport.close()
        if request.headers.get("Authorization") != "Bearer sk_key_1_secret":
            return web.json_response({"code": "not-signed-in", "detail": "no key"}, status=401)
        return await handler(request)

    async def _hello(self, request):
        self.hellos.append(await request.json())
        pools = {pool["name"]: f"pool_{i}" for i, pool in enumerate(self.hellos[-1]["pools"])}
        return web.json_response({
            "centre_id": self.centre_id, "pools": pools,
            "heartbeat_seconds": self.heartbeat_seconds, "lease_seconds": self.lease_seconds,
            "server_time": "2026-11-24T00:00:00Z",
        })  # fmt: skip

    async def _leases(self, request):
        asked = await request.json()
        until = time.monotonic() + min(asked["wait_seconds"], 1.0)
        while not self.waiting and time.monotonic() < until and not self._over.is_set():  # noqa: ASYNC110 - tests append from another thread
            await asyncio.sleep(POLL_STEP_SECONDS)
        given, self.waiting = self.waiting[: asked["max"]], self.waiting[asked["max"] :]
        return web.json_response({"leases": given})

    async def _heartbeat(self, request):
        body = await request.json()
        self.beats.append(body)
        answers = [
            {"lease_id": beat["lease_id"], "expires_in_seconds": self.lease_seconds,
             "order": self.orders.get(beat["lease_id"], "go_on")}
            for beat in body["leases"]
        ]  # fmt: skip
        known = {beat["lease_id"] for beat in body["leases"]}
        unknown = [each for each in self.unknown if each not in known]
        return web.json_response({"leases": answers, "unknown": unknown})

    async def _report(self, request):
        lease_id, verb = request.match_info["id"], request.match_info["verb"]
        body = await request.json()
        if self.refuse.get(verb, 0) > 0:
            self.refuse[verb] -= 1
            return web.json_response({"code": "unavailable"}, status=503)
        if (lease_id, body["token"]) in self.old_tokens:
            self.calls.append(Call(lease_id, f"refused-{verb}", body))
            return web.json_response({"code": "token-old", "detail": "old"}, status=409)
        if verb == "logs":
            self.lines += body["lines"]
        else:
            self.calls.append(Call(lease_id, verb, body))
        return web.json_response({})

    async def _output(self, request):
        data = await request.read()
        if hashlib.sha256(data).hexdigest() != request.headers["X-Sha256"]:
            return web.json_response({"code": "checksum"}, status=422)
        self.outputs[request.match_info["name"]] = data
        return web.json_response({})

    async def _blob(self, request):
        if not {"lease_id", "token"} <= request.query.keys():
            return web.json_response({"code": "fields-invalid"}, status=422)
        data = self.blobs.get(request.match_info["sha256"])
        if data is None:
            return web.json_response({"code": "not-found", "detail": "no blob"}, status=404)
        return web.Response(body=data)

"""A small exchange behind its real API, over ASGI: an operator, buyers, centres with agents.

world = a_world(store, tmp_path)
job = world.buyer.post("/jobs", {"spec": SPEC, "accept": True}).ok(201)["items"][0]
world.turn()                                   every loop, until nothing is left to do
run = world.centre().take()[0]; run.finish()
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from suanwang.basics.ids import CentreId, JobId, LeaseId, UsageId
from suanwang.flows.loops import LOOPS
from suanwang.flows.pipeline import run_once
from suanwang.jobs.usage import EndedBy, EnergyBasis, UsageRecord
from suanwang.server.app import make_app
from suanwang.server.first_start import open_exchange
from suanwang.server.logs import configure_logs
from suanwang.server.loops.publish import number_events
from suanwang.server.parts import Parts
from suanwang.server.settings import Settings

SPEC = {"name": "train", "run": "echo hi", "expected": "1m", "time_limit": "10m"}
POOL = {
    "name": "cpu", "chip": "xeon-8380", "nodes": 1, "cards_per_node": 4, "cores_per_node": 80,
    "memory_gb": "256", "disk_gb": "1000", "price": {"kind": "flat", "price": "3.20"},
}  # fmt: skip


class Answer:
    """An answer, with what tests ask of it."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.status = response.status_code
        self.headers = response.headers
        self.content = response.content

    def json(self) -> Any:
        return self.response.json()

    def ok(self, status: int = 200) -> Any:
        assert self.status == status, f"{self.status}: {self.response.text[:1000]}"
        return self.json() if self.content else None

    def refused(self, status: int, code: str) -> dict[str, Any]:
        body = self.json()
        assert (self.status, body.get("code")) == (status, code), self.response.text[:1000]
        assert self.headers["content-type"] == "application/problem+json"
        keys = {"type", "title", "status", "detail", "instance", "code", "errors", "trace_id"}
        assert body.keys() == keys
        return body


@dataclass
class Caller:
    """Somebody with a key (or without)."""

    world: World
    key: str | None

    def call(self, method: str, path: str, **kwargs: Any) -> Answer:
        headers = dict(kwargs.pop("headers", {}))
        if self.key is not None:
            headers.setdefault("Authorization", f"Bearer {self.key}")
        where = path if path.startswith(("http", "/v1", "/healthz", "/metrics")) else f"/v1{path}"
        request = self.world.client.request(method, where, headers=headers, **kwargs)
        return Answer(self.world.run(request))

    def get(self, path: str, **params: Any) -> Answer:
        return self.call("GET", path, params=params or None)

    def post(self, path: str, body: Any = None, *, idempotency_key: str | None = None) -> Answer:
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self.call("POST", path, json={} if body is None else body, headers=headers)

    def delete(self, path: str) -> Answer:
        return self.call("DELETE", path)

    def put(self, path: str, content: Any, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("PUT", path, content=content, headers=named)

    def submit(self, *, accept: bool = True, **changes: Any) -> dict[str, Any]:
        made = self.post("/jobs", {"spec": SPEC | changes, "accept": accept}).ok(201)
        return made["items"][0]


@dataclass
class Run:
    """One lease in an agent's hands."""

    centre: CentreAgent
    wire: dict[str, Any]
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def path(self) -> str:
        return f"/agent/leases/{self.wire['lease_id']}"

    def report(self, verb: str, **body: Any) -> Answer:
        return self.centre.caller.post(f"{self.path}/{verb}", {"token": self.wire["token"]} | body)

    def start(self) -> None:
        self.report("staged").ok()
        self.report("started").ok()

    def send(self, name: str, data: bytes) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        path = f"{self.path}/outputs/{name}?token={self.wire['token']}"
        self.centre.caller.put(path, data, X_Sha256=digest).ok(201)
        return {"name": name, "kind": "blob", "sha256": digest, "bytes": len(data)}

    def returned(self, **changes: Any) -> dict[str, Any]:
        now = datetime.now(UTC)
        record = UsageRecord(
            usage_id=UsageId.make(now, os.urandom(10)),
            lease_id=LeaseId(self.wire["lease_id"]),
            job_id=JobId(self.wire["job_id"]),
            centre_id=CentreId(self.centre.id),
            token=self.wire["token"],
            started_at=self.started_at,
            ended_at=now,
            wall_seconds=Decimal(1),
            cpu_seconds=Decimal(1),
            cards=self.wire["cards"],
            peak_memory_bytes=1000,
            bytes_in=0,
            bytes_out=0,
            energy_wh=Decimal("0.5"),
            energy_basis=EnergyBasis.MODELLED,
            exit_code=0,
            ended_by=EndedBy.EXIT,
        )
        body = {
            "exit_code": 0,
            "usage": record.to_wire(),
            "signature": self.centre.private.sign(record.signing_bytes()).hex(),
        }
        return body | changes

    def finish(self, **changes: Any) -> dict[str, Any]:
        self.start()
        return self.report("returned", **self.returned(**changes)).ok()


@dataclass
class CentreAgent:
    """A centre's agent."""

    caller: Caller
    id: str
    name: str
    private: Ed25519PrivateKey

    def hello(self, **changes: Any) -> dict[str, Any]:
        public = self.private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        body = {"version": "0", "public_key": public.hex(), "centre": {}, "pools": [POOL]}
        return self.caller.post("/agent/hello", body | changes).ok()

    def take(self, most: int = 10) -> list[Run]:
        body = {"wait_seconds": 0, "max": most}
        found = self.caller.post("/agent/leases", body).ok()["leases"]
        return [Run(self, each) for each in found]


class World:
    """An exchange with its API; loops turn only when told."""

    def __init__(self, store: Any, folder: Path, **changes: Any) -> None:
        chosen = {
            "data_dir": folder / "data",
            "settle_every": "0.000001",
            "rate_limit_per_second": 100_000,
        } | changes
        configure_logs(Settings())
        self.parts = Parts(Settings(**chosen), store)
        self.store = store
        key_file = open_exchange(self.parts)
        assert key_file is not None, "the exchange was open already"
        self.app = make_app(self.parts, with_loops=False)
        transport = httpx.ASGITransport(self.app)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://test")
        self.runner = asyncio.Runner()
        self.nobody = Caller(self, None)
        self.operator = Caller(self, key_file.read_text().strip())
        self.lab, self.buyer = self.organisation("Lab")
        self.rival, self.other = self.organisation("Rival")
        self._centres: dict[str, CentreAgent] = {}

    def run(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    def close(self) -> None:
        self.run(self.client.aclose())
        self.runner.close()

    def organisation(self, name: str, role: str = "buyer") -> tuple[str, Caller]:
        made = self.operator.post("/organisations", {"name": name, "roles": [role]}).ok(201)
        top_up = {"organisation_id": made["id"], "amount": "1000", "reference": name}
        self.operator.post("/top-ups", top_up).ok(201)
        return made["id"], Caller(self, made["keys"][0]["key"])

    def centre(self, zone: str = "zhongwei", *, owner: str | None = None) -> CentreAgent:
        """The centre in a zone, let in and greeted on first use."""
        if zone not in self._centres:
            body = {"organisation_id": owner or self.lab, "name": f"c-{zone}", "zone": zone}
            made = self.operator.post("/centres", body).ok(201)
            caller = Caller(self, made["key"]["key"])
            centre = made["centre"]
            agent = CentreAgent(caller, centre["id"], centre["name"], Ed25519PrivateKey.generate())
            agent.hello()
            self._centres[zone] = agent
        return self._centres[zone]

    def turn(self) -> None:
        """Let every loop do all there is to do."""
        did = 1
        while did:
            did = 0
            for loop in LOOPS:
                did += run_once(
                    self.store.run_now, loop, act=self.parts.act(), timing=self.parts.timing
                )
        self.publish()

    def publish(self) -> None:
        now = self.parts.clock()
        self.store.run_now(lambda tx: number_events(tx, now=now))
        self.parts.published.ring()

    def job(self, job_id: str) -> dict[str, Any]:
        return self.operator.get(f"/jobs/{job_id}").ok()

    def running(self, **changes: Any) -> Run:
        """A job of the buyer's in its agent's hands, started."""
        self.centre()
        self.buyer.submit(**changes)
        self.turn()
        run = self.centre().take()[0]
        run.start()
        return run


def later(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)

"""An agent played by hand: its HTTP calls, its Ed25519 key, its heartbeats, and nothing else."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.faults.grid import POOL, Grid

from suanwang.agent.config import public_key_hex
from suanwang.basics.ids import UsageId
from suanwang.jobs.usage import EndedBy, EnergyBasis, UsageRecord

BEAT_SECONDS = 0.7


class Hand:
    """A centre that does exactly what a test makes it do; it beats until it falls silent."""

    def __init__(self, grid: Grid, name: str, *, price: str = "0.01") -> None:
        self.grid = grid
        self.centre_id, self.key = grid.admit(name)
        self.signing = Ed25519PrivateKey.generate()
        self.lease: dict = {}
        self._silent = threading.Event()
        hello = {
            "public_key": public_key_hex(self.signing), "centre": {},
            "pools": [POOL | {"price": {"kind": "flat", "price": price}}],
            "capabilities": ["sandbox"],
        }  # fmt: skip
        assert self.say("hello", hello).is_success
        self._beating = threading.Thread(target=self._beat, daemon=True)
        self._beating.start()

    def say(self, call: str, body: dict) -> httpx.Response:
        """Make one call of the agent's API."""
        return self.grid.call("POST", f"/v1/agent/{call}", self.key, json=body)

    def _beat(self) -> None:
        while not self._silent.wait(BEAT_SECONDS):
            mine = {"lease_id": self.lease.get("lease_id"), "token": self.lease.get("token")}
            self.say("heartbeat", {"leases": [mine] if self.lease else []})

    def fall_silent(self) -> None:
        """Beat no more."""
        self._silent.set()
        self._beating.join()

    def leave(self) -> None:
        """Fall silent and take no more part: later tests' jobs are not quoted at its price."""
        self.fall_silent()
        self.grid.tell(f"/v1/centres/{self.centre_id}/drain", {})

    def take(self) -> dict:
        """Take the one job that is there for this centre."""

        def taken():
            return self.say("leases", {"wait_seconds": 1}).json()["leases"]

        [self.lease] = self.grid.until(taken, "a lease for the hand-made centre", every=0)
        self.began = datetime.now(UTC)
        return self.lease

    def run(self) -> None:
        """Say that the job is staged and started, each twice: the first answer was lost."""
        for verb in ("staged", "staged", "started", "started", "staged"):
            answer = self.report(verb)
            assert answer.is_success, answer.text

    def report(self, verb: str, **body) -> httpx.Response:
        """Report one thing about the lease in hand."""
        full = {"token": self.lease["token"]} | body
        return self.say(f"leases/{self.lease['lease_id']}/{verb}", full)

    def usage(self, **facts) -> UsageRecord:
        """Write a usage record of the lease in hand, for all the time since it was taken."""
        wall = Decimal(str(round(time.time() - self.began.timestamp(), 6)))
        known = {
            "usage_id": UsageId.make(datetime.now(UTC), os.urandom(10)),
            "lease_id": self.lease["lease_id"], "job_id": self.lease["job_id"],
            "centre_id": self.centre_id, "token": self.lease["token"],
            "started_at": self.began,
            "ended_at": self.began + timedelta(microseconds=int(wall * 1_000_000)),
            "wall_seconds": wall, "cpu_seconds": Decimal(0), "cards": self.lease["cards"],
            "peak_memory_bytes": 0, "bytes_in": 0, "bytes_out": 0, "energy_wh": Decimal(0),
            "energy_basis": EnergyBasis.MODELLED, "exit_code": 0, "ended_by": EndedBy.EXIT,
        }  # fmt: skip
        return UsageRecord(**known | facts)

    def returned(self, record: UsageRecord, *, by: Ed25519PrivateKey | None = None) -> dict:
        """Write the last report, its usage signed (with another key, if a test says so)."""
        signature = (by or self.signing).sign(record.signing_bytes()).hex()
        return {"exit_code": 0, "usage": record.to_wire(), "signature": signature}

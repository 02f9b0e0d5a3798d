"""A lease as it comes over the wire: one job, one fencing token, so many seconds to prove life."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


def monotonic() -> float:
    """Return seconds that never jump, and that go on while the machine sleeps.

    A laptop closed for an hour must find its leases over, so time.monotonic() is not enough.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseInput:
    """One input as the server hands it on: a blob carries the URL to fetch it from."""

    source: str
    to: str
    sha256: str | None = None
    bytes: int | None = None
    url: str | None = None


@dataclass(slots=True, kw_only=True)
class Lease:
    """One job handed to this agent. `ends` is by this machine's own clock and moves on."""

    lease_id: str
    job_id: str
    token: int
    pool: str
    cards: int
    spec: Mapping[str, Any]
    time_limit_seconds: float
    ends: float
    array_index: int | None = None
    array_count: int | None = None
    inputs: tuple[LeaseInput, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, wire: Mapping[str, Any], *, asked_at: float) -> Lease:
        """Read one lease. `asked_at`: when the request left, so that our clock runs out first."""
        return cls(
            lease_id=str(wire["lease_id"]),
            job_id=str(wire["job_id"]),
            token=int(wire["token"]),
            pool=str(wire["pool"]),
            cards=int(wire["cards"]),
            spec=wire["spec"],
            time_limit_seconds=float(wire["time_limit_seconds"]),
            ends=asked_at + float(wire["expires_in_seconds"]),
            array_index=wire.get("array_index"),
            array_count=wire.get("array_count"),
            inputs=tuple(_input(each) for each in wire.get("inputs") or ()),
            secrets={k: str(v) for k, v in (wire.get("secrets") or {}).items()},
        )

    def is_over(self) -> bool:
        """Say whether the lease has run out by our own clock."""
        return monotonic() >= self.ends


def _input(wire: Mapping[str, Any]) -> LeaseInput:
    return LeaseInput(
        source=str(wire["from"]),
        to=str(wire["to"]),
        sha256=wire.get("sha256"),
        bytes=wire.get("bytes"),
        url=wire.get("url"),
    )

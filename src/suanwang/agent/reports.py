"""What the agent tells the server about a lease, and the patience with which it does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from suanwang.agent.api import Api
from suanwang.agent.backends.order import Ended
from suanwang.agent.errors import LeaseFault, ServerUnreachable
from suanwang.agent.lease import Lease
from suanwang.agent.meter import Energy
from suanwang.basics.ids import CentreId, JobId, LeaseId, UsageId
from suanwang.jobs.usage import EndedBy, UsageRecord

BACK_OFF_SECONDS = 0.5
BACK_OFF_MAX_SECONDS = 15.0
DETAIL_CHARS_MAX = 500
_PLACES = Decimal("0.000001")


class Reporter:
    """Sends one lease's reports, in order, each until the server has it or refuses it."""

    def __init__(
        self, lease: Lease, api: Api, *, back_off_seconds: float = BACK_OFF_SECONDS
    ) -> None:
        self._lease = lease
        self._api = api
        self._back_off = back_off_seconds

    async def send(self, verb: str, body: Mapping[str, Any]) -> None:
        """Send a report. Raises TokenOld or ServerRefused; network trouble only delays it."""
        pause = self._back_off
        full = {"token": self._lease.token} | dict(body)
        while True:
            try:
                await self._api.report(self._lease.lease_id, verb, full)
            except ServerUnreachable:
                await asyncio.sleep(pause)
                pause = min(2 * pause, BACK_OFF_MAX_SECONDS)
            else:
                return

    async def send_log(self, lines: list[dict[str, Any]]) -> None:
        """Send log lines once; the shipper keeps them until that works."""
        body = {"token": self._lease.token, "lines": lines}
        await self._api.report(self._lease.lease_id, "logs", body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is known of a run when it is over."""

    lease: Lease
    centre_id: str
    started_at: datetime
    ended: Ended
    energy: Energy
    bytes_in: int
    outputs: tuple[dict[str, Any], ...]
    missing: tuple[str, ...]


def usage_of(run: Run, *, usage_id: UsageId) -> UsageRecord:
    """Write the usage record of a run. It ends when the monotonic clock says, not the wall's."""
    wall = _exact(run.ended.wall_seconds)
    return UsageRecord(
        usage_id=usage_id,
        lease_id=LeaseId(run.lease.lease_id),
        job_id=JobId(run.lease.job_id),
        centre_id=CentreId(run.centre_id),
        token=run.lease.token,
        started_at=run.started_at,
        ended_at=run.started_at + timedelta(microseconds=int(wall * 1_000_000)),
        wall_seconds=wall,
        cpu_seconds=_exact(run.ended.sample.cpu_seconds),
        cards=run.lease.cards,
        peak_memory_bytes=run.ended.sample.memory_peak_bytes,
        bytes_in=run.bytes_in,
        # What stays in this centre's cold store has crossed no boundary.
        bytes_out=sum(int(line["bytes"]) for line in run.outputs if line["kind"] != "cold"),
        energy_wh=run.energy.watt_hours,
        energy_basis=run.energy.basis,
        exit_code=run.ended.exit_code,
        ended_by=EndedBy(str(run.ended.by)),
    )


def returned(run: Run, *, usage_id: UsageId, key: Ed25519PrivateKey) -> dict[str, Any]:
    """Write the final report of a run that ended, with its usage signed by the centre."""
    record = usage_of(run, usage_id=usage_id)
    return {
        "exit_code": run.ended.exit_code,
        "ended_by": str(run.ended.by),
        "outputs": list(run.outputs),
        "missing": list(run.missing),
        "usage": record.to_wire(),
        "signature": key.sign(record.signing_bytes()).hex(),
    }


def failed(fault: LeaseFault) -> dict[str, Any]:
    """Write the final report of a lease that could not go on."""
    detail = fault.message("en")[:DETAIL_CHARS_MAX]
    return {"fault": fault.fault, "code": fault.wire, "detail": detail}


def outputs_of_archive(
    manifest: Mapping[str, Any], *, taken: Iterable[str]
) -> list[dict[str, Any]]:
    """List an archive's files as outputs that lie in this centre's cold store."""
    names = set(taken)
    return [
        {
            "name": f"cold/{each['name']}" if each["name"] in names else each["name"],
            "kind": "cold",
            "sha256": each["sha256"],
            "bytes": each["bytes"],
            "location": f"store://{manifest['job_id']}/{each['name']}",
        }
        for each in manifest["files"]
    ]


def _exact(seconds: float) -> Decimal:
    return Decimal(repr(seconds)).quantize(_PLACES, ROUND_HALF_UP)

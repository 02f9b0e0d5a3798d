"""A centre's agent: says who it is, takes leases, proves that it lives."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

import structlog
from pydantic import BaseModel, Field
from starlette.responses import Response
from typing_extensions import TypedDict

from suanwang.basics.ids import LeaseId, OrganisationId
from suanwang.basics.slots import format_instant, to_micros
from suanwang.flows.act import Act
from suanwang.flows.heartbeat import Beat, heartbeat
from suanwang.flows.hello import POOLS_MAX, Hello, hello
from suanwang.flows.specs import spec_of
from suanwang.flows.take_leases import TAKE_MAX, LeaseOffer, take_leases
from suanwang.grid.centre import CAPABILITIES_MAX
from suanwang.server.http.call import JSON_TYPE, Call, SignedAgent
from suanwang.server.http.routing import a_router
from suanwang.server.routes.agent_reports import Whole
from suanwang.server.sealing import SecretBox
from suanwang.server.wire.texts import encode, seconds
from suanwang.store.secrets import Sealed, sealed_values
from suanwang.store.tx import Tx

log = structlog.get_logger()
router = a_router(prefix="/v1/agent", tags=["agent"])
WAIT_MAX = 20
LOOK_SECONDS = 0.5  # another server may have placed a job
BEATS_MAX = 10_000
BLOB = "blob:"
Figure = Annotated[float, Field(ge=0, le=1e15)]


class WelcomeOut(TypedDict):
    """The answer to a hello: ids, and the rhythm to keep."""

    centre_id: str
    pools: dict[str, str]
    heartbeat_seconds: int
    lease_seconds: int
    server_time: str


class LeaseOut(TypedDict):
    """One job to run, and until when the right to run it lasts without a heartbeat."""

    lease_id: str
    job_id: str
    token: int
    pool: str
    spec: dict[str, Any]
    cards: int
    array_index: int | None
    array_count: int | None
    time_limit_seconds: int
    expires_in_seconds: int
    inputs: list[dict[str, Any]]
    secrets: dict[str, str]


class LeasesOut(TypedDict):
    """What an agent may run."""

    leases: list[LeaseOut]


class OrderOut(TypedDict):
    """What becomes of one lease: go_on, stop (cancelled), drop (no longer yours)."""

    lease_id: str
    expires_in_seconds: int
    order: str


class BeatOut(TypedDict):
    """The reply to a heartbeat; `unknown` are leases that the agent did not name."""

    leases: list[OrderOut]
    unknown: list[str]


class HelloIn(BaseModel):
    """What a centre is and has. Fields of newer agents are passed over."""

    version: Annotated[str, Field(max_length=60)] = ""
    public_key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    centre: dict[str, Any]
    pools: Annotated[list[dict[str, Any]], Field(max_length=POOLS_MAX)]
    capabilities: Annotated[list[str], Field(max_length=CAPABILITIES_MAX)] = []


class TakeIn(BaseModel):
    """A question for work, answered when there is some or when the wait is over."""

    wait_seconds: Annotated[int, Field(ge=0, le=WAIT_MAX)] = WAIT_MAX
    max: Annotated[int, Field(ge=1, le=TAKE_MAX)] = 1


class BeatIn(BaseModel):
    """One lease that the agent works on."""

    lease_id: Annotated[str, Field(max_length=60)]
    token: Whole
    cpu_seconds: Figure = 0
    memory_bytes: Figure = 0


class BeatsIn(BaseModel):
    """All leases that the agent works on."""

    leases: Annotated[list[BeatIn], Field(max_length=BEATS_MAX)]


@router.post("/hello", response_model=WelcomeOut, summary="Say who the centre is.")
async def greet(call: SignedAgent, body: HelloIn) -> Response:
    """Take in what the centre is and has. Said again, it is what has changed."""
    said = Hello(
        public_key=body.public_key,
        facts={**body.centre, "capabilities": body.capabilities},
        pools=body.pools,
        version=body.version,
    )
    timing, server_time = call.parts.timing, format_instant(call.parts.clock())

    def work(tx: Tx, act: Act) -> WelcomeOut:
        welcome = hello(tx, said, act=act)
        return {
            "centre_id": welcome.centre.id,
            "pools": {name: str(pool_id) for name, pool_id in welcome.pools.items()},
            "heartbeat_seconds": timing.heartbeat // timedelta(seconds=1),
            "lease_seconds": timing.lease // timedelta(seconds=1),
            "server_time": server_time,
        }

    return await call.act(work, ring=("quote", "clear", "place"))


@router.post("/leases", response_model=LeasesOut, summary="Take work.")
async def leases(call: SignedAgent, body: TakeIn) -> Response:
    """Lease placed jobs to this centre; wait for some if there are none."""
    parts = call.parts
    until = time.monotonic() + body.wait_seconds
    rings = parts.placed.rings
    taken = await _take(call, body.max)
    while not taken and not parts.stopping and (left := until - time.monotonic()) > 0:
        with parts.resting():
            await parts.placed.wait(min(left, LOOK_SECONDS), since=rings)
        rings = parts.placed.rings
        if await call.request.is_disconnected():
            break  # nobody would hear of a lease, and its job would wait until that runs out
        if await parts.store.read(lambda tx: _has_work(tx, call)):
            taken = await _take(call, body.max)
    if taken:
        parts.hints.ring("publish")
    document: LeasesOut = {"leases": taken}
    return Response(encode(document), media_type=JSON_TYPE)


@router.post("/heartbeat", response_model=BeatOut, summary="Prove life.")
async def beat(call: SignedAgent, body: BeatsIn) -> Response:
    """Let leases live on, and say which are to be stopped or dropped."""
    beats = [Beat(LeaseId(each.lease_id), each.token) for each in body.leases]
    timing = call.parts.timing

    def work(tx: Tx, act: Act) -> BeatOut:
        answers = heartbeat(tx, beats, act=act, timing=timing)
        orders: list[OrderOut] = [
            {
                "lease_id": each.lease_id,
                "expires_in_seconds": each.expires_in // timedelta(seconds=1),
                "order": each.order.value,
            }
            for each in answers.leases
        ]
        return {"leases": orders, "unknown": list(answers.unknown)}

    return await call.act(work)


async def _take(call: Call, limit: int) -> list[LeaseOut]:
    act, timing = call.parts.act(call.actor), call.parts.timing

    def work(tx: Tx) -> tuple[list[LeaseOffer], Mapping[tuple[OrganisationId, str], Sealed]]:
        offers = take_leases(tx, limit=limit, act=act, timing=timing)
        return offers, sealed_values(tx, {ref for each in offers for ref in _named(each).values()})

    offers, sealed = await call.parts.store.run(work)
    box = call.parts.secret_box
    return [
        lease_out(each, lease=timing.lease, secrets=_opened(each, sealed, box)) for each in offers
    ]


def _named(offer: LeaseOffer) -> dict[str, tuple[OrganisationId, str]]:
    """Return whose secret each variable of a job stands for."""
    owner = offer.job.organisation_id
    return {variable: (owner, name) for variable, name in spec_of(offer.job).secrets.items()}


def _opened(
    offer: LeaseOffer, sealed: Mapping[tuple[OrganisationId, str], Sealed], box: SecretBox
) -> dict[str, str]:
    """Open a job's secrets. Where one is gone or does not open, the agent fails the job."""
    found: dict[str, str] = {}
    for variable, key in _named(offer).items():
        value = box.open(sealed[key]) if key in sealed else None
        if value is None:
            log.warning("secret not handed out", job_id=offer.job.id, name=key[1])
        else:
            found[variable] = value
    return found


def _has_work(tx: Tx, call: Call) -> bool:
    # Looked at without a transaction that writes: hundreds of idle agents ask all the time.
    now = to_micros(call.parts.clock())
    return bool(tx.all("centre_has_work", centre_id=call.actor.centre_id, now=now))


def lease_out(offer: LeaseOffer, *, lease: timedelta, secrets: dict[str, str]) -> LeaseOut:
    """Write a lease with all that its agent needs to know; only here are secrets in the open."""
    job, spec = offer.job, json.loads(offer.job.spec)
    token = offer.lease.token
    return {
        "lease_id": offer.lease.id,
        "job_id": job.id,
        "token": token,
        "pool": offer.pool.name,
        "spec": spec,
        "cards": job.cards or 0,
        "array_index": job.array_index,
        "array_count": job.array_count,
        "time_limit_seconds": seconds(spec_of(job).time_limit) or 0,
        "expires_in_seconds": lease // timedelta(seconds=1),
        "inputs": [_input(each, offer) for each in spec.get("inputs") or ()],
        "secrets": secrets,
    }


def _input(wire: dict[str, Any], offer: LeaseOffer) -> dict[str, Any]:
    source = str(wire["from"])
    if not source.startswith(BLOB):
        return wire
    digest = source.removeprefix(BLOB)
    url = f"/v1/agent/blobs/{digest}?lease_id={offer.lease.id}&token={offer.lease.token}"
    return {**wire, "url": url, "sha256": wire.get("sha256") or digest}

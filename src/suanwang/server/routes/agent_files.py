"""Files on their way between the server and an agent, within a live lease."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Header, Query
from starlette.responses import Response

from suanwang.basics.errors import Invalid, NotFound
from suanwang.basics.ids import OrganisationId
from suanwang.flows.errors import TokenOld
from suanwang.server.blobs import read_digest
from suanwang.server.http.call import JSON_TYPE, Call, SignedAgent
from suanwang.server.http.routing import a_router
from suanwang.server.routes.blobs import BODY, BYTES, keep_body, send_blob
from suanwang.server.wire.texts import encode
from suanwang.store import blobs, jobs, leases
from suanwang.store.leases import LeaseState
from suanwang.store.tx import Tx

router = a_router(prefix="/v1/agent", tags=["agent"])
NAME_MAX = 1_000
Token = Annotated[int, Query(ge=0, le=2**53, description="Fencing token of the lease.")]


class DigestMissing(Invalid):
    """Expected the SHA-256 of the body in the header X-Sha256."""

    zh = "请在 X-Sha256 头中给出请求体的 SHA-256。"
    code = "digest-missing"


@router.put(
    "/leases/{lease_id}/outputs/{name:path}", summary="Bring an output home.", openapi_extra=BODY
)
async def put_output(
    call: SignedAgent,
    lease_id: str,
    name: str,
    token: Token,
    *,
    x_sha256: Annotated[str | None, Header()] = None,
    content_length: Annotated[int | None, Header(ge=0)] = None,
) -> Response:
    """Store an output's bytes for the job's owner; the report of the return names it."""
    if x_sha256 is None:
        raise DigestMissing(reason="digest")
    if not name or len(name) > NAME_MAX:
        raise NotFound(kind="output", id=name[:100])
    digest = read_digest(x_sha256)
    owner, _ = await _lease(call, lease_id, token)
    size = await keep_body(call, digest, owner, length=content_length)
    document = {"name": name, "sha256": digest, "bytes": size}
    return Response(encode(document), status_code=201, media_type=JSON_TYPE)


@router.get(
    "/blobs/{sha256}",
    summary="Fetch an input.",
    response_class=Response,
    responses={200: BYTES},
)
async def get_input(
    call: SignedAgent,
    sha256: str,
    lease_id: Annotated[str, Query(max_length=60)],
    token: Token,
) -> Response:
    """Send an input of the leased job, and nothing else of its owner's."""
    digest = read_digest(sha256)
    owner, spec = await _lease(call, lease_id, token)
    if f"blob:{digest}" not in sources_of(spec):
        raise NotFound(kind="blob", id=digest)
    await call.parts.store.read(lambda tx: blobs.blob(tx, digest, owner))
    return send_blob(call, digest)


def sources_of(spec: str) -> set[str]:
    """Return where a stored spec's inputs come from."""
    wire: dict[str, Any] = json.loads(spec)
    return {str(each.get("from")) for each in wire.get("inputs") or ()}


async def _lease(call: Call, lease_id: str, token: int) -> tuple[OrganisationId, str]:
    """Check a lease and its token; return the job's owner and spec. Raises NotFound, TokenOld."""
    return await call.parts.store.read(lambda tx: _look(tx, call, lease_id, token))


def _look(tx: Tx, call: Call, lease_id: str, token: int) -> tuple[OrganisationId, str]:
    lease = leases.lease(tx, lease_id)
    if lease.centre_id != call.actor.centre_id:
        raise NotFound(kind="lease", id=lease_id)
    job = jobs.job(tx, lease.job_id)
    if lease.state is LeaseState.LOST or not token == lease.token == job.token:
        raise TokenOld(id=lease_id, found=token, expected=job.token)
    return job.organisation_id, job.spec

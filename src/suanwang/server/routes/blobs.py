"""Files that travel through the server: named by their SHA-256, seen only by who brought them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header
from starlette.responses import FileResponse, Response

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import OrganisationId
from suanwang.server.blobs import read_digest
from suanwang.server.errors import QuotaFull
from suanwang.server.http.call import JSON_TYPE, Call, Signed
from suanwang.server.http.routing import a_router
from suanwang.server.wire.texts import encode
from suanwang.store import blobs
from suanwang.store.blobs import Blob
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["blobs"])
OCTETS = "application/octet-stream"
BYTES = {"content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}}
BODY: dict[str, Any] = {"requestBody": {"required": True, **BYTES}}


@router.put("/blobs/{sha256}", summary="Bring a file.", openapi_extra=BODY)
async def put_blob(
    call: Signed, sha256: str, content_length: Annotated[int | None, Header(ge=0)] = None
) -> Response:
    """Store the body if its SHA-256 is the one in the address. 201 when new, 200 when known."""
    call.may_write()
    owner = call.actor.organisation_id
    known = await call.parts.store.read(lambda tx: _find(tx, read_digest(sha256), owner))
    if known is not None and call.parts.blobs.holds(sha256):
        return _answer(known.sha256, known.size, status=200)
    size = await keep_body(call, sha256, owner, length=content_length)
    return _answer(sha256, size, status=201)


@router.get(
    "/blobs/{sha256}", summary="Fetch a file.", response_class=Response, responses={200: BYTES}
)
async def get_blob(call: Signed, sha256: str) -> Response:
    """Send a file that the key's organisation has brought, or that its jobs brought home."""
    return await _found(call, sha256)


@router.head("/blobs/{sha256}", summary="Is a file here?", response_class=Response)
async def head_blob(call: Signed, sha256: str) -> Response:
    """Answer like GET, without the bytes."""
    return await _found(call, sha256)


async def _found(call: Call, sha256: str) -> Response:
    digest, owner = read_digest(sha256), call.actor.organisation_id
    await call.parts.store.read(lambda tx: blobs.blob(tx, digest, owner))
    return send_blob(call, digest)


def send_blob(call: Call, sha256: str) -> Response:
    """Send the bytes of a blob that the caller may read."""
    path = call.parts.blobs.path(sha256)
    if not path.is_file():
        raise NotFound(kind="blob", id=sha256)
    return FileResponse(path, media_type=OCTETS, headers={"X-Sha256": sha256})


async def keep_body(call: Call, sha256: str, owner: OrganisationId, *, length: int | None) -> int:
    """Write the request's body to disk, then remember whose it is; return its bytes.

    Raises QuotaFull, ChecksumDiffers, BodyTooLarge or DiskFull.
    """
    parts = call.parts
    limit = parts.settings.blob_quota_bytes
    used = await parts.store.read(
        lambda tx: int(tx.one("blob_bytes_of", organisation_id=owner)["bytes"])
    )
    if used + (length or 0) > limit:
        raise QuotaFull(reason="quota", limit=limit, used=used, asked=length)
    size = await parts.blobs.keep(sha256, call.request.stream(), bytes_max=limit - used)
    blob = Blob(sha256=sha256, organisation_id=owner, size=size, created_at=parts.clock())
    await parts.store.run(lambda tx: blobs.add_blob(tx, blob))
    return size


def _find(tx: Tx, sha256: str, owner: OrganisationId) -> Blob | None:
    try:
        return blobs.blob(tx, sha256, owner)
    except NotFound:
        return None


def _answer(sha256: str, size: int, *, status: int) -> Response:
    document = {"sha256": sha256, "bytes": size}
    return Response(encode(document), status_code=status, media_type=JSON_TYPE)

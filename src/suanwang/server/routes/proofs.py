"""The log of records: its key, heads, tiles and proofs; the bundle of a bill.

Heads and tiles hold nothing but hashes and signatures: everybody may have them, without a key.
"""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from typing_extensions import TypedDict

from suanwang.basics.errors import NotFound
from suanwang.flows.act import Act
from suanwang.flows.export_log import PAGE_MAX, export_head, export_leaves
from suanwang.flows.prove import bundle_of_bill, prove_consistency, prove_record
from suanwang.flows.publish_head import add_cosignature, add_witness, publish_head_now
from suanwang.ledger.log import tiles
from suanwang.ledger.log.notes import NOTE_BYTES_MAX
from suanwang.ledger.log.tree import HASH_BYTES
from suanwang.server.http.call import Signed, SignedOperator, Unsigned
from suanwang.server.http.cursors import PAGE_DEFAULT, read_cursor, write_cursor
from suanwang.server.http.routing import a_router
from suanwang.server.routes.paging import CursorText, Limit
from suanwang.server.wire.texts import always, encode
from suanwang.store import log
from suanwang.store.log import Head
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["proofs"])
ID_MAX = 80
SIZE_MAX = 2**63 - 1
TEXT = "text/plain; charset=utf-8"
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
Size = Annotated[int, Query(ge=0, le=SIZE_MAX)]
JSON_TYPE = "application/json"
LEVELS_MAX = 8  # of tiles of 256: 2⁶⁴ leaves
_TILE = re.compile(r"(?P<number>(x[0-9]{3}/){0,5}[0-9]{3})(\.p/(?P<width>[1-9][0-9]{0,2}))?")


class HeadOut(TypedDict):
    """A signed head; `note` is the checkpoint with its signatures."""

    size: int
    at: str
    note: str


class HeadsOut(TypedDict):
    """A page of heads, newest first."""

    items: list[HeadOut]
    next_cursor: str | None


class LogKeyOut(TypedDict):
    """The exchange's verifier key, and its fingerprint to compare by telephone."""

    key: str
    fingerprint: str
    witnesses: list[str]


class InclusionOut(TypedDict):
    """That a record is a leaf: hash its canonical JSON with the salt and follow the path."""

    index: int
    size: int
    salt: str
    record: str
    path: list[str]
    note: str


class ConsistencyOut(TypedDict):
    """That the larger tree continues the smaller one."""

    first: int
    second: int
    path: list[str]


class SinceOut(TypedDict):
    """The head that an earlier export ended with, and the proof that the new one continues it."""

    head: str
    proof: list[str]


class ExportOut(TypedDict):
    """What an export is of: `export.json` of its files."""

    format: str
    head: str
    key: str
    since: SinceOut | None
    witnesses: list[str]


class WitnessIn(BaseModel):
    """A witness, by its verifier key."""

    model_config = ConfigDict(extra="forbid")
    key: Annotated[str, Field(min_length=1, max_length=500)]


class WitnessOut(TypedDict):
    """A witness whose cosignatures are taken."""

    name: str
    key: str
    fingerprint: str


class CosignatureIn(BaseModel):
    """A witness's signature line under the head of a size."""

    model_config = ConfigDict(extra="forbid")
    size: Annotated[int, Field(ge=1, le=SIZE_MAX)]
    line: Annotated[str, Field(min_length=1, max_length=NOTE_BYTES_MAX)]


@router.get("/ledger/key", response_model=LogKeyOut, summary="Show the exchange's key.")
async def show_log_key(parts: Unsigned) -> Response:
    """Show the key that signs heads, and the witnesses' keys."""
    verifier = parts.log_key.signer.verifier
    known = await parts.store.read(lambda tx: list(log.witnesses(tx)))
    body: LogKeyOut = {
        "key": verifier.vkey,
        "fingerprint": verifier.fingerprint,
        "witnesses": known,
    }
    return Response(encode(body), media_type=JSON_TYPE)


@router.get("/ledger/checkpoint", summary="Show the newest signed head.")
async def show_checkpoint(parts: Unsigned) -> Response:
    """Show the newest head as a signed note (C2SP tlog-checkpoint)."""
    head = await parts.store.read(log.last_head)
    if head is None:
        raise NotFound(kind="head", id="checkpoint")
    return Response(head.note, media_type=TEXT, headers={"Cache-Control": "no-cache"})


@router.get("/ledger/heads", response_model=HeadsOut, summary="List signed heads.")
async def list_heads(
    parts: Unsigned, limit: Limit = PAGE_DEFAULT, cursor: CursorText = None
) -> Response:
    """List signed heads, newest first."""
    before = read_cursor(cursor, int)

    def read(tx: Tx) -> HeadsOut:
        found = log.heads_before(tx, int(before[0]) if before else None, limit=limit)
        full = len(found) == limit
        return {
            "items": [head_out(each) for each in found],
            "next_cursor": write_cursor([found[-1].seq]) if full else None,
        }

    return Response(await parts.store.read(lambda tx: encode(read(tx))), media_type=JSON_TYPE)


@router.post("/ledger/heads", status_code=201, response_model=HeadOut, summary="Sign a head now.")
async def sign_head(call: SignedOperator) -> Response:
    """Put everything that is committed into the log and sign its head, without waiting."""
    signer = call.parts.log_key.signer

    def work(tx: Tx, act: Act) -> HeadOut:
        return head_out(publish_head_now(tx, signer=signer, act=act))

    return await call.act(work, status=201)


@router.get("/ledger/tile/{level}/{path:path}", summary="Show a tile of hashes.")
async def show_tile(parts: Unsigned, level: int, path: str) -> Response:
    """Show up to 256 hashes of a level (C2SP tlog-tiles): …/0/x001/067, partial …/067.p/5."""
    number, width = _tile_of(level, path)
    found = await parts.store.read(lambda tx: log.tile(tx, level, number))
    if len(found) < width * HASH_BYTES:
        raise NotFound(kind="tile", id=f"{level}/{path}"[:ID_MAX])
    data = found[: width * HASH_BYTES]
    return Response(data, media_type="application/octet-stream", headers=FOR_EVER)


@router.get(
    "/ledger/proofs/inclusion", response_model=InclusionOut, summary="Prove that a record is there."
)
async def show_inclusion(
    call: Signed,
    *,
    kind: Annotated[str, Query(max_length=ID_MAX)],
    id: Annotated[str, Query(max_length=ID_MAX)],  # noqa: A002 - the query's name
    size: Size | None = None,
) -> Response:
    """Prove that a record is under a head: kind "transfer", or what it is evidence of."""
    act = call.parts.act(call.actor)

    def read(tx: Tx) -> InclusionOut:
        proof = prove_record(tx, kind, id, size=size, act=act)
        return {
            "index": proof.record.index,
            "size": proof.head.size,
            "salt": proof.record.salt.hex(),
            "record": proof.record.record.decode(),
            "path": [each.hex() for each in proof.record.path],
            "note": proof.head.note,
        }

    return await call.show(read)


@router.get(
    "/ledger/proofs/consistency",
    response_model=ConsistencyOut,
    summary="Prove that one head continues another.",
)
async def show_consistency(parts: Unsigned, first: Size, second: Size) -> Response:
    """Prove that the tree of `second` leaves continues the one of `first`."""

    def read(tx: Tx) -> ConsistencyOut:
        path = prove_consistency(tx, first, second)
        return {"first": first, "second": second, "path": [each.hex() for each in path]}

    return Response(await parts.store.read(lambda tx: encode(read(tx))), media_type=JSON_TYPE)


@router.get("/ledger/export", response_model=ExportOut, summary="Show what an export is of.")
async def show_export(call: Signed, since: Size | None = None) -> Response:
    """Show the newest head, the keys under it, and a proof that it continues that of `since`."""
    act, key = call.parts.act(call.actor), call.parts.log_key.vkey
    return await call.show(lambda tx: export_head(tx, since=since, key=key, act=act))


@router.get("/ledger/leaves", summary="Export leaves of the log.")
async def export_log_leaves(
    call: Signed,
    first: Size,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_MAX,
) -> Response:
    """Send leaves with salts and records, a line each; for keys that see everything."""
    act = call.parts.act(call.actor)
    data = await call.parts.store.read(lambda tx: export_leaves(tx, first, limit=limit, act=act))
    return Response(data, media_type="application/x-ndjson")


@router.post(
    "/ledger/witnesses", status_code=201, response_model=WitnessOut, summary="Add a witness."
)
async def take_witness(call: SignedOperator, body: WitnessIn) -> Response:
    """Take a witness's cosignatures from now on."""

    def work(tx: Tx, act: Act) -> WitnessOut:
        found = add_witness(tx, body.key.strip(), act=act)
        return {"name": found.name, "key": found.vkey, "fingerprint": found.fingerprint}

    return await call.act(work, status=201)


@router.post(
    "/ledger/cosignatures", status_code=201, response_model=HeadOut, summary="Cosign a head."
)
async def take_cosignature(call: Signed, body: CosignatureIn) -> Response:
    """Keep a witness's cosignature with a head; the signature itself says whose it is."""

    def work(tx: Tx, act: Act) -> HeadOut:
        return head_out(add_cosignature(tx, size=body.size, line=body.line.strip("\n"), act=act))

    return await call.act(work, status=201)


@router.get("/jobs/{job_id}/bill/bundle", summary="Fetch the bundle of a job's bill.")
async def show_bundle(call: Signed, job_id: str) -> Response:
    """Fetch one file that proves the bill with nothing but itself and the exchange's key."""
    act, key = call.parts.act(call.actor), call.parts.log_key.vkey
    data = await call.parts.store.read(lambda tx: bundle_of_bill(tx, job_id, key=key, act=act))
    name = f'attachment; filename="{job_id}.bundle.json"'
    return Response(data, media_type=JSON_TYPE, headers={"Content-Disposition": name})


def head_out(head: Head) -> HeadOut:
    """Write a head."""
    return {"size": head.size, "at": always(head.at), "note": head.note}


def _tile_of(level: int, path: str) -> tuple[int, int]:
    """Read which tile a path names, and how many of its hashes. Raises NotFound."""
    found = _TILE.fullmatch(path)
    if found is not None and 0 <= level < LEVELS_MAX:
        number = int(found["number"].replace("x", "").replace("/", ""))
        width = int(found["width"] or tiles.WIDTH)
        # One path for one tile: x000/001 and 001 are not the same.
        if tiles.tile_path(level, number, width) == f"tile/{level}/{path}":
            return number, width
    raise NotFound(kind="tile", id=f"{level}/{path}"[:ID_MAX])

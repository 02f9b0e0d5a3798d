"""What operators did: append-only, for operators and auditors."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from typing_extensions import TypedDict

from suanwang.flows.act import Role
from suanwang.server.http.call import Signed
from suanwang.server.http.cursors import PAGE_DEFAULT, read_cursor, write_cursor
from suanwang.server.http.routing import a_router
from suanwang.server.routes.paging import CursorText, Limit
from suanwang.server.wire.texts import always
from suanwang.store import records
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["operator"])


class RecordOut(TypedDict):
    """What an operator did."""

    seq: int
    at: str
    key_id: str | None
    action: str
    body: dict[str, Any]


class RecordsOut(TypedDict):
    """A page of records, newest first."""

    items: list[RecordOut]
    next_cursor: str | None


@router.get("/records", response_model=RecordsOut, summary="List what operators did.")
async def list_records(
    call: Signed, limit: Limit = PAGE_DEFAULT, cursor: CursorText = None
) -> Response:
    """List operators' actions, newest first."""
    call.must_be(Role.OPERATOR, Role.AUDITOR)
    before = read_cursor(cursor, int)

    def read(tx: Tx) -> RecordsOut:
        found = records.records_before(tx, int(before[0]) if before else None, limit=limit)
        items: list[RecordOut] = [
            {
                "seq": each.seq,
                "at": always(each.at),
                "key_id": each.key_id,
                "action": each.action,
                "body": each.body,
            }
            for each in found
        ]
        full = len(found) == limit
        return {"items": items, "next_cursor": write_cursor([found[-1].seq]) if full else None}

    return await call.show(read)

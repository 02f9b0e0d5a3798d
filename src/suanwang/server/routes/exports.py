"""Exports: bills and the ledger as files of other programs, streamed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import Query
from starlette.responses import StreamingResponse

from suanwang.basics.ids import OrganisationId
from suanwang.basics.slots import BEIJING, Instant, Slot, parse_instant
from suanwang.flows.export import Form, Piece, Place, Wanted, first_piece, next_piece, wanted_by
from suanwang.server.http.call import Call, Signed
from suanwang.server.http.routing import a_router
from suanwang.server.routes.paging import Whose
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["money"])
TEXT_MAX = 63
WhenText = Annotated[str | None, Query(alias="from", max_length=TEXT_MAX)]
UntilText = Annotated[str | None, Query(alias="to", max_length=TEXT_MAX)]
TYPES = {
    Form.FOCUS: "text/csv; charset=utf-8",
    Form.CSV: "text/csv; charset=utf-8",
    Form.JSONL: "application/x-ndjson",
    Form.EARNED_CSV: "text/csv; charset=utf-8",
    Form.EARNED_JSONL: "application/x-ndjson",
    Form.BEANCOUNT: "text/plain; charset=utf-8",
    Form.HLEDGER: "text/plain; charset=utf-8",
}
_NAMES = {
    Form.FOCUS: "bills-focus-1.2.csv",
    Form.CSV: "bills.csv",
    Form.JSONL: "bills.jsonl",
    Form.EARNED_CSV: "earned.csv",
    Form.EARNED_JSONL: "earned.jsonl",
    Form.BEANCOUNT: "ledger.beancount",
    Form.HLEDGER: "ledger.journal",
}
_MICROSECOND = timedelta(microseconds=1)


@router.get(
    "/exports/{form}",
    summary="Export bills or the ledger.",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}, "application/x-ndjson": {}, "text/plain": {}}}},
)
async def export(
    call: Signed,
    form: Form,
    *,
    since: WhenText = None,
    until: UntilText = None,
    organisation_id: Whose = None,
    excel: bool = False,
    everybody: bool = False,
) -> StreamingResponse:
    """Send bills (focus, csv, jsonl) or the ledger (beancount, hledger) of a period.

    Sellers get what they earned by bills, less credit notes: earned-csv, earned-jsonl.

    Without `from` and `to`: this Beijing month until now. `everybody` is for keys that see all.
    """
    act = call.parts.act(call.actor)
    owner: OrganisationId | None = None if everybody else call.whose(organisation_id)
    period = _period(since, until, now=act.now)
    wanted = wanted_by(form, period, owner=owner, excel=excel, act=act)
    # Read before the answer begins, so that what is refused is refused with its status.
    first = await call.parts.store.read(lambda tx: first_piece(tx, wanted))
    headers = {"Content-Disposition": f'attachment; filename="{_NAMES[form]}"'}
    return StreamingResponse(_pieces(call, wanted, first), media_type=TYPES[form], headers=headers)


async def _pieces(call: Call, wanted: Wanted, piece: Piece) -> AsyncIterator[bytes]:
    yield piece.text.encode()
    while piece.next is not None:
        piece = await call.parts.store.read(partial(_next, wanted, piece.next))
        yield piece.text.encode()


def _next(wanted: Wanted, place: Place, tx: Tx) -> Piece:
    return next_piece(tx, wanted, place)


def _period(since: str | None, until: str | None, *, now: Instant) -> Slot:
    month = now.astimezone(BEIJING).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    start = month if since is None else _read(since)
    end = max(now, start + _MICROSECOND) if until is None else _read(until)
    return Slot(start, end)


def _read(text: str) -> Instant:
    # A plus sign in a query string arrives as a space.
    return parse_instant(text.replace(" ", "+"))

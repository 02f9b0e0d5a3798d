"""Market days, what members were paid for them, and corrections of meters."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from suanwang.flows.act import Act
from suanwang.flows.correct_usage import REASON_MAX, NewCorrection, correct_usage
from suanwang.server.http.call import Signed
from suanwang.server.http.cursors import PAGE_DEFAULT, read_cursor, write_cursor
from suanwang.server.http.routing import a_router
from suanwang.server.routes.paging import CursorText, Limit, Whose
from suanwang.server.signatures import SIGNATURE_HEX, is_signed
from suanwang.server.wire.settlement import (
    CorrectionOut,
    CorrectionsOut,
    MarketDaysOut,
    MemberSettlementsOut,
    correction_out,
    market_day_out,
    settlement_out,
)
from suanwang.store import corrections, days
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["money"])


class CorrectionIn(BaseModel):
    """The corrected usage record of a lease, as its centre signed it. Operators give a reason."""

    model_config = ConfigDict(extra="forbid")
    lease_id: Annotated[str, Field(min_length=1, max_length=60)]
    usage: dict[str, Any]
    signature: Annotated[str, Field(max_length=SIGNATURE_HEX)]
    reason: Annotated[str, Field(max_length=REASON_MAX)] = ""


@router.get("/market-days", response_model=MarketDaysOut, summary="List market days.")
async def list_market_days(
    call: Signed, limit: Limit = PAGE_DEFAULT, cursor: CursorText = None
) -> Response:
    """List market days, newest first, with the instants at which each takes its steps."""
    after, cycle = read_cursor(cursor, str), call.parts.timing.cycle

    def read(tx: Tx) -> MarketDaysOut:
        found = days.before(tx, None if after is None else str(after[0]), limit=limit)
        full = len(found) == limit
        return {
            "items": [market_day_out(each, cycle) for each in found],
            "next_cursor": write_cursor([found[-1].day.isoformat()]) if full else None,
        }

    return await call.show(read)


@router.get(
    "/settlements", response_model=MemberSettlementsOut, summary="List what members were paid."
)
async def list_settlements(
    call: Signed,
    limit: Limit = PAGE_DEFAULT,
    cursor: CursorText = None,
    organisation_id: Whose = None,
) -> Response:
    """List the organisation's settlement statements, newest first; each is on record."""
    owner, after = call.whose(organisation_id), read_cursor(cursor, str)

    def read(tx: Tx) -> MemberSettlementsOut:
        before = None if after is None else str(after[0])
        found = days.settlements_of(tx, owner, before=before, limit=limit)
        full = len(found) == limit
        return {
            "items": [settlement_out(each) for each in found],
            "next_cursor": write_cursor([found[-1].id]) if full else None,
        }

    return await call.show(read)


@router.post(
    "/corrections", status_code=201, response_model=CorrectionOut, summary="Correct a meter."
)
async def add_correction(call: Signed, body: CorrectionIn) -> Response:
    """Send another usage record for a lease that has a bill: the centre's key, or an operator.

    Until its market day is final the bill is made anew at once; later it waits for the one
    resettlement.
    """
    new = NewCorrection(
        lease_id=body.lease_id, record=body.usage, signature=body.signature, reason=body.reason
    )

    def work(tx: Tx, act: Act) -> CorrectionOut:
        return correction_out(correct_usage(tx, new, verify=is_signed, act=act))

    return await call.act(work, status=201)


@router.get("/corrections", response_model=CorrectionsOut, summary="List corrections of meters.")
async def list_corrections(
    call: Signed, limit: Limit = PAGE_DEFAULT, cursor: CursorText = None
) -> Response:
    """List corrections of the organisation's bills and centres, newest first."""
    after = read_cursor(cursor, str)

    def read(tx: Tx) -> CorrectionsOut:
        before = None if after is None else str(after[0])
        found = corrections.page(tx, call.sees, before=before, limit=limit)
        full = len(found) == limit
        return {
            "items": [correction_out(each) for each in found],
            "next_cursor": write_cursor([found[-1].id]) if full else None,
        }

    return await call.show(read)

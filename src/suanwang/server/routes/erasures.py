"""Erasures: a person's data taken out of records, by an operator, on a ground of law."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from typing_extensions import TypedDict

from suanwang.flows.act import Act
from suanwang.flows.erase import REFERENCE_MAX, Erasure, Reason, erase_member, erase_record
from suanwang.ledger.log.erasure import Ground
from suanwang.server.http.call import SignedOperator
from suanwang.server.http.routing import a_router
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["proofs"])
ID_MAX = 80


class ErasureIn(BaseModel):
    """What to erase (kind "member", or a kind of evidence) and why (PIPL art. 47)."""

    model_config = ConfigDict(extra="forbid")
    kind: Annotated[str, Field(min_length=1, max_length=ID_MAX)]
    id: Annotated[str, Field(min_length=1, max_length=ID_MAX)]
    ground: Ground
    reference: Annotated[str, Field(min_length=1, max_length=REFERENCE_MAX)] | None = None


class ErasedOut(TypedDict):
    """One record that says nothing any more."""

    kind: str
    id: str


class ErasureOut(TypedDict):
    """An erasure; `more`: the member has more records, erase again."""

    id: str
    records: list[ErasedOut]
    more: bool


@router.post("/erasures", status_code=201, response_model=ErasureOut, summary="Erase data.")
async def erase(call: SignedOperator, body: ErasureIn) -> Response:
    """Erase a person's data from a record, or a removed member's name and orders."""
    signer = call.parts.log_key.signer
    reason = Reason(ground=body.ground, reference=body.reference)

    def work(tx: Tx, act: Act) -> ErasureOut:
        if body.kind == "member":
            return erasure_out(erase_member(tx, body.id, reason, signer=signer, act=act))
        return erasure_out(erase_record(tx, body.kind, body.id, reason, signer=signer, act=act))

    return await call.act(work, status=201)


def erasure_out(erasure: Erasure) -> ErasureOut:
    """Write an erasure."""
    records: list[ErasedOut] = [{"kind": kind, "id": each} for kind, each in erasure.records]
    return {"id": str(erasure.id), "records": records, "more": erasure.more}

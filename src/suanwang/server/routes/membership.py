"""Where an organisation stands as a member of the exchange; only operators change it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from suanwang.flows.act import Act
from suanwang.flows.change_membership import (
    DOCUMENTS_MAX,
    Verification,
    change_membership,
    verify_member,
)
from suanwang.flows.words import TEXT_MAX
from suanwang.ledger.membership import MemberEvent
from suanwang.server.http.call import Call, SignedOperator
from suanwang.server.http.routing import a_router
from suanwang.server.wire.identity import OrganisationOut, organisation_out
from suanwang.store.tx import Tx

router = a_router(prefix="/v1/organisations/{organisation_id}", tags=["organisations"])
Text = Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]


class VerificationIn(BaseModel):
    """What the operator has seen. Documents are named with the SHA-256 of each, in hex."""

    model_config = ConfigDict(extra="forbid")
    registration_number: Text
    legal_representative: Text
    documents: dict[str, str] = Field(min_length=1, max_length=DOCUMENTS_MAX)


class ReasonIn(BaseModel):
    """Why; it is kept as evidence."""

    model_config = ConfigDict(extra="forbid")
    reason: Text


@router.post("/verify", response_model=OrganisationOut, summary="Verify a member.")
async def verify_a_member(
    call: SignedOperator, organisation_id: str, body: VerificationIn
) -> Response:
    """Let a member that has applied move money, and keep what it was verified by."""
    seen = Verification(
        registration_number=body.registration_number,
        legal_representative=body.legal_representative,
        documents=body.documents,
    )
    return await call.act(
        lambda tx, act: organisation_out(verify_member(tx, organisation_id, seen, act=act))
    )


@router.post("/refuse", response_model=OrganisationOut, summary="Refuse a member.")
async def refuse_a_member(call: SignedOperator, organisation_id: str, body: ReasonIn) -> Response:
    """Refuse a member that has applied; it is closed."""
    return await _changed(call, organisation_id, MemberEvent.REFUSE, body)


@router.post("/suspend", response_model=OrganisationOut, summary="Suspend a member.")
async def suspend_a_member(call: SignedOperator, organisation_id: str, body: ReasonIn) -> Response:
    """Let a member spend nothing new. What is held is still billed, what it earns still arrives."""
    return await _changed(call, organisation_id, MemberEvent.SUSPEND, body)


@router.post("/reinstate", response_model=OrganisationOut, summary="Reinstate a member.")
async def reinstate_a_member(
    call: SignedOperator, organisation_id: str, body: ReasonIn
) -> Response:
    """Let a suspended member spend again."""
    return await _changed(call, organisation_id, MemberEvent.REINSTATE, body)


@router.post("/close", response_model=OrganisationOut, summary="Close a member.")
async def close_a_member(call: SignedOperator, organisation_id: str, body: ReasonIn) -> Response:
    """Close a member whose accounts are empty, for ever."""
    return await _changed(call, organisation_id, MemberEvent.CLOSE, body)


async def _changed(
    call: Call, organisation_id: str, event: MemberEvent, body: ReasonIn
) -> Response:
    def work(tx: Tx, act: Act) -> OrganisationOut:
        changed = change_membership(tx, organisation_id, event, reason=body.reason, act=act)
        return organisation_out(changed)

    return await call.act(work)

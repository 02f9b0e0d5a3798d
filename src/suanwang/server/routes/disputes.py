"""Disputes of bills, and credit notes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from suanwang.basics.money import Money
from suanwang.flows import show_disputes
from suanwang.flows.decide_dispute import (
    EVIDENCE_MAX,
    accept_dispute,
    contest_dispute,
    rule_dispute,
    withdraw_dispute,
)
from suanwang.flows.issue_credit_note import (
    LINES_MAX,
    TEXT_MAX,
    NewCreditNote,
    Payer,
    issue_credit_note,
)
from suanwang.flows.open_dispute import NewDispute, open_dispute
from suanwang.ledger.disputes import DisputeReason
from suanwang.server.http.call import Signed, SignedOperator
from suanwang.server.http.cursors import PAGE_DEFAULT
from suanwang.server.http.routing import a_router
from suanwang.server.routes.paging import CursorText, Limit, before_of, cut
from suanwang.server.wire.disputes import (
    CreditNoteOut,
    CreditNotesOut,
    DisputeOut,
    DisputesOut,
    credit_note_out,
    dispute_out,
)
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["disputes"])
Id = Annotated[str, Field(min_length=1, max_length=80)]
Text = Annotated[str, Field(max_length=TEXT_MAX)]


class In(BaseModel):
    """A body that has these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class LineIn(In):
    """A line of the bill, counted from 0, and how much of it; without an amount, all that is left.

    Fee and tax follow in proportion.
    """

    line: Annotated[int, Field(ge=0, le=10_000)]
    amount: Annotated[str | None, Field(max_length=40)] = None


Lines = Annotated[list[LineIn], Field(min_length=1, max_length=LINES_MAX)]


class DisputeIn(In):
    """What of a job's bill is disputed, and why."""

    job_id: Id
    lines: Lines
    reason: DisputeReason
    text: Text = ""


class PieceIn(In):
    """One document, by its hash."""

    kind: Annotated[str, Field(min_length=1, max_length=80)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class AnswerIn(In):
    """The seller's word. What is contested needs a text."""

    answer: Literal["accept", "contest"]
    text: Text = ""
    evidence: Annotated[list[PieceIn], Field(max_length=EVIDENCE_MAX)] = []


class RulingIn(In):
    """An operator's ruling, with its reasons."""

    uphold: bool
    text: Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]


class CreditNoteIn(In):
    """What of a job's bill is given back without a dispute, by whom, and why."""

    job_id: Id
    lines: Lines
    paid_by: Payer
    text: Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]


@router.get("/disputes", response_model=DisputesOut, summary="List disputes.")
async def list_disputes(
    call: Signed, limit: Limit = PAGE_DEFAULT, cursor: CursorText = None
) -> Response:
    """List disputes that the caller opened or is to answer, newest first."""
    act, before = call.parts.act(call.actor), before_of(cursor)

    def read(tx: Tx) -> DisputesOut:
        found = show_disputes.list_disputes(tx, act=act, before=before, limit=limit + 1)
        items, more = cut(found, limit)
        return {"items": [dispute_out(each) for each in items], "next_cursor": more}

    return await call.show(read)


@router.post("/disputes", status_code=201, response_model=DisputeOut, summary="Dispute a bill.")
async def open_a_dispute(call: Signed, body: DisputeIn) -> Response:
    """Dispute lines of a bill; exactly what is disputed is frozen until it is decided."""
    new = NewDispute(
        job_id=body.job_id, lines=_lines(body.lines), reason=body.reason, text=body.text
    )
    timing = call.parts.timing
    return await call.act(
        lambda tx, act: dispute_out(open_dispute(tx, new, act=act, timing=timing)), status=201
    )


@router.get("/disputes/{dispute_id}", response_model=DisputeOut, summary="Show a dispute.")
async def show_dispute(call: Signed, dispute_id: str) -> Response:
    """Show a dispute to its buyer, its seller, an operator or an auditor."""
    act = call.parts.act(call.actor)
    return await call.show(
        lambda tx: dispute_out(show_disputes.show_dispute(tx, dispute_id, act=act))
    )


@router.post(
    "/disputes/{dispute_id}/answer", response_model=DisputeOut, summary="Answer a dispute."
)
async def answer(call: Signed, dispute_id: str, body: AnswerIn) -> Response:
    """Answer as the seller: accept, and it is credited; contest, and an operator rules."""
    timing = call.parts.timing
    if body.answer == "accept":
        return await call.act(
            lambda tx, act: dispute_out(accept_dispute(tx, dispute_id, text=body.text, act=act))
        )
    pieces = [each.model_dump() for each in body.evidence]
    return await call.act(
        lambda tx, act: dispute_out(
            contest_dispute(tx, dispute_id, text=body.text, evidence=pieces, act=act, timing=timing)
        )
    )


@router.post("/disputes/{dispute_id}/rule", response_model=DisputeOut, summary="Rule on a dispute.")
async def rule(call: SignedOperator, dispute_id: str, body: RulingIn) -> Response:
    """Rule on what the seller contests; what is upheld is credited at once."""
    return await call.act(
        lambda tx, act: dispute_out(
            rule_dispute(tx, dispute_id, uphold=body.uphold, text=body.text, act=act)
        )
    )


@router.post(
    "/disputes/{dispute_id}/withdraw", response_model=DisputeOut, summary="Withdraw a dispute."
)
async def withdraw(call: Signed, dispute_id: str) -> Response:
    """Take a dispute back; what it froze is let go."""
    return await call.act(lambda tx, act: dispute_out(withdraw_dispute(tx, dispute_id, act=act)))


@router.get("/credit-notes", response_model=CreditNotesOut, summary="List credit notes.")
async def list_credit_notes(
    call: Signed, limit: Limit = PAGE_DEFAULT, cursor: CursorText = None
) -> Response:
    """List credit notes that the caller got or gave, newest first."""
    act, before = call.parts.act(call.actor), before_of(cursor)

    def read(tx: Tx) -> CreditNotesOut:
        found = show_disputes.list_credit_notes(tx, act=act, before=before, limit=limit + 1)
        items, more = cut(found, limit)
        return {"items": [credit_note_out(each) for each in items], "next_cursor": more}

    return await call.show(read)


@router.post(
    "/credit-notes", status_code=201, response_model=CreditNoteOut, summary="Issue a credit note."
)
async def issue_note(call: Signed, body: CreditNoteIn) -> Response:
    """Give a part of a bill back without a dispute: an operator's goodwill, or the seller's own."""
    new = NewCreditNote(
        job_id=body.job_id, lines=_lines(body.lines), payer=body.paid_by, text=body.text
    )
    return await call.act(
        lambda tx, act: credit_note_out(issue_credit_note(tx, new, act=act)), status=201
    )


@router.get("/credit-notes/{note_id}", response_model=CreditNoteOut, summary="Show a credit note.")
async def show_credit_note(call: Signed, note_id: str) -> Response:
    """Show a credit note to its buyer, its seller, an operator or an auditor."""
    act = call.parts.act(call.actor)
    return await call.show(
        lambda tx: credit_note_out(show_disputes.show_credit_note(tx, note_id, act=act))
    )


def _lines(lines: list[LineIn]) -> dict[int, Money | None]:
    return {each.line: None if each.amount is None else Money.parse(each.amount) for each in lines}

"""The bank desk: lines of the exchange's bank account, whose they are, whether all agrees."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from suanwang.flows.act import Act, Role
from suanwang.flows.assign_bank_line import assign_bank_line, keep_line, send_back
from suanwang.flows.import_bank_lines import ACCOUNT_NAME_MAX, import_bank_lines
from suanwang.flows.reconcile_bank import reconcile_bank
from suanwang.flows.words import TEXT_MAX
from suanwang.ledger.bank.csv_lines import CsvLines
from suanwang.server.http.call import Signed, SignedOperator
from suanwang.server.http.cursors import PAGE_DEFAULT
from suanwang.server.http.routing import a_router
from suanwang.server.routes.paging import CursorText, Limit, Whose, before_of, cut
from suanwang.server.wire.bank import (
    BankLineOut,
    BankLinesOut,
    ImportOut,
    ReconciliationOut,
    ReferenceOut,
    import_out,
    line_out,
    reconciliation_out,
    reference_out,
)
from suanwang.store import bank, identity
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["bank"])
CSV: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}
AccountName = Annotated[
    str, Query(min_length=1, max_length=ACCOUNT_NAME_MAX, description="Whose statement it is.")
]
Waiting = Annotated[bool, Query(description="Only lines that somebody has to look at.")]


class AssignIn(BaseModel):
    """What a line is: org_…, pay_…, bln_…, txf_… or fees; and why."""

    model_config = ConfigDict(extra="forbid")
    target: Annotated[str, Field(min_length=1, max_length=80)]
    reason: Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]


class WhyIn(BaseModel):
    """Why; it is kept as evidence."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]


class ReconcileIn(BaseModel):
    """A Beijing day at whose end bank and books are compared; left out: today."""

    model_config = ConfigDict(extra="forbid")
    day: date | None = None


@router.get(
    "/payment-reference", response_model=ReferenceOut, summary="Show the payment reference."
)
async def show_reference(call: Signed, organisation_id: Whose = None) -> Response:
    """Show what a payer quotes so that a payment reaches the organisation by itself."""
    owner = call.whose(organisation_id)
    return await call.show(lambda tx: reference_out(identity.organisation(tx, owner)))


@router.post(
    "/bank/imports",
    status_code=201,
    response_model=ImportOut,
    summary="Import lines of the bank.",
    openapi_extra=CSV,
)
async def import_lines(call: SignedOperator, account: AccountName = "main") -> Response:
    """Import a CSV file of bank lines, whole or not at all; a line that is known counts once."""
    data = await call.request.body()

    def work(tx: Tx, act: Act) -> ImportOut:
        found = import_bank_lines(tx, data, bank_account=account, adapter=CsvLines(), act=act)
        return import_out(found)

    return await call.act(work, status=201)


@router.get("/bank/lines", response_model=BankLinesOut, summary="List bank lines.")
async def list_bank_lines(
    call: Signed,
    *,
    waiting: Waiting = False,
    limit: Limit = PAGE_DEFAULT,
    cursor: CursorText = None,
) -> Response:
    """List lines of the bank, newest first; only operators and auditors see them."""
    call.must_be(Role.OPERATOR, Role.AUDITOR)
    before = before_of(cursor)

    def read(tx: Tx) -> BankLinesOut:
        found = bank.lines(tx, waiting=waiting, before=before, limit=limit + 1)
        items, more = cut(found, limit)
        return {"items": [line_out(each) for each in items], "next_cursor": more}

    return await call.show(read)


@router.post(
    "/bank/lines/{line_id}/assign", response_model=BankLineOut, summary="Assign a bank line."
)
async def assign_line(call: SignedOperator, line_id: str, body: AssignIn) -> Response:
    """Book a line that names nobody to a member, a payout, another line or the fees."""
    return await call.act(
        lambda tx, act: line_out(
            assign_bank_line(tx, line_id, body.target, reason=body.reason, act=act)
        )
    )


@router.post(
    "/bank/lines/{line_id}/return", response_model=BankLineOut, summary="Send a payment back."
)
async def return_line(call: SignedOperator, line_id: str, body: WhyIn) -> Response:
    """Mark what came in by mistake; the line out that quotes its return reference closes it."""
    return await call.act(
        lambda tx, act: line_out(send_back(tx, line_id, reason=body.reason, act=act))
    )


@router.post(
    "/bank/lines/{line_id}/keep", response_model=BankLineOut, summary="Keep a payment after all."
)
async def keep_a_line(call: SignedOperator, line_id: str, body: WhyIn) -> Response:
    """Take back that a payment is to be sent back; it waits to be assigned again."""
    return await call.act(
        lambda tx, act: line_out(keep_line(tx, line_id, reason=body.reason, act=act))
    )


@router.post(
    "/bank/reconciliations",
    status_code=201,
    response_model=ReconciliationOut,
    summary="Reconcile the bank's account.",
)
async def reconcile(call: SignedOperator, body: ReconcileIn) -> Response:
    """Hold statements against our books and members' money against the bank; put it on record."""
    return await call.act(
        lambda tx, act: reconciliation_out(reconcile_bank(tx, body.day, act=act)), status=201
    )

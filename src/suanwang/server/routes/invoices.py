"""Invoices of organisations and months: lists, the frozen JSON, the PDF, drafts."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.ids import OrganisationId
from suanwang.flows import issue_invoice
from suanwang.flows.act import Role
from suanwang.ledger.closing import Month
from suanwang.server.http.call import JSON_TYPE, Signed
from suanwang.server.http.cursors import PAGE_DEFAULT
from suanwang.server.http.routing import a_router
from suanwang.server.pdf.invoice import invoice_pdf
from suanwang.server.routes.paging import CursorText, Limit, Whose, before_of, cut
from suanwang.server.wire.disputes import InvoiceOut, InvoicesOut, invoice_out
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["invoices"])
PDF_TYPE = "application/pdf"
MonthText = Annotated[str, Query(max_length=7, description="A month in Beijing, 2026-11.")]


class InvoiceIn(BaseModel):
    """A closed month. Operators may name whose."""

    model_config = ConfigDict(extra="forbid")
    month: Annotated[str, Field(max_length=7)]
    organisation_id: Annotated[str | None, Field(max_length=63)] = None


@router.get("/invoices", response_model=InvoicesOut, summary="List invoices.")
async def list_invoices(
    call: Signed, limit: Limit = PAGE_DEFAULT, cursor: CursorText = None
) -> Response:
    """List the caller's invoices, newest first; who sees all sees everybody's."""
    act, before = call.parts.act(call.actor), before_of(cursor)

    def read(tx: Tx) -> InvoicesOut:
        found = issue_invoice.list_invoices(tx, act=act, before=before, limit=limit + 1)
        items, more = cut(found, limit)
        return {"items": [invoice_out(each) for each in items], "next_cursor": more}

    return await call.show(read)


@router.post("/invoices", status_code=201, response_model=InvoiceOut, summary="Issue an invoice.")
async def issue_month(call: Signed, body: InvoiceIn) -> Response:
    """Issue the invoice of a closed month, or return the one that there is."""
    call.must_be(*(role for role in Role if role not in (Role.AUDITOR, Role.AGENT)))
    month, owner = Month.parse(body.month), call.whose(body.organisation_id)
    return await call.act(
        lambda tx, act: invoice_out(issue_invoice.issue_invoice(tx, month, owner, act=act)),
        status=201,
    )


@router.get(
    "/invoices/{invoice_id}",
    summary="Fetch an invoice as JSON.",
    responses={200: {"content": {JSON_TYPE: {}}}},
    response_class=Response,
)
async def fetch_invoice(call: Signed, invoice_id: str) -> Response:
    """Fetch an invoice by its id or number: canonical JSON, the same bytes for ever."""
    act = call.parts.act(call.actor)
    body = await call.parts.store.read(
        lambda tx: canonical_bytes(issue_invoice.show_invoice(tx, invoice_id, act=act).document)
    )
    return Response(body, media_type=JSON_TYPE)


@router.get(
    "/invoices/{invoice_id}/pdf",
    summary="Fetch an invoice as PDF.",
    responses={200: {"content": {PDF_TYPE: {}}}},
    response_class=Response,
)
async def fetch_invoice_pdf(call: Signed, invoice_id: str) -> Response:
    """Fetch an invoice as PDF in both languages; its JSON is attached to it."""
    act = call.parts.act(call.actor)
    found = await call.parts.store.read(
        lambda tx: issue_invoice.show_invoice(tx, invoice_id, act=act)
    )
    # Another thread: a long invoice takes seconds, and requests must not wait for it.
    body = await asyncio.to_thread(invoice_pdf, found.document)
    return _file(body, f"{found.number}.pdf")


@router.get(
    "/invoice-draft",
    summary="Fetch the draft of an invoice as JSON.",
    responses={200: {"content": {JSON_TYPE: {}}}},
    response_class=Response,
)
async def fetch_draft(call: Signed, month: MonthText, organisation_id: Whose = None) -> Response:
    """Fetch what the invoice of a month would say now; it has no number and is not kept."""
    act, owner = call.parts.act(call.actor), call.whose(organisation_id)
    wanted = Month.parse(month)
    body = await call.parts.store.read(
        lambda tx: canonical_bytes(
            issue_invoice.draft_invoice(tx, wanted, OrganisationId(owner), act=act)
        )
    )
    return Response(body, media_type=JSON_TYPE)


@router.get(
    "/invoice-draft/pdf",
    summary="Fetch the draft of an invoice as PDF.",
    responses={200: {"content": {PDF_TYPE: {}}}},
    response_class=Response,
)
async def fetch_draft_pdf(
    call: Signed, month: MonthText, organisation_id: Whose = None
) -> Response:
    """Fetch the draft of an invoice as PDF, marked so on every page."""
    act, owner = call.parts.act(call.actor), call.whose(organisation_id)
    wanted = Month.parse(month)
    document = await call.parts.store.read(
        lambda tx: issue_invoice.draft_invoice(tx, wanted, OrganisationId(owner), act=act)
    )
    body = await asyncio.to_thread(invoice_pdf, document)
    return _file(body, f"draft-{month}.pdf")


def _file(body: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=PDF_TYPE, headers=headers)

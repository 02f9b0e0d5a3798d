"""Invoices of one's months, and drafts of the months that go on."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

from suanwang.client.aio.transport import AsyncTransport
from suanwang.client.wire_disputes import Invoice

_INVOICES = "/v1/invoices"
_DRAFT = "/v1/invoice-draft"


class AsyncInvoices:
    """Invoices: one for each organisation and closed month."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(self, *, most: int | None = None) -> AsyncIterator[Invoice]:
        """Yield one's invoices, newest first."""
        async for document in self._transport.pages(_INVOICES, most=most):
            yield self._transport.read(Invoice, document, _INVOICES)

    async def issue(self, month: str, *, organisation_id: str | None = None) -> Invoice:
        """Issue the invoice of a closed month, or return the one that there is."""
        body = {"month": month, "organisation_id": organisation_id}
        key = secrets.token_hex(16)
        document = await self._transport.post(_INVOICES, body, idempotency_key=key)
        return self._transport.read(Invoice, document, _INVOICES)

    async def json(self, invoice_id: str) -> bytes:
        """Return an invoice by its id or number, as it was put on record: canonical JSON."""
        return bytes((await self._transport.send("GET", f"{_INVOICES}/{invoice_id}")).content)

    async def pdf(self, invoice_id: str) -> bytes:
        """Return an invoice as PDF in both languages, its JSON attached."""
        return bytes((await self._transport.send("GET", f"{_INVOICES}/{invoice_id}/pdf")).content)

    async def draft_json(self, month: str, *, organisation_id: str | None = None) -> bytes:
        """Return what the invoice of a month would say now."""
        params = {"month": month, "organisation_id": organisation_id}
        return bytes((await self._transport.send("GET", _DRAFT, params=params)).content)

    async def draft_pdf(self, month: str, *, organisation_id: str | None = None) -> bytes:
        """Return the draft of an invoice as PDF, marked so on every page."""
        params = {"month": month, "organisation_id": organisation_id}
        return bytes((await self._transport.send("GET", f"{_DRAFT}/pdf", params=params)).content)

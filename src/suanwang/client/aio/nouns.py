"""The smaller nouns of the API: centres, offers, accounts, webhooks and who one is."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from suanwang.basics.slots import format_instant
from suanwang.client import answers
from suanwang.client.aio.transport import AsyncTransport
from suanwang.client.offer_query import OfferQuery
from suanwang.client.wire_bank import PaymentReference
from suanwang.client.wire_grid import Centre, Delivery, Me, Offer, Webhook
from suanwang.client.wire_money import Account, ClosedMonth, ClosedStatement, Statement


class AsyncCentres:
    """The compute centres."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(self, *, most: int | None = None) -> AsyncIterator[Centre]:
        """Yield centres, fetching pages as they are needed."""
        async for document in self._transport.pages("/v1/centres", most=most):
            yield self._transport.read(Centre, document, "/v1/centres")

    async def get(self, centre_id: str) -> Centre:
        """Return one centre with its pools."""
        return await self._transport.fetch(Centre, f"/v1/centres/{centre_id}")


class AsyncOffers:
    """What can be had now, pool by pool."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(self, query: str = "", *, most: int | None = None) -> AsyncIterator[Offer]:
        """Yield the offers that fit a query such as `card=a100* price<9 cards>=8`.

        Raises QueryUnreadable.
        """
        wanted, count = OfferQuery.parse(query), 0
        async for document in self._transport.pages("/v1/offers"):
            offer = self._transport.read(Offer, document, "/v1/offers")
            if most is not None and count >= most:
                return
            if wanted.fits(offer):
                count += 1
                yield offer


class AsyncAccounts:
    """The organisation's money."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(self, *, at: datetime | None = None) -> AsyncIterator[Account]:
        """Yield the organisation's accounts, as they are or as they stood just before `at`."""
        params = {"at": None if at is None else format_instant(at)}
        async for document in self._transport.pages("/v1/accounts", params):
            yield self._transport.read(Account, document, "/v1/accounts")

    async def statement(
        self,
        *,
        account: str = "available",
        currency: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Statement:
        """Return all that moved on an account; by default today (a Beijing day)."""
        path = "/v1/statement"
        params = {
            "account": account,
            "currency": currency,
            "from": None if start is None else format_instant(start),
            "to": None if end is None else format_instant(end),
        }
        page = await self._transport.get(path, params)
        items, seen = [*answers.items_of(page, path)], {None, ""}
        while (cursor := page.get("next_cursor")) not in seen:  # no list goes round in circles
            seen.add(cursor)
            page = await self._transport.get(path, {**params, "cursor": cursor})
            items += answers.items_of(page, path)
        whole = {**page, "items": items, "next_cursor": None}
        return self._transport.read(Statement, whole, path)

    async def statements(self, *, month: str | None = None) -> AsyncIterator[ClosedStatement]:
        """Yield the organisation's frozen statements, newest first, perhaps of one month."""
        async for document in self._transport.pages("/v1/statements", {"month": month}):
            yield self._transport.read(ClosedStatement, document, "/v1/statements")

    async def closed_statement(self, account_id: str, month: str) -> ClosedStatement:
        """Return an account's frozen statement of a month such as 2026-11."""
        path = f"/v1/statements/{account_id}/{month}"
        return await self._transport.fetch(ClosedStatement, path)

    async def reference(self) -> PaymentReference:
        """Return what a payer quotes so that a payment reaches the organisation by itself."""
        return await self._transport.fetch(PaymentReference, "/v1/payment-reference")

    async def closings(self) -> AsyncIterator[ClosedMonth]:
        """Yield the months whose books are closed, newest first."""
        async for document in self._transport.pages("/v1/closings"):
            yield self._transport.read(ClosedMonth, document, "/v1/closings")


class AsyncWebhooks:
    """Where the organisation's events are sent."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create(self, url: str, *, kinds: Sequence[str] = ()) -> Webhook:
        """Send events to `url` from now on. The secret is in this answer and never shown again."""
        body = {"url": url, "kinds": [*kinds]}
        key = secrets.token_hex(16)
        document = await self._transport.post("/v1/webhooks", body, idempotency_key=key)
        return self._transport.read(Webhook, document, "/v1/webhooks")

    async def list(self) -> AsyncIterator[Webhook]:
        """Yield the organisation's webhooks."""
        async for document in self._transport.pages("/v1/webhooks"):
            yield self._transport.read(Webhook, document, "/v1/webhooks")

    async def get(self, webhook_id: str) -> Webhook:
        """Return one webhook."""
        return await self._transport.fetch(Webhook, f"/v1/webhooks/{webhook_id}")

    async def delete(self, webhook_id: str) -> None:
        """Send nothing more there."""
        await self._transport.delete(f"/v1/webhooks/{webhook_id}")

    async def deliveries(self, webhook_id: str) -> AsyncIterator[Delivery]:
        """Yield how each event's delivery went, newest first."""
        path = f"/v1/webhooks/{webhook_id}/deliveries"
        async for document in self._transport.pages(path):
            yield self._transport.read(Delivery, document, path)


async def who_am_i(transport: AsyncTransport) -> Me:
    """Return whose the key is and what it may do."""
    return await transport.fetch(Me, "/v1/me")

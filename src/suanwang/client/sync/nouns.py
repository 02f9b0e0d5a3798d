# Made by tools/unasync.py from ../aio/nouns.py; change that file and run the tool.
"""The smaller nouns of the API: centres, offers, accounts, webhooks and who one is."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime

from suanwang.basics.slots import format_instant
from suanwang.client import answers
from suanwang.client.offer_query import OfferQuery
from suanwang.client.sync.transport import Transport
from suanwang.client.wire_bank import PaymentReference
from suanwang.client.wire_grid import Centre, Delivery, Me, Offer, Webhook
from suanwang.client.wire_money import Account, ClosedMonth, ClosedStatement, Statement


class Centres:
    """The compute centres."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, most: int | None = None) -> Iterator[Centre]:
        """Yield centres, fetching pages as they are needed."""
        for document in self._transport.pages("/v1/centres", most=most):
            yield self._transport.read(Centre, document, "/v1/centres")

    def get(self, centre_id: str) -> Centre:
        """Return one centre with its pools."""
        return self._transport.fetch(Centre, f"/v1/centres/{centre_id}")


class Offers:
    """What can be had now, pool by pool."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, query: str = "", *, most: int | None = None) -> Iterator[Offer]:
        """Yield the offers that fit a query such as `card=a100* price<9 cards>=8`.

        Raises QueryUnreadable.
        """
        wanted, count = OfferQuery.parse(query), 0
        for document in self._transport.pages("/v1/offers"):
            offer = self._transport.read(Offer, document, "/v1/offers")
            if most is not None and count >= most:
                return
            if wanted.fits(offer):
                count += 1
                yield offer


class Accounts:
    """The organisation's money."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, at: datetime | None = None) -> Iterator[Account]:
        """Yield the organisation's accounts, as they are or as they stood just before `at`."""
        params = {"at": None if at is None else format_instant(at)}
        for document in self._transport.pages("/v1/accounts", params):
            yield self._transport.read(Account, document, "/v1/accounts")

    def statement(
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
        page = self._transport.get(path, params)
        items, seen = [*answers.items_of(page, path)], {None, ""}
        while (cursor := page.get("next_cursor")) not in seen:  # no list goes round in circles
            seen.add(cursor)
            page = self._transport.get(path, {**params, "cursor": cursor})
            items += answers.items_of(page, path)
        whole = {**page, "items": items, "next_cursor": None}
        return self._transport.read(Statement, whole, path)

    def statements(self, *, month: str | None = None) -> Iterator[ClosedStatement]:
        """Yield the organisation's frozen statements, newest first, perhaps of one month."""
        for document in self._transport.pages("/v1/statements", {"month": month}):
            yield self._transport.read(ClosedStatement, document, "/v1/statements")

    def closed_statement(self, account_id: str, month: str) -> ClosedStatement:
        """Return an account's frozen statement of a month such as 2026-11."""
        path = f"/v1/statements/{account_id}/{month}"
        return self._transport.fetch(ClosedStatement, path)

    def reference(self) -> PaymentReference:
        """Return what a payer quotes so that a payment reaches the organisation by itself."""
        return self._transport.fetch(PaymentReference, "/v1/payment-reference")

    def closings(self) -> Iterator[ClosedMonth]:
        """Yield the months whose books are closed, newest first."""
        for document in self._transport.pages("/v1/closings"):
            yield self._transport.read(ClosedMonth, document, "/v1/closings")


class Webhooks:
    """Where the organisation's events are sent."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, url: str, *, kinds: Sequence[str] = ()) -> Webhook:
        """Send events to `url` from now on. The secret is in this answer and never shown again."""
        body = {"url": url, "kinds": [*kinds]}
        key = secrets.token_hex(16)
        document = self._transport.post("/v1/webhooks", body, idempotency_key=key)
        return self._transport.read(Webhook, document, "/v1/webhooks")

    def list(self) -> Iterator[Webhook]:
        """Yield the organisation's webhooks."""
        for document in self._transport.pages("/v1/webhooks"):
            yield self._transport.read(Webhook, document, "/v1/webhooks")

    def get(self, webhook_id: str) -> Webhook:
        """Return one webhook."""
        return self._transport.fetch(Webhook, f"/v1/webhooks/{webhook_id}")

    def delete(self, webhook_id: str) -> None:
        """Send nothing more there."""
        self._transport.delete(f"/v1/webhooks/{webhook_id}")

    def deliveries(self, webhook_id: str) -> Iterator[Delivery]:
        """Yield how each event's delivery went, newest first."""
        path = f"/v1/webhooks/{webhook_id}/deliveries"
        for document in self._transport.pages(path):
            yield self._transport.read(Delivery, document, path)


def who_am_i(transport: Transport) -> Me:
    """Return whose the key is and what it may do."""
    return transport.fetch(Me, "/v1/me")

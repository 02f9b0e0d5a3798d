"""Webhooks: where an organisation wants its events sent, and how each sending went.

A delivery is waiting, delivered or given up; a lock-token pipeline sends the waiting ones.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import EventId, OrganisationId, WebhookId
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.store.locks import Claim, fetch, guarded
from suanwang.store.outbox import Event
from suanwang.store.tx import Row, Tx

WEBHOOKS_MAX = 20  # of one organisation
DELIVERIES_MAX = 1_000


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One address that events are sent to. Without `kinds`, all of them."""

    id: WebhookId
    organisation_id: OrganisationId
    url: str
    secret: str
    kinds: tuple[str, ...]
    state: str
    created_at: Instant

    def wants(self, event: Event) -> bool:
        """Say whether an event is to be sent here."""
        mine = event.organisation_id in (None, self.organisation_id)
        return mine and (not self.kinds or event.kind in self.kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event's way to one webhook. `status` is HTTP's, of the last attempt."""

    webhook_id: WebhookId
    event_id: EventId
    attempt: int
    state: DeliveryState
    status: int | None
    next_try_at: Instant | None


def add_webhook(tx: Tx, webhook: Webhook) -> None:
    """Remember a webhook."""
    tx.do(
        "webhook_add",
        id=webhook.id,
        organisation_id=webhook.organisation_id,
        url=webhook.url,
        secret=webhook.secret,
        kinds=json.dumps(webhook.kinds),
        state=webhook.state,
        created_at=to_micros(webhook.created_at),
    )


def webhooks_of(tx: Tx, organisation_id: OrganisationId) -> list[Webhook]:
    """List an organisation's webhooks, oldest first."""
    rows = tx.all("webhooks_of", organisation_id=organisation_id, limit=WEBHOOKS_MAX)
    return [_webhook(row) for row in rows]


def webhooks_open(tx: Tx) -> list[Webhook]:
    """List every open webhook of every organisation, for the publisher."""
    return [_webhook(row) for row in tx.all("webhooks_open")]


def webhook(tx: Tx, webhook_id: str, organisation_id: OrganisationId | None = None) -> Webhook:
    """Return a webhook; one of another organisation is NotFound."""
    row = tx.first("webhook_by_id", id=webhook_id)
    if row is None or organisation_id not in (None, row.organisation_id):
        raise NotFound(kind="webhook", id=webhook_id)
    return _webhook(row)


def remove_webhook(tx: Tx, webhook_id: str, organisation_id: OrganisationId) -> None:
    """Forget a webhook and its deliveries."""
    found = webhook(tx, webhook_id, organisation_id)
    tx.do("deliveries_remove", webhook_id=found.id)
    tx.do("webhook_remove", id=found.id)


def add_deliveries(tx: Tx, pairs: Sequence[tuple[WebhookId, EventId]], *, at: Instant) -> int:
    """Queue events for webhooks, each pair once however often it is asked; return how many."""
    return tx.many(
        "delivery_add",
        [{"webhook_id": w, "event_id": e, "next_try_at": to_micros(at)} for w, e in pairs],
    )


def lock_deliveries(tx: Tx, claim: Claim, *, limit: int) -> list[Delivery]:
    """Take waiting deliveries whose time has come, longest due first."""
    rows = fetch(tx, "deliveries_lock", claim, limit=limit)
    rows.sort(key=lambda r: (r.next_try_at, r.webhook_id, r.event_id))
    return [_delivery(row) for row in rows]


def save_delivery(tx: Tx, delivery: Delivery, claim: Claim) -> bool:
    """Write how a delivery went and unlock it; False: the claim is stale, nothing is written."""
    due = delivery.next_try_at
    return guarded(
        tx,
        "delivery_save",
        claim,
        webhook_id=delivery.webhook_id,
        event_id=delivery.event_id,
        attempt=delivery.attempt,
        state=delivery.state.value,
        status=delivery.status,
        next_try_at=None if due is None else to_micros(due),
    )


def deliveries_of(tx: Tx, webhook_id: WebhookId, *, limit: int = 100) -> list[Delivery]:
    """List a webhook's deliveries, newest event first."""
    rows = tx.all("deliveries_of", webhook_id=webhook_id, limit=min(limit, DELIVERIES_MAX))
    return [_delivery(row) for row in rows]


def _webhook(row: Row) -> Webhook:
    return Webhook(
        id=WebhookId(row.id),
        organisation_id=OrganisationId(row.organisation_id),
        url=row.url,
        secret=row.secret,
        kinds=tuple(json.loads(row.kinds)),
        state=row.state,
        created_at=from_micros(row.created_at),
    )


def _delivery(row: Row) -> Delivery:
    due = row.next_try_at
    return Delivery(
        webhook_id=WebhookId(row.webhook_id),
        event_id=EventId(row.event_id),
        attempt=row.attempt,
        state=DeliveryState(row.state),
        status=row.status,
        next_try_at=None if due is None else from_micros(due),
    )

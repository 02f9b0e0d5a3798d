"""What keeps requests, events and servers in order: idempotency, outbox, webhooks, leaders."""

from __future__ import annotations

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import text as clause

from suanwang.store.tables.columns import binary, index, number, refers, table, text, whole

idempotency = table(
    "idempotency",
    text("key_id"),
    text("idempotency_key"),
    text("fingerprint"),
    whole("status", null=True),  # null while the first request is under way
    binary("body", null=True),
    text("content_type", null=True),
    whole("created_at"),
    PrimaryKeyConstraint("key_id", "idempotency_key"),
    index("ix_idempotency_created_at", "created_at"),
)

outbox = table(
    "outbox",
    number("number"),  # the order in which rows were written, before they are visible to all
    text("id", unique=True),
    whole("seq", null=True, unique=True),  # the order in which events are published
    refers("organisation_id", "organisations.id", null=True),
    text("kind"),
    text("subject"),
    text("body"),
    whole("at"),
    index("ix_outbox_unpublished", "number", where=clause("seq IS NULL")),
    index("ix_outbox_organisation_id_seq", "organisation_id", "seq"),
)

webhooks = table(
    "webhooks",
    text("id", primary_key=True),
    refers("organisation_id", "organisations.id"),
    text("url"),
    text("secret"),
    text("kinds"),  # JSON list of event kinds; empty: all
    text("state"),
    whole("created_at"),
    index("ix_webhooks_organisation_id", "organisation_id"),
)

deliveries = table(
    "deliveries",
    refers("webhook_id", "webhooks.id"),
    text("event_id"),
    whole("attempt", server_default="0"),
    whole("next_try_at", null=True),
    text("state"),  # "waiting", "delivered" or "given_up"
    whole("status", null=True),  # HTTP status of the last attempt
    text("lock_token", null=True),
    whole("lock_until", null=True),
    PrimaryKeyConstraint("webhook_id", "event_id"),
    index("ix_deliveries_state_next_try_at", "state", "next_try_at"),
)

leaders = table(
    "leaders",
    text("name", primary_key=True),
    text("holder"),
    whole("epoch"),
    whole("expires_at"),
)

"""Publishes: numbers new events in order, and queues them for the webhooks that want them."""

from __future__ import annotations

from datetime import timedelta

from suanwang.basics.slots import Instant
from suanwang.server.parts import Parts
from suanwang.store import idempotency, outbox, webhooks
from suanwang.store.tx import Tx

BATCH = 1_000
EVENTS_KEPT = timedelta(days=30)
ANSWERS_KEPT = timedelta(days=2)  # of requests with an Idempotency-Key; promised: one day
PRUNE_BATCH = 5_000


async def publish(parts: Parts) -> int:
    """Give numbers to what has become visible, wake the streams; return how many events."""
    now = parts.clock()
    if not await parts.store.read(lambda tx: tx.one("events_unpublished")["events"]):
        return 0
    did = await parts.store.run(lambda tx: number_events(tx, now=now))
    if did:
        parts.published.ring()
        parts.hints.ring("deliver")
    return did


def number_events(tx: Tx, *, now: Instant) -> int:
    """Give numbers and queue deliveries in one transaction: an event has both or neither."""
    before = outbox.lock_sequence(tx)
    did = outbox.assign_sequence(tx, limit=BATCH)
    open_now = webhooks.webhooks_open(tx) if did else []
    if open_now:
        events = outbox.events_after(tx, before, organisation_id=None, limit=BATCH)
        pairs = [(hook.id, e.id) for e in events for hook in open_now if hook.wants(e)]
        webhooks.add_deliveries(tx, pairs, at=now)
    return did


async def prune(parts: Parts) -> int:
    """Forget old events and old answers, a bounded number at a time."""
    now = parts.clock()
    did = await parts.store.run(
        lambda tx: outbox.prune_events(tx, before=now - EVENTS_KEPT, limit=PRUNE_BATCH)
    )
    did += await parts.store.run(lambda tx: idempotency.prune(tx, before=now - ANSWERS_KEPT))
    return did

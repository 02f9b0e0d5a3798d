"""Delivers events to webhooks: lock → send, outside any transaction → note how it went.

Signed as Standard Webhooks are (webhook-id, webhook-timestamp, webhook-signature; HMAC-SHA256 over
`id.timestamp.body`). Tried again after 5 s, 30 s, 2 min … for about a day; 2xx is success, a
redirect is not followed, 410 Gone ends it at once.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import httpx
import structlog
from standardwebhooks.webhooks import Webhook as Signer

from suanwang.basics.slots import Instant
from suanwang.flows.pipeline import LockToken
from suanwang.server.errors import TargetRefused
from suanwang.server.http.events import event_document
from suanwang.server.parts import Parts, make_id
from suanwang.server.targets import Target, check_target
from suanwang.server.wire.texts import encode
from suanwang.store import outbox, webhooks
from suanwang.store.locks import Claim
from suanwang.store.outbox import Event
from suanwang.store.tx import Tx
from suanwang.store.webhooks import Delivery, DeliveryState, Webhook

log = structlog.get_logger()
BATCH = 16  # sent at once
SEND_SECONDS = 10.0
LOCK = timedelta(seconds=60)
BACK_OFFS = [timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600, 10800, 21600, 43200)]
_GONE = 410
Work = tuple[Delivery, Webhook, Event]


async def deliver(parts: Parts) -> int:
    """Send what is due, a batch at a time; say how many were tried."""
    now = parts.clock()
    claim = Claim(token=make_id(LockToken), now=now, until=now + LOCK)
    if not await parts.store.read(webhooks.webhooks_open):
        return 0
    due = await parts.store.run(lambda tx: _take(tx, claim))
    if not due:
        return 0
    tried = await asyncio.gather(*(_try(parts, each) for each in due))
    await parts.store.run(lambda tx: [webhooks.save_delivery(tx, each, claim) for each in tried])
    return len(tried)


def _take(tx: Tx, claim: Claim) -> list[Work]:
    found = []
    for delivery in webhooks.lock_deliveries(tx, claim, limit=BATCH):
        hook, event = webhooks.webhook(tx, delivery.webhook_id), outbox.event(tx, delivery.event_id)
        if event is None:
            # Pruned before it could be sent: nothing is left to send.
            webhooks.save_delivery(tx, given_up(delivery, None), claim)
            continue
        found.append((delivery, hook, event))
    return found


async def _try(parts: Parts, work: Work) -> Delivery:
    delivery, hook, event = work
    try:
        private = parts.settings.webhooks_to_private_addresses
        target = await check_target(hook.url, private=private)
        status = await send(hook, event, target, at=parts.clock())
    except (httpx.HTTPError, TargetRefused, OSError, ValueError) as error:
        log.info("delivery failed", webhook_id=hook.id, event_id=event.id, reason=str(error))
        status = None
    return after_try(delivery, status, now=parts.clock())


async def send(hook: Webhook, event: Event, target: Target, *, at: Instant) -> int:
    """Send one event and return the receiver's status; nothing of its answer is read."""
    body = encode(event_document(event))
    signature = Signer(hook.secret).sign(event.id, at, body.decode())
    url = httpx.URL(hook.url).copy_with(host=target.address)
    headers = {
        "Host": target.host if target.port in (80, 443) else f"{target.host}:{target.port}",
        "Content-Type": "application/json",
        "User-Agent": "suanwang-webhooks",
        "webhook-id": event.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
    async with (
        asyncio.timeout(SEND_SECONDS),
        httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=SEND_SECONDS) as client,
        client.stream(
            "POST",
            url,
            content=body,
            headers=headers,
            extensions={"sni_hostname": target.host},
        ) as answer,
    ):
        return answer.status_code


def after_try(delivery: Delivery, status: int | None, *, now: Instant) -> Delivery:
    """Say what becomes of a delivery after one more attempt that was answered with `status`."""
    tried = replace(delivery, attempt=delivery.attempt + 1, status=status)
    if status is not None and 200 <= status < 300:  # noqa: PLR2004 - HTTP's successes
        return replace(tried, state=DeliveryState.DELIVERED, next_try_at=None)
    if status == _GONE or tried.attempt > len(BACK_OFFS):
        return given_up(tried, status)
    wait = BACK_OFFS[tried.attempt - 1]
    return replace(tried, state=DeliveryState.WAITING, next_try_at=now + wait)


def given_up(delivery: Delivery, status: int | None) -> Delivery:
    """Say that a delivery will not be tried again."""
    return replace(delivery, state=DeliveryState.GIVEN_UP, status=status, next_try_at=None)

"""Events as they happen: the stream, and webhooks that carry the same."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from typing_extensions import TypedDict

from suanwang.basics.ids import WebhookId
from suanwang.flows.act import Act
from suanwang.server.errors import TooManyWebhooks
from suanwang.server.http.call import Signed
from suanwang.server.http.events import read_last_event, stream_events
from suanwang.server.http.routing import a_router
from suanwang.server.secrets import new_webhook_secret
from suanwang.server.targets import check_target
from suanwang.server.wire.texts import instant
from suanwang.store import webhooks
from suanwang.store.tx import Tx
from suanwang.store.webhooks import WEBHOOKS_MAX, Delivery, Webhook

router = a_router(prefix="/v1", tags=["events"])
URL_MAX = 2_000
KINDS_MAX = 50
KIND = r"^[a-z]+(\.[a-z_]+)*$"


class WebhookOut(TypedDict):
    """A webhook; `secret` is shown once, in the answer that made it."""

    id: str
    url: str
    kinds: list[str]
    state: str
    created_at: str
    secret: str | None


class WebhooksOut(TypedDict):
    """An organisation's webhooks."""

    items: list[WebhookOut]
    next_cursor: str | None


class DeliveryOut(TypedDict):
    """How one event's delivery stands; `status` is the receiver's last HTTP status."""

    event_id: str
    state: str
    attempt: int
    status: int | None
    next_try_at: str | None


class DeliveriesOut(TypedDict):
    """A webhook's deliveries, newest event first."""

    items: list[DeliveryOut]
    next_cursor: str | None


class NewWebhookIn(BaseModel):
    """Where events are to be sent. Without kinds: all of the organisation's."""

    model_config = ConfigDict(extra="forbid")
    url: str = Field(min_length=1, max_length=URL_MAX)
    kinds: list[Annotated[str, Field(pattern=KIND, max_length=60)]] = Field(
        default_factory=list, max_length=KINDS_MAX
    )


@router.get(
    "/events",
    summary="Follow events (SSE).",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def events(
    call: Signed,
    last_event_id: Annotated[str | None, Header()] = None,
    after: Annotated[str | None, Query(max_length=20)] = None,
) -> Response:
    """Stream the organisation's events; resume with Last-Event-ID (or ?after=). `id:` counts."""
    return await stream_events(call, after=read_last_event(last_event_id or after))


@router.post("/webhooks", status_code=201, response_model=WebhookOut, summary="Make a webhook.")
async def add_webhook(call: Signed, body: NewWebhookIn) -> Response:
    """Send events to an address from now on, signed as Standard Webhooks are."""
    call.may_write()
    await check_target(body.url, private=call.parts.settings.webhooks_to_private_addresses)
    secret = new_webhook_secret()

    def work(tx: Tx, act: Act) -> WebhookOut:
        owner = call.actor.organisation_id
        if len(webhooks.webhooks_of(tx, owner)) >= WEBHOOKS_MAX:
            raise TooManyWebhooks(reason="many", limit=WEBHOOKS_MAX)
        webhook = Webhook(
            id=act.new_id(WebhookId),
            organisation_id=owner,
            url=body.url,
            secret=secret,
            kinds=tuple(dict.fromkeys(body.kinds)),
            state="open",
            created_at=act.now,
        )
        webhooks.add_webhook(tx, webhook)
        return {**_webhook_out(webhook), "secret": secret}

    return await call.act(work, status=201, kept=lambda made: {**made, "secret": None})


@router.get("/webhooks", response_model=WebhooksOut, summary="List webhooks.")
async def list_webhooks(call: Signed) -> Response:
    """List the organisation's webhooks, without their secrets."""
    owner = call.actor.organisation_id
    return await call.show(
        lambda tx: {
            "items": [_webhook_out(each) for each in webhooks.webhooks_of(tx, owner)],
            "next_cursor": None,
        }
    )


@router.get("/webhooks/{webhook_id}", response_model=WebhookOut, summary="Show a webhook.")
async def show_webhook(call: Signed, webhook_id: str) -> Response:
    """Show one webhook, without its secret."""
    owner = call.actor.organisation_id
    return await call.show(lambda tx: _webhook_out(webhooks.webhook(tx, webhook_id, owner)))


@router.delete("/webhooks/{webhook_id}", status_code=204, summary="Remove a webhook.")
async def remove_webhook(call: Signed, webhook_id: str) -> Response:
    """Send nothing more there, and forget its deliveries."""
    call.may_write()
    owner = call.actor.organisation_id
    await call.parts.store.run(lambda tx: webhooks.remove_webhook(tx, webhook_id, owner))
    return Response(status_code=204)


@router.get(
    "/webhooks/{webhook_id}/deliveries",
    response_model=DeliveriesOut,
    summary="Show how deliveries went.",
)
async def list_deliveries(
    call: Signed, webhook_id: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Response:
    """List what was sent to a webhook, newest event first."""
    owner = call.actor.organisation_id

    def read(tx: Tx) -> DeliveriesOut:
        found = webhooks.webhook(tx, webhook_id, owner)
        sent = webhooks.deliveries_of(tx, found.id, limit=limit)
        return {"items": [_delivery_out(each) for each in sent], "next_cursor": None}

    return await call.show(read)


def _webhook_out(webhook: Webhook) -> WebhookOut:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "kinds": list(webhook.kinds),
        "state": webhook.state,
        "created_at": instant(webhook.created_at) or "",
        "secret": None,
    }


def _delivery_out(delivery: Delivery) -> DeliveryOut:
    return {
        "event_id": delivery.event_id,
        "state": delivery.state.value,
        "attempt": delivery.attempt,
        "status": delivery.status,
        "next_try_at": instant(delivery.next_try_at),
    }

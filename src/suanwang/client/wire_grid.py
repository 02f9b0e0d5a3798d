"""Centres, offers, events, webhooks and who one is, as the exchange shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from suanwang.client.reading import Resource


@dataclass(frozen=True, kw_only=True)
class PoolView(Resource):
    """One pool of a centre: nodes × cards of one chip. `price_now` is per card-hour."""

    id: str
    name: str
    card_class: str = field(metadata={"key": "class"})
    state: str = "open"
    nodes: int | None = None
    cards_per_node: int | None = None
    cards: int | None = None
    cores_per_node: int | None = None
    memory_gb: Decimal | None = None
    disk_gb: Decimal | None = None
    price: Mapping[str, Any] = field(default_factory=dict)
    price_now: Decimal | None = None
    currency: str = "CNY"


@dataclass(frozen=True, kw_only=True)
class Centre(Resource):
    """One compute centre. `state` is joined, draining or left; `facts` are its own words."""

    id: str
    name: str
    zone: str
    state: str = "joined"
    city: str | None = None
    province: str | None = None
    silent: bool = False
    last_seen_at: datetime | None = None
    created_at: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    pools: tuple[PoolView, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Offer(Resource):
    """A pool with its price now (per card-hour) and the cards that are free now."""

    pool_id: str
    pool: str
    centre_id: str
    centre: str
    zone: str
    card_class: str = field(metadata={"key": "class"})
    cards: int
    cards_free: int
    price: Decimal
    currency: str = "CNY"
    city: str = ""
    province: str = ""
    nodes: int | None = None
    cores_per_node: int | None = None
    memory_gb: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Event(Resource):
    """Something that happened. `seq` resumes the stream after it."""

    id: str
    kind: str
    subject: str | None = None
    seq: int | None = None
    at: datetime | None = None
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Webhook(Resource):
    """Where events are sent. `secret` is shown once, when it is made."""

    id: str
    url: str
    kinds: tuple[str, ...] = ()
    state: str = "open"
    created_at: datetime | None = None
    secret: str | None = None


@dataclass(frozen=True, kw_only=True)
class Delivery(Resource):
    """How the sending of one event to a webhook stands."""

    event_id: str
    state: str
    attempt: int = 0
    status: int | None = None
    next_try_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Secret(Resource):
    """A secret that jobs may name; nobody is shown its value. `created_at`: when it came."""

    name: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Me(Resource):
    """The key that asks, whose it is, and what it may do."""

    key_id: str
    role: str
    organisation_id: str
    organisation: str = ""
    organisation_kind: str = "member"
    project_id: str | None = None
    member_id: str | None = None
    centre_id: str | None = None
    exchange: str = ""

"""Centres, pools and offers, as the API shows them: what is for sale is public."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from suanwang.basics.slots import Instant
from suanwang.flows.show import CentreView, Offer
from suanwang.server.wire.identity import KeyOut
from suanwang.server.wire.texts import CURRENCY, always, instant, shown
from suanwang.store.centres import StoredPool

PoolOut = TypedDict(
    "PoolOut",
    {
        "id": str,
        "name": str,
        "class": str,
        "state": str,
        "nodes": int,
        "cards_per_node": int,
        "cards": int,
        "cores_per_node": int,
        "memory_gb": str,
        "disk_gb": str,
        "price": dict[str, Any],
        "price_now": str,
        "currency": str,
    },
)


class CentreOut(TypedDict):
    """A centre. `facts` are its own words: cooling, capabilities, prices of data and storage."""

    id: str
    name: str
    zone: str
    city: str
    province: str
    state: str
    silent: bool
    last_seen_at: str | None
    created_at: str
    facts: dict[str, Any]
    pools: list[PoolOut]


class CentresOut(TypedDict):
    """A page of centres, oldest first."""

    items: list[CentreOut]
    next_cursor: str | None


class RegisteredOut(TypedDict):
    """A new centre and its agent's key, which is shown once."""

    centre: CentreOut
    key: KeyOut


OfferOut = TypedDict(
    "OfferOut",
    {
        "pool_id": str,
        "pool": str,
        "centre_id": str,
        "centre": str,
        "zone": str,
        "city": str,
        "province": str,
        "class": str,
        "cards": int,
        "cards_free": int,
        "nodes": int,
        "cores_per_node": int,
        "memory_gb": str,
        "price": str,
        "currency": str,
    },
)


class OffersOut(TypedDict):
    """Pools for sale, cheapest first."""

    items: list[OfferOut]
    next_cursor: str | None


def pool_out(stored: StoredPool, *, now: Instant) -> PoolOut:
    """Write a pool; `price_now` is per card-hour."""
    pool, wire = stored.pool, stored.pool.to_wire()
    return {
        "id": stored.id,
        "name": stored.name,
        "class": pool.chip,
        "state": stored.state,
        "nodes": pool.nodes,
        "cards_per_node": pool.cards_per_node,
        "cards": pool.cards,
        "cores_per_node": pool.cores_per_node,
        "memory_gb": str(wire["memory_gb"]),
        "disk_gb": str(wire["disk_gb"]),
        "price": pool.price.to_wire(),
        "price_now": shown(pool.price.price_at(now)),
        "currency": CURRENCY,
    }


def centre_out(view: CentreView, *, now: Instant) -> CentreOut:
    """Write a centre with its pools."""
    stored, facts = view.centre, view.centre.centre
    return {
        "id": stored.id,
        "name": facts.name,
        "zone": facts.zone,
        "city": facts.city,
        "province": facts.province,
        "state": stored.state,
        "silent": view.silent,
        "last_seen_at": instant(stored.last_seen_at),
        "created_at": always(stored.created_at),
        "facts": dict(facts.to_wire()),
        "pools": [pool_out(each, now=now) for each in view.pools],
    }


def offer_out(offer: Offer, *, now: Instant) -> OfferOut:
    """Write a pool for sale; `price` is per card-hour, now."""
    pool, centre = offer.state.pool, offer.state.centre
    return {
        "pool_id": pool.id,
        "pool": pool.name,
        "centre_id": centre.id,
        "centre": centre.name,
        "zone": centre.zone,
        "city": centre.city,
        "province": centre.province,
        "class": pool.chip,
        "cards": pool.cards,
        "cards_free": offer.cards_free,
        "nodes": pool.nodes,
        "cores_per_node": pool.cores_per_node,
        "memory_gb": str(pool.to_wire()["memory_gb"]),
        "price": shown(pool.price.price_at(now)),
        "currency": CURRENCY,
    }

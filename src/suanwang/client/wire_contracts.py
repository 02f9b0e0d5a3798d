"""Contracts and brokers' price lists as the exchange shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from suanwang.client.reading import Resource


@dataclass(frozen=True, kw_only=True)
class Contract(Resource):
    """A contract between a centre's owner and a broker or carrier (`partner_id`)."""

    id: str
    kind: str
    owner_id: str
    partner_id: str
    proposer_id: str
    pools: tuple[str, ...]
    from_at: datetime
    until_at: datetime | None
    clauses: Mapping[str, Any]
    text_sha256: str
    state: str
    said: tuple[Mapping[str, Any], ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class BrokerPrices(Resource):
    """What a broker sells a card-hour at, by class, from an instant."""

    id: str
    broker_id: str
    from_at: datetime
    prices: Mapping[str, Any]
    created_at: datetime

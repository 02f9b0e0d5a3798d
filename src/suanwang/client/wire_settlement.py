"""Market days, settlements and corrections as the exchange shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from suanwang.client.reading import Resource


@dataclass(frozen=True, kw_only=True)
class MarketDay(Resource):
    """A market day. `…_due`: when it takes a step; None where the calendar does not reach yet."""

    day: str
    state: str
    preliminary_due: datetime | None
    preliminary_at: datetime | None
    final_due: datetime | None
    final_at: datetime | None
    resettlement_due: datetime | None
    resettled_at: datetime | None
    closed_due: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class MemberSettlement(Resource):
    """What one member was paid for a market day: earned − kept + corrections = net."""

    id: str
    organisation_id: str
    day: str
    state: str
    bills: int
    earned: Decimal
    kept: Decimal
    corrections: Decimal
    net: Decimal
    currency: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Correction(Resource):
    """A correction of a meter. `why`: the code of what it waits for, or lapsed by."""

    id: str
    lease_id: str
    job_id: str
    bill_id: str
    day: str
    usage_id: str
    state: str
    reason: str
    why: str | None
    created_at: datetime
    updated_at: datetime

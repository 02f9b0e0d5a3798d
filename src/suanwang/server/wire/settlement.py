"""Market days, settlements and corrections, as the API shows them."""

from __future__ import annotations

from typing_extensions import TypedDict

from suanwang.ledger.calendar import bank_days
from suanwang.ledger.settlement import SettlementCycle, steps_of
from suanwang.server.wire.texts import CURRENCY, always, instant, shown
from suanwang.store.corrections import Correction
from suanwang.store.days import MarketDay, Settlement


class MarketDayOut(TypedDict):
    """A market day. `…_due`: when it takes a step; null where the calendar does not reach yet."""

    day: str
    state: str
    preliminary_due: str | None
    preliminary_at: str | None
    final_due: str | None
    final_at: str | None
    resettlement_due: str | None
    resettled_at: str | None
    closed_due: str | None
    closed_at: str | None


class MarketDaysOut(TypedDict):
    """A page of market days, newest first."""

    items: list[MarketDayOut]
    next_cursor: str | None


class MemberSettlementOut(TypedDict):
    """What one member was paid for a market day: earned − kept + corrections = net."""

    id: str
    organisation_id: str
    day: str
    state: str
    bills: int
    earned: str
    kept: str
    corrections: str
    net: str
    currency: str
    at: str


class MemberSettlementsOut(TypedDict):
    """A page of settlement statements, newest first."""

    items: list[MemberSettlementOut]
    next_cursor: str | None


class CorrectionOut(TypedDict):
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
    created_at: str
    updated_at: str


class CorrectionsOut(TypedDict):
    """A page of corrections, newest first."""

    items: list[CorrectionOut]
    next_cursor: str | None


def market_day_out(day: MarketDay, cycle: SettlementCycle) -> MarketDayOut:
    """Write a market day."""
    steps = steps_of(day.day, bank_days(), cycle)
    return {
        "day": day.day.isoformat(),
        "state": day.state.value,
        "preliminary_due": instant(steps.preliminary),
        "preliminary_at": instant(day.preliminary_at),
        "final_due": instant(steps.final),
        "final_at": instant(day.final_at),
        "resettlement_due": instant(steps.resettlement),
        "resettled_at": instant(day.resettled_at),
        "closed_due": instant(steps.closed),
        "closed_at": instant(day.closed_at),
    }


def settlement_out(each: Settlement) -> MemberSettlementOut:
    """Write a settlement statement."""
    return {
        "id": each.id,
        "organisation_id": each.organisation_id,
        "day": each.day,
        "state": each.state,
        "bills": each.bills,
        "earned": shown(each.earned),
        "kept": shown(each.kept),
        "corrections": shown(each.corrections),
        "net": shown(each.amount),
        "currency": CURRENCY,
        "at": always(each.at),
    }


def correction_out(each: Correction) -> CorrectionOut:
    """Write a correction."""
    return {
        "id": each.id,
        "lease_id": each.lease_id,
        "job_id": each.job_id,
        "bill_id": each.bill_id,
        "day": each.day,
        "usage_id": each.usage_id,
        "state": each.state.value,
        "reason": each.reason,
        "why": each.why,
        "created_at": always(each.created_at),
        "updated_at": always(each.updated_at),
    }

"""Writes what placement found as the rows of a plan table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache

from suanwang.basics.money import Money
from suanwang.basics.slots import Instant, from_micros
from suanwang.grid.centre import PoolState
from suanwang.grid.demand import Demand, Option
from suanwang.grid.energy import carbon_intensity, carbon_label, carbon_region
from suanwang.grid.fitting import Misfit
from suanwang.grid.hourly import HOUR_MICROS
from suanwang.grid.offer import Terms

_NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What placement concluded about one start: its rank and reason, or why it cannot be."""

    first: int  # the earliest start that the pool could offer
    misfit: Misfit | None = None
    score: float | None = None
    chosen: bool = False
    why: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)


def row(known: Terms, start: int, verdict: Verdict) -> Option:
    """Write a row with a start; an infeasible one shows what it would have been."""
    state = known.state
    asset = state.pool.price.price.asset
    begins = from_micros(start)
    misfit = verdict.misfit
    return Option(
        pool_id=state.pool.id,
        centre_id=state.centre.id,
        centre=state.centre.name,
        zone=state.centre.zone,
        card_class=state.pool.chip,
        cards=known.cards,
        start=begins,
        finish=from_micros(start + known.whole_micros),
        run_time=timedelta(microseconds=known.run_micros),
        data_time=timedelta(microseconds=known.in_micros + known.out_micros),
        price=state.pool.price.price_at(begins),
        compute_cost=Money(known.compute_units(start), asset),
        data_cost=Money(known.data_units, asset),
        store_cost=Money(known.store_units, asset),
        cost=Money(known.cost_units(start), asset),
        cost_at_most=Money(known.most_units(start), asset),
        energy_wh=known.energy_wh(),
        carbon_g=known.carbon_g(start),
        carbon_intensity=_intensity(known.region, start // HOUR_MICROS),
        latency_ms=known.latency_ms,
        score=verdict.score,
        why_not=None if misfit is None else misfit.why,
        why_detail=verdict.detail if misfit is None else misfit.detail,
        chosen=verdict.chosen,
        why=verdict.why,
        speed=known.speed,
        speed_known=known.speed_known,
        reserved_until=from_micros(start + known.kept_micros),
        waits=timedelta(microseconds=start - verdict.first),
        carbon_basis=carbon_label(known.region),
    )


def bare_row(
    demand: Demand, state: PoolState, misfit: Misfit, *, at: int, latency_ms: float | None
) -> Option:
    """Write a row for a pool that can never take the job: its price and place, no more."""
    region = carbon_region(state.centre.province)
    nothing = Money.zero(state.pool.price.price.asset)
    return Option(
        pool_id=state.pool.id,
        centre_id=state.centre.id,
        centre=state.centre.name,
        zone=state.centre.zone,
        card_class=state.pool.chip,
        cards=demand.cards,
        start=None,
        finish=None,
        run_time=_NO_TIME,
        data_time=_NO_TIME,
        price=state.pool.price.price_at(from_micros(at)),
        compute_cost=nothing,
        data_cost=nothing,
        store_cost=nothing,
        cost=nothing,
        cost_at_most=nothing,
        energy_wh=0.0,
        carbon_g=0.0,
        carbon_intensity=_intensity(region, at // HOUR_MICROS),
        latency_ms=latency_ms,
        score=None,
        why_not=misfit.why,
        why_detail=misfit.detail,
        carbon_basis=carbon_label(region),
    )


@lru_cache(maxsize=8192)
def _intensity(region: str, hour: int) -> float:
    return carbon_intensity(region, _hour(hour))


def _hour(hour: int) -> Instant:
    return from_micros(hour * HOUR_MICROS)

"""One round: waiting jobs and free pools in; placements, reasons and prices out.

This is the list-price rule behind the verb that the auction will use. Jobs are taken in the order
in which they were accepted. A job that can start now is placed and its cards are taken; one that
must wait has its cards reserved at its start, so that a later job fills the gap before it and never
pushes it back (conservative backfilling, Mu'alem and Feitelson 2001). The same inputs give the same
outcome: no clock, no dice, and the limit counts plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from typing import TypeAlias

from suanwang.basics.canonical import Json
from suanwang.basics.ids import JobId, PoolId
from suanwang.basics.money import Money
from suanwang.basics.products import ProductId
from suanwang.basics.slots import HOUR, Instant, Slot, format_instant
from suanwang.grid.centre import PoolState
from suanwang.grid.deal import Sale
from suanwang.grid.demand import Demand, Option
from suanwang.grid.placement import plan
from suanwang.jobs.bill import Terms

# Planning one job against every pool is the cost of a round; the rest waits for the next one.
PLANS_MAX = 2_000
# A start this near is now: the agent asks for work every few seconds anyway.
NOW_SLACK = timedelta(seconds=1)
_GB = 10**9
_MONTH_SECONDS = 30 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An accepted job without a place. `limit` is its hold: it may cost that much at most."""

    job_id: JobId
    accepted_at: Instant
    demand: Demand
    limit: Money


class Unplaced(StrEnum):
    """Why a job was not placed in this round: one closed list; texts in `jobs/reasons.py`."""

    NO_FEASIBLE_PLACE = "no-feasible-place"  #: no pool can take it, at any start
    OVER_LIMIT = "over-limit"  #: it would now cost more than its buyer accepted
    WAITS_FOR_CARDS = "waits-for-cards"  #: its best place is busy until `start`
    WAITS_FOR_START = "waits-for-start"  #: its buyer wants it to start later
    NEXT_ROUND = "next-round"  #: this round has done all the work it may


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A job with its place, its price and the cards it takes while it may run."""

    job_id: JobId
    option: Option
    slot: Slot  # reserved: data time and the whole time limit
    terms: Terms  # what its bill will be made of

    @property
    def price(self) -> Money:
        """The cleared price per card-hour."""
        return self.option.price

    @property
    def cost_at_most(self) -> Money:
        """What the hold is cut to."""
        return self.option.cost_at_most


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """A job that keeps waiting, why, and when it may start if that is known."""

    job_id: JobId
    why: Unplaced
    start: Instant | None = None
    options: tuple[Option, ...] = ()  # what placement answered, for the timeline's detail


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearedPrice:
    """The price per card-hour of one product at one pool."""

    product: ProductId
    pool_id: PoolId
    price: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundOutcome:
    """What one round decided."""

    at: Instant
    placements: tuple[Placement, ...]
    unplaced: tuple[Waits, ...]
    prices: tuple[ClearedPrice, ...]

    def to_wire(self) -> dict[str, Json]:
        """Write the outcome for the round's record."""
        return {
            "at": format_instant(self.at),
            "rule": "list-price",
            "placements": [_placement_wire(each) for each in self.placements],
            "unplaced": [
                {
                    "job_id": str(each.job_id),
                    "why": str(each.why),
                    "start": None if each.start is None else format_instant(each.start),
                }
                for each in self.unplaced
            ],
            "prices": [
                {
                    "product": str(each.product),
                    "pool_id": str(each.pool_id),
                    "price": str(each.price),
                }
                for each in self.prices
            ],
        }


def _placement_wire(placement: Placement) -> Json:
    return {
        "job_id": str(placement.job_id),
        "pool_id": str(placement.option.pool_id),
        "cards": placement.option.cards,
        "start": format_instant(placement.slot.start),
        "end": format_instant(placement.slot.end),
        "price": str(placement.price),
        "cost_at_most": str(placement.cost_at_most),
    }


_Shape: TypeAlias = tuple[object, ...]


@dataclass(slots=True)
class _Round:
    """The pools as this round has filled them so far, and what it has decided."""

    now: Instant
    pools: dict[PoolId, PoolState]
    plans_left: int
    placements: list[Placement] = field(default_factory=list)
    unplaced: list[Waits] = field(default_factory=list)
    # Shapes that cannot start now. Cards only grow scarcer within a round, so the next job of the
    # same shape cannot either: ten thousand members of one array cost one plan.
    stuck: dict[_Shape, Waits] = field(default_factory=dict)

    def decide(self, job: Waiting) -> None:
        """Place one job or say why it waits."""
        shape = _shape(job)
        if shape in self.stuck:
            self.unplaced.append(replace(self.stuck[shape], job_id=job.job_id))
            return
        if not self.plans_left:
            self.unplaced.append(Waits(job_id=job.job_id, why=Unplaced.NEXT_ROUND))
            return
        self.plans_left -= 1
        outcome = self._outcome(job)
        if isinstance(outcome, Placement):
            self.placements.append(outcome)
        else:
            self.unplaced.append(outcome)
            self.stuck[shape] = outcome

    def _outcome(self, job: Waiting) -> Placement | Waits:
        options = tuple(plan(job.demand, list(self.pools.values()), now=self.now))
        feasible = [each for each in options if each.why_not is None and each.start is not None]
        if not feasible:
            why = Unplaced.NO_FEASIBLE_PLACE
            return Waits(job_id=job.job_id, why=why, options=options)
        within = [each for each in feasible if each.cost_at_most <= job.limit]
        if not within:
            return Waits(job_id=job.job_id, why=Unplaced.OVER_LIMIT, options=options)
        best = within[0]
        slot = reserved_slot(best, job.demand)
        state = self.pools[best.pool_id]
        self.pools[best.pool_id] = state.reserve(slot, best.cards)
        if slot.start <= self.now + NOW_SLACK:
            terms = terms_of(state, job.demand, slot)
            return Placement(job_id=job.job_id, option=best, slot=slot, terms=terms)
        wanted = job.demand.earliest
        later = wanted is not None and slot.start <= wanted
        why = Unplaced.WAITS_FOR_START if later else Unplaced.WAITS_FOR_CARDS
        return Waits(job_id=job.job_id, why=why, start=slot.start, options=options)


def decide_round(
    waiting: Sequence[Waiting],
    pools: Sequence[PoolState],
    *,
    now: Instant,
    plans_max: int = PLANS_MAX,
) -> RoundOutcome:
    """Decide a round at list price, first accepted first served.

    `plans_max` is the work limit; who falls behind it waits for the next round and keeps its turn.
    """
    ordered = sorted(pools, key=lambda state: state.pool.id)
    running = _Round(now=now, pools={s.pool.id: s for s in ordered}, plans_left=plans_max)
    for job in sorted(waiting, key=lambda each: (each.accepted_at, each.job_id)):
        running.decide(job)
    return RoundOutcome(
        at=now,
        placements=tuple(running.placements),
        unplaced=tuple(running.unplaced),
        prices=_prices(running.placements),
    )


def reserved_slot(option: Option, demand: Demand) -> Slot:
    """Return how long a job may need its cards: data in and out, and its whole time limit."""
    assert option.start is not None, "only a feasible option can be reserved"
    end = option.reserved_until or option.start + option.data_time + demand.time_limit
    return Slot(option.start, end)


def terms_of(state: PoolState, demand: Demand, slot: Slot) -> Terms:
    """Return the list prices that apply to a job at a pool, hour by hour, for its bill."""
    pool, centre = state.pool, state.centre
    sale = demand.sold.get(pool.id, Sale())
    listed = sale.price or pool.price
    # Bytes and seconds behind the floats are whole, so that the bill can be exact.
    stored = Fraction(round(demand.store_gb * _GB), _GB)
    months = Fraction(round(demand.store_months * _MONTH_SECONDS), _MONTH_SECONDS)
    return Terms(
        price=listed.price_at(slot.start),
        price_source=sale.source or state.price_source,
        data_price_gb=centre.data_price_gb,
        data_price_source=state.data_price_source,
        cold_price_gb_month=centre.cold_price_gb_month,
        cold_price_source=state.data_price_source,
        store_gb_months=stored * months,
        priced=tuple(listed.prices_over(slot)),
        province=centre.province,
        pue=Fraction(str(centre.pue)),
        deal=sale.at(slot),
        take=demand.take,
    )


def _prices(placements: Sequence[Placement]) -> tuple[ClearedPrice, ...]:
    found = {}
    for each in placements:
        option = each.option
        hour = each.slot.start.replace(minute=0, second=0, microsecond=0)
        product = ProductId(option.card_class, option.zone, Slot(hour, hour + HOUR))
        price = ClearedPrice(product=product, pool_id=option.pool_id, price=option.price)
        found[product, option.pool_id] = price
    return tuple(found[key] for key in sorted(found))


def _shape(job: Waiting) -> _Shape:
    """Return what decides a job's place: two jobs of one shape are served alike."""
    demand = job.demand
    return (
        job.limit.units,
        tuple(sorted(demand.classes.items())),
        tuple(sorted(demand.weights.items())),
        *(getattr(demand, name) for name in _PLAIN_FIELDS),
    )


# What a pool is sold at hangs on the broker alone: within a round, one broker has one price list.
_PLAIN_FIELDS = tuple(
    name for name in Demand.__dataclass_fields__ if name not in {"classes", "weights", "sold"}
)

"""What placement is asked and what it answers: a demand in, options with reasons out.

The jobs room makes a `Demand` from a job file; this room knows nothing of jobs or money accounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from suanwang.basics.ids import CentreId, OrganisationId, PoolId
from suanwang.basics.money import Money
from suanwang.basics.products import CardClass, ZoneId
from suanwang.basics.slots import Instant
from suanwang.grid.deal import Sale
from suanwang.grid.fees import TAKE_RATES, TakeRates


class Preference(StrEnum):
    """What a buyer may weigh."""

    COST = "cost"
    SPEED = "speed"
    LATENCY = "latency"
    GREEN = "green"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One job as placement sees it. Bytes are bytes, hours are at relative speed 1."""

    cards: int
    classes: Mapping[CardClass, float]  # acceptable classes → relative speed; empty: any class
    nodes: int = 1
    cores: int = 1
    memory_gb: float = 0.5
    disk_gb: float = 1.0
    expected: timedelta  # run time at relative speed 1
    time_limit: timedelta  # the job is stopped after this long, at any speed
    bytes_in: int = 0
    bytes_out: int = 0
    data_at: ZoneId | None = None  # where the inputs are; None: at the buyer's home
    home: str | None = None  # demand city of the buyer, for latency and data paths
    latency_ms_max: float | None = None  # one-way
    store_gb: float = 0.0  # cold-store volume of a `store` job
    store_months: float = 0.0
    earliest: Instant | None = None
    deadline: Instant | None = None
    cost_max: Money | None = None
    weights: Mapping[Preference, float] = field(default_factory=lambda: {Preference.COST: 1.0})
    only_centre: CentreId | None = None  # the data lies in this centre's cold store
    not_centres: frozenset[CentreId] = frozenset()  # already failed there
    needs: frozenset[str] = frozenset()  # capabilities such as "image", "environment:science"
    broker: OrganisationId | None = None  # sells it; then only pools in `sold` are options
    take: TakeRates = TAKE_RATES  # fee and tax in force
    sold: Mapping[PoolId, Sale] = field(default_factory=dict)  # pools under a contract

    @property
    def stores(self) -> bool:
        """Say whether this is a `store` job: only a centre with a cold store can take it."""
        return self.store_gb > 0 or self.store_months > 0


class WhyNot(StrEnum):
    """Why a pool cannot take a demand: one closed list, each with both languages in texts."""

    CLASS = "class-not-accepted"
    CARDS = "too-few-cards"
    CORES = "too-few-cores"
    MEMORY = "too-little-memory"
    DISK = "too-little-disk"
    LATENCY = "too-far"
    DEADLINE = "after-deadline"
    COST = "over-budget"
    SILENT = "centre-silent"
    FAILED_THERE = "failed-there"
    ELSEWHERE = "data-elsewhere"
    CAPABILITY = "capability-missing"
    NO_STORE = "no-cold-store"
    FULL = "full-over-horizon"
    TOO_SLOW = "over-time-limit"
    NOT_SOLD = "not-sold-by-broker"
    BROKER_SHORT = "broker-short-of-money"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One pool, with a start, every figure that decides, and its reason."""

    pool_id: PoolId
    centre_id: CentreId
    centre: str
    zone: ZoneId
    card_class: CardClass
    cards: int
    start: Instant | None
    finish: Instant | None
    run_time: timedelta
    data_time: timedelta
    price: Money  # per card-hour at the start
    compute_cost: Money
    data_cost: Money
    store_cost: Money
    cost: Money  # expected, fee and tax included
    cost_at_most: Money  # the hold: what it costs if it runs to its time limit
    energy_wh: float
    carbon_g: float  # location-based, modelled hourly
    carbon_intensity: float  # gCO₂e/kWh of the start hour, at the meter
    latency_ms: float | None  # one way, estimated, from the buyer's home
    score: float | None  # lower is better; None when infeasible
    why_not: WhyNot | None = None
    why_detail: Mapping[str, str] = field(default_factory=dict)  # e.g. needed, found
    chosen: bool = False
    # A feasible row's reason: "cheapest", "soonest", "greenest", "nearest" or "balance" where it is
    # chosen, else how it differs from the chosen row: "dearer", "later", "dirtier", "farther",
    # "equal". `why_detail` has by how much.
    why: str = ""
    speed: float = 1.0  # relative speed that the run time was worked out with
    speed_known: bool = True  # False: nobody stated one, so 1 was taken
    reserved_until: Instant | None = None  # the cards are kept until here: data and time limit
    waits: timedelta = timedelta(0)  # starts that much later than it could, for a better hour
    carbon_basis: str = "modelled hourly"  # or "national average"

"""One pool's terms for one job: how long data and run take, and what each start costs and emits.

Times are µs since 1970 and money is in smallest units here: this is the inner loop of placement.

    start ──▶ data in ──▶ run (or until the time limit) ──▶ data out ──▶ cards free again
              bytes ÷ bandwidth + latency    expected ÷ speed
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from functools import cache
from math import ceil

from suanwang.basics.money import round_exactly
from suanwang.grid.catalogue import City, Position, latency, place
from suanwang.grid.catalogue.links import estimated
from suanwang.grid.centre import Centre, PoolState
from suanwang.grid.demand import Demand
from suanwang.grid.energy import carbon_region, draw_of, gram_micros, gram_micros_each_hour, grams
from suanwang.grid.fees import TakeRates
from suanwang.grid.hourly import HOUR_MICROS

GB = 10**9
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a job means at one pool, before a start is chosen."""

    state: PoolState
    cards: int
    speed: float
    speed_known: bool
    in_micros: int
    run_micros: int
    limit_micros: int
    out_micros: int
    data_units: int
    store_units: int
    latency_ms: float | None
    region: str
    active_w: float  # all cards at the meter, PUE included
    idle_w: float
    take: TakeRates

    @property
    def kept_micros(self) -> int:
        """How long the cards are kept from other jobs: data and the whole time limit."""
        return self.in_micros + self.limit_micros + self.out_micros

    @property
    def whole_micros(self) -> int:
        """How long from the start to the expected finish."""
        return self.in_micros + self.run_micros + self.out_micros

    def compute_units(self, start: int) -> int:
        """Return what the cards cost for the expected run."""
        begin = start + self.in_micros
        return self._cards_cost(begin, begin + self.run_micros)

    def cost_units(self, start: int) -> int:
        """Return the expected cost in all, fee and tax included."""
        charge = self.compute_units(start) + self.data_units + self.store_units
        return self.take.total_units(charge)

    def most_units(self, start: int) -> int:
        """Return the most it can cost: the whole time limit, whether data comes late or early.

        Where prices change by the hour a bill rounds each part by itself, so one unit for each
        hour begun is added.
        """
        begin = start + self.in_micros
        most = self._cards_cost(begin, begin + self.limit_micros)
        if not self.state.pool.price.is_flat:
            most = max(most, self._cards_cost(start, start + self.limit_micros))
            most += self.limit_micros // HOUR_MICROS + 2
        return self.take.total_units(most + self.data_units + self.store_units)

    def _cards_cost(self, start: int, end: int) -> int:
        whole = self.state.pool.price.unit_micros(start, end) * self.cards
        return (2 * whole + HOUR_MICROS) // (2 * HOUR_MICROS)  # half up, as ListPrice.cost_over

    def carbon_g(self, start: int) -> float:
        """Return the carbon of waiting for data and of the run, hour by hour."""
        if not self.cards:
            return 0.0
        begin, end = start + self.in_micros, start + self.in_micros + self.run_micros
        at_begin, at_end = gram_micros(self.region, begin), gram_micros(self.region, end)
        carbon = grams(self.active_w, at_end - at_begin)
        waiting = 0
        if self.in_micros:
            waiting += at_begin - gram_micros(self.region, start)
        if self.out_micros:
            waiting += gram_micros(self.region, end + self.out_micros) - at_end
        return carbon + grams(self.idle_w, waiting)

    def compute_raw_each_hour(self, first: int, count: int) -> list[int]:
        """Return what a card costs (units × µs) for starts an hour apart, from `first` on."""
        price = self.state.pool.price
        return price.unit_micros_each_hour(first + self.in_micros, count, self.run_micros)

    def carbon_each_hour(self, first: int, count: int) -> list[float]:
        """Return the carbon of starts an hour apart, in watts × gram-µs: good for comparing."""
        cuts = (0, self.in_micros, self.in_micros + self.run_micros, self.whole_micros)
        # Without data two of the four instants are one.
        totals = {cut: gram_micros_each_hour(self.region, first + cut, count) for cut in set(cuts)}
        at = [totals[cut] for cut in cuts]
        active, idle = self.active_w, self.idle_w
        return [
            active * (end - begin) + idle * (begin - start + done - end)
            for start, begin, end, done in zip(*at, strict=True)
        ]

    def energy_wh(self) -> float:
        """Return the energy at the meter."""
        waiting = self.in_micros + self.out_micros
        return (self.active_w * self.run_micros + self.idle_w * waiting) / HOUR_MICROS


def latency_between(home: City | None, centre: Centre) -> float | None:
    """Return the one-way latency from the buyer's home city, in ms; None without a home."""
    return None if home is None else _latency(home.id, home.position, centre.zone, centre.position)


@cache
def _latency(home_id: str, home: Position, zone: str, own: Position | None) -> float:
    """Measured if the pair was, else estimated; a centre off its zone's centre is always that."""
    if own is not None:
        return estimated(home, own).one_way_ms
    there = place(zone)
    # "chongqing" is a city and a zone: two points, one id, so no measured pair can be meant.
    if home_id == there.id:
        return estimated(home, there.position).one_way_ms
    return latency(home_id, there).one_way_ms


def terms(demand: Demand, state: PoolState, *, latency_ms: float | None, take: TakeRates) -> Terms:
    """Work out a job's terms at a pool."""
    pool, centre = state.pool, state.centre
    speed = demand.classes.get(pool.chip, 1.0)
    run = ceil(demand.expected // _MICROSECOND / speed)
    local = demand.data_at == centre.zone
    delay = ceil((0.0 if local or latency_ms is None else latency_ms) * 1000)
    draw = draw_of(pool.chip)
    at_meter = centre.pue * demand.cards
    return Terms(
        state=state,
        cards=demand.cards,
        speed=speed,
        speed_known=pool.chip in demand.classes,
        in_micros=_transfer_micros(demand.bytes_in, centre.bandwidth_mbps, delay),
        run_micros=run,
        limit_micros=demand.time_limit // _MICROSECOND,
        out_micros=_transfer_micros(demand.bytes_out, centre.bandwidth_mbps, delay),
        data_units=_data_units(demand, centre, local=local),
        store_units=_store_units(demand, centre),
        latency_ms=latency_ms,
        region=carbon_region(centre.province),
        active_w=draw.active_w * at_meter,
        idle_w=draw.idle_w * at_meter,
        take=take,
    )


def _transfer_micros(size: int, mbps: float, delay: int) -> int:
    # Bits ÷ (Mbit/s) are µs.
    return ceil(size * 8 / mbps) + delay if size else 0


def _data_units(demand: Demand, centre: Centre, *, local: bool) -> int:
    """Return the price of data in and out; what lies in the same zone already is not moved in."""
    price = centre.data_price_gb.units
    moved = (0 if local else demand.bytes_in, demand.bytes_out)
    return sum((2 * size * price + GB) // (2 * GB) for size in moved)


def _store_units(demand: Demand, centre: Centre) -> int:
    price = centre.cold_price_gb_month
    if not demand.stores or price is None:
        return 0
    months = Fraction(demand.store_gb) * Fraction(demand.store_months)
    return round_exactly(months * price.units)

"""Electricity by the hour and place: what it costs, what it emits, what a run draws.

    tariff      = base price of the province × time-of-use factor of the hour
    carbon      = official provincial average of 2023 × modelled multiplier of (month, hour)
    energy      = (cards × (active W × run + idle W × waiting)) × PUE

The provincial average is published (MEE and NBS, location-based); its hourly shape is our model
with a load-weighted mean of 1, so every hourly figure is "modelled hourly". The base price of an
end user is an estimate. Neither is ever shown as published.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from itertools import accumulate

from suanwang.basics.products import CardClass
from suanwang.basics.slots import BEIJING, Instant, Slot, to_micros
from suanwang.grid.catalogue import COUNTRY, chip, province
from suanwang.grid.catalogue.read import rows
from suanwang.grid.errors import FactorUnpublished
from suanwang.grid.hourly import (
    BEIJING_HOURS,
    BEIJING_MICROS,
    DAY_MICROS,
    HOUR_MICROS,
    HOURS,
    totals_each_hour,
)

CARBON_LABEL = "modelled hourly"
NATIONAL_LABEL = "national average"
# A busy accelerator draws most of its rated power, a waiting one about a seventh; SPECpower and
# vendors' idle figures scatter around these. Assumptions until a centre measures its own.
ACTIVE_SHARE = 0.90
IDLE_SHARE = 0.15
# Factors have four places and multipliers four, so their product is whole in 10⁻⁵ g/kWh.
_GRAMS = 10**5
_FIRST_YEAR = 1970  # where running totals start
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Factor:
    """An official emission factor with what it means; unlabelled ones are not accepted."""

    grams_per_kwh: Decimal
    year: str
    kind: str  # average, not marginal
    status: str
    source: str


def factor(province_id: str) -> Factor:
    """Return the official average emission factor of a province.

    Raises FactorUnpublished where the ministry publishes none, ProvinceUnknown for other names.
    """
    found = province(province_id)
    if found.factor_kg_per_kwh is None:
        raise FactorUnpublished(what="factor", province=found.id)
    return Factor(
        grams_per_kwh=found.factor_kg_per_kwh * 1000,
        year=found.factor_year,
        kind=found.factor_kind,
        status=found.factor_status,
        source=found.factor_source,
    )


@cache
def _multipliers() -> Mapping[tuple[str, int], tuple[Decimal, ...]]:
    return {
        (row["province"], int(row["month"])): tuple(
            Decimal(row[f"h{hour:02d}"]) for hour in range(HOURS)
        )
        for row in rows("carbon_hours")
    }


def multipliers(province_id: str, month: int) -> tuple[Decimal, ...]:
    """Return a month's 24 multipliers on the provincial factor, by Beijing hour.

    The country as a whole has no modelled shape: its multipliers are all 1.
    """
    known = province(province_id).id
    return (Decimal(1),) * HOURS if known == COUNTRY else _multipliers()[known, month]


@cache
def _grams_by_hour(province_id: str, month: int) -> tuple[int, ...]:
    # In 10⁻⁵ g/kWh, whole.
    grams = factor(province_id).grams_per_kwh * _GRAMS
    return tuple(int(grams * each) for each in multipliers(province_id, month))


def carbon_intensity(province_id: str, instant: Instant) -> float:
    """Return the modelled gCO₂e of a kWh at the meter in that hour."""
    local = instant.astimezone(BEIJING)
    return _grams_by_hour(province(province_id).id, local.month)[local.hour] / _GRAMS


@cache
def _before_year(province_id: str, year: int) -> int:
    """Return the running total (10⁻⁵ g/kWh × µs) at the start of a year, counted from 1970."""
    assert year >= _FIRST_YEAR, f"nothing is metered before {_FIRST_YEAR}"
    if year == _FIRST_YEAR:
        return 0
    return _before_year(province_id, year - 1) + sum(
        monthrange(year - 1, month)[1] * _day_total(province_id, month) for month in range(1, 13)
    )


@cache
def _day_total(province_id: str, month: int) -> int:
    return sum(_grams_by_hour(province_id, month)) * HOUR_MICROS


@lru_cache(maxsize=65536)
def _day(province_id: str, day: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return a day's running totals at each hour, and its hourly figures. Day 0 is in 1970."""
    when = date.fromordinal(day + _EPOCH_ORDINAL)
    hourly = _grams_by_hour(province_id, when.month)
    start = _before_year(province_id, when.year) + sum(
        monthrange(when.year, month)[1] * _day_total(province_id, month)
        for month in range(1, when.month)
    )
    start += (when.day - 1) * _day_total(province_id, when.month)
    return tuple(accumulate((each * HOUR_MICROS for each in hourly), initial=start)), hourly


def gram_micros(province_id: str, micros: int) -> int:
    """Return the running total of the carbon intensity at an instant (µs since 1970).

    The difference of two is the integral between them, in 10⁻⁵ g/kWh × µs: exact, whatever the
    length of the span.
    """
    day, rest = divmod(micros + BEIJING_MICROS, DAY_MICROS)
    hour, past = divmod(rest, HOUR_MICROS)
    until, hourly = _day(province_id, day)
    return until[hour] + past * hourly[hour]


def gram_micros_each_hour(province_id: str, first: int, count: int) -> list[int]:
    """Return `gram_micros` at `count` instants an hour apart, from `first` on."""
    hour, past = divmod(first, HOUR_MICROS)
    rates = _rates(province_id, hour + BEIJING_HOURS, count)
    return totals_each_hour(rates, gram_micros(province_id, first), past)


@lru_cache(maxsize=4096)
def _rates(province_id: str, first: int, count: int) -> list[int]:
    begin, last = first // HOURS, (first + count - 1) // HOURS
    rates = [each for day in range(begin, last + 1) for each in _day(province_id, day)[1]]
    return rates[first - begin * HOURS :][:count]


def grams(watts: float, integral: int) -> float:
    """Turn watts and a difference of `gram_micros` into grams of CO₂e."""
    return watts * integral / (1000 * _GRAMS * HOUR_MICROS)


def carbon_g(province_id: str, slot: Slot, watts: float) -> float:
    """Return what a steady draw at the meter emits over a span, hour by hour (modelled hourly)."""
    known = province(province_id).id
    start, end = to_micros(slot.start), to_micros(slot.end)
    return grams(watts, gram_micros(known, end) - gram_micros(known, start))


@cache
def carbon_region(province_id: str) -> str:
    """Return whose factor a plan uses: the province's own, else the national average.

    Tibet and Hong Kong have no published factor; an option there says `NATIONAL_LABEL`.
    """
    found = province(province_id)
    return COUNTRY if found.factor_kg_per_kwh is None else found.id


def carbon_label(region: str) -> str:
    """Say how good the carbon figures of a region are."""
    return NATIONAL_LABEL if region == COUNTRY else CARBON_LABEL


@dataclass(frozen=True, slots=True)
class Draw:
    """What a card draws at the wall of its node, in watts, before PUE."""

    active_w: float
    idle_w: float


@cache
def draw_of(card_class: CardClass) -> Draw:
    """Return what a card of this class draws while it works and while it waits (a model)."""
    rated = chip(card_class).power_w
    return Draw(rated * ACTIVE_SHARE, rated * IDLE_SHARE)


def energy_wh(draw: Draw, cards: int, *, run: timedelta, waiting: timedelta, pue: float) -> float:
    """Return the energy at the meter of cards that run and wait for data, in watt-hours."""
    return pue * cards * (draw.active_w * (run / _HOUR) + draw.idle_w * (waiting / _HOUR))


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffHour:
    """An electricity price (yuan/kWh) with how it came about. Status P published, A assumption."""

    price: Decimal
    base: Decimal
    period: str
    factor: Decimal
    status: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    months: frozenset[int]
    hours: frozenset[int]
    period: str
    factor: Decimal
    status: str
    source: str


@cache
def _rules(tariff_id: str) -> tuple[_Rule, ...]:
    return tuple(
        _Rule(
            months=_span(row["months"], first=1, size=12),
            # "23-7" ends at seven o'clock, so the hour that starts then is out.
            hours=_span(row["hours"], first=0, size=HOURS) - _end_hour(row["hours"]),
            period=row["period"],
            factor=Decimal(row["factor"]),
            status=row["status"],
            source=row["source"],
        )
        for row in rows("time_of_use")
        if row["tariff"] == tariff_id
    )


def _span(text: str, *, first: int, size: int) -> frozenset[int]:
    """Read "7-8" or, over the end, "12-1"; both ends are in."""
    start, end = (int(each) for each in text.split("-"))
    length = end - start if end >= start else end - start + size
    return frozenset((start - first + i) % size + first for i in range(length + 1))


def _end_hour(text: str) -> frozenset[int]:
    end = int(text.split("-")[1])
    return frozenset((end,)) if end < HOURS else frozenset()


@cache
def _tariff(province_id: str, month: int, hour: int) -> TariffHour:
    found = province(province_id)
    if found.base_cny_per_kwh is None:
        raise FactorUnpublished(what="tariff", province=found.id)
    # The table is read from the general to the particular: a later rule overrides.
    rule = [r for r in _rules(found.tariff) if month in r.months and hour in r.hours][-1]
    return TariffHour(
        price=found.base_cny_per_kwh * rule.factor,
        base=found.base_cny_per_kwh,
        period=rule.period,
        factor=rule.factor,
        status="P" if (found.base_status, rule.status) == ("P", "P") else "A",
        sources=(found.base_source, rule.source),
    )


def tariff_hour(province_id: str, instant: Instant) -> TariffHour:
    """Return the electricity price of an hour with its parts and their status."""
    local = instant.astimezone(BEIJING)
    return _tariff(province(province_id).id, local.month, local.hour)


def tariff(province_id: str, instant: Instant) -> Decimal:
    """Return the electricity price of an hour in yuan per kWh. Raises FactorUnpublished."""
    return tariff_hour(province_id, instant).price

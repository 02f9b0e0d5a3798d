"""Electricity and carbon by province and hour: official figures exact, models labelled."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanwang.basics.slots import BEIJING, Slot, to_micros
from suanwang.grid.catalogue import province, provinces
from suanwang.grid.energy import (
    CARBON_LABEL,
    NATIONAL_LABEL,
    Draw,
    carbon_g,
    carbon_intensity,
    carbon_label,
    carbon_region,
    draw_of,
    energy_wh,
    factor,
    gram_micros,
    gram_micros_each_hour,
    multipliers,
    tariff,
    tariff_hour,
)
from suanwang.grid.errors import FactorUnpublished, ProvinceUnknown
from suanwang.grid.hourly import HOUR_MICROS

HOUR = timedelta(hours=1)
# MEE and NBS Announcement 2025 No. 47, Table 3, kgCO₂/kWh.
OFFICIAL = [
    "BJ",
    ".5554",
    "TJ",
    ".6796",
    "HE",
    ".6516",
    "SX",
    ".6634",
    "NM",
    ".6479",
    "LN",
    ".4878",
    "JL",
    ".4671",
    "HL",
    ".5229",
    "SH",
    ".5737",
    "JS",
    ".5827",
    "ZJ",
    ".4974",
    "AH",
    ".6553",
    "FJ",
    ".4211",
    "JX",
    ".5836",
    "SD",
    ".6191",
    "HA",
    ".5897",
    "HB",
    ".4044",
    "HN",
    ".4976",
    "GD",
    ".4419",
    "GX",
    ".4476",
    "HI",
    ".3648",
    "CQ",
    ".5581",
    "SC",
    ".1564",
    "GZ",
    ".5683",
    "YN",
    ".1333",
    "SN",
    ".6335",
    "GS",
    ".4471",
    "QH",
    ".1796",
    "NX",
    ".6187",
    "XJ",
    ".6021",
]


def beijing(hour: int, *, month: int = 7, day: int = 15) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=BEIJING)


@cache
def loads() -> dict[tuple[str, int], list[int]]:
    """Each month-hour's share of a province's yearly load, in millionths (PyPSA-China, CC0)."""
    path = Path(__file__).parent / "load_month_hour.csv"
    with path.open(encoding="utf-8") as file:
        return {
            (row["province"], int(row["month"])): [int(row[f"h{h:02d}"]) for h in range(24)]
            for row in csv.DictReader(file)
        }


def test_factors_are_the_official_ones_to_four_decimals():
    stated = dict(zip(OFFICIAL[::2], OFFICIAL[1::2], strict=True))
    assert len(stated) == 30
    for name, kg in stated.items():
        found = factor(f"CN-{name}")
        assert found.grams_per_kwh == Decimal(kg) * 1000
        assert (found.year, found.kind, found.status) == ("2023", "average", "P")


def test_where_nothing_is_published_nothing_is_guessed():
    unpublished = {each.id for each in provinces() if each.factor_kg_per_kwh is None}
    assert unpublished == {"CN-XZ", "CN-HK"}
    with pytest.raises(FactorUnpublished):
        factor("CN-XZ")
    with pytest.raises(FactorUnpublished):
        tariff("CN-HK", beijing(12))
    with pytest.raises(ProvinceUnknown):
        factor("Atlantis")


def test_a_plan_in_an_unpublished_province_uses_the_national_average_and_says_so():
    assert carbon_region("CN-XZ") == "CN"
    assert carbon_label("CN") == NATIONAL_LABEL
    assert carbon_intensity("CN", beijing(3)) == 530.6
    assert carbon_region("宁夏") == "CN-NX"
    assert carbon_label("CN-NX") == CARBON_LABEL == "modelled hourly"


@pytest.mark.parametrize("name", sorted({province for province, _ in loads()}))
def test_the_load_weighted_mean_of_the_hourly_multiplier_is_one(name):
    weighted = total = Decimal(0)
    for month in range(1, 13):
        for load, multiplier in zip(loads()[name, month], multipliers(name, month), strict=True):
            weighted += load * multiplier
            total += load
    assert abs(weighted / total - 1) < Decimal("0.01")


def test_moving_west_raises_location_carbon_and_waiting_for_the_sun_lowers_it():
    guangdong = float(factor("CN-GD").grams_per_kwh) * 1.25
    ningxia = float(factor("CN-NX").grams_per_kwh) * 1.15
    assert (round(guangdong), round(ningxia)) == (552, 712)
    noons = [multipliers("CN-NX", month)[hour] for month in range(1, 13) for hour in range(12, 16)]
    mean = sum(noons) / len(noons)
    assert round(mean, 3) == Decimal("0.349")
    assert round(ningxia * float(mean)) == 248


def test_a_july_noon_in_ningxia_is_a_quarter_of_its_morning():
    noon, morning = (carbon_intensity("CN-NX", beijing(hour)) for hour in (13, 6))
    assert noon == pytest.approx(0.34 * 618.7, rel=0.01)
    assert morning == pytest.approx(1.40 * 618.7, rel=0.01)


@pytest.mark.parametrize(
    ("where", "month", "hour", "period", "price"),
    [
        ("CN-GZ", 3, 3, "valley", "0.2475"),  # 0.55 × 0.45
        ("CN-GZ", 3, 6, "valley", "0.2475"),
        ("CN-GZ", 3, 7, "flat", "0.55"),
        ("CN-GZ", 3, 8, "peak", "0.825"),
        ("CN-GZ", 3, 12, "flat", "0.55"),
        ("CN-GZ", 3, 18, "peak", "0.825"),
        ("CN-GZ", 7, 18, "sharp", "1.10"),
        ("CN-GZ", 1, 19, "sharp", "1.10"),
        ("CN-GZ", 12, 20, "peak", "0.825"),
        ("CN-GZ", 3, 21, "flat", "0.55"),
        ("CN-GZ", 3, 23, "valley", "0.2475"),
        ("CN-NX", 7, 13, "valley", "0.2364"),  # the north-west moved its valley to midday
        ("CN-NX", 7, 18, "peak", "0.591"),
        ("CN-NX", 7, 3, "flat", "0.394"),
    ],
)
def test_a_tariff_is_the_base_price_times_the_factor_of_the_hour(where, month, hour, period, price):
    found = tariff_hour(where, beijing(hour, month=month))
    assert (found.period, found.price) == (period, Decimal(price))
    assert found.price == found.base * found.factor == tariff(where, beijing(hour, month=month))


def test_an_estimated_tariff_never_passes_as_published():
    for each in provinces():
        if each.base_cny_per_kwh is not None:
            found = tariff_hour(each.id, beijing(12))
            assert found.status == "A"
            assert len(found.sources) == 2
            assert each.benchmark_status == "P"
    assert province("CN-NX").benchmark_cny_per_kwh == Decimal("0.2595")


instants = st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))


@given(
    where=st.sampled_from(["CN-NX", "CN-SC", "CN", "CN-BJ"]),
    start=instants,
    length=st.timedeltas(timedelta(seconds=1), timedelta(days=5)),
)
def test_carbon_over_a_span_is_the_sum_over_its_hours(where, start, length):
    span = Slot(start, start + length)
    naive = sum(
        carbon_intensity(where, hour.start) * (hour.length / HOUR) * 0.7 for hour in span.hours()
    )
    assert carbon_g(where, span, 700) == pytest.approx(naive, rel=1e-9, abs=1e-9)


@given(where=st.sampled_from(["CN-NX", "CN"]), start=instants, count=st.integers(1, 80))
def test_totals_an_hour_apart_are_the_single_totals(where, start, count):
    first = to_micros(start)
    each = [gram_micros(where, first + i * HOUR_MICROS) for i in range(count)]
    assert gram_micros_each_hour(where, first, count) == each


def test_a_century_of_carbon_is_no_trouble():
    span = Slot(datetime(1970, 1, 2, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
    assert carbon_g("CN", span, 1000) == pytest.approx(530.6 * (span.length / HOUR))
    with pytest.raises(AssertionError):
        gram_micros("CN-NX", to_micros(datetime(1969, 5, 1, tzinfo=UTC)))


def test_energy_counts_running_waiting_and_cooling():
    found = energy_wh(Draw(300, 50), 8, run=2 * HOUR, waiting=HOUR / 2, pue=1.25)
    assert found == 1.25 * 8 * (300 * 2 + 50 * 0.5)


def test_a_card_draws_most_of_its_rated_power_while_it_works():
    found = draw_of("a100-80g-sxm")
    assert (found.active_w, found.idle_w) == (360, 60)


def test_the_multipliers_cover_every_province_and_month():
    shaped = {each.id for each in provinces()} - {"CN-HK"}
    assert {name for name, _ in loads()} == shaped
    assert all(len(multipliers(name, month)) == 24 for name in shaped for month in range(1, 13))
    assert date(1970, 1, 1).toordinal() == 719_163

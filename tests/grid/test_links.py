"""Latency: the stated model, measured overrides, and never a number without its meaning."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanwang.grid.catalogue import (
    Basis,
    LatencyKind,
    Position,
    bandwidth_prices,
    cities,
    city,
    latency,
    zone,
    zones,
)
from suanwang.grid.catalogue.links import distance_km, estimated
from suanwang.grid.catalogue.read import rows

ONE_WAY, RTT = LatencyKind.ONE_WAY, LatencyKind.RTT


@pytest.mark.parametrize(
    ("here", "there", "one_way", "round_trip"),
    [
        ("horinger", "beijing", 3.8, 7.5),
        ("guian", "guangzhou", 6.3, 12.6),
        ("guian", "shanghai", 11.7, 23.3),
        ("zhongwei", "beijing", 7.9, 15.8),
        ("zhongwei", "shanghai", 12.3, 24.6),
        ("zhongwei", "shenzhen", 13.8, 27.6),
        ("zhangjiakou", "guian", 13.1, 26.3),
    ],
)
def test_the_model_gives_the_stated_times(here, there, one_way, round_trip):
    found = latency(here, there)
    assert round(found.one_way_ms, 1) == one_way
    assert found.round_trip_ms == pytest.approx(round_trip, abs=0.06)
    assert (found.kind, found.basis) == (ONE_WAY, Basis.ESTIMATED)


def test_every_pair_of_zones_meets_20_ms_one_way_and_long_ones_miss_it_both_ways():
    pairs = list(combinations(zones(), 2))
    assert all(latency(a, b).within(20, ONE_WAY) for a, b in pairs)
    assert not latency("zhongwei", "shanghai").within(20, RTT)


def test_a_measured_pair_overrides_the_estimate_and_says_so():
    found = latency("shanghai", "beijing")
    assert found == latency("beijing", "shanghai")
    assert (found.ms, found.kind, found.basis) == (28.6, RTT, Basis.MEASURED)
    assert (found.one_way_ms, found.round_trip_ms) == (14.3, 28.6)
    assert found.within(15, ONE_WAY)
    assert not found.within(20, RTT)


def test_no_measured_pair_ends_where_a_zone_and_a_city_share_an_id():
    shared = {each.id for each in zones()} & {each.id for each in cities()}
    ends = {row[end] for row in rows("latency_measured") for end in ("from", "to")}
    assert not shared & ends


def test_a_zone_and_the_city_of_its_name_are_two_points():
    found = latency(zone("chongqing"), city("chongqing"))
    assert 1.1 < found.ms < 1.3


points = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))


@given(points, points)
def test_distance_is_symmetric_and_within_half_the_globe(a, b):
    assert distance_km(a, b) == pytest.approx(distance_km(b, a), abs=1e-6)
    assert 0 <= distance_km(a, b) <= 20_016
    assert estimated(a, b).ms >= 1.0
    assert distance_km(a, a) == 0


def test_list_prices_of_bandwidth_are_their_monthly_price_over_their_speed():
    for each in bandwidth_prices():
        least, most = each.cny_per_mbps_month
        assert 0 < least <= most
        if each.cny_per_month is not None:
            assert each.cny_per_month / each.mbps == pytest.approx(least, rel=0.001)
            assert each.status == "P"
        else:
            assert each.status == "A"

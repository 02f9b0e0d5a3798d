"""Centres and pools come over the wire whole, or are refused by the name of what is wrong."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.grid.builders import (
    NOW,
    PEAK_AND_VALLEY,
    a_centre,
    a_pool,
    a_state,
    centre_id,
    pool_id,
    slot,
    yuan,
)

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.errors import Invalid
from suanwang.grid.catalogue import Position, zone
from suanwang.grid.centre import BANDWIDTH_DEFAULT_MBPS, PUE_DEFAULT, Centre, Pool
from suanwang.grid.errors import GridInvalid
from suanwang.grid.profile import Profile


def centre_wire(**changes) -> dict:
    wire = a_centre().to_wire() | changes
    return {key: value for key, value in wire.items() if value is not ...}


def pool_wire(**changes) -> dict:
    wire = a_pool().to_wire() | changes
    return {key: value for key, value in wire.items() if value is not ...}


@pytest.mark.parametrize(
    "centre",
    [
        a_centre(),
        a_centre(zone="beijing"),
        a_centre(
            pue=1.15,
            capabilities=frozenset({"image", "environment:science"}),
            data_price_gb=yuan("0.10"),
            cold_price_gb_month=yuan("0.012"),
            bandwidth_mbps=200.0,
            last_seen=NOW,
            position=Position(37.5, 105.2),
        ),
    ],
    ids=["in a zone", "in a city", "all facts"],
)
def test_a_centre_survives_the_wire(centre):
    wire = json.loads(canonical_bytes(centre.to_wire()))
    read = Centre.from_wire(wire)
    assert read.to_wire() == centre.to_wire()
    assert (read.id, read.zone, read.at()) == (centre.id, centre.zone, centre.at())


@pytest.mark.parametrize("price", ["4.00", PEAK_AND_VALLEY])
def test_a_pool_survives_the_wire(price):
    pool = a_pool(price=price, memory_gb=0.5, nodes=3)
    assert Pool.from_wire(json.loads(canonical_bytes(pool.to_wire()))) == pool
    assert pool.cards == 24


def test_a_newcomer_needs_no_ids_of_its_own():
    centre = Centre.from_wire(centre_wire(id=...), centre_id=centre_id(7))
    pool = Pool.from_wire(pool_wire(id=..., centre=...), pool_id=pool_id(8), centre_id=centre.id)
    assert (centre.id, pool.id, pool.centre) == (centre_id(7), pool_id(8), centre_id(7))


def test_what_a_centre_does_not_state_has_a_default():
    centre = Centre.from_wire({"name": "West", "zone": "zhongwei"}, centre_id=centre_id(1))
    assert centre.pue == PUE_DEFAULT
    assert centre.bandwidth_mbps == BANDWIDTH_DEFAULT_MBPS
    assert centre.data_price_gb == yuan("0")
    assert centre.cold_price_gb_month is None
    assert centre.capabilities == frozenset()
    assert (centre.city, centre.province) == ("Zhongwei", "CN-NX")
    assert centre.at() == zone("zhongwei").position


@pytest.mark.parametrize(
    ("facts", "zone_id", "city", "province"),
    [
        ({"zone": "zhongwei", "city": "Zhongwei"}, "zhongwei", "Zhongwei", "CN-NX"),
        ({"zone": "guian", "province": "贵州"}, "guian", "Gui'an", "CN-GZ"),
        ({"zone": "beijing"}, "beijing", "Beijing", "CN-BJ"),
        ({"zone": "beijing", "city": "Beijing"}, "beijing", "Beijing", "CN-BJ"),
        ({"zone": "beijing", "city": "北京"}, "beijing", "北京", "CN-BJ"),
        ({"zone": "xian", "city": "Xi'an"}, "xian", "Xi'an", "CN-SN"),
        (
            {"zone": "zunyi", "city": "Zunyi", "province": "guizhou",
             "latitude": "27.7", "longitude": "106.9"},
            "zunyi", "Zunyi", "CN-GZ",
        ),
        (
            {"zone": "zunyi", "province": "guizhou", "latitude": 27.7, "longitude": 106.9},
            "zunyi", "zunyi", "CN-GZ",
        ),
    ],
)  # fmt: skip
def test_a_centre_is_in_one_of_the_ten_zones_or_its_zone_is_its_city(
    facts, zone_id, city, province
):
    centre = Centre.from_wire({"name": "x"} | facts, centre_id=centre_id(1))
    assert (centre.zone, centre.city, centre.province) == (zone_id, city, province)


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"zone": ...}, "fact-missing", "zone"),
        ({"zone": "zongwei", "city": ...}, "place-unknown", "zongwei"),
        ({"zone": "wuhuu", "city": "Wuhu"}, "zone-not-of-centre", "Wuhu"),
        ({"zone": "zunyi", "city": "Zunyi"}, "place-unknown", "zunyi"),
        ({"province": "Ninxia"}, "province-unknown", "ningxia"),
        ({"name": "  "}, "fact-not-text", "name"),
        ({"name": "x" * 201}, "fact-not-text", "200"),
        ({"name": "\x1b[2Jx"}, "fact-not-text", "name"),
        ({"id": "job_1"}, "id-unreadable", "ctr"),
        ({"pue": "0.9"}, "fact-not-number", "pue"),
        ({"pue": "cold"}, "fact-not-number", "cold"),
        ({"pue": "nan"}, "fact-not-number", "nan"),
        ({"pue": True}, "fact-not-number", "pue"),
        ({"pue": 10**400}, "fact-not-number", "pue"),
        ({"capabilities": "image"}, "fact-not-list", "image"),
        ({"capabilities": ["image", 3]}, "fact-not-text", "capabilities/1"),
        ({"data_price_gb": 0.1}, "fact-not-price", "data_price_gb"),
        ({"cold_price_gb_month": "-0.1"}, "fact-not-price", "cold_price_gb_month"),
        ({"bandwidth_mbps": 0}, "fact-not-number", "bandwidth_mbps"),
        ({"last_seen": "yesterday"}, "instant-unreadable", "yesterday"),
        ({"latitude": "37"}, "fact-missing", "longitude"),
        ({"colour": "red"}, "fact-unknown", "colour"),
    ],
)
def test_a_wrong_centre_is_refused_by_the_name_of_its_field(changes, code, says):
    with pytest.raises(Invalid) as caught:
        Centre.from_wire(centre_wire(**changes))
    assert caught.value.code == code
    for lang in ("en", "zh"):
        assert says in caught.value.message(lang)


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"chip": "a100"}, "chip-unknown", "a100"),
        ({"nodes": 0}, "fact-not-whole", "nodes"),
        ({"nodes": "3"}, "fact-not-whole", "nodes"),
        ({"nodes": True}, "fact-not-whole", "nodes"),
        ({"cards_per_node": 1025}, "fact-not-whole", "1024"),
        ({"memory_gb": "-4"}, "fact-not-number", "memory_gb"),
        ({"price": "4.00"}, "fact-not-mapping", "price"),
        ({"price": ...}, "fact-missing", "price"),
        ({"price": {"kind": "flat", "price": "four"}}, "fact-not-price", "price/price"),
    ],
)
def test_a_wrong_pool_is_refused_by_the_name_of_its_field(changes, code, says):
    with pytest.raises(GridInvalid) as caught:
        Pool.from_wire(pool_wire(**changes))
    assert caught.value.code == code
    assert says in caught.value.message("en")


def test_a_pool_takes_its_row_of_a_table_per_class():
    table = {"kind": "per_class", "classes": {"a100-80g-sxm": {"kind": "flat", "price": "2"}}}
    assert Pool.from_wire(pool_wire(price=table)) == a_pool(price="2")


@pytest.mark.parametrize("wire", [None, [], "x", 3, {1: 2}])
def test_what_is_no_object_is_refused(wire):
    for read in (Centre.from_wire, Pool.from_wire):
        with pytest.raises(GridInvalid):
            read(wire)


def _nested(inner):
    return st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    _nested,
    max_leaves=6,
)


def read_or_refused(read, wire):
    """Read it, or return a refusal that speaks Chinese; anything else breaks the test."""
    try:
        return read(wire)
    except Invalid as refusal:
        return refusal.message("zh")


@given(st.sampled_from(sorted(centre_wire())), anything)
def test_no_centre_that_anyone_can_send_breaks_us(field, value):
    assert read_or_refused(Centre.from_wire, centre_wire() | {field: value})


@given(st.sampled_from(sorted(pool_wire())), anything)
def test_no_pool_that_anyone_can_send_breaks_us(field, value):
    assert read_or_refused(Pool.from_wire, pool_wire() | {field: value})


def test_reserving_adds_to_what_is_sold_and_leaves_the_state_before_alone():
    state = a_state(busy=[(slot(0, 2), 3)])
    after = state.reserve(slot(1, 4), 2)
    assert after.busy == ((slot(0, 2), 3), (slot(1, 4), 2))
    assert after.profile == Profile.of(after.busy)
    assert state.profile == Profile.of([(slot(0, 2), 3)])

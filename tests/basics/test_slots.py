from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanwang.basics.products import CardClass, ProductId, ZoneId
from suanwang.basics.slots import (
    InstantUnreadable,
    Slot,
    SlotEmpty,
    day_slot,
    format_instant,
    from_micros,
    market_day,
    parse_instant,
    to_micros,
)  # fmt: skip


def at(text: str) -> datetime:
    return parse_instant(f"2026-11-24T{text}Z")


def slot(start: str, end: str) -> Slot:
    return Slot(at(start), at(end))


@pytest.mark.parametrize("text", ["2026-11-24", "2026-11-24T09:00:00", "", "soon", None])
def test_an_instant_without_an_offset_is_a_guess_and_refused(text):
    with pytest.raises(InstantUnreadable):
        parse_instant(text)


def test_instants_read_and_write():
    assert parse_instant("2026-11-24T17:00:00+08:00") == at("09:00:00")
    assert format_instant(at("09:00:00")) == "2026-11-24T09:00:00Z"


@given(st.datetimes(timezones=st.just(UTC)))
def test_microseconds_are_exact(instant):
    assert from_micros(to_micros(instant)) == instant


def test_slots_are_half_open():
    nine = slot("09:00:00", "10:00:00")
    assert at("09:00:00") in nine
    assert at("10:00:00") not in nine
    assert not nine.overlaps(slot("10:00:00", "11:00:00"))
    assert nine.overlap(slot("09:45:00", "11:00:00")) == timedelta(minutes=15)
    assert nine.overlap(slot("11:00:00", "12:00:00")) == timedelta(0)
    assert nine.length == timedelta(hours=1)


def test_an_empty_slot_is_refused():
    with pytest.raises(SlotEmpty):
        slot("10:00:00", "10:00:00")


def test_hours_cut_at_whole_hours():
    assert list(slot("09:30:00", "11:15:00").hours()) == [
        slot("09:30:00", "10:00:00"), slot("10:00:00", "11:00:00"), slot("11:00:00", "11:15:00"),
    ]  # fmt: skip


def test_a_market_day_is_beijings():
    assert market_day(at("15:59:59")) == date(2026, 11, 24)
    assert market_day(at("16:00:00")) == date(2026, 11, 25)
    day = day_slot(date(2026, 11, 25))
    assert (day.start, day.length) == (at("16:00:00"), timedelta(days=1))


def test_a_product_is_class_zone_and_slot():
    product = ProductId(CardClass("a100-80g-sxm"), ZoneId("guian"), slot("09:00:00", "10:00:00"))
    assert str(product) == "a100-80g-sxm@guian/20261124T0900Z"

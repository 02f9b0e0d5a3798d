from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.jobs.builders import NOON

from suanwang.basics.money import Money
from suanwang.jobs.errors import Wrong
from suanwang.jobs.values import (
    IndexRange,
    format_duration,
    format_size,
    format_when,
    instant_of,
    parse_array,
    parse_duration,
    parse_number,
    parse_price,
    parse_size,
    parse_when,
    shown,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("20m", 1200),
        ("2h", 7200),
        ("3d", 259_200),
        ("1h30m", 5400),
        ("1d2h3m4s", 93_784),
        ("007s", 7),
    ],
)
def test_durations_read(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "duration-unreadable"), ("90", "duration-unreadable"), ("1.5h", "duration-unreadable"),
        ("30m1h", "duration-unreadable"), ("-1h", "duration-unreadable"), ("1 h", "duration-unreadable"),
        ("٣h", "duration-unreadable"), (600, "duration-unreadable"), (None, "duration-unreadable"),
        ("0s", "out-of-range"), ("3651d", "out-of-range"), ("999999999d", "out-of-range"),
    ],
)  # fmt: skip
def test_durations_that_do_not_read_say_why(value, code):
    with pytest.raises(Wrong) as wrong:
        parse_duration(value)
    assert wrong.value.code == code


@given(st.integers(1, 3650 * 86_400))
def test_a_duration_is_read_as_it_was_written(seconds):
    duration = timedelta(seconds=seconds)
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("500MB", 500 * 10**6), ("4GB", 4 * 10**9), ("2GiB", 2**31), ("1TB", 10**12), ("1.5 kB", 1500),
        ("3B", 3), ("0.1B", 1), ("1PiB", 2**50),
    ],
)  # fmt: skip
def test_sizes_read(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("value", "code"),
    [("4", "size-unreadable"), ("4G", "size-unreadable"), ("4gb", "size-unreadable"), (4, "size-unreadable"),
     ("kiB", "size-unreadable"), ("4kiB", "size-unreadable"), ("0GB", "out-of-range"), ("1001PB", "out-of-range")],
)  # fmt: skip
def test_sizes_that_do_not_read_say_why(value, code):
    with pytest.raises(Wrong) as wrong:
        parse_size(value)
    assert wrong.value.code == code


@given(st.integers(1, 10**18))
def test_a_size_is_read_as_it_was_written(size):
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("6h", timedelta(hours=6)),
        ("2026-11-24T18:00:00+08:00", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24T10:00:00Z", datetime(2026, 11, 24, 10, tzinfo=UTC)),
    ],
)
def test_a_time_or_a_duration_from_now(text, when):
    assert parse_when(text) == when
    assert parse_when(format_when(when)) == when
    assert parse_when(when) == when


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2026-11-24",
        "2026-11-24T18:00:00",
        "now",
        5,
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:00",
    ],
)
def test_a_time_without_offset_is_a_guess(value):
    with pytest.raises(Wrong) as wrong:
        parse_when(value)
    assert wrong.value.code == "when-unreadable"


def test_a_duration_counts_from_now():
    assert instant_of(timedelta(hours=6), now=NOON) == NOON + timedelta(hours=6)
    assert instant_of(NOON, now=NOON + timedelta(hours=1)) == NOON
    assert instant_of(None, now=NOON) is None


@pytest.mark.parametrize(
    ("value", "units"),
    [
        ("12.50", 12_500_000),
        (300, 300_000_000),
        (Decimal("0.000001"), 1),
        (0.3, 300_000),
        (Money(5), 5),
    ],
)
def test_prices_read(value, units):
    assert parse_price(value) == Money(units)


@pytest.mark.parametrize(
    ("value", "code"),
    [("¥3", "price-unreadable"), ("1e3", "price-unreadable"), ("1_0", "price-unreadable"), (True, "price-unreadable"),
     (float("nan"), "price-unreadable"), (10**40, "price-unreadable"), ("0.0000001", "price-unreadable"),
     (0, "out-of-range"), ("-5", "out-of-range"), (None, "price-unreadable")],
)  # fmt: skip
def test_prices_that_do_not_read_say_why(value, code):
    with pytest.raises(Wrong) as wrong:
        parse_price(value)
    assert wrong.value.code == code


@pytest.mark.parametrize("value", ["x", None, [], float("inf"), "1" * 99])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(Wrong, match="expected a number such as 1"):
        parse_number(value, least=Decimal(0), most=Decimal(1), example="1")


def test_an_array_counts_both_ends():
    indices = parse_array("3-7")
    assert (len(indices), list(indices), str(indices)) == (5, [3, 4, 5, 6, 7], "3-7")
    assert parse_array(indices) is indices
    assert parse_array("5-5") == IndexRange(5, 5)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("hi", '"hi"'), ('a"b\\', '"a\\"b\\\\"'), ("\x1b[2J", '"\\u001b[2J"'), ("x" * 99, '"' + "x" * 59 + '…"'),
        (None, "null"), (True, "true"), (1, "1"), (1.5, "1.5"), (Decimal("1E-7"), "0.0000001"), (2**70, "≈ 2^71"),
        ({1: 2}, "{…}"), ([1], "[…]"), (object, "?"),
    ],
)  # fmt: skip
def test_a_found_value_is_shown_in_one_safe_line(value, says):
    assert shown(value) == says

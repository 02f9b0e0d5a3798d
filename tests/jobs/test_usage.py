from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.jobs.builders import NOON, a_lease, a_usage, an_id

from suanwang.basics.ids import JobId
from suanwang.jobs.errors import UsageUnreadable
from suanwang.jobs.reasons import REASONS
from suanwang.jobs.usage import EndedBy, UsageRecord, UsageRefusal, refusals

amounts = st.decimals("0", "1000000000", places=6)


def test_a_record_is_signed_as_canonical_json():
    wire = json.loads(a_usage(seconds="60.50").signing_bytes())
    assert wire["wall_seconds"] == "60.5"
    assert wire["cpu_seconds"] == "55.5"
    assert wire["started_at"] == "2026-11-24T04:00:00Z"
    assert wire["token"] == 1
    assert (wire["energy_basis"], wire["ended_by"]) == ("modelled", "exit")
    assert list(wire) == sorted(wire)


@pytest.mark.parametrize("text", ["60", "60.0", "6E+1", "060.000"])
def test_one_number_has_one_text(text):
    assert a_usage(wall_seconds=Decimal(text)).to_wire()["wall_seconds"] == "60"


@given(wall=amounts, energy=amounts, exit_code=st.integers(-255, 255))
def test_a_record_reads_as_it_was_written(wall, energy, exit_code):
    record = a_usage(
        wall_seconds=wall, energy_wh=energy, exit_code=exit_code, ended_by=EndedBy.CANCEL
    )
    again = UsageRecord.from_wire(json.loads(record.signing_bytes()))
    assert again == record
    assert again.signing_bytes() == record.signing_bytes()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("token", "1", "token: "),
        ("token", True, "token: "),
        ("wall_seconds", 60, "wall_seconds: "),
        ("wall_seconds", "1e3", "wall_seconds: "),
        ("wall_seconds", "٣", "wall_seconds: "),
        ("cpu_seconds", "NaN", "cpu_seconds: "),
        ("job_id", "lse_1", "Expected an id"),
        ("started_at", "2026-11-24T04:00:00", "RFC 3339"),
        ("energy_basis", "guessed", "expected one of measured, modelled"),
        ("ended_by", "magic", "expected one of exit"),
        ("extra", 1, "extra: "),
    ],
)
def test_a_record_that_does_not_read_names_the_field(field, value, says):
    with pytest.raises(UsageUnreadable, match=says) as refused:
        UsageRecord.from_wire(a_usage().to_wire() | {field: value})
    assert refused.value.status == 422


@pytest.mark.parametrize("wire", [None, [], "x", {}, {"token": 1}])
def test_what_is_no_record_is_refused(wire):
    with pytest.raises(UsageUnreadable):
        UsageRecord.from_wire(wire)


HOUR_S = 3600


@pytest.mark.parametrize(
    ("usage", "lease", "refused"),
    [
        ({}, {}, []),
        ({"token": 0}, {}, ["token-old"]),
        ({"token": 2}, {}, ["token-old"]),
        ({"job_id": an_id(JobId, 9)}, {}, ["usage-other-lease"]),
        ({"wall_seconds": Decimal(-1)}, {}, ["usage-negative"]),
        ({"bytes_in": -1}, {}, ["usage-negative"]),
        ({"ended_at": NOON - timedelta(seconds=1)}, {}, ["usage-backwards"]),
        # Clocks differ: four minutes are weather, six are not.
        ({"ended_at": NOON + timedelta(seconds=360)}, {}, []),
        ({"ended_at": NOON + timedelta(seconds=500)}, {}, ["usage-outside-lease"]),
        ({"started_at": NOON - timedelta(seconds=299)}, {}, []),
        ({"started_at": NOON - timedelta(seconds=400)}, {}, ["usage-outside-lease"]),
        ({"wall_seconds": Decimal(126)}, {}, []),
        ({"wall_seconds": Decimal("126.1")}, {}, ["usage-longer-than-lease"]),
        ({"cards": 2}, {"cards": 1}, ["usage-more-cards"]),
        ({"cards": 2}, {"cards": 2}, []),
        ({"energy_wh": Decimal(10_000)}, {}, ["usage-absurd"]),
        ({"cpu_seconds": Decimal(10**8)}, {}, ["usage-absurd"]),
        ({"bytes_out": 10**19}, {}, ["usage-absurd"]),
        ({"peak_memory_bytes": 10**19}, {}, ["usage-absurd"]),
        ({"token": 0, "cards": 9}, {}, ["token-old", "usage-more-cards"]),
    ],
)  # fmt: skip
def test_a_record_is_bounded_by_its_lease(usage, lease, refused):
    assert refusals(a_usage(**usage), a_lease(**lease)) == refused


def test_every_refusal_has_a_reason():
    assert {str(each) for each in UsageRefusal} <= REASONS.keys()

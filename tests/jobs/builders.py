"""Good defaults for the jobs room, so that a test shows only what matters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from suanwang.basics.ids import AnyId, CentreId, JobId, LeaseId, UsageId
from suanwang.basics.money import Money
from suanwang.jobs.bill import Terms
from suanwang.jobs.check import check_mapping, check_text
from suanwang.jobs.spec import JobSpec
from suanwang.jobs.usage import EndedBy, EnergyBasis, LeaseFacts, UsageRecord

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)  # 12:00 in Beijing


def an_id(kind: type[AnyId], number: int = 1) -> AnyId:
    return kind.make(NOON, number.to_bytes(10, "big"))


def yuan(text: str) -> Money:
    return Money.parse(text)


def a_mapping(**keys: Any) -> dict[str, Any]:
    return {"name": "x", "run": "echo hi"} | keys


def a_spec(**keys: Any) -> JobSpec:
    checked = check_mapping(a_mapping(**keys))
    assert checked.spec, [m.message() for m in checked.mistakes]
    return checked.spec


def codes(text: str) -> list[str]:
    return [mistake.code for mistake in check_text(text, name="job.yaml").mistakes]


def mapping_codes(mapping: object) -> list[tuple[str, str]]:
    return [(m.pointer, m.code) for m in check_mapping(mapping).mistakes]


def a_usage(*, seconds: str = "60", **fields: Any) -> UsageRecord:
    ran = timedelta(seconds=float(seconds))
    defaults: dict[str, Any] = {
        "usage_id": an_id(UsageId),
        "lease_id": an_id(LeaseId),
        "job_id": an_id(JobId),
        "centre_id": an_id(CentreId),
        "token": 1,
        "started_at": NOON,
        "ended_at": NOON + ran,
        "wall_seconds": Decimal(seconds),
        "cpu_seconds": Decimal("55.5"),
        "cards": 1,
        "peak_memory_bytes": 100_000_000,
        "bytes_in": 0,
        "bytes_out": 0,
        "energy_wh": Decimal("1.25"),
        "energy_basis": EnergyBasis.MODELLED,
        "exit_code": 0,
        "ended_by": EndedBy.EXIT,
    }
    return UsageRecord(**defaults | fields)


def a_lease(*, length_s: int = 120, **fields: Any) -> LeaseFacts:
    defaults: dict[str, Any] = {
        "lease_id": an_id(LeaseId),
        "job_id": an_id(JobId),
        "centre_id": an_id(CentreId),
        "token": 1,
        "cards": 1,
        "taken_at": NOON - timedelta(seconds=1),
        "ended_at": NOON + timedelta(seconds=length_s),
    }
    return LeaseFacts(**defaults | fields)


def the_terms(**fields: Any) -> Terms:
    defaults: dict[str, Any] = {
        "price": yuan("3.60"),
        "price_source": "list",
        "data_price_gb": yuan("0.10"),
        "store_gb_months": Fraction(0),
    }
    return Terms(**defaults | fields)

"""Orders, usage, rounds and bills."""

from __future__ import annotations

from suanwang.basics.money import CNY, Money
from suanwang.store.tx import Row
from suanwang.store.verify.kinds.kind import Kind, column, columns, digest, part, yuan


def _gross(row: Row) -> str:
    units = part("lines", "gross_units", default=row.total_units)(row)
    return str(Money(units, CNY))


KINDS = (
    Kind(
        evidence="order",
        table="jobs",
        rows="verify_orders",
        made_at="accepted_at",
        first={
            **columns("organisation_id", "project_id", "member_id", "name", "kind"),
            "spec_sha256": digest("spec"),
            "limit": yuan("limit_units"),
        },
    ),
    Kind(
        evidence="usage",
        table="usage_records",
        rows="verify_usage",
        made_at="received_at",
        first={
            "record": part("usage"),
            "signature": column("signature"),
            "record.job_id": column("job_id"),
            "record.centre_id": column("centre_id"),
        },
    ),
    Kind(
        evidence="round",
        table="rounds",
        rows="verify_rounds",
        made_at="at",
        first={"outcome_sha256": digest("outcome")},
    ),
    Kind(
        evidence="bill",
        table="bills",
        rows="verify_bills",
        made_at="created_at",
        last={
            **columns("job_id", "organisation_id", "provider_id"),
            "lines": part("lines", "lines"),
            "parts": part("lines", "parts", default=[]),
            "mode": part("lines", "mode", default="direct"),
            "day": column("day"),
            "gross": _gross,
            "total": yuan("total_units"),
        },
        unsaid={"day": None},
    ),
)

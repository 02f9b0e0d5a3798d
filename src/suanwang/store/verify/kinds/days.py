"""Market days and what members were paid for them."""

from __future__ import annotations

from suanwang.store.verify.kinds.kind import Kind, columns, yuan

KINDS = (
    Kind(
        evidence="market_day",
        table="market_days",
        rows="verify_market_days",
        made_at="made_at",
        last=columns("state"),
    ),
    Kind(
        evidence="settlement",
        table="settlements",
        rows="verify_settlements",
        made_at="paid_at",
        last={
            **columns("organisation_id", "day", "run_id", "state", "bills"),
            "earned": yuan("earned_units"),
            "kept": yuan("kept_units"),
            "corrections": yuan("corrections_units"),
            "net": yuan("amount_units"),
        },
    ),
    Kind(
        evidence="correction",
        table="corrections",
        rows="verify_corrections",
        made_at="created_at",
        last=columns(
            "bill_id", "job_id", "organisation_id", "day", "usage_id", "state", "reason", "why"
        ),
    ),
)

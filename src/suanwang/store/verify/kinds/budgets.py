"""Budgets, as they were last set."""

from __future__ import annotations

from suanwang.store.verify.kinds.kind import Kind, columns, instant, part, yuan

KINDS = (
    Kind(
        evidence="budget",
        table="budgets",
        rows="verify_budgets",
        made_at="created_at",
        first=columns("organisation_id", "scope", "subject_id", "since"),
        last={
            **columns("stop"),
            "amount": yuan("amount_units"),
            "warn_at": part("warn_at"),
            "job_max": yuan("job_max_units"),
            "hourly_max": yuan("hourly_max_units"),
            "removed_at": instant("removed_at"),
        },
    ),
)

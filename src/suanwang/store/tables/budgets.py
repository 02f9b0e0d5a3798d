"""Budgets, their accounts of each month, and which hold mirrors which."""

from __future__ import annotations

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import text as clause

from suanwang.store.tables.columns import index, refers, table, text, whole

budgets = table(
    "budgets",
    text("id", primary_key=True),
    refers("organisation_id", "organisations.id"),
    text("scope"),  # "organisation", "project" or "member"
    text("subject_id"),  # the organisation, project or member whose jobs it covers
    whole("amount_units"),  # yuan of a month
    text("stop"),  # "hard" or "warn"
    text("warn_at"),  # JSON: thresholds in per cent
    whole("job_max_units", null=True),
    whole("hourly_max_units", null=True),
    text("since"),  # the first month, "2026-11"
    whole("since_at"),  # its first instant
    # Holds are mirrored that are transfers after the one and up to the other: clocks of servers
    # differ, the order of transfers does not.
    whole("after_seq"),
    whole("until_seq", null=True),
    whole("changes", server_default="1"),
    whole("created_at"),
    whole("updated_at"),
    whole("removed_at", null=True),
    index("uq_budgets_subject_id", "subject_id", unique=True, where=clause("removed_at IS NULL")),
    index("ix_budgets_organisation_id", "organisation_id", "created_at"),
)

budget_months = table(
    "budget_months",
    refers("budget_id", "budgets.id"),
    text("month"),
    refers("account_id", "accounts.id"),
    whole("warned", server_default="0"),  # the last threshold that was told, in per cent
    PrimaryKeyConstraint("budget_id", "month"),
    index("ix_budget_months_account_id", "account_id", unique=True),
)

budget_holds = table(
    "budget_holds",
    refers("id", "holds.id", key=True),  # the mirror
    refers("hold_id", "holds.id"),  # what it mirrors: a job's hold
    refers("budget_id", "budgets.id"),
    text("month"),
    refers("job_id", "jobs.id"),
    whole("at"),
    index("uq_budget_holds_hold_id", "hold_id", "budget_id", unique=True),
    index("ix_budget_holds_budget_id", "budget_id", "month", "at"),
    index("ix_budget_holds_job_id", "job_id"),
)

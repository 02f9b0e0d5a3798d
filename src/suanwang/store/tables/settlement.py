"""Corrections of meters' records that came after the bill."""

from __future__ import annotations

from sqlalchemy import text as clause

from suanwang.store.tables.columns import index, refers, table, text, whole

corrections = table(
    "corrections",
    text("id", primary_key=True),
    refers("lease_id", "leases.id"),
    refers("job_id", "jobs.id"),
    refers("bill_id", "bills.id"),
    refers("organisation_id", "organisations.id"),  # the buyer
    refers("centre_owner", "organisations.id"),
    text("day"),  # the bill's own
    text("usage_id", unique=True),
    text("state"),  # "pending", "applied" or "lapsed"
    text("record"),  # JSON, as the centre signed it
    text("signature"),
    text("reason"),
    text("why", null=True),  # an error's code: why it waits, or lapsed
    whole("created_at"),
    whole("updated_at"),
    index("ix_corrections_pending", "day", "id", where=clause("state = 'pending'")),
    index("ix_corrections_bill_id", "bill_id"),
    index("ix_corrections_organisation_id", "organisation_id", "id"),
    index("ix_corrections_centre_owner", "centre_owner", "id"),
)

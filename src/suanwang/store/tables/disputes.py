"""Disputes, what they freeze, credit notes, invoices, and the numbers that documents bear."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy import text as clause

from suanwang.store.tables.columns import index, refers, table, text, whole

disputes = table(
    "disputes",
    text("id", primary_key=True),
    refers("job_id", "jobs.id"),
    refers("bill_id", "bills.id"),
    refers("organisation_id", "organisations.id"),  # the buyer
    refers("seller_id", "organisations.id"),
    text("state"),
    text("reason"),
    whole("amount_units"),  # of the bill's lines, fee, tax and what vouchers paid included
    whole("due_at", null=True),  # when the state changes by itself; null: never, or not known yet
    text("body"),  # JSON: items, what was said, evidence
    whole("changes", server_default="1"),
    whole("created_at"),
    whole("updated_at"),
    index("ix_disputes_bill_id", "bill_id"),
    index("ix_disputes_organisation_id", "organisation_id", "id"),
    index("ix_disputes_seller_id", "seller_id", "id"),
    index(
        "ix_disputes_due_at",
        "due_at",
        where=clause("state IN ('opened', 'contested')"),
    ),
)

# What parties set aside or gave back for one bill, out of which account.
freezes = table(
    "freezes",
    text("id", primary_key=True),  # of its hold, where there is one
    text("dispute_id", null=True),
    text("credit_note_id", null=True),
    refers("bill_id", "bills.id"),
    refers("organisation_id", "organisations.id"),
    text("role"),
    refers("account_id", "accounts.id"),
    text("account_name"),
    whole("wanted_units"),
    whole("units"),  # what there was
    text("state"),  # "frozen", "paid" or "released"
    index("ix_freezes_dispute_id", "dispute_id"),
    index("ix_freezes_bill_id", "bill_id"),
    CheckConstraint("units <= wanted_units", name="units"),
)

credit_notes = table(
    "credit_notes",
    text("id", primary_key=True),
    text("number", unique=True),
    text("dispute_id", null=True),
    refers("job_id", "jobs.id"),
    refers("bill_id", "bills.id"),
    refers("organisation_id", "organisations.id"),  # the buyer
    refers("seller_id", "organisations.id"),
    whole("amount_units"),  # of the bill's lines
    whole("total_units"),  # what of it the buyer gets; funders get the rest
    text("body"),  # JSON: items, parts, reason, transfers
    whole("created_at"),
    index("ix_credit_notes_bill_id", "bill_id"),
    index("ix_credit_notes_organisation_id", "organisation_id", "created_at"),
    index("ix_credit_notes_seller_id", "seller_id", "created_at"),
    index("ix_credit_notes_created_at", "created_at"),
)

invoices = table(
    "invoices",
    text("id", primary_key=True),
    text("number", unique=True),
    refers("organisation_id", "organisations.id"),
    text("month"),  # in Beijing, "2026-11"
    text("sha256"),  # of the record
    whole("created_at"),
    index("uq_invoices_organisation_id_month", "organisation_id", "month", unique=True),
)

# The last number given in each series: it is counted up in the transaction that uses it, so that
# no number is missing and none is given twice.
document_numbers = table(
    "document_numbers",
    text("series", primary_key=True),
    whole("last"),
)

"""What was used and who owns what: usage, bills, settlements, accounts, transfers, holds."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy import text as clause

from suanwang.store.tables.columns import index, number, refers, table, text, whole

usage_records = table(
    "usage_records",
    text("id", primary_key=True),
    refers("lease_id", "leases.id"),
    refers("job_id", "jobs.id"),
    refers("centre_id", "centres.id"),
    whole("token"),
    text("record"),
    text("signature"),
    whole("received_at"),
    whole("accepted"),
    text("refusal", null=True),
    # One lease is used once, however often and late its report arrives.
    index("uq_usage_records_lease_id", "lease_id", unique=True, where=clause("accepted = 1")),
    index("ix_usage_records_job_id", "job_id"),
)

bills = table(
    "bills",
    text("id", primary_key=True),
    refers("job_id", "jobs.id"),
    refers("organisation_id", "organisations.id"),
    refers("provider_id", "organisations.id", null=True),
    text("lines"),
    whole("total_units"),
    whole("created_at"),
    whole("settled_at", null=True),
    text("day", null=True),  # the market day it belongs to
    whole("version", server_default="1"),  # what it says is the newest; each is on record
    text("run_id", null=True),  # the settlement run that pays it
    index("ix_bills_day", "day", "created_at", where=clause("run_id IS NULL")),
    index("ix_bills_run_id", "run_id", where=clause("settled_at IS NULL")),
    index("uq_bills_job_id", "job_id", unique=True),
    index("ix_bills_organisation_id_created_at", "organisation_id", "created_at"),
    index("ix_bills_provider_id_created_at", "provider_id", "created_at"),
    index("ix_bills_unsettled", "created_at", where=clause("settled_at IS NULL")),
)

settlements = table(
    "settlements",
    text("id", primary_key=True),
    refers("organisation_id", "organisations.id"),
    text("day"),
    whole("amount_units"),  # what was paid; below zero: paid back
    whole("at"),
    text("run_id", null=True),
    text("state", server_default="preliminary"),  # which statement of the day it is
    whole("bills", server_default="0"),
    whole("earned_units", server_default="0"),
    whole("kept_units", server_default="0"),  # disputed, or credited before
    whole("corrections_units", server_default="0"),
    whole("paid_at", null=True),
    index("ix_settlements_organisation_id_day", "organisation_id", "day"),
    index("ix_settlements_unpaid", "run_id", "id", where=clause("paid_at IS NULL")),
    index(
        "uq_settlements_run_id_organisation_id",
        "run_id",
        "organisation_id",
        unique=True,
        where=clause("run_id IS NOT NULL"),
    ),
)

accounts = table(
    "accounts",
    text("id", primary_key=True),
    refers("organisation_id", "organisations.id"),
    text("name"),
    text("asset"),
    whole("scale"),
    whole("floor_units", null=True),
    whole("balance_units", server_default="0"),
    whole("held_units", server_default="0"),
    whole("created_at"),
    # The owner's state, kept beside the balance so that whoever locks the row reads both as they
    # are: a subquery on organisations would tell what was when the wait for the lock began.
    text("owner_state", server_default="verified"),
    index("uq_accounts_owner", "organisation_id", "name", "asset", unique=True),
    # The ledger room refuses these first and by name; the database is the second lock on the door.
    CheckConstraint(
        "floor_units IS NULL OR balance_units - held_units >= floor_units", name="floor"
    ),
    CheckConstraint("held_units >= 0", name="held"),
)

transfers = table(
    "transfers",
    number("seq"),
    text("id", unique=True),
    text("kind"),
    # No foreign keys: a batch has locked and read both accounts before it writes, no account is
    # ever deleted, and `suan ledger verify` names a transfer without one. The database's look-ups
    # would cost more than the row (docs/decisions/0020).
    text("debit_id"),
    text("credit_id"),
    text("asset"),
    whole("amount_units"),
    text("pending_id", null=True),
    whole("expires_at", null=True),
    text("group_id", null=True),
    text("memo", null=True),
    text("fingerprint"),
    whole("at"),
    text("chain_id", null=True),
    whole("chain_place", null=True),
    whole("chain_size", null=True),
    text("reverses", null=True),
    text("day", null=True),
    # A chain's name stands for one chain: each place in it is taken once.
    index(
        "uq_transfers_chain_id_chain_place",
        "chain_id",
        "chain_place",
        unique=True,
        where=clause("chain_id IS NOT NULL"),
    ),
    index("ix_transfers_reverses", "reverses", where=clause("reverses IS NOT NULL")),
    index("ix_transfers_debit_id_seq", "debit_id", "seq"),
    index("ix_transfers_credit_id_seq", "credit_id", "seq"),
    index("ix_transfers_pending_id", "pending_id", where=clause("pending_id IS NOT NULL")),
    index("ix_transfers_group_id", "group_id", where=clause("group_id IS NOT NULL")),
    CheckConstraint("amount_units >= 0", name="amount"),
)

holds = table(
    "holds",
    text("id", primary_key=True),  # of its pending transfer
    refers("debit_id", "accounts.id"),
    refers("credit_id", "accounts.id"),
    text("asset"),
    whole("amount_units"),
    whole("posted_units", server_default="0"),
    text("state"),  # "open", "posted", "voided" or "expired"
    whole("expires_at", null=True),
    index("ix_holds_open", "expires_at", where=clause("state = 'open'")),
    index("ix_holds_debit_id_open", "debit_id", where=clause("state = 'open'")),
)

market_days = table(
    "market_days",
    text("day", primary_key=True),  # a Beijing day, "2026-11-28"
    text("state"),
    whole("preliminary_at", null=True),
    whole("final_at", null=True),
    whole("resettled_at", null=True),
    whole("closed_at", null=True),
)

settlement_runs = table(
    "settlement_runs",
    text("id", primary_key=True),  # "2026-11-28/1"
    text("day"),
    whole("number"),
    text("state"),  # "gathering", "paying", "finishing" or "done"
    text("becomes"),  # the day's state with this run: "open" where it is one of several
    whole("before_at"),  # bills written before it
    whole("bills", server_default="0"),
    whole("steps", server_default="0"),
    whole("started_at"),
    whole("done_at", null=True),
    index("uq_settlement_runs_day_number", "day", "number", unique=True),
    index("ix_settlement_runs_open", "started_at", where=clause("done_at IS NULL")),
)

closings = table(
    "closings",
    text("month", primary_key=True),  # a Beijing month, "2026-11"
    whole("until_at"),  # the month's end: no transfer may be dated before it any more
    whole("closed_at"),
    index("ix_closings_until_at", "until_at"),
)

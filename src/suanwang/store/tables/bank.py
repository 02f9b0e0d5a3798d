"""Money in and out: lines of the bank, manual top-ups, payout accounts, payouts, batches."""

from __future__ import annotations

from sqlalchemy import text as clause

from suanwang.store.tables.columns import binary, index, refers, table, text, whole

bank_lines = table(
    "bank_lines",
    text("id", primary_key=True),
    text("reference", unique=True),  # what an outgoing line quotes that sends this one back
    text("bank_account"),  # the exchange's own, by the name that operators give it
    text("bank_line_id"),  # the bank's
    text("day"),
    whole("amount_units"),  # above zero came in
    text("counterparty"),
    text("counterparty_account"),  # masked
    text("text"),
    text("text_key"),  # the same without widths, spaces and hyphens
    whole("balance_units", null=True),
    text("fingerprint"),
    text("file_sha256"),
    whole("place"),  # lines of an account in the bank's order, as they were imported
    text("state"),
    text("doubt", null=True),  # why it was matched to nothing
    text("target_kind", null=True),
    text("target_id", null=True),
    refers("organisation_id", "organisations.id", null=True),  # whose money it turned out to be
    text("reason", null=True),  # an operator's
    text("transfer_id", null=True),  # that booked it, or a manual top-up's that had
    text("moved_id", null=True),  # that took it out of suspense
    whole("changes", server_default="1"),
    whole("created_at"),
    whole("updated_at"),
    index("uq_bank_lines_bank_line_id", "bank_account", "bank_line_id", unique=True),
    index("uq_bank_lines_place", "bank_account", "place", unique=True),
    index("ix_bank_lines_text_key", "text_key"),
    index("ix_bank_lines_bank_line_id", "bank_line_id"),
    index(
        "ix_bank_lines_open",
        "id",
        where=clause("state IN ('suspense', 'returning', 'unbooked')"),
    ),
)

# What was booked by hand, so that the line of the bank about it is known when it comes.
top_ups = table(
    "top_ups",
    text("id", primary_key=True),  # of its transfer
    refers("organisation_id", "organisations.id"),
    text("reference_key"),  # as text_key
    whole("amount_units"),
    refers("bank_line_id", "bank_lines.id", null=True),
    whole("at"),
    index("ix_top_ups_reference_key", "reference_key"),
    index("ix_top_ups_open", "at", where=clause("bank_line_id IS NULL")),
)

payout_accounts = table(
    "payout_accounts",
    refers("id", "organisations.id", key=True),  # whose it is
    text("name"),
    text("bank"),
    text("number_masked"),
    binary("sealed"),  # the number; opened only by the server's secrets.key, for this organisation
    text("salt"),
    text("number_sha256"),  # of salt and number
    whole("usable_at"),
    whole("changes", server_default="1"),
    whole("created_at"),
    whole("updated_at"),
)

payout_batches = table(
    "payout_batches",
    text("id", primary_key=True),
    text("day"),  # the bank day that it goes out on
    whole("cut_off_at"),
    text("state"),
    text("file_sha256"),
    binary("sealed"),  # the file, as payout_accounts.sealed
    whole("payouts"),
    whole("total_units"),
    text("hands"),  # JSON: who made it, then who signed it
    text("left_out"),  # JSON: payouts that waited, and why
    text("reason", null=True),  # for which it was discarded
    whole("changes", server_default="1"),
    whole("created_at"),
    whole("updated_at"),
)

payouts = table(
    "payouts",
    text("id", primary_key=True),
    text("reference", unique=True),
    refers("organisation_id", "organisations.id"),
    text("source"),  # the account that it comes from: "available" or, the exchange's, "fees"
    whole("amount_units"),
    text("state"),
    refers("hold_id", "holds.id"),
    refers("batch_id", "payout_batches.id", null=True),
    text("account_masked", null=True),  # where it went, from the batch on
    text("transfer_id", null=True),  # that moved it out, once it was paid
    text("return_id", null=True),  # that gave it back, when the bank returned it
    text("reason", null=True),  # why it was cancelled
    whole("changes", server_default="1"),
    whole("created_at"),
    whole("updated_at"),
    index("ix_payouts_organisation_id", "organisation_id", "id"),
    index("ix_payouts_state", "state", "created_at"),
    index("ix_payouts_batch_id", "batch_id", where=clause("batch_id IS NOT NULL")),
)

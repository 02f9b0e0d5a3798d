"""Bank lines, payout accounts, payouts and their batches."""

from __future__ import annotations

from suanwang.store.verify.kinds.kind import Kind, column, columns, instant, part, yuan

KINDS = (
    Kind(
        evidence="bank_line",
        table="bank_lines",
        rows="verify_bank_lines",
        made_at="created_at",
        first={
            **columns(
                "bank_account", "bank_line_id", "day", "counterparty", "counterparty_account",
                "text", "file_sha256", "doubt",
            ),
            "amount": yuan("amount_units"),
            "balance": yuan("balance_units"),
        },
        last=columns(
            "state", "target_kind", "target_id", "organisation_id", "transfer_id", "moved_id",
            "reason",
        ),
    ),
    Kind(
        evidence="payout_account",
        table="payout_accounts",
        rows="verify_payout_accounts",
        made_at="created_at",
        last={
            **columns("name", "bank", "number_sha256"),
            "number": column("number_masked"),
            "usable_at": instant("usable_at"),
        },
    ),
    Kind(
        evidence="payout",
        table="payouts",
        rows="verify_payouts",
        made_at="created_at",
        first={
            **columns("reference", "organisation_id", "source", "hold_id"),
            "amount": yuan("amount_units"),
        },
        last={
            **columns("state", "batch_id", "transfer_id", "return_id", "reason"),
            "account": column("account_masked"),
        },
    ),
    Kind(
        evidence="payout_batch",
        table="payout_batches",
        rows="verify_payout_batches",
        made_at="created_at",
        first={
            **columns("day", "file_sha256", "payouts"),
            "total": yuan("total_units"),
            "cut_off": instant("cut_off_at"),
            "left_out": part("left_out"),
        },
        last={**columns("state", "reason"), "hands": part("hands")},
    ),
)  # fmt: skip

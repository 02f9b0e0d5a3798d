"""Contracts of brokers and carriers."""

from __future__ import annotations

from suanwang.store.verify.kinds.kind import Kind, columns, instant, part

KINDS = (
    Kind(
        evidence="contract",
        table="contracts",
        rows="verify_contracts",
        made_at="created_at",
        last={
            **columns("kind", "owner_id", "partner_id", "proposer_id", "state"),
            "from": instant("from_at"),
            "until": instant("until_at"),
            **{name: part("body", name) for name in ("pools", "clauses", "text_sha256", "said")},
        },
    ),
)

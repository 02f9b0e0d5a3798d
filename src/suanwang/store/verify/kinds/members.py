"""Members and their accounts."""

from __future__ import annotations

from suanwang.store.verify.kinds.kind import Kind, columns

KINDS = (
    Kind(
        evidence="party",
        table="organisations",
        rows="verify_organisations",
        made_at="created_at",
        last=columns("name", "state"),
    ),
    Kind(
        evidence="account",
        table="accounts",
        rows="verify_accounts",
        made_at="created_at",
        first=columns("organisation_id", "name", "asset", "scale"),
    ),
)

"""Every table of the store; the migrations build the same, which a test compares."""

from __future__ import annotations

from suanwang.store.tables import (
    bank,
    budgets,
    contracts,
    disputes,
    grid,
    identity,
    jobs,
    money,
    plumbing,
    proof,
    settlement,
    vouchers,
)
from suanwang.store.tables.columns import METADATA

__all__ = [
    "METADATA",
    "bank",
    "budgets",
    "contracts",
    "disputes",
    "grid",
    "identity",
    "jobs",
    "money",
    "plumbing",
    "proof",
    "settlement",
    "vouchers",
]

"""Rounds as they were decided: one row each, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suanwang.basics.ids import RoundId
from suanwang.basics.slots import Instant, to_micros
from suanwang.store.tx import Tx
from suanwang.store.values import facts, write


def add(tx: Tx, round_id: RoundId, *, at: Instant, outcome: Mapping[str, Any]) -> None:
    """Remember what a round decided."""
    tx.do("round_add", id=round_id, at=to_micros(at), outcome=write(dict(outcome)))


def outcome(tx: Tx, round_id: str) -> Mapping[str, Any]:
    """Return what a round decided; empty if there is no such round."""
    row = tx.first("round_by_id", id=round_id)
    return facts(row["outcome"]) if row else {}

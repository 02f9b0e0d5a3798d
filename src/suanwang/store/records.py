"""Operator records: what an operator did, by which key, when. Only ever appended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from suanwang.basics.ids import KeyId
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.store.tx import Tx

RECORDS_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRecord:
    """One action of an operator. `key_id` is empty when the exchange itself acted."""

    seq: int
    at: Instant
    key_id: KeyId | None
    action: str
    body: dict[str, Any]


def add_record(
    tx: Tx, action: str, body: dict[str, Any], *, key_id: KeyId | None, at: Instant
) -> None:
    """Append a record."""
    tx.do(
        "record_add",
        at=to_micros(at),
        key_id=key_id or "",
        action=action,
        body=json.dumps(body, ensure_ascii=False, sort_keys=True),
    )


def records_before(tx: Tx, seq: int | None = None, *, limit: int = 100) -> list[OperatorRecord]:
    """List records, newest first, from just before `seq` (None: from the newest)."""
    rows = tx.all(
        "records_before", before=2**62 if seq is None else seq, limit=min(limit, RECORDS_MAX)
    )
    return [
        OperatorRecord(
            seq=row.seq,
            at=from_micros(row.at),
            key_id=KeyId(row.key_id) if row.key_id else None,
            action=row.action,
            body=json.loads(row.body),
        )
        for row in rows
    ]

"""Evidence: what was decided, agreed, measured or billed, as canonical JSON, only ever appended.

Each record becomes a leaf of the log, beside the transfers. Whatever is written twice under one
kind and id is refused by the database; a later word about the same thing has an id of its own
("dsp_01JB…#2").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import OrganisationId
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.store.tx import Row, Tx
from suanwang.store.values import parse, write

PAGE_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One record. `organisation_id` is whose it is; None: everybody may see it."""

    kind: str
    id: str
    record: Mapping[str, Any]
    at: Instant
    organisation_id: OrganisationId | None = None
    seq: int | None = None  # known once it is stored


def add(tx: Tx, records: Iterable[Evidence]) -> None:
    """Append records, in order; the database refuses a second of one kind and id."""
    batch = list(records)
    if batch:
        tx.do("take_xid")  # so that the log waits for this transaction; see store.log
    tx.many(
        "evidence_add",
        [
            {
                "kind": each.kind,
                "id": each.id,
                "organisation_id": each.organisation_id,
                "record": write(dict(each.record)),
                "at": to_micros(each.at),
            }
            for each in batch
        ],
    )


def find(tx: Tx, kind: str, record_id: str) -> Evidence:
    """Return one record; NotFound if there is none."""
    row = tx.first("evidence_by_id", kind=kind, id=record_id)
    if row is None:
        raise NotFound(kind=kind, id=record_id)
    return _evidence(row)


def add_word(tx: Tx, word: Evidence) -> Evidence:
    """Append a word about `word.id`: the first has that id, later ones "…#2", "…#3".

    The caller holds the thing's row, so that two words at once do not take one number.
    """
    said = int(tx.one("evidence_words", kind=word.kind, id=word.id).words)
    kept = replace(word, id=f"{word.id}#{said + 1}") if said else word
    add(tx, [kept])
    return kept


def after(tx: Tx, seq: int, *, limit: int = PAGE_MAX) -> list[Evidence]:
    """List records after `seq`, in order."""
    return [_evidence(row) for row in tx.all("evidence_after", after=seq, limit=limit)]


def _evidence(row: Row) -> Evidence:
    owner = row["organisation_id"]
    return Evidence(
        kind=row["kind"],
        id=row["id"],
        record=parse(row["record"]),
        at=from_micros(row["at"]),
        organisation_id=OrganisationId(owner) if owner else None,
        seq=row["seq"],
    )

"""Prove: the records of a bill, or one record, with the paths that lead them to a signed head."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from suanwang.basics.errors import NotFound
from suanwang.flows.act import Act
from suanwang.flows.log_errors import HeadPending, HeadUnknown
from suanwang.flows.publish_head import read_head
from suanwang.flows.show import show_bill, whose
from suanwang.ledger.log import tiles
from suanwang.ledger.log.bundle import ProvenRecord, make_bundle
from suanwang.ledger.log.leaves import (
    EVIDENCE,
    EVIDENCE_COLUMNS,
    TRANSFER_COLUMNS,
    TRANSFERS,
    evidence_record,
    transfer_record,
)
from suanwang.ledger.log.notes import Verifier
from suanwang.ledger.log.sources import SHARED, named_by
from suanwang.ledger.settlement import VERSIONS_MAX
from suanwang.store import jobs, log, usage
from suanwang.store.bills import StoredBill
from suanwang.store.log import Head
from suanwang.store.tx import Tx

RETRY_SECONDS = 2  # until a record is in the log; how often heads are signed comes on top
RECORDS_MAX = 100_000
BILL_KINDS = ("order", "usage", "round", "bill", "commission", *sorted(SHARED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One record's inclusion under a head."""

    record: ProvenRecord
    head: Head


def bundle_of_bill(tx: Tx, job_id: str, *, key: str, act: Act) -> bytes:
    """Write the bundle of a job's bill, for whoever may see the bill.

    Raises: NotFound; HeadPending; LogKeyWrong where the head is of another key.
    """
    bill = show_bill(tx, job_id, act=act)
    head = _newest(tx, job_id)
    read_head(head, Verifier.parse(key))
    rows = [*_transfers_of(tx, bill), *_evidence_of(tx, bill)]
    records = _proven(tx, rows, head=head, subject=job_id)
    return make_bundle(head.note, records, key=key, witnesses=log.witnesses(tx))


def prove_record(tx: Tx, kind: str, record_id: str, *, size: int | None, act: Act) -> Proof:
    """Prove one record: kind "transfer", or a kind of evidence, of the caller's own organisation.

    Raises: NotFound; HeadPending; HeadUnknown.
    """
    row = _own(tx, kind, record_id, act=act)
    head = _newest(tx, record_id) if size is None else log.head_of_size(tx, size)
    if head is None:
        raise HeadUnknown(kind="head", id=size)
    (record,) = _proven(tx, [row], head=head, subject=record_id)
    return Proof(record=record, head=head)


def prove_consistency(tx: Tx, first: int, second: int) -> tuple[bytes, ...]:
    """Prove that the tree of `second` leaves continues that of `first`; everybody may ask.

    Raises: HeadUnknown where the log is smaller.
    """
    if not 0 <= first <= second <= log.size(tx):
        raise HeadUnknown(kind="head", id=max(first, second))
    return tiles.consistency_between(first, second, log.reader(tx))


_Row = tuple[str, dict[str, Any]]


def _transfers_of(tx: Tx, bill: StoredBill) -> list[_Row]:
    found = tx.all("bundle_transfers", job_id=bill.job_id, limit=RECORDS_MAX)
    return [(TRANSFERS, dict(row)) for row in found]


def _evidence_of(tx: Tx, bill: StoredBill) -> list[_Row]:
    """Return what a bill rests on: order, usage, round, split, and the bill in all versions."""
    job = jobs.job(tx, bill.job_id)
    round_id = job.round_id
    ids = [bill.job_id, bill.id, *(f"{bill.id}#{number}" for number in range(2, VERSIONS_MAX + 1))]
    ids += [each.id for each in usage.of_job(tx, bill.job_id)]
    ids += [] if round_id is None else [round_id]
    ids += [record_id for _, record_id in named_by(bill.lines, job.terms)]
    found = tx.all("bundle_evidence", kinds=list(BILL_KINDS), ids=list(map(str, ids)))
    # Whatever was disputed of it and given back belongs to it.
    found += tx.all("bundle_disputes", bill_id=bill.id)
    # Whatever was erased of it is blank by a record that the verifier must see.
    blank = [row.id for row in found if row.record == "{}"]
    found += {row.seq: row for each in blank for row in tx.all("erasures_of", id=each)}.values()
    return [(EVIDENCE, dict(row)) for row in found]


def _own(tx: Tx, kind: str, record_id: str, *, act: Act) -> _Row:
    owner = whose(act)
    source = TRANSFERS if kind == "transfer" else EVIDENCE
    params = {"id": record_id} if source == TRANSFERS else {"kind": kind, "id": record_id}
    query = "proof_transfers" if source == TRANSFERS else "proof_evidence"
    row = tx.first(query, **params)
    owners = {row[name] for name in row if name.startswith("owner")} if row else set()
    if row is None or (owner is not None and not owners & {owner, None}):
        raise NotFound(kind=kind, id=record_id)
    return source, dict(row)


def _newest(tx: Tx, subject: str) -> Head:
    head = log.last_head(tx)
    if head is None:
        raise HeadPending(
            kind="head", id=subject, found="pending", expected="signed", retry_after_s=RETRY_SECONDS
        )
    return head


def _proven(tx: Tx, rows: Iterable[_Row], *, head: Head, subject: str) -> list[ProvenRecord]:
    read = log.reader(tx)
    found = []
    for source, row in rows:
        segment = log.segment_of(tx, source, row["seq"])
        leaf = None if segment is None else log.leaf_of(tx, segment, row["seq"])
        if segment is None or leaf is None or leaf >= head.size:
            raise HeadPending(
                kind=source, id=subject, found="pending", expected="under a signed head",
                retry_after_s=RETRY_SECONDS,
            )  # fmt: skip
        columns = TRANSFER_COLUMNS if source == TRANSFERS else EVIDENCE_COLUMNS
        write = transfer_record if source == TRANSFERS else evidence_record
        found.append(
            ProvenRecord(
                index=leaf,
                salt=segment.salt(leaf),
                record=write({name: row[name] for name in columns}),
                path=tiles.inclusion_at(leaf, head.size, read),
                leaf=_erased_leaf(tx, row, leaf),
            )
        )
    return found


def _erased_leaf(tx: Tx, row: dict[str, Any], leaf: int) -> bytes | None:
    """Return the hash of a leaf whose record was erased; None where the record leads to it."""
    return log.leaf_hashes(tx, leaf, 1)[0] if row.get("record") == "{}" else None

"""Erase a person's data: records say nothing any more, and an erasure on record says so.

    erasure ──▶ leaf under a signed head      first, or nothing is erased
    record ──▶ {}    salt ──▶ zeros    rows that repeat it ──▶ blank      one transaction

The tree keeps its hashes, so that every other proof holds; without the salt nobody can try what a
hash was made of. What accounting must keep is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from suanwang.basics.canonical import Json
from suanwang.basics.errors import Invalid, NotFound
from suanwang.basics.ids import ErasureId
from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.erasure_errors import ErasureTooEarly, NothingToErase, RecordRetained
from suanwang.flows.log_errors import HeadPending
from suanwang.flows.prove import RETRY_SECONDS
from suanwang.flows.publish_head import publish_head_now
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.jobs.lifecycle import JobState
from suanwang.ledger.log.erasure import ERASABLE, KIND, NO_SALT, Erased, Ground, left_of
from suanwang.ledger.log.leaves import EVIDENCE, SALT_BYTES
from suanwang.ledger.log.notes import Signer
from suanwang.store import evidence, jobs, log
from suanwang.store.evidence import Evidence
from suanwang.store.tx import Row, Tx
from suanwang.store.values import write

RECORDS_MAX = 500  # of a member in one erasure; more takes more of them
REFERENCE_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why data are erased; `reference` is the request's number, never a name."""

    ground: Ground
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What was erased, and by which record."""

    id: ErasureId
    records: tuple[tuple[str, str], ...]  # kind, id
    more: bool = False  # a member has more records: erase again


def erase_record(
    tx: Tx, kind: str, record_id: str, reason: Reason, *, signer: Signer, act: Act
) -> Erasure:
    """Erase one record.

    Raises: NotAllowed, NotFound; RecordRetained for what law keeps; NothingToErase;
    ErasureTooEarly while the job runs; HeadPending until the erasure is under a head: try again.
    """
    must_be(act, Role.OPERATOR)
    if kind not in ERASABLE:
        raise RecordRetained(kind=kind, erasable=", ".join(sorted(ERASABLE)))
    return _erase(tx, [(kind, record_id)], reason, signer=signer, act=act)


def erase_member(tx: Tx, member_id: str, reason: Reason, *, signer: Signer, act: Act) -> Erasure:
    """Erase a removed member's name and the orders of their jobs, so many at a time.

    Raises: as `erase_record`; ErasureTooEarly for a member who was not removed.
    """
    must_be(act, Role.OPERATOR)
    member = tx.first("member_by_id", id=member_id)
    if member is None:
        raise NotFound(kind="member", id=member_id)
    if member.removed_at is None:
        raise ErasureTooEarly(kind="member", id=member_id, found="a member", expected="removed")
    rows = tx.all("erasure_orders_of_member", member_id=member_id, limit=RECORDS_MAX + 1)
    if not rows and not member.name:
        raise NothingToErase(kind="member", id=member_id, found="nothing", expected="data")
    named = [("order", row.id) for row in rows[:RECORDS_MAX]]
    found = _erase(tx, named, reason, signer=signer, act=act, member_id=member_id)
    _blank_member(tx, member_id)
    more = len(rows) > RECORDS_MAX
    return Erasure(id=found.id, records=found.records, more=more)


def _blank_member(tx: Tx, member_id: str) -> None:
    tx.do("erase_member", id=member_id)
    for row in tx.all("erase_member_records", id=member_id):
        body = json.loads(row.body) | {"name": ""}
        if body["member_id"] != member_id:
            continue
        tx.do("erase_member_record", seq=row.seq, body=write(body))
        tx.do("erase_member_events", id=member_id, body=write(body))


def _erase(
    tx: Tx,
    named: Sequence[tuple[str, str]],
    reason: Reason,
    *,
    signer: Signer,
    act: Act,
    member_id: str | None = None,
) -> Erasure:
    if reason.reference is not None and len(reason.reference) > REFERENCE_MAX:
        raise Invalid(reason=f"expected a reference of at most {REFERENCE_MAX} characters")
    rows = [_row(tx, kind, record_id) for kind, record_id in named]
    erased = [_leaf(tx, row) for row in rows]
    erasure_id = act.new_id(ErasureId)
    key = must_be(act, Role.OPERATOR)
    why: dict[str, Json] = {
        "erasure_id": str(erasure_id),
        "by": str(key.key_id),
        "ground": reason.ground.value,
        "reference": reason.reference,
        **({} if member_id is None else {"member_id": member_id}),
    }
    record_operator_action(tx, "erase", why | {"records": len(named)}, act=act)
    if erased:
        record = {**why, "records": [each.record() for each in erased]}
        evidence.add(tx, [Evidence(kind=KIND, id=erasure_id, record=record, at=act.now)])
        _must_be_signed(tx, erasure_id, signer=signer, act=act)
    for row, each in zip(rows, erased, strict=True):
        _blank(tx, row, each)
    return Erasure(id=erasure_id, records=tuple(named))


def _row(tx: Tx, kind: str, record_id: str) -> Row:
    row = tx.first("evidence_by_id", kind=kind, id=record_id)
    if row is None:
        raise NotFound(kind=kind, id=record_id)
    if row.record == "{}":
        raise NothingToErase(kind=kind, id=record_id, found="nothing", expected="data")
    if kind == "order":
        job = jobs.job_for_update(tx, record_id)
        if not job.is_final and job.state is not JobState.BILLED:  # settling needs no spec
            raise ErasureTooEarly(
                kind=kind, id=record_id, found=job.state, expected="over and billed"
            )
    return row


def _leaf(tx: Tx, row: Row) -> Erased:
    """Return what an erasure says of a row, which must be in the log."""
    segment = log.segment_of(tx, EVIDENCE, row.seq)
    if segment is None:
        raise _pending(row.id)
    index = log.leaf_of(tx, segment, row.seq)
    return Erased(index=index, leaf=log.leaf_hashes(tx, index, 1)[0], left=left_of(row))


def _must_be_signed(tx: Tx, erasure_id: ErasureId, *, signer: Signer, act: Act) -> None:
    """Sign a head over the erasure: nothing is blank before its erasure is proven."""
    publish_head_now(tx, signer=signer, act=act)
    seq = evidence.find(tx, KIND, erasure_id).seq
    assert seq is not None, "it is stored"
    if log.segment_of(tx, EVIDENCE, seq) is None:
        raise _pending(erasure_id)


def _pending(record_id: str) -> HeadPending:
    return HeadPending(
        kind=EVIDENCE, id=record_id, found="pending", expected="under a signed head",
        retry_after_s=RETRY_SECONDS,
    )  # fmt: skip


def _blank(tx: Tx, row: Row, erased: Erased) -> None:
    tx.do("erase_record", seq=row.seq)
    segment = log.segment_of(tx, EVIDENCE, row.seq)
    assert segment is not None, "it was in the log a moment ago"
    start = (erased.index - segment.first_leaf) * SALT_BYTES
    salts = segment.salts[:start] + NO_SALT + segment.salts[start + SALT_BYTES :]
    tx.do("erase_salts", first_leaf=segment.first_leaf, salts=salts)
    if row.kind == "order":
        tx.do("erase_job", id=row.id)
    elif row.kind == "voucher_party":
        owner, _, number = row.id.partition("#")
        tx.do("erase_voucher_party", organisation_id=owner, changes=int(number))

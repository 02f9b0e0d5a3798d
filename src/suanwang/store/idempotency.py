"""One request, one effect: the answer is kept with the work, under the client's own key.

    begin(tx, request)  → None        go on, do the work, then finish(tx, …) in the same transaction
                        → Answer      it was done before: send this again
                        → refused     same key with another request, or the first is still running

`begin`, the work and `finish` in one transaction make the answer appear exactly when the work does;
an error undoes all three, so a failed request may be tried again.
"""

from __future__ import annotations

from dataclasses import dataclass

from suanwang.basics.ids import KeyId
from suanwang.basics.slots import Instant, to_micros
from suanwang.store.errors import IdempotencyKeyReused, RequestUnderWay
from suanwang.store.tx import Row, Tx

PRUNE_MAX = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as far as repeating it goes. `fingerprint` is a hash of method, path and body."""

    key_id: KeyId
    idempotency_key: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered, byte for byte."""

    status: int
    body: bytes
    content_type: str


def begin(tx: Tx, request: Request, *, at: Instant) -> Answer | None:
    """Claim the key for this request, or return the answer it was given before."""
    claimed = tx.do(
        "idempotency_begin",
        key_id=request.key_id,
        idempotency_key=request.idempotency_key,
        fingerprint=request.fingerprint,
        created_at=to_micros(at),
    )
    return None if claimed else _answer(tx, request)


def finish(tx: Tx, request: Request, answer: Answer) -> None:
    """Keep the answer, in the transaction of the work."""
    changed = tx.do(
        "idempotency_finish",
        key_id=request.key_id,
        idempotency_key=request.idempotency_key,
        status=answer.status,
        body=answer.body,
        content_type=answer.content_type,
    )
    assert changed == 1, "finish without begin"


def lookup(tx: Tx, request: Request) -> Answer | None:
    """Return the answer given before, without claiming; None if there is none yet."""
    row = _row(tx, request)
    return _answer(tx, request) if row else None


def prune(tx: Tx, *, before: Instant) -> int:
    """Forget answers older than an instant; return how many."""
    return tx.do("idempotency_prune", before=to_micros(before), limit=PRUNE_MAX)


def _row(tx: Tx, request: Request) -> Row | None:
    return tx.first(
        "idempotency_lookup", key_id=request.key_id, idempotency_key=request.idempotency_key
    )


def _answer(tx: Tx, request: Request) -> Answer:
    row = _row(tx, request)
    assert row is not None, "the row that was in the way is gone"
    if row.fingerprint != request.fingerprint:
        raise IdempotencyKeyReused(id=request.idempotency_key)
    if row.status is None:
        raise RequestUnderWay(id=request.idempotency_key)
    return Answer(status=row.status, body=row.body, content_type=row.content_type)

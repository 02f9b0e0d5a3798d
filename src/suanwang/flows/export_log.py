"""Export the whole log: what a head is of, and the leaves under it, page by page.

An auditor who has all pages and the exchange's key can check everything without us. Pages are
read one after another and are never changed by what comes later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.log_errors import HeadPending, HeadUnknown
from suanwang.flows.prove import RETRY_SECONDS
from suanwang.flows.publish_head import read_head
from suanwang.ledger.archive.files import FORMAT
from suanwang.ledger.log import tiles
from suanwang.ledger.log.leaves import SALT_BYTES, TRANSFERS, evidence_records, transfer_records
from suanwang.ledger.log.notes import Verifier
from suanwang.ledger.log.signed import head_with_keys
from suanwang.store import log
from suanwang.store.log import Head
from suanwang.store.tx import Tx

PAGE_MAX = 8_192  # leaves


def export_head(tx: Tx, *, since: int | None, key: str, act: Act) -> dict[str, Any]:
    """Return what an export says of itself, under the newest head; `since`: leaves of an earlier.

    Raises: NotAllowed; HeadPending; HeadUnknown; LogKeyWrong where the head is of another key.
    """
    must_be(act, Role.OPERATOR, Role.AUDITOR)
    head = log.last_head(tx)
    if head is None:
        raise HeadPending(
            kind="head", id="log", found="pending", expected="signed", retry_after_s=RETRY_SECONDS
        )
    read_head(head, Verifier.parse(key))
    signed = head_with_keys(head.note, key=key, witnesses=log.witnesses(tx))
    return {"format": FORMAT, "since": _since(tx, since, head, key=key), **signed}


def _since(tx: Tx, size: int | None, head: Head, *, key: str) -> Mapping[str, Any] | None:
    if size is None:
        return None
    before = log.head_of_size(tx, size)
    if before is None or size > head.size:
        raise HeadUnknown(kind="head", id=size)
    proof = tiles.consistency_between(size, head.size, log.reader(tx))
    note = head_with_keys(before.note, key=key, witnesses=())["head"]
    return {"head": note, "proof": [each.hex() for each in proof]}


def export_leaves(tx: Tx, first: int, *, limit: int, act: Act) -> bytes:
    """Return lines of leaves from `first` on, none where the log is shorter.

    Raises: NotAllowed; RecordUnreadable where somebody wrote what no column may hold.
    """
    must_be(act, Role.OPERATOR, Role.AUDITOR)
    page: list[bytes] = []
    count = 0
    while count < limit and (found := _lines(tx, first + count, limit=limit - count)):
        page += found
        count += len(found)
    return b"".join(page)


def _lines(tx: Tx, first: int, *, limit: int) -> list[bytes]:
    """Return lines of one segment."""
    segment = log.segment_at(tx, first)
    if segment is None:
        return []
    offset = first - segment.first_leaf
    count = min(limit, segment.end - first)
    rows = log.rows_after(
        tx, segment.source, segment.first_seq - 1, until=segment.last_seq, limit=offset + count
    )[offset:]
    write = transfer_records if segment.source == TRANSFERS else evidence_records
    hashes = log.leaf_hashes(tx, first, count)
    lines = []
    for number, (record, leaf) in enumerate(zip(write(rows), hashes, strict=False)):
        salt = segment.salts[(offset + number) * SALT_BYTES :][:SALT_BYTES]
        lines.append(
            b'{"leaf":"%b","record":%b,"salt":"%b"}\n'
            % (leaf.hex().encode(), record, salt.hex().encode())
        )
    return lines

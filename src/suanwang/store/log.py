"""The log over transfers and evidence: which rows are its leaves, its hashes, its signed heads.

    seq 1 2 3 · 5 6        rows; a number may be missing where a transaction was rolled back
        └─segment─┘        leaves first_leaf, first_leaf + 1, …: a source's rows in order of seq

Nobody who posts waits for the log: it is extended afterwards, by one server, from rows that are
committed. On PostgreSQL a row may become visible after one with a larger seq; `horizon` says up to
which seq nothing can come any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suanwang.basics.errors import Conflict
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.ledger.log import tiles
from suanwang.ledger.log.leaves import EVIDENCE, SALT_BYTES, TRANSFERS
from suanwang.ledger.log.tree import HASH_BYTES
from suanwang.store.tx import Row, Tx

SOURCES = (TRANSFERS, EVIDENCE)
_AFTER = {TRANSFERS: "log_transfers_after", EVIDENCE: "log_evidence_after"}
_BETWEEN = {TRANSFERS: "log_transfers_between", EVIDENCE: "log_evidence_between"}
HEADS_MAX = 1_000  # listed at once
PAUSES_MAX = 400  # of 5 ms: a transaction that runs longer holds the log up until the next turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Leaves from `first_leaf` on: the rows of a source from `first_seq` to `last_seq`."""

    first_leaf: int
    leaves: int
    source: str
    first_seq: int
    last_seq: int
    salts: bytes

    @property
    def end(self) -> int:
        """The leaf after the last one."""
        return self.first_leaf + self.leaves

    def salt(self, leaf: int) -> bytes:
        """Return the salt of a leaf."""
        start = (leaf - self.first_leaf) * SALT_BYTES
        return self.salts[start : start + SALT_BYTES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A signed head; `note` carries every cosignature that came."""

    seq: int
    size: int
    at: Instant
    note: str


def size(tx: Tx) -> int:
    """Return how many leaves the log has."""
    row = tx.first("log_last_segment")
    return row.first_leaf + row.leaves if row else 0


def last_seq(tx: Tx, source: str) -> int:
    """Return the newest row of a source that is in the log; 0 where none is."""
    row = tx.first("log_last_seq", source=source)
    return int(row.last_seq) if row else 0


def horizon(tx: Tx) -> Mapping[str, int] | None:
    """Return for each source the seq up to which every row is here for good.

    None: somebody who may have drawn a smaller one has not ended within two seconds. Whoever writes
    has its transaction's number before it draws a row's (`take_xid`), so once all that had one when
    `newest` was read have ended, no row can come below it.
    """
    newest = tx.one("log_newest")
    seen = {source: int(newest[source]) for source in SOURCES}
    writers = [str(row.xid) for row in tx.all("log_writers")]
    for _ in range(PAUSES_MAX):
        if not writers or not tx.one("log_writing", xids=writers).writers:
            return seen
        tx.all("log_pause")
    return None


def rows_after(tx: Tx, source: str, after: int, *, until: int, limit: int) -> list[tuple[Any, ...]]:
    """Return rows as leaves are written from them, in order of seq; seq is the last column."""
    found = tx.all(_AFTER[source], after=after, until=until, limit=limit)
    return [tuple(row.values()) for row in found]


def append(tx: Tx, segment: Segment, grown: Mapping[tuple[int, int], bytes]) -> None:
    """Append leaves; Conflict where another server has extended the log meanwhile."""
    tx.all("log_lock")
    found = size(tx)
    if found != segment.first_leaf:
        raise Conflict(kind="log", id="size", found=found, expected=segment.first_leaf)
    added = tx.do(
        "log_segment_add",
        first_leaf=segment.first_leaf,
        leaves=segment.leaves,
        source=segment.source,
        first_seq=segment.first_seq,
        last_seq=segment.last_seq,
        salts=segment.salts,
    )
    if not added:
        raise Conflict(kind="log", id="size", found="taken", expected=segment.first_leaf)
    tx.many(
        "log_tile_save",
        [
            {"level": level, "number": number, "hashes": hashes}
            for (level, number), hashes in sorted(grown.items())
        ],
    )


def segment_of(tx: Tx, source: str, seq: int) -> Segment | None:
    """Return the segment that holds a row, or None while the row is not in the log."""
    row = tx.first("log_segment_of", source=source, seq=seq)
    return _segment(row) if row and seq <= row.last_seq else None


def leaf_of(tx: Tx, segment: Segment, seq: int) -> int:
    """Return the leaf that a row of a segment is."""
    query = _BETWEEN[segment.source]
    return segment.first_leaf + int(tx.one(query, first=segment.first_seq, last=seq).rows) - 1


def segments_from(tx: Tx, first_leaf: int, *, limit: int) -> list[Segment]:
    """Return segments in the order of the log."""
    rows = tx.all("log_segments_from", first_leaf=first_leaf, limit=limit)
    return [_segment(row) for row in rows]


def segment_at(tx: Tx, leaf: int) -> Segment | None:
    """Return the segment that a leaf stands in, or None where the log is shorter."""
    row = tx.first("log_segment_at", leaf=leaf)
    found = _segment(row) if row else None
    return found if found is not None and leaf < found.end else None


def tile(tx: Tx, level: int, number: int) -> bytes:
    """Return a tile's hashes; nothing where there is no such tile."""
    row = tx.first("log_tile", level=level, number=number)
    return bytes(row.hashes) if row else b""


def leaf_hashes(tx: Tx, first: int, count: int) -> list[bytes]:
    """Return the hashes that stand in the log for leaves; fewer where tiles are missing."""
    begin, end = first // tiles.WIDTH, (first + count - 1) // tiles.WIDTH
    data = b"".join(tile(tx, 0, number) for number in range(begin, end + 1))
    start = (first - begin * tiles.WIDTH) * HASH_BYTES
    return tiles.hashes_of(data[start : start + count * HASH_BYTES])


def reader(tx: Tx) -> Callable[[int, int], bytes]:
    """Return a function that reads tiles, each once: proofs of one tree share most of them."""
    known: dict[tuple[int, int], bytes] = {}

    def read(level: int, number: int) -> bytes:
        if (level, number) not in known:
            known[level, number] = tile(tx, level, number)
        return known[level, number]

    return read


def add_head(tx: Tx, *, size: int, note: str, at: Instant) -> Head:
    """Remember a signed head."""
    tx.do("log_head_add", size=size, at=to_micros(at), note=note)
    head = last_head(tx)
    assert head is not None, "a head was just added"
    return head


def last_head(tx: Tx) -> Head | None:
    """Return the newest head, or None before the first."""
    row = tx.first("log_head_last")
    return _head(row) if row else None


def head_of_size(tx: Tx, size: int) -> Head | None:
    """Return the head of a size, or None."""
    row = tx.first("log_head_of", size=size)
    return _head(row) if row else None


def head_for_update(tx: Tx, size: int) -> Head | None:
    """Return the head of a size, locked, or None."""
    row = tx.first("log_head_to_change", size=size)
    return _head(row) if row else None


def heads_before(tx: Tx, seq: int | None = None, *, limit: int = 100) -> list[Head]:
    """List heads, newest first, from just before `seq` (None: from the newest)."""
    before = 2**62 if seq is None else seq
    return [
        _head(r) for r in tx.all("log_heads_before", before=before, limit=min(limit, HEADS_MAX))
    ]


def heads_after(tx: Tx, seq: int, *, limit: int = HEADS_MAX) -> list[Head]:
    """List heads in the order in which they were signed."""
    return [_head(row) for row in tx.all("log_heads_after", after=seq, limit=limit)]


def save_note(tx: Tx, head: Head, note: str) -> None:
    """Write a head's note again, with a cosignature more."""
    tx.do("log_head_save", seq=head.seq, note=note)


def add_witness(tx: Tx, *, name: str, vkey: str, at: Instant) -> bool:
    """Take a witness's cosignatures from now on; False where the name is taken."""
    return tx.do("witness_add", name=name, vkey=vkey, at=to_micros(at)) == 1


def witnesses(tx: Tx) -> Sequence[str]:
    """Return the witnesses' verifier keys, by name."""
    return [str(row.vkey) for row in tx.all("witnesses")]


def _segment(row: Row) -> Segment:
    return Segment(
        first_leaf=row.first_leaf,
        leaves=row.leaves,
        source=row.source,
        first_seq=row.first_seq,
        last_seq=row.last_seq,
        salts=bytes(row.salts),
    )


def _head(row: Row) -> Head:
    return Head(seq=row.seq, size=row.size, at=from_micros(row.at), note=row.note)

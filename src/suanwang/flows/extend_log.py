"""Extend the log: rows that were committed since become its leaves, salted, hashed, in order.

    fetch   rows of one source after the last leaf's, up to the horizon      short transaction
    work    records, salted hashes, the tiles that change                    no transaction
    apply   a segment and its tiles, if nobody else has extended the log     short transaction

A crash between any two steps loses nothing: what is not in the log is found again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suanwang.basics.errors import Conflict
from suanwang.flows.act import Act
from suanwang.flows.timing import Timing
from suanwang.ledger.log import tiles
from suanwang.ledger.log.hashing import SALT_BYTES
from suanwang.ledger.log.leaves import (
    TRANSFERS,
    evidence_leaves,
    transfer_leaves,
)
from suanwang.store import log
from suanwang.store.log import Segment
from suanwang.store.tx import Tx

BATCH = 4_096  # leaves in one turn, and so in one segment
_SEQ = -1  # the column


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlogged:
    """Rows that are not in the log yet, and the edge of the tree that they go to."""

    source: str
    size: int
    rows: tuple[tuple[Any, ...], ...]
    salts: bytes
    edge: Mapping[tuple[int, int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What is appended to the log."""

    segment: Segment
    tiles: Mapping[tuple[int, int], bytes]


def fetch_unlogged(tx: Tx, *, act: Act, timing: Timing) -> Unlogged | None:
    """Load the rows of one source that the log lacks; None where it has all."""
    del timing
    until = log.horizon(tx)
    if until is None:
        return None
    size = log.size(tx)
    for source in log.SOURCES:
        after = log.last_seq(tx, source)
        rows = log.rows_after(tx, source, after, until=until[source], limit=BATCH)
        if rows:
            salts = act.entropy(SALT_BYTES * len(rows))
            edge = _edge(tx, size)
            return Unlogged(source=source, size=size, rows=tuple(rows), salts=salts, edge=edge)
    return None


def hash_rows(batch: Unlogged) -> Extension:
    """Make leaves of rows; pure."""
    leaves = transfer_leaves if batch.source == TRANSFERS else evidence_leaves
    hashes = leaves(batch.salts, batch.rows)
    segment = Segment(
        first_leaf=batch.size,
        leaves=len(batch.rows),
        source=batch.source,
        first_seq=batch.rows[0][_SEQ],
        last_seq=batch.rows[_SEQ][_SEQ],
        salts=batch.salts,
    )
    changed = tiles.grow(batch.size, hashes, lambda level, number: batch.edge[level, number])
    return Extension(segment=segment, tiles=changed)


def append_leaves(tx: Tx, extension: Extension, *, act: Act, timing: Timing) -> int:
    """Append to the log; nothing where another server was quicker. Return how many leaves."""
    del act, timing
    try:
        log.append(tx, extension.segment, extension.tiles)
    except Conflict:
        return 0
    return extension.segment.leaves


def extend_now(tx: Tx, *, act: Act) -> int:
    """Extend the log by everything that is there, in this transaction; return how many leaves."""
    count = 0
    timing = Timing()
    while (batch := fetch_unlogged(tx, act=act, timing=timing)) is not None:
        did = append_leaves(tx, hash_rows(batch), act=act, timing=timing)
        if not did:
            break
        count += did
    return count


def _edge(tx: Tx, size: int) -> dict[tuple[int, int], bytes]:
    """Return the last tile of each level that is not full: what the next leaves are added to."""
    edge, level = {}, 0
    while count := size >> tiles.HEIGHT * level:
        number, width = divmod(count, tiles.WIDTH)
        if width:
            edge[level, number] = log.tile(tx, level, number)
        level += 1
    return edge

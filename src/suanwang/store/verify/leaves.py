"""Every row of transfers and evidence against its hash in the log, a segment at a time.

A row's hash under its salt must be the one that stands at its leaf. Where it is not, the row was
altered, or one before it was deleted, or one was slipped in: what fits again says which.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from suanwang.ledger.log import tiles
from suanwang.ledger.log.erasure import NO_SALT, Erased, erased_by
from suanwang.ledger.log.errors import BundleWrong, RecordUnreadable
from suanwang.ledger.log.hashing import SALT_BYTES
from suanwang.ledger.log.leaves import (
    EVIDENCE,
    EVIDENCE_COLUMNS,
    TRANSFER_COLUMNS,
    TRANSFERS,
    evidence_leaves,
    transfer_leaves,
)
from suanwang.store import log
from suanwang.store.log import Segment
from suanwang.store.tx import Tx
from suanwang.store.verify.finding import Finding, finding

SEGMENTS_AT_ONCE = 16
_UNREADABLE = b""  # no hash is empty
Row = tuple[Any, ...]


def check_leaves(tx: Tx) -> Iterator[Finding]:
    """Compare every logged row with its leaf, in the order of the log."""
    erased = yield from _erasures(tx)
    end, last = 0, dict.fromkeys(log.SOURCES, 0)
    while segments := log.segments_from(tx, end, limit=SEGMENTS_AT_ONCE):
        for segment in segments:
            yield from _check_place(segment, end=end, after=last.get(segment.source, 0))
            yield from _check_rows(tx, segment, erased, after=last.get(segment.source, 0))
            end = max(end, segment.end)
            last[segment.source] = max(last.get(segment.source, 0), segment.last_seq)


def _check_place(segment: Segment, *, end: int, after: int) -> Iterator[Finding]:
    """Check that segments follow one another without a gap."""
    name = f"log_segments {segment.first_leaf}"
    if segment.first_leaf != end:
        found = segment.first_leaf
        yield finding("segment-broken", name, expected=f"first_leaf {end}", found=found)
    if segment.source not in log.SOURCES:
        yield finding("segment-broken", name, expected=log.SOURCES, found=segment.source)
    if not after < segment.first_seq <= segment.last_seq:
        expected = f"rows after seq {after}"
        told = f"{segment.first_seq} to {segment.last_seq}"
        yield finding("segment-broken", name, expected=expected, found=told)
    if len(segment.salts) != segment.leaves * SALT_BYTES or segment.leaves < 1:
        expected = f"{segment.leaves * SALT_BYTES} bytes of salts"
        yield finding("segment-broken", name, expected=expected, found=len(segment.salts))


def _erasures(tx: Tx) -> Generator[Finding, None, dict[int, Erased]]:
    """Load what was erased, by leaf; an erasure counts once it is in the log."""
    found: dict[int, Erased] = {}
    for row in tx.all("erasures_all", until=log.last_seq(tx, EVIDENCE)):
        name = f"{EVIDENCE} {row.seq} {row.id}"
        try:
            for each in erased_by(json.loads(row.record), name):
                found[each.index] = each
        except (ValueError, AttributeError, BundleWrong) as error:
            yield finding("erasure-wrong", name, expected="an erasure", found=error)
    return found


def _check_rows(
    tx: Tx, segment: Segment, erased: Mapping[int, Erased], *, after: int
) -> Iterator[Finding]:
    whole = segment.source in log.SOURCES and len(segment.salts) == segment.leaves * SALT_BYTES
    if not whole:
        return
    rows, unreadable = _rows(tx, segment, after=max(after, segment.first_seq - 1))
    yield from unreadable
    stored = _stored(tx, segment)
    if len(stored) < segment.leaves:
        place = f"log_tiles 0/{(segment.first_leaf + len(stored)) // tiles.WIDTH}"
        expected = f"{segment.leaves} hashes from leaf {segment.first_leaf} on"
        yield finding("tile-missing", place, expected=expected, found=len(stored))
        return
    hashes = _hashes(segment.source, segment.salts, rows)
    blank = _blank(segment, rows, stored, erased)
    for number in blank:
        hashes[number] = stored[number]
    yield from _undone(segment, rows, erased, blank)
    if hashes == stored and not unreadable:
        return
    yield from _differences(segment, rows, stored, blank)


def _blank(
    segment: Segment, rows: Sequence[Row], stored: Sequence[bytes], erased: Mapping[int, Erased]
) -> frozenset[int]:
    """Return the places of rows that say nothing any more, by an erasure that is in the log."""
    if segment.source != EVIDENCE:
        return frozenset()
    found = set()
    for place, (row, leaf) in enumerate(zip(rows, stored, strict=False)):
        index = segment.first_leaf + place
        told = erased.get(index)
        if told is None or segment.salt(index) != NO_SALT:
            continue
        said: dict[str, Any] = dict(zip(EVIDENCE_COLUMNS, row, strict=True))
        said["record"] = {} if said["record"] == "{}" else said["record"]
        if told.fits(said, index=index, leaf=leaf):
            found.add(place)
    return frozenset(found)


def _undone(
    segment: Segment, rows: Sequence[Row], erased: Mapping[int, Erased], blank: frozenset[int]
) -> Iterator[Finding]:
    """Name rows that still say what an erasure says was erased."""
    if segment.source != EVIDENCE:
        return
    for place, row in enumerate(rows):
        if segment.first_leaf + place in erased and place not in blank:
            expected = "a record that says nothing, as its erasure says"
            yield finding("erasure-undone", _name(segment, row), expected=expected, found="another")


def _differences(
    segment: Segment, rows: Sequence[Row], stored: Sequence[bytes], blank: frozenset[int]
) -> Iterator[Finding]:
    """Name each row that is altered, missing or extra."""
    leaf, number = 0, 0
    while number < len(rows):
        row = rows[number]
        missing = len(stored) - leaf - (len(rows) - number)
        is_blank = number == leaf and number in blank
        if is_blank or (leaf < len(stored) and _hash(segment, row, leaf) == stored[leaf]):
            leaf, number = leaf + 1, number + 1
        elif skip := _found_later(segment, row, leaf=leaf, stored=stored, missing=missing):
            yield _missing(segment, rows, number, leaf=leaf, count=skip)
            leaf += skip
        elif missing < 0 and _is_extra(segment, rows, number, leaf=leaf, stored=stored):
            found = "one that the log never had"
            yield finding("leaf-extra", _name(segment, row), expected="no row", found=found)
            number += 1
        else:
            expected = "the row as it was logged"
            if segment.salt(segment.first_leaf + leaf) == NO_SALT:
                expected += ", or an erasure that names it"
            yield finding("leaf-altered", _name(segment, row), expected=expected, found="another")
            leaf, number = leaf + 1, number + 1
    if leaf < len(stored):
        yield _missing(segment, rows, number, leaf=leaf, count=len(stored) - leaf)


def _found_later(
    segment: Segment, row: Row, *, leaf: int, stored: Sequence[bytes], missing: int
) -> int:
    """Return how many leaves further on a row fits; 0 where it fits none that may be."""
    for skip in range(1, missing + 1):
        if leaf + skip < len(stored) and _hash(segment, row, leaf + skip) == stored[leaf + skip]:
            return skip
    return 0


def _is_extra(
    segment: Segment, rows: Sequence[Row], number: int, *, leaf: int, stored: Sequence[bytes]
) -> bool:
    """Say whether the log goes on as if the row were not there."""
    if leaf >= len(stored):
        return True
    return number + 1 < len(rows) and _hash(segment, rows[number + 1], leaf) == stored[leaf]


def _missing(
    segment: Segment, rows: Sequence[Row], number: int, *, leaf: int, count: int
) -> Finding:
    before = rows[number - 1][-1] if number else segment.first_seq - 1
    after = rows[number][-1] if number < len(rows) else segment.last_seq + 1
    return finding(
        "leaf-missing",
        f"{segment.source} between seq {before} and {after}",
        expected=f"{count} more rows, leaves {segment.first_leaf + leaf} and on",
        found="none",
    )


def _rows(tx: Tx, segment: Segment, *, after: int) -> tuple[list[Row], list[Finding]]:
    """Load a segment's rows; those that cannot even be read are named and left out."""
    limit = 2 * segment.leaves + 1
    try:
        rows = log.rows_after(tx, segment.source, after, until=segment.last_seq, limit=limit)
        _hashes(segment.source, bytes(SALT_BYTES * len(rows)), rows)
    except (sqlite3.Error, UnicodeDecodeError, ValueError, RecordUnreadable):
        return _one_by_one(tx, segment, after=after)
    return rows, []


def _one_by_one(tx: Tx, segment: Segment, *, after: int) -> tuple[list[Row], list[Finding]]:
    rows: list[Row] = []
    found: list[Finding] = []
    for seq in range(after + 1, segment.last_seq + 1):
        try:
            one = log.rows_after(tx, segment.source, seq - 1, until=seq, limit=1)
            _hashes(segment.source, bytes(SALT_BYTES * len(one)), one)
        except (sqlite3.Error, UnicodeDecodeError, ValueError, RecordUnreadable) as error:
            name = f"{segment.source} {seq}"
            found.append(finding("row-unreadable", name, expected="a row", found=error))
            continue
        rows += one
    return rows, found


def _stored(tx: Tx, segment: Segment) -> list[bytes]:
    """Return the hashes that stand in the log for a segment."""
    return log.leaf_hashes(tx, segment.first_leaf, segment.leaves)


def _hashes(source: str, salts: bytes, rows: Sequence[Row]) -> list[bytes]:
    leaves = transfer_leaves if source == TRANSFERS else evidence_leaves
    count = min(len(rows), len(salts) // SALT_BYTES)
    hashes = tiles.hashes_of(leaves(salts[: count * SALT_BYTES], rows[:count]))
    return hashes + [_UNREADABLE] * (len(rows) - count)


def _hash(segment: Segment, row: Row, leaf: int) -> bytes:
    return _hashes(segment.source, segment.salt(segment.first_leaf + leaf), [row])[0]


def _name(segment: Segment, row: Row) -> str:
    columns = TRANSFER_COLUMNS if segment.source == TRANSFERS else EVIDENCE_COLUMNS
    return f"{segment.source} {row[-1]} {row[columns.index('id')]}"

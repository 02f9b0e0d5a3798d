"""Rows of ordinary tables against what was put on record of them when it was decided.

What there is to compare is declared in `kinds/`. A row that is older than the first record of its
kind comes from a time before there were any, and a record that was erased says nothing any more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suanwang.store.tx import Row, Tx
from suanwang.store.verify.finding import FINDINGS_MAX, Finding, finding
from suanwang.store.verify.kinds import KINDS
from suanwang.store.verify.kinds.kind import Fields, Kind, Read

PAGE = 1_000
_ERASED: Fields = {}


@dataclass(frozen=True, slots=True)
class _Words:
    """What is on record of one row: the first word, the newest, and all where they are needed."""

    first: str
    last: str
    all: tuple[str, ...] = ()


def check_records(tx: Tx) -> Iterator[Finding]:
    """Compare every row that has a record with it, and every record with its row."""
    for each in KINDS:
        yield from _check_kind(tx, each)


def _check_kind(tx: Tx, each: Kind) -> Iterator[Finding]:
    since = tx.one("verify_since", kind=each.evidence).at
    later = {row.subject: row for row in tx.all("verify_later_words", kind=each.evidence)}
    after, told = "", 0
    while page := tx.all(each.rows, after=after, limit=PAGE):
        words = _words(tx, each, [row.id for row in page], later)
        told += len(words)
        for row in page:
            yield from _check_row(row, each, words.get(row.id), since=since)
        after = page[-1].id
    if told != tx.one("verify_subjects", kind=each.evidence).subjects:
        yield from _orphans(tx, each)


def _words(tx: Tx, each: Kind, ids: Sequence[str], later: Mapping[str, Row]) -> dict[str, _Words]:
    """Load what is on record of a page of rows."""
    kind = each.evidence
    plain = {row.id: row.record for row in tx.all("verify_words", kind=kind, ids=list(ids))}
    found = [later[id_] for id_ in ids if id_ in later]
    seqs = json.dumps([{"seq": seq} for row in found for seq in (row.first, row.last)])
    by_seq = {row.seq: row.record for row in tx.all("verify_words_at", seqs=seqs)}
    everything: dict[str, list[str]] = {}
    if each.replay is not None:
        for row in tx.all("verify_all_words", kind=kind, ids=list(ids)):
            everything.setdefault(row.subject, []).append(row.record)
    words = {}
    for id_ in ids:
        more = later.get(id_)
        if id_ not in plain and more is None:
            continue
        first = plain[id_] if id_ in plain else by_seq[later[id_].first]
        last = plain[id_] if more is None else by_seq[more.last]
        words[id_] = _Words(first, last, tuple(everything.get(id_, ())))
    return words


def _check_row(
    row: Row, each: Kind, words: _Words | None, *, since: int | None
) -> Iterator[Finding]:
    name = f"{each.table} {row.id}"
    if words is None:
        made_at = row[each.made_at]
        if since is not None and made_at is not None and made_at > since:
            yield finding("record-missing", name, expected="a record of it", found="none")
        return
    try:
        yield from _differences(name, row, each, words)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        yield finding("row-unreadable", name, expected="a row as it was written", found=repr(error))


def _differences(name: str, row: Row, each: Kind, words: _Words) -> Iterator[Finding]:
    compared: list[tuple[Fields, Mapping[str, Read]]] = [
        (json.loads(words.first), each.first),
        (json.loads(words.last), each.last),
    ]
    if each.replay is not None:
        records = [json.loads(record) for record in words.all]
        if _ERASED not in records:
            compared.append((each.replay(records), each.replayed))
    for said, reads in compared:
        if said == _ERASED:
            continue
        for field, read in reads.items():
            expected, found = _said(said, field, each.unsaid), read(row)
            if found != expected:
                where = f"{name} {field}"
                yield finding("row-differs", where, expected=expected, found=found)


def _said(record: Fields, field: str, unsaid: Fields) -> Any:  # noqa: ANN401 - JSON may be anything
    found: Any = record
    for step in field.split("."):
        if step not in found and field in unsaid:
            return unsaid[field]
        found = found[step]
    return found


def _orphans(tx: Tx, each: Kind) -> Iterator[Finding]:
    """Name the records whose rows are gone; only where some are is their list loaded."""
    rows: set[str] = set()
    after = ""
    while page := tx.all(each.rows, after=after, limit=PAGE):
        rows.update(row.id for row in page)
        after = page[-1].id
    count, seq = 0, 0
    while page := tx.all("verify_records_after", kind=each.evidence, after=seq, limit=PAGE):
        for row in page:
            subject = row.id.partition("#")[0]
            if subject not in rows and count < FINDINGS_MAX:
                rows.add(subject)  # each is named once
                count += 1
                name = f"evidence {row.seq} {each.evidence} {row.id}"
                expected = f"the {each.evidence} {subject}"
                yield finding("row-missing", name, expected=expected, found="none")
        seq = page[-1].seq

"""Verifies an export offline: every line is in the log, and what the records say agrees.

    first reading    line ──▶ leaf ──▶ root ◀── signed head          archive.proven
    second reading   transfers replayed, bills, statements           books, bills, months

Both readings go through the files from end to end; memory holds accounts, open holds, jobs that are
under way, and eight bytes for each name that may be used once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suanwang.basics.errors import Invalid
from suanwang.ledger.archive.bills import Bills
from suanwang.ledger.archive.books import Books
from suanwang.ledger.archive.files import Archive, Line, lines, open_archive
from suanwang.ledger.archive.months import Months
from suanwang.ledger.archive.once import Once, number_of
from suanwang.ledger.archive.proven import Facts, leaf_of, name_of, read_proven, row_of
from suanwang.ledger.log.errors import BundleWrong, RecordUnreadable
from suanwang.ledger.log.leaves import TRANSFER_COLUMNS, TRANSFERS, transfer_records
from suanwang.ledger.log.notes import Checkpoint, Cosignature, Verifier
from suanwang.ledger.log.signed import check_row
from suanwang.ledger.log.verdict import witnesses_document, wrong

_OF_TRANSFER = b',"source":"transfers"}'
_AT_ONCE = 2_048  # lines
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportVerdict:
    """What an export proves: all of the log, and that its records agree with each other."""

    head: Checkpoint
    log: Verifier
    pinned: bool
    cosignatures: tuple[Cosignature, ...]
    since: int  # leaves of the export that it continues
    transfers: int
    evidence: int
    accounts: int
    unopened: int
    assets: Mapping[str, int]  # asset → accounts that hold it
    bills: int
    credit_notes: int
    statements: int
    months: int
    under_way: int  # bills whose records are not all in the log yet
    erased: int
    kept: int

    def to_document(self) -> dict[str, Any]:
        """Return the verdict as JSON."""
        figures = (
            "since", "transfers", "evidence", "accounts", "unopened", "bills", "credit_notes",
            "statements", "months", "under_way", "erased", "kept",
        )  # fmt: skip
        return {
            "proven": True,
            "origin": self.head.origin,
            "size": self.head.size,
            "root": self.head.root.hex(),
            "key": self.log.vkey,
            "fingerprint": self.log.fingerprint,
            "pinned": self.pinned,
            "witnesses": witnesses_document(self.cosignatures),
            "assets": dict(self.assets),
            **{name: getattr(self, name) for name in figures},
        }


def verify_export(
    folder: Path, *, since: Sequence[Path] = (), key: str | None = None
) -> ExportVerdict:
    """Prove an export, with those that it continues, oldest first; `key` pins the exchange's key.

    Raises: BundleWrong with the first place that is wrong; OSError.
    """
    archives = [open_archive(each, key=key) for each in (*since, folder)]
    for each in archives[1:]:
        if each.log != archives[0].log:
            wrong(str(each.folder), f"the key {archives[0].log.vkey}", each.log.vkey)
    facts = read_proven(archives)
    books, bills, months = _held_together(archives, facts)
    last = archives[-1]
    codes = sorted({each.asset for each in books.accounts.values()})
    return ExportVerdict(
        head=last.head,
        log=last.log,
        pinned=key is not None,
        cosignatures=last.cosignatures,
        since=last.first,
        transfers=facts.transfers,
        evidence=facts.evidence,
        accounts=len(books.accounts),
        unopened=books.unopened,
        assets={code: sum(e.asset == code for e in books.accounts.values()) for code in codes},
        bills=bills.checked,
        credit_notes=bills.credit_notes,
        statements=months.statements,
        months=len(facts.months),
        under_way=len(bills.under_way),
        erased=len(facts.blank),
        kept=facts.kept,
    )


def _held_together(archives: Sequence[Archive], facts: Facts) -> tuple[Books, Bills, Months]:
    books, bills, names = Books(facts), Bills(facts), Once()
    months = Months(facts, books)
    for line, row in _rows(archives):
        leaf = leaf_of(line, row)
        try:
            if leaf.source == TRANSFERS:
                books.take(row, leaf.place, index=line.index)
                months.take(row, leaf.place)
            elif line.index not in facts.blank:
                names.add(f"{row['kind']} {row['id']}")
                if leaf.kind == "statement":
                    months.statement(leaf.record, leaf.place)
                elif leaf.kind == "closing":
                    months.closing(leaf.record, leaf.place)
            bills.take(leaf)
        except BundleWrong:
            raise
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, Invalid) as error:
            wrong(leaf.place, f"a record of the kind {leaf.kind}", repr(error))
    bills.end()
    books.check_end(tail=facts.tail)
    _check_names(archives, names.twice() | books.names.twice())
    return books, bills, months


def _rows(archives: Sequence[Archive]) -> Iterator[tuple[Line, Row]]:
    """Yield every line with its row; transfers are compared with our spelling, many at once."""
    for archive in archives:
        batch: list[Line] = []
        for line in lines(archive):
            batch.append(line)
            if len(batch) == _AT_ONCE:
                yield from _read(batch)
                batch = []
        yield from _read(batch)


def _read(batch: Sequence[Line]) -> Iterator[tuple[Line, Row]]:
    moved = [line for line in batch if line.record.endswith(_OF_TRANSFER)]
    told: dict[int, Row] = {}
    try:
        rows = [json.loads(line.record) for line in moved]
        again = transfer_records([[row[name] for name in TRANSFER_COLUMNS] for row in rows])
        same = again == [line.record for line in moved]
    except (ValueError, KeyError, TypeError, RecursionError, RecordUnreadable):
        same = False
    if not same:
        _name_misspelt(moved)
    for line, row in zip(moved, rows, strict=True):
        told[line.index] = row
    for line in batch:
        yield line, told[line.index] if line.index in told else row_of(line)


def _name_misspelt(moved: Sequence[Line]) -> None:
    for line in moved:
        row = row_of(line)
        check_row(row, name_of(line))
    wrong(name_of(moved[0]), "canonical JSON", "another spelling")


def _check_names(archives: Sequence[Archive], twice: set[int]) -> None:
    """Name the first record whose name another had before it; two names may share a number."""
    if not twice:
        return
    seen: set[str] = set()
    for line, row in _rows(archives):
        is_transfer = row["source"] == TRANSFERS
        name = f"transfer {row['id']}" if is_transfer else f"{row['kind']} {row['id']}"
        told = [name]
        if is_transfer and row["chain_place"] == 1:
            told.append(f"chain {row['chain_id']}")
        for each in told:
            if number_of(each) in twice:
                if each in seen:
                    wrong(leaf_of(line, row).place, f"only one {each}", "a second")
                seen.add(each)

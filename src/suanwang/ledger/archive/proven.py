"""The first reading of an export: every line is a leaf, and together they lead to the signed root.

What later readings must know in advance is gathered on the way: which accounts there are, which
jobs have bills, which months are closed, what was erased.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.errors import Invalid
from suanwang.basics.money import Asset, Money
from suanwang.ledger.archive.files import Archive, Line, lines
from suanwang.ledger.closing import Month
from suanwang.ledger.log.erasure import KIND as ERASURE
from suanwang.ledger.log.erasure import NO_SALT, Erased, erased_by
from suanwang.ledger.log.errors import BundleWrong
from suanwang.ledger.log.frontier import Frontier
from suanwang.ledger.log.leaves import EVIDENCE, SALT_BYTES, TRANSFERS
from suanwang.ledger.log.signed import check_row, read_hex
from suanwang.ledger.log.tree import HASH_BYTES
from suanwang.ledger.log.verdict import Leaf, wrong

_OF_EVIDENCE = b',"source":"evidence"}'
_OF_TRANSFER = b',"source":"transfers"}'
_SEQ = re.compile(rb',"seq":([0-9]{1,19}),"source":"[a-z]+"}\Z')
_NAMED = re.compile(rb'"id":"([!-~]{1,80}?)"')
# Within a text a quote is escaped, so that this can only be the column.
_REVERSES = re.compile(rb'"reverses":"((?:[^"\\]|\\.)*)"')
_AT_ONCE = 4_096  # leaves
LAG = 8_192  # leaves: two segments of the log; what is written at once is no further apart
WORDS = frozenset(["bill", "credit_note"])  # kinds of evidence that settle what a job costs


@dataclass(slots=True)
class Opened:
    """An account as it was put on record, and the limits that were granted since."""

    asset: Asset
    organisation_id: str
    name: str
    floor: int | None
    limits: list[tuple[int, int]] = field(default_factory=list)  # (at, floor), in order


@dataclass(slots=True)
class ClosedMonth:
    """What was put on record when a month's books were closed."""

    month: Month
    last_seq: int


@dataclass(slots=True)
class Facts:
    """What the first reading has found out."""

    transfers: int = 0
    evidence: int = 0
    last_evidence: int = -1  # the last leaf that is evidence
    last_seq: dict[str, int] = field(default_factory=dict)
    frontier: Frontier = field(default_factory=Frontier)
    accounts: dict[str, Opened] = field(default_factory=dict)
    bills: dict[str, str] = field(default_factory=dict)  # bill → job
    words: Counter[str] = field(default_factory=Counter)  # bills and credit notes of each job
    rounds: Counter[str] = field(default_factory=Counter)  # how many bills name each
    reversed: set[str] = field(default_factory=set)  # transfers that something takes back
    months: list[ClosedMonth] = field(default_factory=list)
    blank: dict[int, tuple[str, bytes, Mapping[str, Any]]] = field(default_factory=dict)
    erasures: dict[int, Erased] = field(default_factory=dict)
    kept: int = 0  # records that are here though they were erased at the exchange since

    @property
    def tail(self) -> int:
        """The leaf from which on something may be under way at the head."""
        return self.frontier.size - LAG


def read_proven(archives: Sequence[Archive]) -> Facts:
    """Read exports that continue each other, oldest first. Raises BundleWrong, OSError."""
    facts = Facts()
    for archive in archives:
        _check_begins(archive, facts)
        for batch in _batches(archive):
            facts.frontier.add([_proven(line, facts) for line in batch])
        found = facts.frontier.root()
        if found != archive.head.root:
            where = f"{archive.folder}: the root over {archive.head.size} leaves"
            wrong(where, archive.head.root.hex(), found.hex())
    _check_blank(facts)
    return facts


def _check_begins(archive: Archive, facts: Facts) -> None:
    if archive.first != facts.frontier.size:
        expected = f"an export of the leaves before {archive.first}, by --since"
        wrong(str(archive.folder), expected, f"one of {facts.frontier.size} leaves")
    if archive.since is not None and archive.since.root != facts.frontier.root():
        wrong(f"{archive.folder}: since", facts.frontier.root().hex(), archive.since.root.hex())


def _batches(archive: Archive) -> Iterator[list[Line]]:
    batch: list[Line] = []
    for line in lines(archive):
        batch.append(line)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    yield batch


def name_of(line: Line) -> str:
    """Name a line by its place and, where it can be seen, the record's id."""
    found = _NAMED.search(line.record)
    return f"{line.where} ({found[1].decode()})" if found else line.where


def _proven(line: Line, facts: Facts) -> bytes:
    """Return a line's hash, which its record must lead to unless it was erased."""
    record, salt = line.record, line.salt
    if record.endswith(_OF_EVIDENCE):
        source = EVIDENCE
    elif record.endswith(_OF_TRANSFER):
        source = TRANSFERS
    else:
        wrong(name_of(line), "a row of evidence or transfers", record[-40:])
    seq = _SEQ.search(record)
    if seq is None or int(seq[1]) <= facts.last_seq.get(source, -1):
        wrong(name_of(line), f"{source} in the order of seq", seq[1] if seq else "no seq")
    facts.last_seq[source] = int(seq[1])
    salted = read_hex(salt.decode("latin-1"), f"{name_of(line)}: salt", SALT_BYTES)
    leaf = sha256(b"\x00" + sha256(salted + record).digest()).digest()
    is_blank = leaf.hex().encode() != line.leaf
    if is_blank:
        leaf = read_hex(line.leaf.decode("latin-1"), f"{name_of(line)}: leaf", HASH_BYTES)
        if salted != NO_SALT:
            wrong(name_of(line), f"the leaf {leaf.hex()}", "a record that does not lead to it")
    if source == EVIDENCE:
        row = row_of(line)
        facts.evidence += 1
        facts.last_evidence = line.index
        if is_blank:
            facts.blank[line.index] = (name_of(line), leaf, row)
        else:
            _note(facts, line, row)
    else:
        facts.transfers += 1
        if is_blank:
            wrong(name_of(line), "a transfer, which cannot be erased", "a salt of zeros")
        if (taken_back := _REVERSES.search(record)) is not None:
            facts.reversed.add(taken_back[1].decode())
    return leaf


def row_of(line: Line) -> Mapping[str, Any]:
    """Read a line's record, which must be spelt as we spell it."""
    try:
        row = json.loads(line.record)
        again = canonical_bytes(row)
    except (ValueError, RecursionError, TypeError) as error:
        wrong(name_of(line), "canonical JSON", error)
    if again != line.record:
        wrong(name_of(line), "canonical JSON", "another spelling")
    check_row(row, name_of(line))
    assert isinstance(row, dict), "an object, as check_row has seen"
    return row


def leaf_of(line: Line, row: Mapping[str, Any]) -> Leaf:
    """Return a line as a record that other records may be held against."""
    return Leaf(number=line.index, index=line.index, row=row, where=line.where)


def _note(facts: Facts, line: Line, row: Mapping[str, Any]) -> None:
    """Remember what later readings must know of a piece of evidence."""
    reader = _NOTED.get(row["kind"])
    if reader is None:
        return
    try:
        reader(facts, row, name_of(line))
    except BundleWrong:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, Invalid) as error:
        wrong(name_of(line), f"a record of the kind {row['kind']}", repr(error))


def _account(facts: Facts, row: Mapping[str, Any], place: str) -> None:
    del place
    said = row["record"]
    facts.accounts[said["account_id"]] = Opened(
        asset=Asset(said["asset"], said["scale"]),
        organisation_id=said["organisation_id"],
        name=said["name"],
        floor=None if said["floor"] is None else int(said["floor"]),
    )


def _limit(facts: Facts, row: Mapping[str, Any], place: str) -> None:
    said = row["record"]
    account = facts.accounts.get(said["account_id"])
    if account is None:
        return  # opened before there were records
    limit = Money.parse(said["limit"], account.asset)
    if limit.units < 0:
        wrong(place, "a limit that is not below zero", limit)
    account.limits.append((row["at"], -limit.units))


def _bill(facts: Facts, row: Mapping[str, Any], place: str) -> None:
    del place
    said = row["record"]
    facts.bills[row["id"]] = str(said["job_id"])
    facts.words[str(said["job_id"])] += 1
    for round_id in rounds_of(said):
        facts.rounds[round_id] += 1


def _credit_note(facts: Facts, row: Mapping[str, Any], place: str) -> None:
    del place
    facts.words[str(row["record"]["job_id"])] += 1


def rounds_of(bill: Mapping[str, Any]) -> set[str]:
    """Return the rounds that a bill or its lines name."""
    sources = [str(line.get("price_source")) for line in bill["lines"]]
    named = {each.partition(":")[2] for each in sources if each.startswith("round:")}
    return named | ({str(bill["round_id"])} if bill.get("round_id") else set())


def _closing(facts: Facts, row: Mapping[str, Any], place: str) -> None:
    said = row["record"]
    if said["steps"]:
        return
    found = ClosedMonth(Month.parse(said["month"]), int(said["last_seq"]))
    if facts.months and found.month != facts.months[-1].month.next:
        wrong(place, f"the books of {facts.months[-1].month.next}", found.month)
    facts.months.append(found)


def _erasure(facts: Facts, row: Mapping[str, Any], place: str) -> None:
    for each in erased_by(row["record"], place):
        facts.erasures[each.index] = each


_NOTED = {
    "account": _account,
    "credit_limit": _limit,
    "bill": _bill,
    "credit_note": _credit_note,
    "closing": _closing,
    ERASURE: _erasure,
}


def _check_blank(facts: Facts) -> None:
    """Check that whatever says nothing any more was erased by a record of the log."""
    for index, (place, leaf, row) in sorted(facts.blank.items()):
        found = facts.erasures.get(index)
        if found is None or not found.fits(row, index=index, leaf=leaf):
            wrong(place, "a record, or an erasure that names it", "neither")
    facts.kept = len(facts.erasures.keys() - facts.blank.keys())

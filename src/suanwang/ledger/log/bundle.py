"""A bundle: one file with records, the paths that lead from them to a signed head, and the keys.

    record + salt ──path──▶ root ◀── head ◀──signed── the exchange's key, witnesses' keys

It needs nothing beside it but the exchange's public key, which the reader should have from
elsewhere. No byte of it is free: the JSON is canonical, and every field is hashed into the root or
is a key or a signature that must hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.money import UNITS_MAX, AmountTooLarge
from suanwang.ledger.log.billing import check_bills
from suanwang.ledger.log.crediting import check_credits
from suanwang.ledger.log.errors import NoteWrong
from suanwang.ledger.log.leaves import (
    EVIDENCE,
    EVIDENCE_COLUMNS,
    NULL,
    SALT_BYTES,
    TRANSFER_COLUMNS,
    TRANSFERS,
    WHOLE,
    entry,
)
from suanwang.ledger.log.notes import (
    Checkpoint,
    Cosignature,
    KeyKind,
    Note,
    Verifier,
    cosignatures_of,
    distinct,
    open_checkpoint,
)
from suanwang.ledger.log.tree import HASH_BYTES, PATH_MAX, verify_inclusion
from suanwang.ledger.log.verdict import Leaf, Verdict, wrong

FORMAT = "suanwang-bundle/1"
BYTES_MAX = 64 << 20
RECORDS_MAX = 100_000
_COLUMNS = {
    TRANSFERS: frozenset([*TRANSFER_COLUMNS, "source"]),
    EVIDENCE: frozenset([*EVIDENCE_COLUMNS, "source"]),
}
_BEGINS = b'{"index":'  # of a record, for naming where a file that cannot be read is broken
_NAMED = re.compile(rb'"id":"([!-~]{1,80}?)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenRecord:
    """One record with what leads from it to the root of a head."""

    index: int
    salt: bytes
    record: bytes  # canonical JSON, as `leaves` writes it
    path: tuple[bytes, ...]


def make_bundle(
    head: str, records: Iterable[ProvenRecord], *, key: str, witnesses: Sequence[str] = ()
) -> bytes:
    """Write a bundle under a signed head.

    Of the lines under the head those stay that the exchange's key or one of `witnesses` made, and
    of `witnesses` those that made one. Raises NoteWrong where a key or the head is not right.
    """
    note, log = Note.parse(head), Verifier.parse(key)
    known = [Verifier.parse(each) for each in witnesses]
    lines = [each for each in note.signatures if any(key.made(each) for key in (log, *known))]
    used = [each for each in known if any(each.made(line) for line in lines)]
    document: dict[str, Any] = {
        "format": FORMAT,
        "head": str(Note(text=note.text, signatures=tuple(lines))),
        "key": log.vkey,
        "witnesses": sorted(each.vkey for each in used),
        "records": [
            {
                "index": each.index,
                "salt": each.salt.hex(),
                "record": json.loads(each.record),
                "path": [beside.hex() for beside in each.path],
            }
            for each in sorted(records, key=lambda each: each.index)
        ],
    }
    return canonical_bytes(document) + b"\n"


def verify_bundle(data: bytes, *, key: str | None = None) -> Verdict:
    """Prove everything that a bundle holds; `key` pins the exchange's verifier key.

    Raises BundleWrong with the first place that is wrong: the file, the keys, the head, a record
    that is not in the log, then what does not agree in the bills.
    """
    document = _canonical(data)
    _only(document, "bundle", {"format", "head", "key", "records", "witnesses"})
    if document["format"] != FORMAT:
        wrong("format", FORMAT, document["format"])
    log = _verifier(document["key"], "key", KeyKind.LOG)
    if key is not None and _verifier(key.strip(), "--key", KeyKind.LOG) != log:
        wrong("key", f"the pinned key {key.strip()}", log.vkey)
    head, cosignatures = _head(document, log)
    leaves = _leaves(document["records"], head)
    try:
        bills = check_bills(leaves)
        credit_notes = check_credits(leaves, bills)
    except (AmountTooLarge, OverflowError) as error:
        wrong("records", "amounts of at most 2^63 - 1 micro-yuan", error)
    return Verdict(
        head=head,
        log=log,
        pinned=key is not None,
        cosignatures=cosignatures,
        records=leaves,
        bills=bills,
        credit_notes=credit_notes,
    )


def _canonical(data: bytes) -> dict[str, Any]:
    """Read the file and compare it with what we would have written."""
    if len(data) > BYTES_MAX:
        wrong("file", f"at most {BYTES_MAX} bytes", f"{len(data)} bytes")
    try:
        document = json.loads(data.decode(), parse_float=_refuse, parse_constant=_refuse)
        again = canonical_bytes(document) + b"\n"
    except UnicodeDecodeError as error:
        wrong(_near(data, error.start), "UTF-8", f"byte {data[error.start]:02x}")
    except json.JSONDecodeError as error:
        at = len(error.doc[: error.pos].encode(errors="replace"))
        wrong(_near(data, at), "JSON", data[at : at + 20] or "the end")
    except (ValueError, RecursionError, TypeError) as error:
        wrong("file", "JSON of whole numbers, text, lists and objects", error)
    if again != data:
        pairs = enumerate(zip(again, data, strict=False))
        at = next((i for i, (ours, its) in pairs if ours != its), min(len(again), len(data)))
        wrong(_near(data, at), f"canonical JSON {again[at : at + 20]!r}", data[at : at + 20])
    if not isinstance(document, dict):
        wrong("file", "an object", type(document).__name__)
    return document


def _refuse(number: str) -> None:
    raise ValueError(f"the number {number[:40]}")


def _near(data: bytes, at: int) -> str:
    """Name a byte, and the record that it stands in where there is one."""
    number = data.count(_BEGINS, 0, at + len(_BEGINS)) - 1
    if number < 0:
        return f"byte {at}"
    begin = data.rfind(_BEGINS, 0, at + len(_BEGINS))
    end = data.find(_BEGINS, begin + 1)
    ids = _NAMED.findall(data, begin, end if end > 0 else len(data))
    name = f" ({ids[0].decode()})" if ids else ""
    return f"byte {at}, records[{number}]{name}"


def _only(value: object, place: str, fields: set[str] | frozenset[str]) -> None:
    """Raise BundleWrong unless a value is an object with these fields and no other."""
    if not isinstance(value, dict):
        wrong(place, "an object", type(value).__name__)
    if value.keys() != fields:
        missing, more = sorted(fields - value.keys()), sorted(value.keys() - fields)
        found = f"without {', '.join(missing)}" if missing else f"also {', '.join(more)}"
        wrong(place, f"the fields {', '.join(sorted(fields))}", found)


def _verifier(vkey: object, place: str, kind: KeyKind) -> Verifier:
    if not isinstance(vkey, str):
        wrong(place, "a verifier key", type(vkey).__name__)
    try:
        found = Verifier.parse(vkey)
    except NoteWrong as error:
        wrong(place, error.facts["expected"], error.facts["found"])
    if found.kind is not kind:
        wrong(place, f"a key of the kind {kind:02x}", f"{found.kind:02x}")
    return found


def _head(document: Mapping[str, Any], log: Verifier) -> tuple[Checkpoint, tuple[Cosignature, ...]]:
    """Check every signature under the head: each is of a key in the file, each key made one."""
    note, keys = document["head"], document["witnesses"]
    if not isinstance(note, str):
        wrong("head", "a signed note", type(note).__name__)
    if not isinstance(keys, list):
        wrong("witnesses", "a list", type(keys).__name__)
    witnesses = [
        _verifier(each, f"witnesses[{number}]", KeyKind.WITNESS) for number, each in enumerate(keys)
    ]
    if keys != sorted(keys) or not distinct(witnesses, log):
        wrong("witnesses", "keys of different owners, none the exchange's, sorted", keys)
    try:
        head = open_checkpoint(note, log)
        cosignatures = cosignatures_of(note, witnesses)
        lines = len(Note.parse(note).signatures)
    except NoteWrong as error:
        place = f"head: {error.facts['place']}"
        wrong(place, error.facts["expected"], error.facts["found"])
    made = {each.witness for each in cosignatures}
    for number, witness in enumerate(witnesses):
        if witness not in made:
            wrong(f"witnesses[{number}]", "a cosignature under the head", "none")
    if len(cosignatures) != len(witnesses) or lines != 1 + len(witnesses):
        wrong("head", f"one signature of each of {1 + len(witnesses)} keys", f"{lines} lines")
    return head, cosignatures


def _leaves(records: object, head: Checkpoint) -> tuple[Leaf, ...]:
    """Check that each record is in the log, and that they stand in the log's order."""
    if not isinstance(records, list) or not 0 < len(records) <= RECORDS_MAX:
        wrong("records", f"a list of 1–{RECORDS_MAX} records", type(records).__name__)
    leaves: list[Leaf] = []
    last = {"index": -1, TRANSFERS: -1, EVIDENCE: -1}
    for number, each in enumerate(records):
        leaf = _leaf(number, each, head)
        seq = leaf.row["seq"]
        if leaf.index <= last["index"] or seq <= last[leaf.source]:
            wrong(leaf.place, "records in the order of the log", f"index {leaf.index}, seq {seq}")
        last["index"] = leaf.index
        last[leaf.source] = seq
        leaves.append(leaf)
    return tuple(leaves)


def _leaf(number: int, value: Any, head: Checkpoint) -> Leaf:  # noqa: ANN401 - any JSON
    place = f"records[{number}]"
    _only(value, place, {"index", "path", "record", "salt"})
    index, row, path = value["index"], value["record"], value["path"]
    if type(index) is not int or not 0 <= index < head.size:
        wrong(f"{place}.index", f"a leaf below {head.size}", index)
    if not isinstance(path, list) or len(path) > PATH_MAX:
        wrong(f"{place}.path", f"at most {PATH_MAX} hashes", type(path).__name__)
    beside = [_hex(each, f"{place}.path[{n}]", HASH_BYTES) for n, each in enumerate(path)]
    salt = _hex(value["salt"], f"{place}.salt", SALT_BYTES)
    _check_row(row, place)
    leaf = Leaf(number=number, index=index, row=row)
    found = entry(salt, canonical_bytes(row))
    if not verify_inclusion(found, index=index, size=head.size, path=beside, root=head.root):
        wrong(leaf.place, f"the leaf {index} of the log", "a record that its path does not prove")
    return leaf


def _hex(value: object, place: str, size: int) -> bytes:
    if not isinstance(value, str) or not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", value):
        wrong(place, f"{2 * size} lower-case hex digits", value)
    return bytes.fromhex(value)


def _check_row(row: object, place: str) -> None:
    """Check that a record has the columns of its table, each with what it can hold."""
    source = row.get("source") if isinstance(row, dict) else None
    columns = _COLUMNS.get(source) if isinstance(source, str) else None
    if columns is None:
        wrong(f"{place}.record", f"a row of {' or '.join(sorted(_COLUMNS))}", source)
    _only(row, f"{place}.record", columns)
    assert isinstance(row, dict), "an object, as _only has seen"
    for column, value in row.items():
        if column in WHOLE:
            fits = type(value) is int and abs(value) <= UNITS_MAX
        else:
            fits = type(value) is (dict if column == "record" else str)
        if not fits and not (value is None and column in NULL):
            wrong(f"{place}.record.{column}", f"a value of {source}.{column}", value)

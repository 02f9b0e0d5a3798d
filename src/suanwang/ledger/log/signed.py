"""Reading what is signed and canonical: one spelling of JSON, keys, and the lines under a head.

What bundles and exports share. Whatever is not as it must be is named by its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.money import UNITS_MAX
from suanwang.ledger.log.errors import NoteWrong
from suanwang.ledger.log.leaves import (
    EVIDENCE,
    EVIDENCE_COLUMNS,
    NULL,
    TRANSFER_COLUMNS,
    TRANSFERS,
    WHOLE,
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
from suanwang.ledger.log.verdict import wrong

_COLUMNS = {
    TRANSFERS: frozenset([*TRANSFER_COLUMNS, "source"]),
    EVIDENCE: frozenset([*EVIDENCE_COLUMNS, "source"]),
}


def read_canonical(data: bytes, near: Callable[[int], str]) -> dict[str, Any]:
    """Read an object and compare its bytes with what we would have written; `near` names a byte."""
    try:
        document = json.loads(data.decode(), parse_float=_refuse, parse_constant=_refuse)
        again = canonical_bytes(document) + b"\n"
    except UnicodeDecodeError as error:
        wrong(near(error.start), "UTF-8", f"byte {data[error.start]:02x}")
    except json.JSONDecodeError as error:
        at = len(error.doc[: error.pos].encode(errors="replace"))
        wrong(near(at), "JSON", data[at : at + 20] or "the end")
    except (ValueError, RecursionError, TypeError) as error:
        wrong(near(0), "JSON of whole numbers, text, lists and objects", error)
    if again != data:
        pairs = enumerate(zip(again, data, strict=False))
        at = next((i for i, (ours, its) in pairs if ours != its), min(len(again), len(data)))
        wrong(near(at), f"canonical JSON {again[at : at + 20]!r}", data[at : at + 20])
    if not isinstance(document, dict):
        wrong(near(0), "an object", type(document).__name__)
    return document


def _refuse(number: str) -> None:
    raise ValueError(f"the number {number[:40]}")


def check_fields(value: object, place: str, fields: set[str] | frozenset[str]) -> None:
    """Raise BundleWrong unless a value is an object with these fields and no other."""
    if not isinstance(value, dict):
        wrong(place, "an object", type(value).__name__)
    if value.keys() != fields:
        missing, more = sorted(fields - value.keys()), sorted(value.keys() - fields)
        found = f"without {', '.join(missing)}" if missing else f"also {', '.join(more)}"
        wrong(place, f"the fields {', '.join(sorted(fields))}", found)


def read_key(vkey: object, place: str, kind: KeyKind) -> Verifier:
    """Read a verifier key of a kind. Raises BundleWrong."""
    if not isinstance(vkey, str):
        wrong(place, "a verifier key", type(vkey).__name__)
    try:
        found = Verifier.parse(vkey)
    except NoteWrong as error:
        wrong(place, error.facts["expected"], error.facts["found"])
    if found.kind is not kind:
        wrong(place, f"a key of the kind {kind:02x}", f"{found.kind:02x}")
    return found


def open_head(
    document: Mapping[str, Any], log: Verifier
) -> tuple[Checkpoint, tuple[Cosignature, ...]]:
    """Check every signature under the head: each is of a key in the file, each key made one."""
    note, keys = document["head"], document["witnesses"]
    if not isinstance(note, str):
        wrong("head", "a signed note", type(note).__name__)
    if not isinstance(keys, list):
        wrong("witnesses", "a list", type(keys).__name__)
    witnesses = [
        read_key(each, f"witnesses[{number}]", KeyKind.WITNESS) for number, each in enumerate(keys)
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


def head_with_keys(head: str, *, key: str, witnesses: Sequence[str]) -> dict[str, Any]:
    """Return a head for a file, with the keys that made the lines under it.

    Of the lines those stay that the exchange's key or one of `witnesses` made, and of `witnesses`
    those that made one. Raises NoteWrong where a key or the head is not right.
    """
    note, log = Note.parse(head), Verifier.parse(key)
    known = [Verifier.parse(each) for each in witnesses]
    lines = [each for each in note.signatures if any(key.made(each) for key in (log, *known))]
    used = [each for each in known if any(each.made(line) for line in lines)]
    return {
        "head": str(Note(text=note.text, signatures=tuple(lines))),
        "key": log.vkey,
        "witnesses": sorted(each.vkey for each in used),
    }


def read_hex(value: object, place: str, size: int) -> bytes:
    """Read so many bytes from lower-case hex. Raises BundleWrong."""
    if not isinstance(value, str) or not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", value):
        wrong(place, f"{2 * size} lower-case hex digits", value)
    return bytes.fromhex(value)


def check_row(row: object, place: str) -> None:
    """Check that a record has the columns of its table, each with what it can hold."""
    source = row.get("source") if isinstance(row, dict) else None
    columns = _COLUMNS.get(source) if isinstance(source, str) else None
    if columns is None:
        wrong(f"{place}.record", f"a row of {' or '.join(sorted(_COLUMNS))}", source)
    check_fields(row, f"{place}.record", columns)
    assert isinstance(row, dict), "an object, as check_fields has seen"
    for column, value in row.items():
        if column in WHOLE:
            fits = type(value) is int and abs(value) <= UNITS_MAX
        else:
            fits = type(value) is (dict if column == "record" else str)
        if not fits and not (value is None and column in NULL):
            wrong(f"{place}.record.{column}", f"a value of {source}.{column}", value)

"""A bundle: one file with records, the paths that lead from them to a signed head, and the keys.

    record + salt ──path──▶ root ◀── head ◀──signed── the exchange's key, witnesses' keys

It needs nothing beside it but the exchange's public key, which the reader should have from
elsewhere. No byte of it is free: the JSON is canonical, and every field is hashed into the root or
is a key or a signature that must hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.money import AmountTooLarge
from suanwang.ledger.log.billing import check_bills
from suanwang.ledger.log.crediting import check_credits
from suanwang.ledger.log.erasure import KIND as ERASURE
from suanwang.ledger.log.erasure import NO_SALT, check_erased, erased_by
from suanwang.ledger.log.leaves import EVIDENCE, SALT_BYTES, TRANSFERS, entry
from suanwang.ledger.log.notes import Checkpoint, KeyKind
from suanwang.ledger.log.signed import (
    check_fields,
    check_row,
    head_with_keys,
    open_head,
    read_canonical,
    read_hex,
    read_key,
)
from suanwang.ledger.log.tree import HASH_BYTES, PATH_MAX, leaf_hash, verify_leaf
from suanwang.ledger.log.verdict import Leaf, Verdict, wrong

FORMAT = "suanwang-bundle/1"
BYTES_MAX = 64 << 20
RECORDS_MAX = 100_000
_FIELDS = frozenset(["index", "path", "record", "salt"])
_BEGINS = b'{"index":'  # of a record, for naming where a file that cannot be read is broken
_NAMED = re.compile(rb'"id":"([!-~]{1,80}?)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenRecord:
    """One record with what leads from it to the root of a head."""

    index: int
    salt: bytes
    record: bytes  # canonical JSON, as `leaves` writes it
    path: tuple[bytes, ...]
    leaf: bytes | None = None  # its hash, where the record was erased and no longer leads to it


def make_bundle(
    head: str, records: Iterable[ProvenRecord], *, key: str, witnesses: Sequence[str] = ()
) -> bytes:
    """Write a bundle under a signed head.

    Of the lines under the head those stay that the exchange's key or one of `witnesses` made, and
    of `witnesses` those that made one. Raises NoteWrong where a key or the head is not right.
    """
    document: dict[str, Any] = {
        "format": FORMAT,
        **head_with_keys(head, key=key, witnesses=witnesses),
        "records": [
            {
                "index": each.index,
                "salt": each.salt.hex(),
                "record": json.loads(each.record),
                "path": [beside.hex() for beside in each.path],
                **({} if each.leaf is None else {"leaf": each.leaf.hex()}),
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
    check_fields(document, "bundle", {"format", "head", "key", "records", "witnesses"})
    if document["format"] != FORMAT:
        wrong("format", FORMAT, document["format"])
    log = read_key(document["key"], "key", KeyKind.LOG)
    if key is not None and read_key(key.strip(), "--key", KeyKind.LOG) != log:
        wrong("key", f"the pinned key {key.strip()}", log.vkey)
    head, cosignatures = open_head(document, log)
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
    return read_canonical(data, lambda at: _near(data, at))


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
    erasures = [each for each in leaves if each.kind == ERASURE]
    check_erased(
        ((each.place, each.index, each.erased, each.row) for each in leaves if each.erased),
        (one for each in erasures for one in erased_by(each.record, each.place)),
    )
    return tuple(leaves)


def _leaf(number: int, value: Any, head: Checkpoint) -> Leaf:  # noqa: ANN401 - any JSON
    place = f"records[{number}]"
    is_erased = isinstance(value, dict) and "leaf" in value
    check_fields(value, place, _FIELDS | {"leaf"} if is_erased else _FIELDS)
    index, row, path = value["index"], value["record"], value["path"]
    if type(index) is not int or not 0 <= index < head.size:
        wrong(f"{place}.index", f"a leaf below {head.size}", index)
    if not isinstance(path, list) or len(path) > PATH_MAX:
        wrong(f"{place}.path", f"at most {PATH_MAX} hashes", type(path).__name__)
    beside = [read_hex(each, f"{place}.path[{n}]", HASH_BYTES) for n, each in enumerate(path)]
    salt = read_hex(value["salt"], f"{place}.salt", SALT_BYTES)
    check_row(row, place)
    erased = read_hex(value["leaf"], f"{place}.leaf", HASH_BYTES) if is_erased else None
    if erased is not None and salt != NO_SALT:
        wrong(f"{place}.salt", "zeros, since the record was erased", value["salt"])
    leaf = Leaf(number=number, index=index, row=row, erased=erased)
    found = leaf_hash(entry(salt, canonical_bytes(row))) if erased is None else erased
    if not verify_leaf(found, index=index, size=head.size, path=beside, root=head.root):
        wrong(leaf.place, f"the leaf {index} of the log", "a record that its path does not prove")
    return leaf

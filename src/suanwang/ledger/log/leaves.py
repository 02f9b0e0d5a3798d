"""Leaves: a row of the ledger as bytes, and the salted hash of it that the tree holds.

    row ──canonical JSON──▶ record ──SHA-256(salt ‖ record)──▶ entry ──SHA-256(0 ‖ entry)──▶ leaf

A record is the whole row, every column of it, and which table it stands in ("source"). The salt
keeps whoever sees a leaf from guessing the figures under it, and erasing the salt makes a leaf
that nobody can take back to its record; the tree stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any

from pydantic_core import PydanticSerializationError, SchemaSerializer, core_schema, to_json

from suanwang.basics.canonical import canonical_bytes
from suanwang.ledger.log import hashing
from suanwang.ledger.log.errors import RecordUnreadable

SALT_BYTES = hashing.SALT_BYTES
TRANSFERS, EVIDENCE = "transfers", "evidence"
#: The columns of a record in canonical order, which is also the order of the bulk functions' rows.
TRANSFER_COLUMNS = (
    "amount_units", "asset", "at", "chain_id", "chain_place", "chain_size", "credit_id", "day",
    "debit_id", "expires_at", "fingerprint", "group_id", "id", "kind", "memo", "pending_id",
    "reverses", "seq",
)  # fmt: skip
EVIDENCE_COLUMNS = ("at", "id", "kind", "organisation_id", "record", "seq")
WHOLE = frozenset(["amount_units", "at", "chain_place", "chain_size", "expires_at", "seq"])
_OPEN = ("chain_id", "chain_place", "chain_size", "day", "expires_at", "group_id", "memo")
NULL = frozenset([*_OPEN, "organisation_id", "pending_id", "reverses"])

_AT_ONCE = 512  # rows: what they take together stays in the processor's cache
_write_wholes = SchemaSerializer(core_schema.list_schema(core_schema.int_schema())).to_json
_write_texts = SchemaSerializer(core_schema.list_schema(core_schema.str_schema())).to_json


def transfer_record(row: Mapping[str, Any]) -> bytes:
    """Write a row of `transfers` as its record. Raises RecordUnreadable."""
    return transfer_records([[row.get(column) for column in TRANSFER_COLUMNS]])[0]


def transfer_records(rows: Sequence[Sequence[Any]]) -> list[bytes]:
    """Write rows whose columns stand as in TRANSFER_COLUMNS. Raises RecordUnreadable."""
    return _transfer_lines(rows).split(b"\n")[:-1]


def transfer_leaves(salts: bytes, rows: Sequence[Sequence[Any]]) -> bytes:
    """Return the leaves of rows as in TRANSFER_COLUMNS, joined. Raises RecordUnreadable."""
    assert len(salts) == SALT_BYTES * len(rows), "a salt for each row"
    return hashing.hash_records(salts, _transfer_lines(rows))


def _transfer_lines(rows: Sequence[Sequence[Any]]) -> bytes:
    """Write records of transfers, each ended by a newline. Raises RecordUnreadable."""
    records: list[bytes] = []
    try:
        for start in range(0, len(rows), _AT_ONCE):
            records.append(_written(rows[start : start + _AT_ONCE]))
    except (PydanticSerializationError, ValueError):
        for row in rows:
            _check(TRANSFERS, TRANSFER_COLUMNS, row)
        raise
    return b"".join(records)


# Columns are written one after the other, since a list of one type costs the serializer a tenth
# of as many values in rows; then the pieces are put side by side and joined at once:
#
#     {"amount_units": │ 12 │ ,"asset":" │ CNY │ ","at": │ 17… │ … │ ,"source":"transfers"}⏎
#
# The bytes are UTF-8 and carried as Latin-1 text, a byte a character, since text joins faster.
def _written(rows: Sequence[Sequence[Any]]) -> bytes:
    """Write a few hundred rows at once, each ended by a newline; one within a text is escaped."""
    count, width = len(rows), 2 * len(TRANSFER_COLUMNS) + 1
    pieces = [""] * (count * width)
    before = "{"
    columns = zip(TRANSFER_COLUMNS, zip(*rows, strict=True), strict=True)
    for place, (name, column) in enumerate(columns):
        quote, texts = _texts(name, column)
        pieces[2 * place :: width] = [f'{before}"{name}":{quote}'] * count
        pieces[2 * place + 1 :: width] = texts
        before = f"{quote},"
    pieces[width - 1 :: width] = [f'{before}"source":"{TRANSFERS}"}}\n'] * count
    return "".join(pieces).encode("latin-1")


def _texts(name: str, column: Sequence[Any]) -> tuple[str, Sequence[str]]:
    """Write the values of one column; return the quote that goes around each, and them."""
    told = column if name not in NULL else [each for each in column if each is not None]
    if not told:
        return "", ["null"] * len(column)
    quote, texts = ("", _numbers(told)) if name in WHOLE else ('"', _escaped(told))
    if len(told) == len(column):
        return quote, texts
    following = iter(texts if not quote else [f'"{each}"' for each in texts])
    return "", ["null" if each is None else next(following) for each in column]


def _numbers(told: Sequence[Any]) -> list[str]:
    """Write whole numbers. Raises ValueError at a NULL."""
    texts = _write_wholes(list(told), warnings="error")[1:-1].decode("latin-1").split(",")
    if None in told:
        raise ValueError("a NULL where the table has none")
    return texts


def _escaped(told: Sequence[Any]) -> Sequence[str]:
    """Write texts as they stand between the quotes of JSON. Raises ValueError at a NULL."""
    try:
        joined = "".join(told)
    except TypeError:
        raise ValueError("a value that is no text") from None
    if joined.isascii() and len(to_json(joined)) == len(joined) + 2:
        return told  # nothing to escape, as with ids and names
    # A quote within a text is escaped, so `","` stands between two of them and nowhere else.
    return _write_texts(list(told), warnings="error")[2:-2].decode("latin-1").split('","')


def evidence_record(row: Mapping[str, Any]) -> bytes:
    """Write a row of `evidence` as its record; raise RecordUnreadable.

    The column `record` is canonical JSON already and goes in as it stands, so that no other
    spelling of it has the same hash; it may also be given as what it says.
    """
    return _evidence([row.get(column) for column in EVIDENCE_COLUMNS])


def evidence_records(rows: Iterable[Sequence[Any]]) -> list[bytes]:
    """Write rows whose columns stand as in EVIDENCE_COLUMNS. Raises RecordUnreadable."""
    return [_evidence(row) for row in rows]


def evidence_leaves(salts: bytes, rows: Sequence[Sequence[Any]]) -> bytes:
    """Return the leaves of rows as in EVIDENCE_COLUMNS, joined. Raises RecordUnreadable."""
    return b"".join(leaf_hashes(salts, evidence_records(rows)))


def _evidence(row: Sequence[Any]) -> bytes:
    at, id_, kind, organisation_id, record, seq = row
    if isinstance(record, Mapping):
        record = canonical_bytes(dict(record)).decode()
    row = (at, id_, kind, organisation_id, record, seq)
    _check(EVIDENCE, EVIDENCE_COLUMNS, row)
    owner = "null" if organisation_id is None else encode_basestring(organisation_id)
    return (
        f'{{"at":{at},"id":{encode_basestring(id_)},"kind":{encode_basestring(kind)},'
        f'"organisation_id":{owner},"record":{record},"seq":{seq},"source":"evidence"}}'
    ).encode()


def _check(source: str, columns: Sequence[str], row: Sequence[Any]) -> None:
    """Raise RecordUnreadable at the first value that its column cannot hold."""
    for column, value in zip(columns, row, strict=True):
        if value is None and column in NULL:
            continue
        wanted, found = "text", type(value).__name__
        if column in WHOLE:
            wanted = "a whole number"
            if type(value) is int:
                continue
        elif type(value) is str:
            if _encodes(value):
                continue
            found = "a lone surrogate"
        raise RecordUnreadable(source=source, column=column, expected=wanted, found=found)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def entry(salt: bytes, record: bytes) -> bytes:
    """Return the entry of a record under its salt, which the tree hashes once more."""
    assert len(salt) == SALT_BYTES, f"expected {SALT_BYTES} bytes of salt, found {len(salt)}"
    return sha256(salt + record).digest()


def entries(salts: bytes, records: Sequence[bytes]) -> list[bytes]:
    """Return the entries of records whose salts stand one after another."""
    assert len(salts) == SALT_BYTES * len(records), "a salt for each record"
    starts = range(0, len(salts), SALT_BYTES)
    return [
        sha256(salts[start : start + SALT_BYTES] + record).digest()
        for start, record in zip(starts, records, strict=True)
    ]


def leaf_hashes(salts: bytes, records: Sequence[bytes]) -> list[bytes]:
    """Return the hashes that stand in the tree for records, their salts one after another."""
    assert len(salts) == SALT_BYTES * len(records), "a salt for each record"
    return hashing.hash_each(salts, records)

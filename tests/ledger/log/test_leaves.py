"""A record is the whole row in canonical JSON, however fast it is written."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.log.bundles import HOLD, JOB, evidence, transfer

from suanwang.basics.canonical import canonical_bytes
from suanwang.ledger.log.errors import RecordUnreadable
from suanwang.ledger.log.leaves import (
    EVIDENCE_COLUMNS,
    NULL,
    SALT_BYTES,
    TRANSFER_COLUMNS,
    WHOLE,
    entries,
    entry,
    evidence_record,
    evidence_records,
    leaf_hashes,
    transfer_record,
    transfer_records,
)
from suanwang.ledger.log.tree import leaf_hash
from suanwang.store.tables.money import transfers as transfers_table
from suanwang.store.tables.proof import evidence as evidence_table

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
WHOLES = st.integers(-(2**63), 2**63 - 1)


def values(column: str):
    plain = WHOLES if column in WHOLE else TEXT
    return st.none() | plain if column in NULL else plain


ROWS = st.fixed_dictionaries({each: values(each) for each in TRANSFER_COLUMNS})


@pytest.mark.parametrize(
    ("columns", "table"),
    [(TRANSFER_COLUMNS, transfers_table), (EVIDENCE_COLUMNS, evidence_table)],
    ids=["transfers", "evidence"],
)
def test_no_column_is_left_out(columns, table):
    assert list(columns) == sorted(each.name for each in table.columns)
    assert {each for each in columns if each in NULL} == {
        each.name for each in table.columns if each.nullable
    }
    assert {each for each in columns if each in WHOLE} == {
        each.name for each in table.columns if each.type.python_type is int
    }


@given(ROWS)
def test_a_transfer_is_written_as_canonical_json(row):
    expected = canonical_bytes(row | {"source": "transfers"})
    assert transfer_record(row) == expected
    assert transfer_records([[row[each] for each in TRANSFER_COLUMNS]] * 2) == [expected] * 2


@given(TEXT, TEXT, st.none() | TEXT, st.dictionaries(TEXT, TEXT | WHOLES | st.none()), WHOLES)
def test_evidence_is_written_as_canonical_json(kind, id_, owner, record, at):
    row = evidence(7, kind, id_, record, owner=owner) | {"at": at}
    expected = canonical_bytes(row | {"source": "evidence"})
    assert evidence_record(row) == expected
    as_stored = row | {"record": canonical_bytes(record).decode()}
    assert evidence_records([[as_stored[each] for each in EVIDENCE_COLUMNS]]) == [expected]


def test_another_spelling_of_the_same_evidence_is_another_record():
    row = evidence(7, "usage", "usg_1", {})
    spaced = row | {"record": '{ "a": 1 }'}
    tight = row | {"record": '{"a":1}'}
    assert evidence_record(spaced) != evidence_record(tight)


@pytest.mark.parametrize("column", TRANSFER_COLUMNS)
@pytest.mark.parametrize("value", [1.5, b"txf_1", "7", 7, None, "\ud800"], ids=repr)
def test_a_value_that_the_column_cannot_hold_is_named(column, value):
    holds = type(value) is int if column in WHOLE else value == "7"
    row = transfer(1, HOLD) | {column: value}
    rows = [transfer(1, HOLD), row, transfer(2, HOLD)]
    columns = [[each[name] for name in TRANSFER_COLUMNS] for each in rows]
    if holds or (value is None and column in NULL):
        assert transfer_records(columns)[1] == transfer_record(row)
        return
    for write in (lambda: transfer_record(row), lambda: transfer_records(columns)):
        with pytest.raises(RecordUnreadable) as caught:
            write()
        assert caught.value.facts["column"] == column


@given(st.lists(ROWS, min_size=1, max_size=6), st.integers(1, 3))
def test_rows_written_together_are_those_written_alone(rows, times):
    rows *= times
    columns = [[each[name] for name in TRANSFER_COLUMNS] for each in rows]
    assert transfer_records(columns) == [
        canonical_bytes(each | {"source": "transfers"}) for each in rows
    ]


@pytest.mark.parametrize("column", sorted(NULL & set(TRANSFER_COLUMNS)))
def test_a_value_that_was_wiped_is_another_record(column):
    row = transfer(1, HOLD) | {"day": "2026-11-26", "chain_id": "c", "chain_place": 1}
    row |= {"chain_size": 1, "reverses": "txf_0", "pending_id": "txf_0", "expires_at": 7}
    assert transfer_record(row | {column: None}) != transfer_record(row)


@pytest.mark.parametrize("column", EVIDENCE_COLUMNS)
@pytest.mark.parametrize("value", [1.5, b"x", True, None, "\ud800"], ids=repr)
def test_evidence_that_the_column_cannot_hold_is_named(column, value):
    row = evidence(1, "bill", "bil_1", {}) | {column: value}
    if value is None and column in NULL:
        assert evidence_record(row)
        return
    with pytest.raises(RecordUnreadable) as caught:
        evidence_record(row)
    assert (caught.value.facts["source"], caught.value.facts["column"]) == ("evidence", column)


@given(ROWS, st.data())
def test_any_change_of_any_column_is_another_record(row, data):
    column = data.draw(st.sampled_from(TRANSFER_COLUMNS))
    other = row | {column: data.draw(values(column))}
    assert (transfer_record(row) == transfer_record(other)) == (row == other)


def test_an_entry_is_salted_and_a_leaf_hashes_it_once_more():
    salts = bytes(range(2 * SALT_BYTES))
    records = [b"first", b"second"]
    assert entry(salts[:16], b"first") == sha256(salts[:16] + b"first").digest()
    assert entries(salts, records) == [entry(salts[:16], b"first"), entry(salts[16:], b"second")]
    assert leaf_hashes(salts, records) == [leaf_hash(each) for each in entries(salts, records)]
    assert entry(salts[:16], b"first") != entry(salts[16:], b"first")


def test_the_builder_of_these_tests_has_every_column():
    assert set(transfer(1, HOLD)) == set(TRANSFER_COLUMNS)
    assert set(evidence(1, "order", JOB, {})) == set(EVIDENCE_COLUMNS)

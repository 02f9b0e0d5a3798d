from __future__ import annotations

import pytest
from tests.builders import NOW, Ids, an_organisation

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import KeyId
from suanwang.store import blobs, records
from suanwang.store.blobs import Blob


def test_records_are_listed_newest_first_in_pages(store):
    for n in range(3):
        store.run_now(
            lambda tx, n=n: records.add_record(
                tx, f"act-{n}", {"n": n}, key_id=KeyId("key_1"), at=NOW
            )
        )
    page = store.read_now(lambda tx: records.records_before(tx, limit=2))
    rest = store.read_now(lambda tx: records.records_before(tx, page[-1].seq))
    assert [r.action for r in page + rest] == ["act-2", "act-1", "act-0"]
    assert (rest[0].body, rest[0].key_id, rest[0].at) == ({"n": 0}, "key_1", NOW)


def test_a_blob_is_its_organisations_and_for_others_not_there(store):
    ids = Ids()
    mine, theirs = store.run_now(lambda tx: [an_organisation(tx, ids).id for _ in range(2)])
    blob = Blob(sha256="ab" * 32, organisation_id=mine, size=7, created_at=NOW)
    for _ in range(2):
        store.run_now(lambda tx: blobs.add_blob(tx, blob))
    assert store.read_now(lambda tx: blobs.blob(tx, blob.sha256, mine)) == blob
    with pytest.raises(NotFound):
        store.read_now(lambda tx: blobs.blob(tx, blob.sha256, theirs))
    asked = ["ab" * 32, "cd" * 32]
    assert store.read_now(lambda tx: blobs.blobs_missing(tx, asked, mine)) == ["cd" * 32]
    assert store.read_now(lambda tx: blobs.blobs_missing(tx, asked, theirs)) == asked

from __future__ import annotations


def test_a_fresh_store_is_at_the_newest_schema(store):
    assert store.read_now(lambda tx: tx.one("schema_version")) == {"version_num": "0001"}

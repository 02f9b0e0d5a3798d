"""Units of work: durable when answered, undone alone, repeated when a race was lost."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.builders import Ids, an_organisation

from suanwang.store.database import Store, parse_url
from suanwang.store.errors import DatabaseUnavailable, DatabaseUnknown


def add(name):
    """A unit of work that adds an organisation called by its id."""

    def work(tx):
        tx.do("organisation_add", id=name, name=name, kind="member", state="open", created_at=1)
        return name

    return work


def names(store):
    return [
        r.id for r in store.read_now(lambda tx: tx.all("organisations_after", after="", limit=1000))
    ]


def test_a_row_is_a_dict_whose_keys_are_attributes(store):
    store.run_now(add("o1"))
    row = store.read_now(lambda tx: tx.one("organisation_by_id", id="o1"))
    assert row.name == row["name"] == "o1"
    assert dict(row) == {
        "id": "o1",
        "name": "o1",
        "kind": "member",
        "state": "open",
        "created_at": 1,
    }
    with pytest.raises(AttributeError):
        row.colour  # noqa: B018


def test_one_first_and_all_differ_in_what_nothing_means(store):
    assert store.read_now(lambda tx: tx.first("organisation_by_id", id="x")) is None
    assert store.read_now(lambda tx: tx.all("organisation_by_id", id="x")) == []
    with pytest.raises(LookupError):
        store.read_now(lambda tx: tx.one("organisation_by_id", id="x"))


def test_do_and_many_say_how_many_rows_changed(store):
    rows = [
        {"id": f"o{i}", "name": "n", "kind": "member", "state": "open", "created_at": i}
        for i in range(3)
    ]
    assert store.run_now(lambda tx: tx.many("organisation_add", rows)) == 3
    assert store.run_now(lambda tx: tx.many("organisation_add", [])) == 0
    assert store.run_now(lambda tx: tx.do("key_revoke", id="none", revoked_at=1)) == 0


def test_a_flow_that_fails_is_undone_and_the_next_is_not(store):
    def fail(tx):
        add("bad")(tx)
        raise KeyError("mistake")

    with pytest.raises(KeyError):
        store.run_now(fail)
    store.run_now(add("good"))
    assert names(store) == ["good"]


def test_in_one_batch_a_failing_flow_goes_back_alone(store):
    """The writer is kept busy, so that what follows is committed together."""
    gate = threading.Event()

    def fail(tx):
        add("bad")(tx)
        raise ZeroDivisionError

    with ThreadPoolExecutor(8) as pool:
        blocked = pool.submit(store.run_now, lambda tx: (add("first")(tx), gate.wait(10)))
        others = [pool.submit(store.run_now, add(f"o{i}")) for i in range(3)]
        failing = pool.submit(store.run_now, fail)
        gate.set()
        for future in [blocked, *others]:
            future.result(10)
        with pytest.raises(ZeroDivisionError):
            failing.result(10)
    assert names(store) == ["first", "o0", "o1", "o2"]


def test_a_broken_constraint_is_undone_alone_too(store):
    store.run_now(add("o1"))
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.run_now(add("o1"))
    assert names(store) == ["o1"]


def test_foreign_keys_and_types_are_checked(store):
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        store.run_now(
            lambda tx: tx.do("project_add", id="p", organisation_id="none", name="n", created_at=1)
        )
    with pytest.raises(Exception, match=r"(?i)cannot store TEXT|invalid input syntax"):
        store.run_now(
            lambda tx: tx.do(
                "organisation_add", id="o", name="n", kind="member", state="open", created_at="soon"
            )
        )


def test_reads_cannot_write(store):
    with pytest.raises(Exception, match=r"(?i)read-?only"):
        store.read_now(add("o1"))
    assert names(store) == []


def test_a_read_sees_one_snapshot_while_others_write(store):
    store.run_now(add("o1"))

    def look_twice(tx):
        before = tx.all("organisations_after", after="", limit=10)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(store.run_now, add("o2")).result(10)
        return before, tx.all("organisations_after", after="", limit=10)

    before, after = store.read_now(look_twice)
    assert before == after
    assert names(store) == ["o1", "o2"]


def test_coroutines_are_answered_with_results_and_errors(store):
    async def main():
        done = await asyncio.gather(*(store.run(add(f"o{i}")) for i in range(20)))
        with pytest.raises(LookupError):
            await store.read(lambda tx: tx.one("organisation_by_id", id="x"))
        rows = await store.read(lambda tx: tx.all("organisations_after", after="", limit=100))
        return done, rows

    done, rows = asyncio.run(main())
    assert sorted(done) == [r.id for r in rows]
    assert len(rows) == 20


def test_a_waiter_that_gave_up_before_its_turn_has_done_nothing(dialect, store):
    if dialect != "sqlite":
        pytest.skip("on PostgreSQL a free connection starts the unit at once")

    async def main():
        gate = threading.Event()
        blocking = asyncio.create_task(store.run(lambda tx: gate.wait(10)))
        await asyncio.sleep(0.05)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(store.run(add("late")), 0.01)
        gate.set()
        await blocking

    asyncio.run(main())
    assert names(store) == []


def test_a_loop_that_ended_is_not_missed_and_its_work_is_kept(store):
    gate = threading.Event()

    async def main():
        asyncio.ensure_future(store.run(lambda tx: (gate.wait(10), add("o1")(tx))))  # noqa: RUF006
        await asyncio.sleep(0.01)

    asyncio.run(main())
    gate.set()
    store.run_now(add("o2"))
    deadline = threading.Event()
    while len(names(store)) < 2:
        assert not deadline.wait(0.01)
    assert names(store) == ["o1", "o2"]


def test_a_closed_store_refuses_and_finishes_what_was_queued(database_url):
    store = Store.open(database_url)
    with ThreadPoolExecutor(4) as pool:
        queued = [pool.submit(store.run_now, add(f"o{i}")) for i in range(8)]
        for future in queued:
            future.result(10)
    store.close()
    store.close()
    for work in (store.run_now, store.read_now):
        with pytest.raises(DatabaseUnavailable):
            work(add("late"))
    again = Store.open(database_url)
    assert len(names(again)) == 8
    again.close()


def test_lists_may_be_bound(store):
    ids = Ids()
    made = store.run_now(lambda tx: [an_organisation(tx, ids).id for _ in range(3)])
    assert store.read_now(lambda tx: tx.all("transfers_made", ids=made)) == []
    assert store.read_now(lambda tx: tx.all("transfers_made", ids=[])) == []


@pytest.mark.parametrize("url", ["", "mysql://x/y", "nonsense", "oracle://x", "sqlite:///"])
def test_a_database_that_is_none_is_refused_by_name(url):
    with pytest.raises(DatabaseUnknown):
        parse_url(url)


def test_a_server_that_is_not_there_is_said_at_once(tmp_path):
    with pytest.raises(DatabaseUnavailable):
        Store.open(f"postgresql://postgres@/x?host={tmp_path}")
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(DatabaseUnavailable):
        Store.open(f"sqlite:///{tmp_path}/folder.db")


def test_a_store_in_memory_reads_what_it_wrote():
    store = Store.open("sqlite://")
    store.migrate()
    store.run_now(lambda tx: an_organisation(tx, Ids()))
    assert len(names(store)) == 1
    store.close()


def test_sqlite_is_durable_by_default(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/new/deep/store.db")
    store.migrate()
    connection = store._engine._connection
    settings = [
        connection.execute(f"PRAGMA {p}").fetchone()[0]
        for p in ("journal_mode", "synchronous", "foreign_keys")
    ]
    assert settings == ["wal", 2, 1]
    store.close()


def test_a_full_disk_fails_the_batch_by_name_and_loses_nothing_acknowledged(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/small.db?synchronous=off")
    store.migrate()
    store.run_now(add("kept"))
    pages = store._engine._connection.execute("PRAGMA page_count").fetchone()[0]
    store._engine._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseUnavailable, match="full"):
        store.run_now(lambda tx: [add(f"o{i}" + "x" * 3000)(tx) for i in range(50)])
    store._engine._connection.execute("PRAGMA max_page_count = 1000000")
    store.run_now(add("next"))
    assert names(store) == ["kept", "next"]
    store.close()


def test_another_process_that_holds_the_file_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("suanwang.store.sqlite.BUSY_SECONDS", 0.05)
    store = Store.open(f"sqlite:///{tmp_path}/shared.db?synchronous=off")
    store.migrate()
    other = sqlite3.connect(tmp_path / "shared.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable, match="locked"):
        store.run_now(add("o1"))
    other.execute("COMMIT")
    other.close()
    store.run_now(add("o1"))
    assert names(store) == ["o1"]
    store.close()


def test_lost_races_are_run_again(store, dialect):
    """Two units lock the same two rows in opposite order: PostgreSQL ends one, the store repeats it."""
    if dialect != "postgresql":
        pytest.skip("SQLite has one writer")
    store.run_now(lambda tx: [tx.do("leader_row", name=n) for n in "ab"])
    both_in, runs = threading.Barrier(2, timeout=10), []

    def cross(first, second):
        def work(tx):
            runs.append(first)
            tx.one("leader_to_change", name=first)
            if len(runs) <= 2:
                both_in.wait()
            tx.one("leader_to_change", name=second)
            return first

        return work

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(store.run_now, cross(*pair)) for pair in ("ab", "ba")]
        assert sorted(f.result(20) for f in futures) == ["a", "b"]
    # One of the two lost and ran again; on a busy machine each may lose once.
    assert len(runs) in (3, 4)


def test_a_broken_connection_is_replaced(store, dialect):
    if dialect != "postgresql":
        pytest.skip("a file has no connections to break")
    store.run_now(add("o1"))
    for connection in list(store._engine._connections):
        connection.pgconn.finish()
    store.run_now(add("o2"))
    assert names(store) == ["o1", "o2"]

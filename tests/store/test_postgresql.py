"""What goes wrong between the store and a PostgreSQL server, and what the caller is told."""

from __future__ import annotations

import psycopg
import pytest

from suanwang.store.errors import DatabaseUnavailable


@pytest.fixture
def pg(store, dialect):
    if dialect != "postgresql":
        pytest.skip("about PostgreSQL")
    return store


def add(tx, name):
    tx.do("organisation_add", id=name, name=name, kind="member", state="open", created_at=1)


def count(store):
    return len(store.read_now(lambda tx: tx.all("organisations_after", after="", limit=9)))


def test_a_session_that_the_server_ends_before_commit_is_run_again(pg, postgres_server):
    runs = []

    def work(tx):
        runs.append(1)
        add(tx, "o1")
        if len(runs) == 1:
            pid = tx._cursor.connection.info.backend_pid
            with postgres_server.connect() as other:
                other.execute("SELECT pg_terminate_backend(%s)", (pid,))
            add(tx, "o2")

    pg.run_now(work)
    assert len(runs) == 2
    assert count(pg) == 1


def test_a_connection_that_breaks_during_commit_leaves_the_outcome_unknown_and_says_so(pg):
    def work(tx):
        add(tx, "o1")
        tx._cursor.connection.pgconn.finish()

    with pytest.raises(DatabaseUnavailable, match="outcome is unknown"):
        pg.run_now(work)
    pg.run_now(lambda tx: add(tx, "o2"))
    assert count(pg) == 1


def test_a_race_that_is_lost_every_time_is_given_up(pg, monkeypatch):
    monkeypatch.setattr("suanwang.store.postgresql.PAUSE_SECONDS", 0.0001)
    runs = []

    def work(_tx):
        runs.append(1)
        raise psycopg.errors.SerializationFailure("lost again")

    with pytest.raises(DatabaseUnavailable, match="lost again"):
        pg.run_now(work)
    assert len(runs) == 8


def test_a_lock_that_does_not_come_is_said_and_nothing_is_changed(pg, postgres_server):
    pg.run_now(lambda tx: tx.do("leader_row", name="a"))

    def work(tx):
        add(tx, "o1")
        tx.script(["SET LOCAL lock_timeout = '20ms'"])
        tx.one("leader_to_change", name="a")

    with postgres_server.connect(pg.url.database) as other, other.transaction():
        other.execute("SELECT * FROM leaders FOR UPDATE")
        with pytest.raises(DatabaseUnavailable, match="lock timeout"):
            pg.run_now(work)
    assert count(pg) == 0


def test_commits_are_durable_also_where_the_servers_default_says_otherwise(pg):
    row = pg.read_now(lambda tx: tx._cursor.execute("SHOW synchronous_commit").fetchone())
    assert row == ("on",), "the test server is started with synchronous_commit=off"


def test_flags_and_sums_are_whole_numbers(pg):
    def work(tx):
        cursor = tx._cursor
        flag = cursor.execute("SELECT %(flag)s + 1", {"flag": True}).fetchone()
        total = cursor.execute("SELECT SUM(x) FROM (VALUES (1::bigint), (2)) AS t(x)").fetchone()
        large = cursor.execute("SELECT %(a)s * %(a)s", {"a": 30_000}).fetchone()
        return flag[0], total[0], large[0]

    assert pg.read_now(work) == (2, 3, 900_000_000)

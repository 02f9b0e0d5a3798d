from __future__ import annotations

import shutil
import threading

import pytest
from tests.builders import Ids, a_member, an_exchange, an_organisation

from suanwang.store import backup, identity, schema
from suanwang.store.database import Store
from suanwang.store.errors import BackupRefused, SchemaUnknown


@pytest.fixture
def filled(store):
    ids = Ids()
    store.run_now(lambda tx: an_exchange(tx, ids))
    store.run_now(lambda tx: a_member(tx, ids))
    return store


@pytest.fixture
def tools(dialect):
    if dialect == "postgresql" and not (shutil.which("pg_dump") and shutil.which("pg_restore")):
        pytest.skip("pg_dump and pg_restore are not installed")


def names(url):
    store = Store.open(url)
    found = [o.name for o in store.read_now(identity.organisations)]
    store.close()
    return found


def sqlite_only(dialect):
    if dialect != "sqlite":
        pytest.skip("about SQLite's file")


def test_a_backup_brings_back_what_was_there(filled, database_url, tmp_path, tools):
    copy = backup.backup(database_url, tmp_path / "copies" / "one.backup")
    filled.run_now(lambda tx: an_organisation(tx, Ids(start=500), name="too late"))
    filled.close()
    with pytest.raises(BackupRefused, match="--force"):
        backup.restore(database_url, copy)
    assert names(database_url) == ["Exchange", "Meridian Lab", "too late"]
    backup.restore(database_url, copy, force=True)
    assert names(database_url) == ["Exchange", "Meridian Lab"]
    assert backup.check(database_url).good


def test_a_backup_goes_into_a_fresh_database(
    filled, database_url, empty_database_url, tmp_path, tools
):
    copy = backup.backup(database_url, tmp_path / "one.backup")
    backup.restore(empty_database_url, copy)
    assert names(empty_database_url) == ["Exchange", "Meridian Lab"]
    assert backup.upgrade(empty_database_url) == schema.HEAD


def test_a_backup_never_replaces_another_unasked(filled, database_url, tmp_path, tools):
    copy = backup.backup(database_url, tmp_path / "one.backup")
    with pytest.raises(BackupRefused, match="--force"):
        backup.backup(database_url, copy)
    assert backup.backup(database_url, copy, force=True) == copy
    assert list(tmp_path.glob("*.partial")) == []


def test_a_backup_taken_while_servers_write_is_whole(dialect, filled, database_url, tmp_path):
    sqlite_only(dialect)
    stop = threading.Event()

    def write():
        ids = Ids(start=10_000)
        while not stop.is_set():
            filled.run_now(lambda tx: a_member(tx, ids))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copies = [backup.backup(database_url, tmp_path / f"{n}.backup") for n in range(3)]
    finally:
        stop.set()
        writer.join()
    for copy in copies:
        assert backup.check(f"sqlite:///{copy}").good


def test_a_database_in_use_is_not_replaced(dialect, filled, database_url, tmp_path):
    sqlite_only(dialect)
    copy = backup.backup(database_url, tmp_path / "one.backup")
    with pytest.raises(BackupRefused, match="in use"):
        backup.restore(database_url, copy, force=True)


def test_a_damaged_database_is_found_and_can_be_replaced(dialect, filled, database_url, tmp_path):
    sqlite_only(dialect)
    copy = backup.backup(database_url, tmp_path / "one.backup")
    filled.close()
    path = tmp_path / "store.db"
    data = bytearray(path.read_bytes())
    data[100:4000] = b"\xff" * 3900
    path.write_bytes(data)
    found = backup.check(database_url)
    assert found.damage
    assert not found.good
    with pytest.raises(BackupRefused, match=path.name):
        backup.backup(database_url, tmp_path / "two.backup")
    assert list(tmp_path.glob("two.*")) == []
    damaged = tmp_path / "damaged.backup"
    damaged.write_bytes(data)
    with pytest.raises(BackupRefused, match="damaged"):
        backup.restore(database_url, damaged, force=True)
    backup.restore(database_url, copy, force=True)
    assert backup.check(database_url).good


def test_a_backup_of_a_newer_program_is_refused(dialect, filled, database_url, tmp_path):
    sqlite_only(dialect)
    filled.run_now(lambda tx: tx.script(["UPDATE alembic_version SET version_num = '9999'"]))
    copy = backup.backup(database_url, tmp_path / "one.backup")
    with pytest.raises(SchemaUnknown, match="9999"):
        backup.restore(f"sqlite:///{tmp_path}/other.db", copy)


def test_a_check_finds_a_ledger_that_does_not_add_up_and_an_unknown_schema(filled, database_url):
    assert backup.check(database_url).good
    filled.run_now(
        lambda tx: tx.script(["UPDATE accounts SET balance_units = 7 WHERE name = 'bank'"])
    )
    found = backup.check(database_url)
    assert not found.good
    assert found.ledger.problems
    filled.run_now(lambda tx: tx.script(["UPDATE alembic_version SET version_num = '0000'"]))
    found = backup.check(database_url)
    assert (found.schema, found.ledger, found.good) == ("0000", None, False)


@pytest.mark.parametrize(
    "work",
    [
        lambda folder: backup.check(f"sqlite:///{folder}/none.db"),
        lambda folder: backup.backup(f"sqlite:///{folder}/none.db", folder / "b"),
        lambda folder: backup.backup("sqlite://", folder / "b"),
        lambda folder: backup.restore(f"sqlite:///{folder}/none.db", folder / "b"),
    ],
)
def test_what_is_not_there_is_said_plainly(tmp_path, work):
    with pytest.raises(BackupRefused):
        work(tmp_path)


def test_without_postgresqls_tools_the_message_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupRefused, match="pg_dump is not installed"):
        backup.backup("postgresql://x@/y", tmp_path / "b")


def test_a_tool_that_fails_is_quoted(tmp_path):
    if not shutil.which("pg_dump"):
        pytest.skip("pg_dump is not installed")
    with pytest.raises(BackupRefused, match="pg_dump said"):
        backup.backup(f"postgresql://x@/y?host={tmp_path}", tmp_path / "b")

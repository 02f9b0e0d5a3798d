"""One byte changed in SQLite's own file, as no database would let anybody: it is named."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest
from tests.flows.builders import a_world
from tests.store.test_verify import KEY, publish

from suanwang.flows import loops
from suanwang.store import backup
from suanwang.store.database import Store

CELLS = {
    "a transfer's id": ("transfers", "id"),
    "a transfer's memo": ("transfers", "memo"),
    "a transfer's fingerprint": ("transfers", "fingerprint"),
    "a record": ("evidence", "record"),
    "a bill": ("bills", "lines"),
    "a usage record": ("usage_records", "record"),
    "a round": ("rounds", "outcome"),
    "a head": ("log_heads", "note"),
}


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """A database file of one settled job, closed, with everything in the one file."""
    path = tmp_path_factory.mktemp("flipped") / "grid.db"
    store = Store.open(f"sqlite:///{path}")
    store.migrate()
    world = a_world(store, centres=("guian",))
    run = world.running()
    world.sleep(90)
    run.agent.beat(run)
    run.finish()
    world.run_loops(loops.BILL, loops.SETTLE, turns=1)
    publish(world)
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def test_the_file_as_it_is_is_proven(settled):
    assert backup.check(f"sqlite:///{settled}", key=KEY).proven


@pytest.mark.parametrize("what", CELLS)
def test_a_flipped_byte_is_found_and_what_it_is_in_is_named(settled, tmp_path, what):
    table, column = CELLS[what]
    copy = tmp_path / "flipped.db"
    shutil.copy(settled, copy)
    with closing(sqlite3.connect(copy)) as connection:
        query = f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY rowid DESC"
        (value,) = connection.execute(query).fetchone()
    data = bytearray(copy.read_bytes())
    # The longest stretch that SQLite has in one piece; pages cut long values.
    piece = value.encode()[:40]
    place = data.rfind(piece) + len(piece) // 2
    assert place >= len(piece) // 2, "the value stands in the file"
    data[place] ^= 0x01
    copy.write_bytes(data)
    found = backup.check(f"sqlite:///{copy}", key=KEY)
    assert not found.good
    told = [*found.damage, *(each.record for each in found.log.findings)]
    assert any(table in each for each in told), told


def test_what_is_no_database_at_all_is_said_to_be_damaged(tmp_path):
    path = tmp_path / "junk.db"
    path.write_bytes(b"junk" * 5_000)
    found = backup.check(f"sqlite:///{path}", key=KEY)
    assert (found.good, found.log) == (False, None)
    assert "not a database" in found.damage[0]

"""A whole database, checked: every attack is named with the record that it was made on."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.flows.builders import World, a_world

from suanwang.flows import loops
from suanwang.flows.extend_log import extend_now
from suanwang.flows.publish_head import publish_head
from suanwang.ledger.log.notes import Checkpoint, Note, Signer, sign_checkpoint
from suanwang.store import log, postgresql
from suanwang.store.verify.whole import verify

SIGNER = Signer(name="exchange.test", private=bytes(range(32)))
OTHER = Signer(name="exchange.test", private=bytes(range(1, 33)))
KEY = SIGNER.verifier.vkey


@dataclass
class Book:
    """A settled job's database with two signed heads, and a hand that alters it."""

    world: World
    dialect: str

    def verify(self, key: str | None = KEY) -> Any:
        return self.world.read(lambda tx: verify(tx, key=key))

    def rules(self) -> list[str]:
        return [each.rule for each in self.verify().findings]

    def alter(self, *statements: str) -> None:
        """Write as somebody does who has the database's own password, bound by nothing."""
        with closing(self.connect()) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    def put(self, table: str, column: str, seq: int, value: Any) -> None:
        mark = "?" if self.dialect == "sqlite" else "%s"
        with closing(self.connect()) as connection:
            connection.execute(f"UPDATE {table} SET {column} = {mark} WHERE seq = {seq}", (value,))
            connection.commit()

    def connect(self) -> Any:
        url = self.world.store.url
        if self.dialect == "sqlite":
            return sqlite3.connect(url.database)  # foreign keys are off where nobody asks for them
        connection = postgresql.connect(url)
        connection.execute("SET session_replication_role = 'replica'")
        return connection

    def value(self, query: str) -> Any:
        def look(tx: Any) -> Any:
            tx._cursor.execute(query)
            return tx._cursor.fetchone()[0]

        return self.world.read(look)


def publish(world: World) -> None:
    act = world.act()
    world.store.run_now(lambda tx: extend_now(tx, act=act))
    world.store.run_now(lambda tx: publish_head(tx, signer=SIGNER, act=act))


@pytest.fixture
def book(store, dialect):
    world = a_world(store, centres=("guian",))
    publish(world)
    run = world.running()
    world.sleep(90)
    run.agent.beat(run)
    run.finish()
    world.run_loops(loops.BILL, loops.SETTLE, turns=1)
    publish(world)
    return Book(world, dialect)


def test_what_nobody_has_touched_is_proven(book):
    found = book.verify()
    assert found.findings == ()
    assert (found.pending, found.heads) == (0, 2)
    assert found.leaves > 10


def test_rows_that_came_since_are_told_and_not_held_against_it(book):
    book.world.submit()
    book.world.run_loops(loops.QUOTE)
    found = book.verify()
    assert found.findings == ()
    assert found.pending > 0


LAST = "(SELECT MAX(seq) FROM transfers WHERE kind = 'post')"
SPARE = "(SELECT MAX(seq) + 1000 FROM transfers)"
TAMPERS = {
    "an amount": (
        f"UPDATE transfers SET amount_units = amount_units + 1 WHERE seq = {LAST}",
        "leaf-altered", "transfers",
    ),
    "a memo": (
        f"UPDATE transfers SET memo = '{{}}' WHERE seq = {LAST}",
        "leaf-altered", "transfers",
    ),
    "a time": (
        f"UPDATE transfers SET at = at + 1 WHERE seq = {LAST}",
        "leaf-altered", "transfers",
    ),
    "a fingerprint": (
        f"UPDATE transfers SET fingerprint = 'x' WHERE seq = {LAST}",
        "leaf-altered", "transfers",
    ),
    "a deleted transfer": (
        f"DELETE FROM transfers WHERE seq = {LAST}",
        "leaf-missing", "transfers between seq",
    ),
    "the first transfer deleted": (
        "DELETE FROM transfers WHERE seq = (SELECT MIN(seq) FROM transfers)",
        "leaf-missing", "transfers between seq",
    ),
    "a deleted record": (
        "DELETE FROM evidence WHERE kind = 'usage'",
        "leaf-missing", "evidence between seq",
    ),
    "an altered record": (
        "UPDATE evidence SET record = '{}' WHERE kind = 'order'",
        "leaf-altered", "evidence",
    ),
    "an account's name": (
        "UPDATE accounts SET name = 'margin2' WHERE name = 'margin'",
        "row-differs", "accounts",
    ),
    "a hold": (
        "UPDATE holds SET posted_units = posted_units - 1",
        "hold-wrong", "holds",
    ),
    "a deleted hold": ("DELETE FROM holds", "hold-missing", "transfers"),
    "a bill's total": (
        "UPDATE bills SET total_units = total_units + 1",
        "row-differs", "bills",
    ),
    "a bill's line": (
        "UPDATE bills SET lines = REPLACE(lines, 'card-hour', 'card-hours')",
        "row-differs", "bills",
    ),
    "a deleted bill": ("DELETE FROM bills", "row-missing", "evidence"),
    "a meter's reading": (
        "UPDATE usage_records SET record = REPLACE(record, '\"cards\":1', '\"cards\":2')",
        "row-differs", "usage_records",
    ),
    "a meter's signature": (
        "UPDATE usage_records SET signature = 'x'",
        "row-differs", "usage_records",
    ),
    "a deleted reading": ("DELETE FROM usage_records", "row-missing", "evidence"),
    "a round": (
        "UPDATE rounds SET outcome = REPLACE(outcome, 'list-price', 'best-price')",
        "row-differs", "rounds",
    ),
    "a truncated log": ("DELETE FROM log_segments", "tile-wrong", "log_tiles"),
    "a segment's place": (
        "UPDATE log_segments SET first_leaf = first_leaf + 1000 WHERE first_leaf > 0",
        "segment-broken", "log_segments",
    ),
    "a segment's end": (
        "UPDATE log_segments SET last_seq = last_seq + 1 WHERE first_leaf = 0",
        "segment-broken", "log_segments",
    ),
    "a head's size": ("UPDATE log_heads SET size = size - 1", "head-forged", "log_heads"),
    "tiles withheld": ("DELETE FROM log_tiles", "tile-missing", "log_tiles 0/0"),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERS)
def test_an_attack_is_named_with_its_record(book, what):
    statement, rule, record = TAMPERS[what]
    book.alter(statement)
    found = book.verify().findings
    assert found, what
    assert rule in [each.rule for each in found]
    named = next(each for each in found if each.rule == rule)
    assert named.record.startswith(record)


def test_the_first_finding_names_the_altered_transfer(book):
    seq = book.value(f"SELECT {LAST}")
    name = book.value(f"SELECT id FROM transfers WHERE seq = {seq}")
    book.alter(f"UPDATE transfers SET group_id = 'x' WHERE seq = {seq}")
    assert book.verify().findings[0].record == f"transfers {seq} {name}"


def test_reordered_rows_are_both_named(book):
    a, b = book.value("SELECT MIN(seq) FROM transfers"), book.value(f"SELECT {LAST}")
    book.alter(
        f"UPDATE transfers SET seq = 100000 WHERE seq = {a}",
        f"UPDATE transfers SET seq = {a} WHERE seq = {b}",
        f"UPDATE transfers SET seq = {b} WHERE seq = 100000",
    )
    altered = [each for each in book.verify().findings if each.rule == "leaf-altered"]
    assert [each.record.split()[1] for each in altered] == [str(a), str(b)]


def test_a_row_slipped_in_among_logged_ones_is_named(book):
    seq = book.value("SELECT MAX(seq) FROM evidence")
    # The newest row makes room for one that was never logged.
    book.alter(
        f"UPDATE evidence SET seq = {seq + 500} WHERE seq = {seq}",
        f"UPDATE log_segments SET last_seq = {seq + 500} WHERE source = 'evidence' AND last_seq = {seq}",
        "INSERT INTO evidence (kind, id, organisation_id, record, at) "
        "SELECT 'order', 'slipped', organisation_id, record, at FROM evidence WHERE kind = 'order'",
        f"UPDATE evidence SET seq = {seq} WHERE id = 'slipped'",
    )
    assert {"leaf-extra", "leaf-altered"} & set(book.rules())


class TestHeads:
    def forge(self, book, note):
        book.alter(
            f"UPDATE log_heads SET note = '{note}' WHERE seq = (SELECT MAX(seq) FROM log_heads)"
        )
        return book.rules()

    def last(self, book):
        return book.world.read(log.last_head)

    def test_one_that_another_key_signed(self, book):
        said = Checkpoint.parse(Note.parse(self.last(book).note).text)
        assert "head-forged" in self.forge(book, sign_checkpoint(said, OTHER))

    def test_one_of_another_root_signed_by_the_exchange_itself(self, book):
        head = Checkpoint(origin="exchange.test", size=self.last(book).size, root=bytes(32))
        assert self.forge(book, sign_checkpoint(head, SIGNER)) == ["head-root"]

    def test_one_altered_letter(self, book):
        note = self.last(book).note
        size = str(self.last(book).size)
        assert "head-forged" in self.forge(book, note.replace(f"\n{size}\n", f"\n{size[:-1]}9\n"))

    def test_no_note_at_all(self, book):
        assert self.forge(book, "nothing") == ["head-forged"]

    def test_two_heads_of_one_size(self, book):
        last = self.last(book)
        other = sign_checkpoint(
            Checkpoint(origin="exchange.test", size=last.size, root=bytes(32)), SIGNER
        )
        book.alter(f"INSERT INTO log_heads (size, at, note) VALUES ({last.size}, 1, '{other}')")
        assert book.rules() == ["heads-fork", "head-root"]

    def test_a_line_that_nobody_known_signed(self, book):
        note = self.last(book).note
        line = "\u2014 witness " + base64.b64encode(bytes(76)).decode()
        assert self.forge(book, f"{note}{line}\n") == ["head-forged"]

    def test_a_log_cut_off_below_its_head(self, book):
        end = book.value("SELECT MAX(first_leaf) FROM log_segments")
        book.alter(f"DELETE FROM log_segments WHERE first_leaf = {end}")
        assert "log-truncated" in book.rules()

    def test_without_the_key_roots_still_tell(self, book):
        head = Checkpoint(origin="exchange.test", size=self.last(book).size, root=bytes(32))
        self.forge(book, sign_checkpoint(head, OTHER))
        assert [each.rule for each in book.verify(None).findings] == ["head-root"]


COLUMNS = {
    "transfers": (
        "id", "kind", "debit_id", "credit_id", "asset", "pending_id", "group_id", "memo",
        "fingerprint", "chain_id", "reverses", "day", "amount_units", "at", "expires_at",
        "chain_place", "chain_size",
    ),
    "evidence": ("kind", "id", "organisation_id", "record", "at"),
    "log_heads": ("size", "note"),
}  # fmt: skip
WHOLE = {"amount_units", "at", "expires_at", "chain_place", "chain_size", "size"}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
@pytest.mark.real
def test_any_value_of_any_covered_row_that_changes_is_found(book, data):
    table = data.draw(st.sampled_from(sorted(COLUMNS)))
    column = data.draw(st.sampled_from(COLUMNS[table]))
    rows = book.value(f"SELECT COUNT(*) FROM {table}")
    seq = book.value(
        f"SELECT seq FROM {table} ORDER BY seq LIMIT 1 OFFSET {data.draw(st.integers(0, rows - 1))}"
    )
    before = book.value(f"SELECT {column} FROM {table} WHERE seq = {seq}")
    changed = 7 if column in WHOLE else "x"
    if changed == before:
        return

    book.put(table, column, seq, changed)
    assert book.rules(), (table, column, seq)
    book.put(table, column, seq, before)
    assert book.rules() == []

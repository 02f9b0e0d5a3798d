"""The log in the store: leaves in the order of rows, extended once, never past what may yet come."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from tests.builders import NOW, Ids, a_member, an_act, an_exchange

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.ids import TransferId
from suanwang.basics.money import Money
from suanwang.flows import extend_log
from suanwang.flows.extend_log import extend_now
from suanwang.flows.log_errors import LogForked, LogKeyWrong
from suanwang.flows.publish_head import publish_head
from suanwang.flows.timing import Timing
from suanwang.ledger.log import tiles
from suanwang.ledger.log.leaves import entry
from suanwang.ledger.log.notes import Signer, open_checkpoint
from suanwang.ledger.log.tree import root
from suanwang.ledger.transfers import move
from suanwang.store import evidence, ledger, log, postgresql
from suanwang.store.evidence import Evidence
from suanwang.store.queries import load_queries
from suanwang.store.verify.whole import verify

SIGNER = Signer(name="exchange.test", private=bytes(range(32)))
TIMING = Timing()


class World:
    """An exchange and a member that pays in one unit at a time."""

    def __init__(self, store):
        self.store, self.ids = store, Ids()
        exchange = store.run_now(lambda tx: an_exchange(tx, self.ids))
        member = store.run_now(lambda tx: a_member(tx, self.ids))
        self.bank = next(a.id for a in exchange.accounts if a.name == "bank")
        self.member = member.accounts[0].id

    def pay_in(self, count=1):
        for _ in range(count):
            payment = move(
                self.ids(TransferId), Money(1), debit=self.bank, credit=self.member, at=NOW
            )
            self.store.run_now(lambda tx, one=payment: ledger.post(tx, [one]))

    def testify(self, count=1):
        records = [
            Evidence(kind="closing", id=self.ids(TransferId), record={"n": n}, at=NOW)
            for n in range(count)
        ]
        self.store.run_now(lambda tx: evidence.add(tx, records))

    def extend(self):
        return self.store.run_now(lambda tx: extend_now(tx, act=an_act()))

    def sign(self):
        return self.store.run_now(lambda tx: publish_head(tx, signer=SIGNER, act=an_act()))

    def naive_root(self):
        """Hash every logged row anew, from dicts and in the order of the log."""

        def look(tx):
            entries = []
            for segment in log.segments_from(tx, 0, limit=1000):
                rows = tx.all(
                    f"log_{segment.source}_after",
                    after=segment.first_seq - 1, until=segment.last_seq, limit=100_000,
                )  # fmt: skip
                for leaf, row in enumerate(rows, start=segment.first_leaf):
                    record = dict(row) | {"source": segment.source}
                    if segment.source == "evidence":
                        record["record"] = json.loads(record["record"])
                    entries.append(entry(segment.salt(leaf), canonical_bytes(record)))
            return root(entries)

        return self.store.read_now(look)


@pytest.fixture
def world(store):
    return World(store)


def test_every_row_becomes_a_leaf_once_and_the_root_is_that_of_a_plain_tree(world):
    world.pay_in(3)
    world.testify(2)
    before = world.extend()
    assert world.extend() == 0
    world.pay_in(300)
    world.testify(5)
    assert world.extend() == 305
    size = world.store.read_now(log.size)
    assert size == before + 305
    head = world.sign()
    assert open_checkpoint(head.note, SIGNER.verifier).root == world.naive_root()
    assert (
        world.store.read_now(lambda tx: tiles.root_at(size, log.reader(tx))) == world.naive_root()
    )


def test_no_head_is_signed_twice_for_one_size(world):
    world.extend()
    assert world.sign() is not None
    assert world.sign() is None
    world.pay_in()
    assert world.sign() is None  # not in the log yet
    world.extend()
    assert world.sign() is not None


def test_a_log_that_was_tampered_with_is_not_signed(world):
    world.extend()
    world.sign()
    world.pay_in()
    world.extend()
    zeros = {
        "sqlite": "UPDATE log_tiles SET hashes = zeroblob(length(hashes))",
        "postgresql": "UPDATE log_tiles SET hashes = decode(repeat('00', length(hashes)), 'hex')",
    }
    world.store.run_now(lambda tx: tx.script([zeros[tx.dialect]]))
    with pytest.raises(LogForked):
        world.sign()
    assert world.store.read_now(lambda tx: len(log.heads_before(tx))) == 1


def test_a_server_with_another_key_signs_nothing(world):
    world.extend()
    world.sign()
    world.pay_in()
    world.extend()
    other = Signer(name="exchange.test", private=bytes(range(1, 33)))
    with pytest.raises(LogKeyWrong):
        world.store.run_now(lambda tx: publish_head(tx, signer=other, act=an_act()))
    assert world.sign() is not None


def test_a_server_killed_after_any_step_leaves_the_log_as_it_was_or_whole(world):
    world.pay_in(4)
    batch = world.store.run_now(
        lambda tx: extend_log.fetch_unlogged(tx, act=an_act(), timing=TIMING)
    )
    extend_log.hash_rows(batch)  # killed here, or before: nothing was written
    assert world.store.read_now(log.size) == 0
    world.extend()
    world.sign()
    assert world.store.read_now(lambda tx: verify(tx, key=SIGNER.verifier.vkey)).findings == ()


def test_two_servers_that_extend_at_once_append_once(world):
    world.pay_in(4)
    act = an_act()

    def fetch(tx):
        return extend_log.fetch_unlogged(tx, act=act, timing=TIMING)

    first, second = (extend_log.hash_rows(world.store.run_now(fetch)) for _ in range(2))

    def append(extension):
        return world.store.run_now(
            lambda tx: extend_log.append_leaves(tx, extension, act=act, timing=TIMING)
        )

    with ThreadPoolExecutor(2) as pool:
        did = list(pool.map(append, (first, second)))
    assert sorted(did) == [0, first.segment.leaves]
    world.extend()
    assert world.store.read_now(verify).findings == ()


def test_words_are_counted_through_the_index_and_never_by_reading_a_kind(world, dialect):
    at = {"record": {}, "at": NOW, "kind": "order"}
    names = ["a", "a#2", "a#3", "ab", "ab#2", "a%", "a%#2"]
    kept = [Evidence(id=name, **at) for name in names]
    world.store.run_now(lambda tx: evidence.add(tx, kept))
    query = load_queries(dialect)["evidence_words"]

    def words(tx, name):
        return tx.one("evidence_words", kind="order", id=name).words

    for name, expected in {"a": 3, "ab": 2, "a%": 2, "b": 0}.items():
        assert world.store.read_now(lambda tx, n=name: words(tx, n)) == expected
    assert "LIKE" not in query
    if dialect == "sqlite":
        with closing(sqlite3.connect(world.store.url.database)) as found:
            facts = {"kind": "order", "id": "a"}
            plan = [row[3] for row in found.execute(f"EXPLAIN QUERY PLAN {query}", facts)]
        told = [step for step in plan if "evidence" in step]
        assert len(told) == 2
        assert all("uq_evidence_kind_id (kind=? AND id=?)" in step for step in told), told
        return
    with closing(postgresql.connect(world.store.url)) as found:
        found.execute("SET enable_seqscan = off")  # the table is small; only the means count
        plan = found.execute(f"EXPLAIN {query}", {"kind": "order", "id": "a"}).fetchall()
    conditions = [row[0] for row in plan if "Index Cond" in row[0]]
    assert len(conditions) == 2
    assert all("kind =" in one and "id =" in one for one in conditions), conditions


@pytest.mark.real
def test_a_transaction_that_commits_late_is_waited_for_and_never_skipped(world, dialect):
    if dialect == "sqlite":
        pytest.skip("SQLite has one writer: no row comes after one with a larger seq")
    world.extend()
    size = world.store.read_now(log.size)
    with closing(postgresql.connect(world.store.url)) as late:
        late.execute("BEGIN")
        late.execute(
            "INSERT INTO evidence (kind, id, record, at) VALUES ('closing', 'late', '{}', 1)"
        )
        world.testify(3)  # their seq is larger, and they are here first
        act = an_act()
        fetched = world.store.run_now(
            lambda tx: extend_log.fetch_unlogged(tx, act=act, timing=TIMING)
        )
        assert fetched is None
        late.execute("COMMIT")
    assert world.extend() == 4
    assert world.store.read_now(log.size) == size + 4
    assert world.store.read_now(verify).findings == ()


@pytest.mark.real
def test_nor_is_one_that_began_after_whoever_committed_first(world, dialect):
    if dialect == "sqlite":
        pytest.skip("SQLite has one writer: no row comes after one with a larger seq")
    world.extend()
    insert = "INSERT INTO evidence (kind, id, record, at) VALUES ('closing', '{}', '{{}}', 1)"
    with (
        closing(postgresql.connect(world.store.url)) as quick,
        closing(postgresql.connect(world.store.url)) as late,
    ):
        for each in (quick, late):
            each.execute("BEGIN")
            each.execute("SELECT pg_current_xact_id()")
        late.execute(insert.format("late"))
        quick.execute(insert.format("quick"))
        quick.execute("COMMIT")
        act = an_act()
        fetched = world.store.run_now(
            lambda tx: extend_log.fetch_unlogged(tx, act=act, timing=TIMING)
        )
        assert fetched is None
        late.execute("COMMIT")
    assert world.extend() == 2
    assert world.store.read_now(verify).findings == ()


def test_a_transaction_that_has_written_may_extend_the_log_itself(world):
    world.extend()
    mine = Evidence(kind="closing", id="mine", record={}, at=NOW)

    def both(tx):
        evidence.add(tx, [mine])
        return extend_now(tx, act=an_act())

    assert world.store.run_now(both) == 1

"""Many moves at once: the same rows, balances and refusals as one by one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from tests.store.test_ledger import NOW, World

from suanwang.basics.ids import AccountId, TransferId
from suanwang.basics.money import Money
from suanwang.ledger.batch import Moves
from suanwang.ledger.errors import (
    AccountUnknown,
    ChainBroken,
    FundsInsufficient,
    TransferIdReused,
    TransferMalformed,
)
from suanwang.ledger.transfers import chained, post
from suanwang.store import ledger
from suanwang.store.bulk import post_many

DAY = date(2026, 11, 23)
COLUMNS = (
    "id, kind, debit_id, credit_id, asset, amount_units, pending_id, expires_at, group_id, memo,"
    " fingerprint, at, chain_id, chain_place, chain_size, reverses, day"
)


@pytest.fixture
def world(store):
    return World(store, paid_in=1_000)


def bulk(world, batch) -> int:
    return world.store.run_now(lambda tx: post_many(tx, batch))


def some(world, count=6, **kwargs):
    """Moves in two chains and none, with texts that COPY and JSON must escape."""
    texts = ["a\tb\\n", "line\nfeed\r", '"算力"', "\\N", "", "plain"]
    made = [
        world.move(
            10, world.buyer, world.provider, group_id=texts[n % 6], memo={"什么": texts[n % 6]}
        )
        for n in range(count)
    ]
    made = [*chained("one", made[:2]), *made[2:4], *chained("t\\wo", made[4:])]
    return [replace(each, day=DAY, **kwargs) for each in made]


def rows(world) -> list[tuple]:
    def read(tx):
        cursor = tx._cursor
        cursor.execute(f"SELECT {COLUMNS} FROM transfers ORDER BY seq")
        return [tuple(row) for row in cursor.fetchall()]

    return world.store.read_now(read)


def quick(monkeypatch):
    """Fail where the long way is taken."""

    def never(*_):
        raise AssertionError("the quick way was meant to do")

    monkeypatch.setattr("suanwang.store.bulk.ledger.post", never)


def test_rows_are_those_that_one_by_one_leaves(world, monkeypatch):
    transfers = some(world)
    world.post(*transfers)
    expected = rows(world)
    balances = [world.account(each).balance_units for each in (world.buyer, world.provider)]
    world.store.run_now(lambda tx: tx.script(["DELETE FROM transfers WHERE day IS NOT NULL"]))
    back = {world.buyer: 1_000, world.provider: 0}
    for account, units in back.items():
        world.store.run_now(
            lambda tx, account=account, units=units: tx.do(
                "account_save", id=account, balance_units=units, held_units=0
            )
        )
    quick(monkeypatch)
    assert bulk(world, transfers) == len(transfers)
    assert rows(world) == expected
    assert [world.account(each).balance_units for each in (world.buyer, world.provider)] == balances
    world.check()


def test_the_same_batch_again_makes_nothing(world):
    transfers = some(world)
    assert bulk(world, transfers) == 6
    assert bulk(world, transfers) == 0
    assert bulk(world, Moves.of(transfers)) == 0
    more = [*transfers, replace(world.move(1, world.buyer, world.fees), day=DAY)]
    assert bulk(world, more) == 1
    assert world.account(world.provider).balance_units == 60
    world.check()


def test_an_id_made_long_before_is_found_where_no_look_up_was_made(world):
    """Only the accounts' cover is loaded; the unique key knows all other ids."""
    transfers = [world.move(1, world.buyer, world.provider) for _ in range(5)]
    world.post(transfers[3])
    assert bulk(world, transfers) == 4
    other = [world.move(1, world.buyer, world.provider), replace(transfers[4], amount=Money(2))]
    with pytest.raises(TransferIdReused):
        bulk(world, other)
    assert world.account(world.provider).balance_units == 5
    world.check()


@pytest.mark.parametrize(
    ("refusal", "spoil"),
    [
        (FundsInsufficient, lambda t: replace(t, amount=Money(2_000))),
        (AccountUnknown, lambda t: replace(t, credit=AccountId("acc_unknown"))),
        (ChainBroken, lambda t: chained("t\\wo", [t])[0]),
    ],
)
def test_one_bad_move_refuses_all_by_name(world, refusal, spoil):
    transfers = some(world)
    transfers[3] = spoil(transfers[3])
    with pytest.raises(refusal):
        bulk(world, transfers)
    assert world.check().transfers == 1


def test_columns_that_no_transfer_could_have_are_refused_by_name(world):
    moves = Moves.of(some(world))
    for units in (0, -5):
        with pytest.raises(TransferMalformed):
            bulk(world, replace(moves, units=[*moves.units[:-1], units]))
    with pytest.raises(TransferMalformed):
        bulk(world, replace(moves, credits=moves.debits))
    assert bulk(world, []) == 0
    assert world.check().transfers == 1


def test_a_chain_whose_name_is_taken_is_refused(world):
    first, second = some(world, 2), some(world, 2)
    assert bulk(world, first) == 2
    with pytest.raises(ChainBroken):
        bulk(world, second)
    world.check()


def test_posts_out_of_holds_go_the_long_way(world):
    held = world.hold(100)
    world.post(held)
    ids = world.ids
    batch = [post(ids(TransferId), held.id, at=NOW), world.move(5, world.buyer, world.provider)]
    assert bulk(world, batch) == 2
    assert world.account(world.buyer).balance_units == 895
    world.check()


def test_batches_over_the_same_money_at_once_never_overdraw(world):
    batches = [[world.move(60, world.buyer, world.provider) for _ in range(10)] for _ in range(4)]

    def attempt(batch):
        try:
            return bulk(world, batch)
        except FundsInsufficient:
            return 0

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, batches)) == [0, 0, 0, 10]
    assert world.account(world.buyer).balance_units == 400
    world.check()


def test_one_batch_at_once_twice_is_made_once(world):
    batch = [world.move(10, world.buyer, world.provider) for _ in range(10)]
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lambda each: bulk(world, each), [batch, batch])) == [0, 10]
    world.check()


def test_balances_stand_in_the_accounts_after_a_thousand_moves(world):
    batch = [world.move(1, world.buyer, world.provider) for _ in range(1_000)]
    assert bulk(world, Moves.of(batch)) == 1_000
    assert world.store.read_now(lambda tx: ledger.account(tx, world.buyer)).balance_units == 0
    world.check()

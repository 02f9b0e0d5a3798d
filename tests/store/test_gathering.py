"""What many post at once is made in few transactions, and answered to each alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tests.store.test_ledger import NOW, World

from suanwang.basics.ids import TransferId
from suanwang.basics.money import Money
from suanwang.ledger.errors import ChainBroken, FundsInsufficient, HoldClosed, TransferIdReused
from suanwang.ledger.transfers import HoldState, chained, post
from suanwang.store import ledger
from suanwang.store.errors import DatabaseUnavailable
from suanwang.store.gathering import TRANSFERS_MAX, Gatherer, post_each


@pytest.fixture
def world(store):
    return World(store, paid_in=100)


@pytest.fixture
def gatherer(store):
    opened = Gatherer(store)
    yield opened
    opened.close()


def each_of(world, *groups):
    return world.store.run_now(lambda tx: post_each(tx, groups))


def test_each_is_decided_after_those_before_it_and_refused_alone(world):
    held = world.hold(30)
    spend = world.move(80, world.buyer, world.provider)
    smaller = world.move(70, world.buyer, world.provider)
    late = post(world.ids(TransferId), held.id, at=NOW)
    answers = each_of(world, [held], [spend], [smaller], [late], [smaller])
    assert answers[0] == [held]
    assert type(answers[1]) is FundsInsufficient
    assert answers[2] == [smaller]
    assert [each.amount for each in answers[3]] == [Money(30)]
    assert answers[4] == []
    assert world.account(world.buyer).balance_units == 0
    assert world.store.read_now(lambda tx: ledger.hold(tx, held.id)).state is HoldState.POSTED
    assert world.check().transfers == 4


def test_a_group_is_made_as_a_whole_or_not_at_all(world):
    both = [world.move(60, world.buyer, world.provider) for _ in range(2)]
    part = chained("one", both)[:1]
    answers = each_of(world, both, part, [both[0]], [replace(both[0], amount=Money(1))])
    assert [type(each) for each in answers] == [
        FundsInsufficient,
        ChainBroken,
        list,
        TransferIdReused,
    ]
    assert world.account(world.provider).balance_units == 60
    world.check()


def test_one_id_at_once_over_different_accounts_is_made_once(world):
    """No account is shared, so only the table's unique key can tell; the loser looks again."""
    shared = world.ids(TransferId)
    bodies = [
        world.move(1, world.buyer, world.provider),
        world.move(1, world.bank, world.fees),
    ]
    groups = [[replace(each, id=shared)] for each in bodies]
    with ThreadPoolExecutor(2) as pool:
        answers = [each for (each,) in pool.map(lambda group: each_of(world, group), groups)]
    assert sorted(str(type(each).__name__) for each in answers) == ["TransferIdReused", "list"]
    assert world.check().transfers == 2


def test_nothing_made_writes_nothing(world):
    held = world.hold(10)
    late = post(world.ids(TransferId), held.id, at=NOW)
    world.post(held, late)
    again = post(world.ids(TransferId), held.id, at=NOW)
    answers = each_of(world, [held], [again])
    assert answers[0] == []
    assert type(answers[1]) is HoldClosed
    world.check()


def test_sixteen_clients_cannot_spend_the_same_money(world, gatherer):
    moves = [world.move(10, world.buyer, world.provider) for _ in range(64)]

    def spend(transfer):
        try:
            return len(gatherer.post([transfer]))
        except FundsInsufficient:
            return 0

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(spend, moves)) == 10
    assert world.account(world.buyer).balance_units == 0
    assert world.check().transfers == 11


def test_many_transfers_of_one_client_go_alone(world, gatherer):
    moves = [world.move(1, world.buyer, world.provider) for _ in range(TRANSFERS_MAX + 1)]
    assert len(gatherer.post(moves)) == len(moves)
    world.check()


def test_a_closed_gatherer_says_so(world, gatherer):
    gatherer.close()
    with pytest.raises(DatabaseUnavailable):
        gatherer.post([world.move(1, world.buyer, world.provider)])


def test_bad_weather_is_told_to_everybody_who_waits(world, gatherer):
    world.store.close()
    with pytest.raises(DatabaseUnavailable):
        gatherer.post([world.move(1, world.buyer, world.provider)])

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.builders import NOW, Ids, a_member, an_exchange

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import AccountId, TransferId
from suanwang.basics.money import Asset, Money
from suanwang.basics.slots import Slot, to_micros
from suanwang.ledger.accounts import Account
from suanwang.ledger.errors import (
    ChainBroken,
    DayClosed,
    FundsInsufficient,
    HoldClosed,
    HoldUnknown,
    MemberNotVerified,
    PeriodClosed,
    ReversalTooLarge,
    TransferIdReused,
)
from suanwang.ledger.membership import MemberState
from suanwang.ledger.transfers import (
    HoldState,
    Rest,
    TransferKind,
    chained,
    hold,
    move,
    post,
    release,
    reverse,
)
from suanwang.store import identity, ledger, past, postgresql

DAY = Slot(NOW, NOW + timedelta(days=1))


class World:
    """An exchange, a buyer with 100 smallest units, a provider."""

    def __init__(self, store, *, paid_in=100):
        self.store, self.ids = store, Ids()
        exchange = store.run_now(lambda tx: an_exchange(tx, self.ids))
        buyer = store.run_now(lambda tx: a_member(tx, self.ids))
        provider = store.run_now(lambda tx: a_member(tx, self.ids, name="Guiyang Centre"))
        self.exchange, self.buyer_org = exchange.organisation, buyer.organisation
        by_name = {a.name: a.id for a in exchange.accounts}
        self.bank, self.fees = by_name["bank"], by_name["fees"]
        self.buyer, self.provider = buyer.accounts[0].id, provider.accounts[1].id
        self.post(self.move(paid_in, self.bank, self.buyer))

    def post(self, *transfers):
        return self.store.run_now(lambda tx: ledger.post(tx, transfers))

    def move(self, units, debit, credit, *, at=NOW, **kwargs):
        return move(self.ids(TransferId), Money(units), debit=debit, credit=credit, at=at, **kwargs)

    def hold(self, units, **kwargs):
        return hold(
            self.ids(TransferId), Money(units), debit=self.buyer, credit=self.fees, at=NOW, **kwargs
        )

    def account(self, account_id):
        return self.store.read_now(lambda tx: ledger.account(tx, account_id))

    def check(self):
        checked = self.store.read_now(ledger.check)
        assert checked.problems == ()
        return checked


@pytest.fixture
def world(store):
    return World(store)


def test_a_job_is_held_for_billed_and_the_rest_released(world):
    held = world.hold(80, group_id="job_1")
    world.post(held)
    assert world.account(world.buyer).available == Money(20)
    ids = world.ids
    world.post(
        post(ids(TransferId), held.id, amount=Money(50), credit=world.provider, rest=Rest.KEEP, at=NOW, group_id="job_1"),
        post(ids(TransferId), held.id, amount=Money(1), at=NOW, group_id="job_1", memo={"线": "费"}),
    )  # fmt: skip
    buyer = world.account(world.buyer)
    assert (buyer.balance_units, buyer.held_units) == (49, 0)
    assert world.account(world.provider).balance_units == 50
    assert world.store.read_now(lambda tx: ledger.hold(tx, held.id)).state is HoldState.POSTED
    made = world.store.read_now(lambda tx: ledger.transfers_of(tx, "job_1"))
    assert [(t.kind, t.amount) for t in made] == [
        (TransferKind.PENDING, Money(80)),
        (TransferKind.POST, Money(50)),
        (TransferKind.POST, Money(1)),
    ]
    assert made[2].memo == {"线": "费"}
    assert world.check().transfers == 4


def test_a_refused_batch_leaves_no_trace(world):
    with pytest.raises(FundsInsufficient):
        world.post(world.hold(60), world.hold(41))
    assert world.account(world.buyer).held_units == 0
    assert world.check().transfers == 1


def test_the_same_batch_again_changes_nothing_and_another_body_is_refused(world):
    held = world.hold(60)
    assert [t.id for t in world.post(held)] == [held.id]
    assert world.post(held) == []
    done = release(world.ids(TransferId), held.id, at=NOW)
    assert len(world.post(done)) == 1
    assert world.post(held, done) == []
    with pytest.raises(HoldClosed):
        world.post(release(world.ids(TransferId), held.id, at=NOW))
    same_id = move(held.id, Money(1), debit=world.buyer, credit=world.fees, at=NOW)
    with pytest.raises(TransferIdReused):
        world.post(same_id)
    world.check()


def test_one_id_at_once_over_different_accounts_is_made_once(world):
    """No account is shared, so only the database's own uniqueness can tell the second."""
    shared = world.ids(TransferId)
    bodies = [
        move(shared, Money(1), debit=world.buyer, credit=world.provider, at=NOW),
        move(shared, Money(1), debit=world.bank, credit=world.fees, at=NOW),
    ]

    def attempt(transfer):
        try:
            return len(world.post(transfer))
        except TransferIdReused:
            return "refused"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(map(str, pool.map(attempt, bodies))) == ["1", "refused"]
    world.check()


def test_sixteen_threads_cannot_spend_the_same_money(store):
    world = World(store, paid_in=1_000)
    dice = [random.Random(i) for i in range(16)]
    ids = [Ids(start=10_000 * (i + 1)) for i in range(16)]

    def spend(i):
        held, spent = [], 0
        for _ in range(12):
            amount = Money(dice[i].randint(1, 60))
            try:
                if held and dice[i].random() < 0.5:
                    verb = dice[i].choice([post, release])
                    (made,) = world.post(verb(ids[i](TransferId), held.pop(), at=NOW))
                    spent += made.amount.units if verb is post else 0
                else:
                    new = hold(
                        ids[i](TransferId), amount, debit=world.buyer, credit=world.fees, at=NOW
                    )
                    world.post(new)
                    held.append(new.id)
            except FundsInsufficient:
                pass
            assert world.account(world.buyer).available.units >= 0
        return spent

    with ThreadPoolExecutor(16) as pool:
        spent = sum(pool.map(spend, range(16)))
    assert world.account(world.buyer).balance_units == 1_000 - spent
    assert world.account(world.fees).balance_units == spent > 0
    world.check()


def test_transfers_to_and_fro_at_once_do_not_deadlock(store):
    world = World(store, paid_in=1_000)
    world.post(world.move(500, world.buyer, world.provider))
    ids = [Ids(start=10_000 * (i + 1)) for i in range(8)]

    def back_and_forth(i):
        pair = [world.buyer, world.provider][:: 1 if i % 2 else -1]
        for _ in range(10):
            world.post(move(ids[i](TransferId), Money(1), debit=pair[0], credit=pair[1], at=NOW))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(back_and_forth, range(8)))
    assert world.account(world.buyer).balance_units == 500
    world.check()


def test_a_statement_shows_a_period_between_what_was_before_and_after(world):
    days = [NOW + timedelta(days=n) for n in (-1, 0, 1)]
    for n, at in enumerate(days, 1):
        world.post(world.move(n, world.buyer, world.fees, at=at, memo={"n": str(n)}))
    statement, _ = world.store.read_now(lambda tx: past.statement(tx, world.buyer, DAY))
    assert statement.opening == Money(-1)
    assert [line.entry.amount for line in statement.lines] == [Money(100), Money(-2)]
    assert statement.lines[1].entry.other_id == world.fees
    assert statement.lines[1].entry.memo == {"n": "2"}
    assert statement.closing == Money(97)


def test_holds_are_no_entries_of_a_statement(world):
    held = world.hold(10)
    world.post(held, release(world.ids(TransferId), held.id, at=NOW))
    statement, _ = world.store.read_now(lambda tx: past.statement(tx, world.buyer, DAY))
    assert len(statement.lines) == 1


def test_an_account_is_opened_once_and_found_by_its_owner(world):
    card = Asset("CARD_HOURS:x", 3)
    new = Account(
        id=world.ids(AccountId), organisation_id=world.buyer_org.id, name="available", asset=card
    )
    again = Account(
        id=world.ids(AccountId), organisation_id=world.buyer_org.id, name="available", asset=card
    )
    for account in (new, again):
        opened = world.store.run_now(lambda tx, a=account: ledger.open_account(tx, a, at=NOW))
        assert opened == new
    found = world.store.read_now(lambda tx: ledger.accounts_of(tx, world.buyer_org.id))
    assert len(found) == 4


@pytest.mark.parametrize(
    ("look", "error"),
    [
        (lambda tx: ledger.account(tx, "acc_none"), NotFound),
        (lambda tx: ledger.account_of(tx, "org_none", "available"), NotFound),
        (lambda tx: ledger.hold(tx, "txf_none"), HoldUnknown),
    ],
)
def test_what_is_not_there_is_not_found(store, look, error):
    with pytest.raises(error):
        store.read_now(look)


@pytest.mark.parametrize(
    ("damage", "rules"),
    [
        ("UPDATE accounts SET balance_units = balance_units + 1 WHERE name = 'bank'", {"balance-wrong", "sum-not-zero"}),
        ("UPDATE holds SET amount_units = 9", {"held-wrong"}),
        ("UPDATE transfers SET amount_units = 101 WHERE kind = 'posted'", {"balance-wrong"}),
        ("UPDATE accounts SET floor_units = 5 WHERE name = 'tax'", {"below-floor"}),
    ],
)  # fmt: skip
def test_damage_to_the_tables_is_found(world, damage, rules):
    world.post(world.hold(10))
    if "floor" in damage:
        # The database itself refuses this one: take its check away first.
        with pytest.raises(Exception, match=r"(?i)check constraint"):
            world.store.run_now(lambda tx: tx.script([damage]))
        return
    world.store.run_now(lambda tx: tx.script([damage]))
    assert {p.rule for p in world.store.read_now(ledger.check).problems} == rules


def test_two_reversals_at_once_never_take_back_more_than_was_moved(world):
    made = world.post(world.move(90, world.buyer, world.provider))[0]

    def take_back(_):
        again = reverse(world.ids(TransferId), made, at=NOW, amount=Money(60))
        try:
            return len(world.post(again))
        except ReversalTooLarge:
            return 0

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take_back, range(8))) == 1
    assert world.account(world.buyer).balance_units == 70
    world.check()


def test_a_chain_is_kept_with_its_places_and_its_name_is_taken_once(world):
    chain = chained("chain-1", [world.move(3, world.buyer, world.provider) for _ in range(2)])
    assert len(world.post(*chain)) == 2
    assert world.post(*chain) == []
    kept = [world.store.read_now(lambda tx, i=each.id: ledger.transfer(tx, i)) for each in chain]
    assert [each.chain for each in kept] == [each.chain for each in chain]
    with pytest.raises(ChainBroken):
        world.post(*chained("chain-1", [world.move(3, world.buyer, world.provider)]))


def test_a_member_that_is_not_verified_yet_moves_nothing(world):
    def apply_anew(tx):
        identity.set_organisation_state(tx, replace(world.buyer_org, state="applied"))

    world.store.run_now(apply_anew)
    with pytest.raises(MemberNotVerified):
        world.post(world.move(1, world.buyer, world.provider))


@pytest.mark.real
def test_a_credit_that_waits_while_its_owner_closes_is_refused(world, dialect):
    if dialect == "sqlite":
        pytest.skip("SQLite has one writer: nothing waits with an old answer in hand")
    closed = replace(world.buyer_org, state="closed")
    credit = world.move(1, world.bank, world.buyer)
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with (
        closing(postgresql.connect(world.store.url)) as first,
        closing(postgresql.connect(world.store.url)) as watch,
        ThreadPoolExecutor(2) as pool,
    ):
        first.execute("BEGIN")
        first.execute("SELECT 1 FROM accounts WHERE id = %s FOR UPDATE", (world.buyer,))
        close = pool.submit(
            world.store.run_now, lambda tx: identity.set_organisation_state(tx, closed)
        )
        until(lambda: watch.execute(waits).fetchone()[0] == 1)
        posted = pool.submit(world.post, credit)
        until(lambda: watch.execute(waits).fetchone()[0] == 2)
        first.execute("COMMIT")  # the closing goes on, and only then the credit
        close.result(timeout=10)
        with pytest.raises(MemberNotVerified):
            posted.result(timeout=10)


@pytest.mark.real
def test_an_account_opened_while_its_owner_closes_is_a_closed_owners(world, dialect):
    if dialect == "sqlite":
        pytest.skip("SQLite has one writer: nothing waits with an old answer in hand")
    closed = replace(world.buyer_org, state="closed")
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    account = Account(
        id=world.ids(AccountId), organisation_id=closed.id, name="late", asset=Asset("CNY", 6)
    )
    with (
        closing(postgresql.connect(world.store.url)) as first,
        closing(postgresql.connect(world.store.url)) as watch,
        ThreadPoolExecutor(1) as pool,
    ):
        first.execute("BEGIN")
        first.execute("UPDATE organisations SET state = 'closed' WHERE id = %s", (closed.id,))
        opened = pool.submit(
            world.store.run_now, lambda tx: ledger.open_account(tx, account, at=NOW)
        )
        until(lambda: watch.execute(waits).fetchone()[0] == 1)
        first.execute("COMMIT")
        assert opened.result(timeout=10).owner_state is MemberState.CLOSED


def until(happens, *, seconds=10):
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def test_closed_days_and_months_take_no_entry(world):
    def close(tx):
        tx.script(
            [
                "INSERT INTO market_days (day, state) VALUES ('2026-11-24', 'closed')",
                f"INSERT INTO closings VALUES ('2026-10', {to_micros(NOW)}, {to_micros(NOW)})",
            ]
        )

    world.store.run_now(close)
    with pytest.raises(DayClosed):
        world.post(replace(world.move(1, world.buyer, world.provider), day=date(2026, 11, 24)))
    with pytest.raises(PeriodClosed):
        world.post(world.move(1, world.buyer, world.provider, at=NOW - timedelta(seconds=1)))
    world.post(replace(world.move(1, world.buyer, world.provider), day=date(2026, 11, 25)))

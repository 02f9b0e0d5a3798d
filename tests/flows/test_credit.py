"""Credit limits: how far below zero an account may go, on record."""

from __future__ import annotations

import pytest
from tests.builders import NOW, Ids, a_member, an_act, an_exchange

from suanwang.basics.errors import Invalid, NotAllowed, NotFound
from suanwang.basics.ids import AccountId, TransferId
from suanwang.basics.money import AmountUnreadable, Asset, Money
from suanwang.flows.set_credit_limit import CreditLimit, set_credit_limit
from suanwang.ledger.accounts import Account, AccountName
from suanwang.ledger.errors import CreditInUse, FundsInsufficient
from suanwang.ledger.transfers import move
from suanwang.store import evidence, ledger, records
from suanwang.store.verify.whole import verify


class World:
    def __init__(self, store):
        self.store, self.ids = store, Ids()
        self.exchange = store.run_now(lambda tx: an_exchange(tx, self.ids))
        self.member = store.run_now(lambda tx: a_member(tx, self.ids))
        self.owner = self.member.organisation.id
        self.account = self.member.accounts[0].id
        self.fees = next(a.id for a in self.exchange.accounts if a.name == "fees")

    def limit(self, amount, *, key=None, **changes):
        asked = {"organisation_id": self.owner, "amount": amount} | changes
        act = an_act(self.ids, key=key)
        return self.store.run_now(lambda tx: set_credit_limit(tx, CreditLimit(**asked), act=act))

    def spend(self, text):
        transfer = move(
            self.ids(TransferId), Money.parse(text), debit=self.account, credit=self.fees, at=NOW
        )
        return self.store.run_now(lambda tx: ledger.post(tx, [transfer]))

    def records(self):
        return self.store.read_now(
            lambda tx: [e for e in evidence.after(tx, 0) if e.kind == "credit_limit"]
        )


@pytest.fixture
def world(store):
    return World(store)


def test_a_member_spends_to_its_limit_and_no_further(world):
    with pytest.raises(FundsInsufficient):
        world.spend("0.000001")
    assert world.limit("50").floor_units == -50_000_000
    world.spend("50")
    with pytest.raises(FundsInsufficient):
        world.spend("0.000001")
    world.limit("50.000001")
    world.spend("0.000001")


def test_a_limit_below_what_is_used_is_refused_and_changes_nothing(world):
    world.limit("50")
    world.spend("40")
    with pytest.raises(CreditInUse, match="-40"):
        world.limit("39.999999")
    world.limit("40")
    assert world.store.read_now(lambda tx: ledger.account(tx, world.account)).floor_units == -(
        40_000_000
    )
    assert [e.record["limit"] for e in world.records()] == ["50.000000", "40.000000"]


def test_every_word_about_a_limit_is_on_record_and_says_who_gave_it(world):
    key = world.exchange.keys[0]
    world.limit("50", key=key)
    world.limit("0", key=key)
    assert [e.id for e in world.records()] == [world.account, f"{world.account}#2"]
    assert {e.record["by"] for e in world.records()} == {key.key_id}
    assert world.store.read_now(records.records_before)[0].action == "set-credit-limit"


def test_only_operators_grant_credit(world):
    with pytest.raises(NotAllowed):
        world.limit("50", key=world.member.keys[0])
    assert world.records() == []


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"amount": "-1"}, Invalid),
        ({"amount": "1.0000001"}, AmountUnreadable),
        ({"amount": "1", "currency": "USD"}, NotFound),
        ({"amount": "1", "account": AccountName.RECEIVABLE}, Invalid),
        ({"amount": "1", "organisation_id": "org_none"}, NotFound),
    ],
)
def test_what_is_no_limit_is_refused(world, asked, error):
    with pytest.raises(error):
        world.limit(**asked)


def test_the_exchange_has_no_credit(world):
    with pytest.raises(Invalid, match="member's account"):
        world.limit("1", organisation_id=world.exchange.organisation.id)


def test_what_a_centre_may_issue_is_a_limit_too(world):
    card = Asset("CARD_HOURS:x", 6)

    def open_issued(tx):
        account = Account(
            id=world.ids(AccountId), organisation_id=world.owner, name="issued", asset=card
        )
        return ledger.open_account(tx, account, at=NOW)

    issued = world.store.run_now(open_issued)
    made = world.limit("720", currency=card.code, account=AccountName.ISSUED)
    assert (made.id, made.floor_units) == (issued.id, -720_000_000)


def test_a_floor_that_was_changed_by_hand_is_found(world):
    world.limit("50")
    assert world.store.read_now(verify).findings == ()
    world.store.run_now(
        lambda tx: tx.script(
            [f"UPDATE accounts SET floor_units = -60000000 WHERE id = '{world.account}'"]
        )
    )
    (found,) = world.store.read_now(verify).findings
    assert (found.rule, found.record) == ("floor-wrong", f"accounts {world.account}")
    assert (found.expected, found.found) == ("-50000000", "-60000000")


def test_an_owners_state_that_was_changed_beside_an_account_is_found(world):
    world.store.run_now(
        lambda tx: tx.script(
            [f"UPDATE accounts SET owner_state = 'suspended' WHERE id = '{world.account}'"]
        )
    )
    (found,) = world.store.read_now(verify).findings
    assert (found.rule, found.record) == ("row-differs", f"accounts {world.account} owner_state")
    assert found.found == "suspended"

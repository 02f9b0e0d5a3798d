from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builders import NOW, Ids, a_member, an_act, an_exchange

from suanwang.basics.errors import Invalid, NotAllowed, NotFound
from suanwang.basics.ids import OrganisationId, TransferId
from suanwang.basics.money import Money
from suanwang.flows.act import Role
from suanwang.flows.check_ledger import check_ledger
from suanwang.flows.expire_holds import expire_holds
from suanwang.flows.identity_errors import ExchangeNotOpen
from suanwang.flows.top_up import TopUp, top_up
from suanwang.ledger.errors import TransferIdReused, TransferMalformed
from suanwang.ledger.transfers import hold
from suanwang.store import ledger, records


def yuan(text):
    return Money.parse(text)


@pytest.fixture
def world(store):
    ids = Ids()
    exchange = store.run_now(lambda tx: an_exchange(tx, ids))
    member = store.run_now(lambda tx: a_member(tx, ids))
    return ids, exchange, member


def balance(store, organisation_id, name="available"):
    return str(store.read_now(lambda tx: ledger.account_of(tx, organisation_id, name)).balance)


def pay(store, ids, organisation_id, amount="100", reference="ICBC-1", **kwargs):
    request = TopUp(organisation_id=organisation_id, amount=yuan(amount), reference=reference)
    return store.run_now(lambda tx: top_up(tx, request, act=an_act(ids, **kwargs)))


def test_a_payment_becomes_available_and_the_bank_owes_it(store, world):
    ids, exchange, member = world
    pay(store, ids, member.organisation.id, "250.50")
    assert balance(store, member.organisation.id) == "250.500000"
    assert balance(store, exchange.organisation.id, "bank") == "-250.500000"
    assert store.read_now(check_ledger).balanced


def test_the_same_payment_twice_is_booked_once(store, world):
    ids, _, member = world
    first = pay(store, ids, member.organisation.id)
    again = pay(store, ids, member.organisation.id, now=NOW + timedelta(hours=1))
    assert first.id == again.id
    assert balance(store, member.organisation.id) == "100.000000"


def test_the_same_reference_with_another_amount_is_refused(store, world):
    ids, _, member = world
    pay(store, ids, member.organisation.id)
    with pytest.raises(TransferIdReused):
        pay(store, ids, member.organisation.id, "101")


@pytest.mark.parametrize(
    ("amount", "reference", "error"),
    [
        ("0", "r", TransferMalformed),
        ("-5", "r", TransferMalformed),
        ("5", "", Invalid),
        ("5", "r" * 201, Invalid),
    ],
)
def test_a_payment_of_nothing_or_without_reference_is_refused(
    store, world, amount, reference, error
):
    ids, _, member = world
    with pytest.raises(error):
        pay(store, ids, member.organisation.id, amount, reference)


def test_an_unknown_organisation_cannot_be_topped_up(store, world):
    ids, _, _ = world
    with pytest.raises(NotFound):
        pay(store, ids, OrganisationId("org_nobody"))


def test_nobody_is_topped_up_before_the_exchange_is_open(store):
    ids = Ids()
    member = store.run_now(lambda tx: a_member(tx, ids))
    with pytest.raises(ExchangeNotOpen):
        pay(store, ids, member.organisation.id)


def test_a_buyer_cannot_top_itself_up_but_an_operator_can_and_leaves_a_record(store, world):
    ids, exchange, member = world
    with pytest.raises(NotAllowed):
        pay(store, ids, member.organisation.id, key=member.keys[0])
    assert balance(store, member.organisation.id) == "0.000000"
    pay(store, ids, member.organisation.id, key=exchange.keys[0])
    newest = store.read_now(records.records_before)[0]
    assert (newest.action, newest.key_id) == ("top-up", exchange.keys[0].key_id)
    assert newest.body["reference"] == "ICBC-1"


def test_holds_expire_at_their_time_and_not_before(store, world):
    ids, exchange, member = world
    pay(store, ids, member.organisation.id)
    until = NOW + timedelta(minutes=15)

    def set_aside(tx):
        buyer = ledger.account_of(tx, member.organisation.id, "available")
        fees = ledger.account_of(tx, exchange.organisation.id, "fees")
        first = hold(
            ids(TransferId), yuan("60"), debit=buyer.id, credit=fees.id, at=NOW, expires_at=until
        )
        second = replace(first, id=ids(TransferId), amount=yuan("30"), expires_at=None)
        ledger.post(tx, [first, second])

    store.run_now(set_aside)
    early = an_act(ids, now=until - timedelta(seconds=1))
    assert store.run_now(lambda tx: expire_holds(tx, act=early)) == 0
    assert store.run_now(lambda tx: expire_holds(tx, act=an_act(ids, now=until))) == 1
    assert store.run_now(lambda tx: expire_holds(tx, act=an_act(ids, now=until))) == 0
    account = store.read_now(lambda tx: ledger.account_of(tx, member.organisation.id, "available"))
    assert str(account.available) == "70.000000"
    assert store.read_now(check_ledger).balanced


def test_the_ledger_is_checked_by_operators_and_auditors_only(store, world):
    ids, exchange, member = world
    auditor = replace(exchange.keys[0], role=Role.AUDITOR)
    assert store.read_now(lambda tx: check_ledger(tx, act=an_act(ids, key=auditor))).balanced
    with pytest.raises(NotAllowed):
        store.read_now(lambda tx: check_ledger(tx, act=an_act(ids, key=member.keys[0])))

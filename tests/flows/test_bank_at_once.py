"""The bank desk with several at it at once, and killed between any two commits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tests.flows.test_bank import VAULT, Desk

from suanwang.basics.errors import Refused
from suanwang.basics.ids import KeyId
from suanwang.basics.money import Money
from suanwang.flows.assign_bank_line import assign_bank_line
from suanwang.flows.batch_payouts import make_batch, sign_batch
from suanwang.flows.request_payout import request_payout
from suanwang.flows.top_up import TopUp, top_up
from suanwang.store import bank
from suanwang.store.verify.whole import verify

AT_ONCE = 6


@pytest.fixture
def desk(store):
    return Desk(store)


def at_once(*doings):
    """Do everything at the same time; return what each gave or was refused with."""

    def attempt(doing):
        try:
            return doing()
        except Refused as error:
            return type(error).__name__

    with ThreadPoolExecutor(len(doings)) as pool:
        return list(pool.map(attempt, doings))


def test_one_file_imported_by_several_at_once_is_booked_once(desk):
    rows = [f"L{n} 10 {desk.sw}" for n in range(5)] + ["X 1 hello"]
    done = at_once(*[lambda: desk.bring(*rows)] * AT_ONCE)
    assert sorted(len(each.lines) for each in done) == [0] * (AT_ONCE - 1) + [6]
    assert desk.stand() == {"available": "50.00", "bank": "-51.00", "suspense": "1.00"}


def test_a_payment_by_hand_and_its_line_at_once_are_one(desk):
    home = desk.member.organisation.id
    for n in range(5):
        hand = TopUp(organisation_id=home, amount=Money.parse("10"), reference=f"R{n}")
        at_once(
            lambda hand=hand: desk.do(top_up, hand), lambda n=n: desk.bring(f"R{n} 10 {desk.sw}")
        )
    assert desk.stand() == {"available": "50.00", "bank": "-50.00"}


def test_a_line_is_assigned_by_one_of_several(desk):
    line, home = desk.line("L1 5 hello"), desk.member.organisation.id
    done = at_once(*[lambda: desk.do(assign_bank_line, line.id, home, reason="mine")] * AT_ONCE)
    assert sum(each == "TransitionRefused" for each in done) == AT_ONCE - 1
    assert desk.stand() == {"available": "5.00", "bank": "-5.00"}


def test_of_many_signatures_at_once_two_count_and_no_key_twice(desk):
    desk.bring(f"L1 100 {desk.sw}")
    desk.own_account()
    at_once(*[lambda: desk.do(request_payout, Money.parse("30"), key=desk.key)] * AT_ONCE)
    assert desk.stand()["held"] == "90.00"
    batch = desk.do(make_batch, vault=VAULT)
    keys = [replace(desk.operator, key_id=KeyId(f"key_{n % 3}")) for n in range(AT_ONCE)]
    done = at_once(
        *[lambda key=key: desk.do(sign_batch, batch.id, batch.file_sha256, key=key) for key in keys]
    )
    signed = [each for each in done if not isinstance(each, str)]
    assert sorted(each.state for each in signed) == ["approved", "signed"]
    last = max(signed, key=lambda each: len(each.hands))
    assert len({hand["key_id"] for hand in last.hands}) == 3
    assert desk.store.read_now(verify).findings == ()


def test_a_step_that_is_cut_off_leaves_nothing(desk):
    class Cut(Exception):
        pass

    _, payout = desk.paying()
    before = desk.stand()

    def cut(tx):
        out = f"L9 -40 {payout.reference}"
        store, desk.store = desk.store, _Within(tx)
        try:
            desk.bring(out, "L10 3 hello")
        finally:
            desk.store = store
        raise Cut

    with pytest.raises(Cut):
        desk.store.run_now(cut)
    assert (desk.stand(), desk.payout(payout.id).state) == (before, "sent")
    assert desk.store.read_now(lambda tx: bank.lines(tx, waiting=True)) == []
    assert desk.store.read_now(verify).findings == ()


class _Within:
    """Runs units inside a transaction that is open already."""

    def __init__(self, tx) -> None:
        self._tx = tx

    def run_now(self, work):
        return work(self._tx)

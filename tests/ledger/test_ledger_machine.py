"""The ledger against a naive twin: dicts of whole numbers, in whatever order Hypothesis finds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule
from tests.ledger.books import NOW

from suanwang.basics.ids import AccountId, OrganisationId, TransferId
from suanwang.basics.money import Money
from suanwang.ledger.accounts import Account
from suanwang.ledger.book import AccountBook, apply
from suanwang.ledger.errors import FundsInsufficient, HoldClosed, HoldTooSmall
from suanwang.ledger.transfers import Rest, expire, hold, move, post, release

NAMES = ["bank", "ann", "bo", "chen"]
names = st.sampled_from(NAMES)
amounts = st.integers(1, 60)
LATER = NOW + timedelta(hours=1)


class LedgerMachine(RuleBasedStateMachine):
    holds = Bundle("holds")
    closed = Bundle("closed")

    @initialize()
    def open(self):
        self.book = AccountBook(
            Account(
                id=AccountId(n), organisation_id=OrganisationId("o"), name=n,
                floor_units=None if n == "bank" else 0,
            )
            for n in NAMES
        )  # fmt: skip
        self.balance = dict.fromkeys(NAMES, 0)
        self.held = dict.fromkeys(NAMES, 0)
        self.left: dict[str, int] = {}
        self.owner: dict[str, tuple[str, str]] = {}
        self.count = 0
        self.done = []

    def fresh(self):
        self.count += 1
        return TransferId(f"t{self.count}")

    def can_pay(self, name, amount):
        return name == "bank" or self.balance[name] - self.held[name] >= amount

    def make(self, transfer, *, refused=None):
        """Apply a transfer, expecting the refusal that the twin foresees; say if it was made."""
        if refused is not None:
            with pytest.raises(refused):
                apply(self.book, [transfer])
            return False
        apply(self.book, [transfer])
        self.done.append(transfer)
        return True

    @rule(debit=names, credit=names, amount=amounts)
    def move(self, debit, credit, amount):
        if debit == credit:
            return
        transfer = move(
            self.fresh(), Money(amount), debit=AccountId(debit), credit=AccountId(credit), at=NOW
        )
        if self.make(transfer, refused=None if self.can_pay(debit, amount) else FundsInsufficient):
            self.balance[debit] -= amount
            self.balance[credit] += amount

    @rule(target=holds, debit=names, credit=names, amount=amounts)
    def hold(self, debit, credit, amount):
        hold_id = self.fresh()
        credit = credit if credit != debit else NAMES[NAMES.index(debit) - 1]
        transfer = hold(
            hold_id, Money(amount), debit=AccountId(debit), credit=AccountId(credit), at=NOW,
            expires_at=LATER,
        )  # fmt: skip
        made = self.make(
            transfer, refused=None if self.can_pay(debit, amount) else FundsInsufficient
        )
        self.left[hold_id] = amount if made else -1
        self.owner[hold_id] = (debit, credit)
        if made:
            self.held[debit] += amount
        return hold_id

    def foresee(self, hold_id, amount):
        if self.left[hold_id] == 0:
            return HoldClosed
        return HoldTooSmall if amount > self.left[hold_id] else None

    @rule(hold_id=holds, amount=amounts, rest=st.sampled_from(Rest))
    def post(self, hold_id, amount, rest):
        if self.left[hold_id] < 0:
            return
        transfer = post(self.fresh(), hold_id, amount=Money(amount), rest=rest, at=NOW)
        if self.make(transfer, refused=self.foresee(hold_id, amount)):
            debit, credit = self.owner[hold_id]
            self.balance[debit] -= amount
            self.balance[credit] += amount
            freed = amount if rest is Rest.KEEP else self.left[hold_id]
            self.held[debit] -= freed
            self.left[hold_id] -= freed

    @rule(hold_id=holds, amount=amounts)
    def release(self, hold_id, amount):
        if self.left[hold_id] < 0:
            return
        transfer = release(self.fresh(), hold_id, amount=Money(amount), at=NOW)
        if self.make(transfer, refused=self.foresee(hold_id, amount)):
            self.held[self.owner[hold_id][0]] -= amount
            self.left[hold_id] -= amount

    @rule(hold_id=consumes(holds))
    def expire(self, hold_id):
        if self.left[hold_id] < 0:
            return
        transfer = expire(self.fresh(), hold_id, at=LATER)
        if self.make(transfer, refused=HoldClosed if self.left[hold_id] == 0 else None):
            self.held[self.owner[hold_id][0]] -= self.left[hold_id]
            self.left[hold_id] = 0

    @rule(data=st.data())
    def repeat(self, data):
        if self.done:
            again = data.draw(st.sampled_from(self.done))
            assert apply(self.book, [again]) == []

    @invariant()
    def agrees_with_the_twin(self):
        if not hasattr(self, "book"):
            return
        accounts = self.book.accounts
        assert {n: accounts[n].balance_units for n in NAMES} == self.balance
        assert {n: accounts[n].held_units for n in NAMES} == self.held
        assert sum(self.balance.values()) == 0
        assert not any(a.is_below_floor for a in accounts.values())
        for name in NAMES:
            of_name = [h.left_units for h in self.book.holds.values() if h.debit == name]
            assert sum(of_name) == self.held[name]


LedgerMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestLedgerMachine = LedgerMachine.TestCase

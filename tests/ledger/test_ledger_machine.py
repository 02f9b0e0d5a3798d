"""The ledger against a naive twin: dicts of whole numbers, in whatever order Hypothesis finds.

Two assets, members that are suspended and reinstated, days and months that close, credit limits,
chains that are made whole or refused whole, reversals in parts.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)
from tests.ledger.books import NOW

from suanwang.basics.ids import AccountId, OrganisationId, TransferId
from suanwang.basics.money import CNY, Asset, Money
from suanwang.ledger.accounts import Account
from suanwang.ledger.book import AccountBook, apply
from suanwang.ledger.errors import (
    ChainBroken,
    DayClosed,
    FundsInsufficient,
    HoldClosed,
    HoldTooSmall,
    MemberNotVerified,
    MemberSuspended,
    PeriodClosed,
    ReversalTooLarge,
    TransferAssetWrong,
    TransferIdReused,
)
from suanwang.ledger.membership import MemberState
from suanwang.ledger.rules import Closed, Original
from suanwang.ledger.transfers import (
    Rest,
    Transfer,
    chained,
    expire,
    hold,
    move,
    post,
    release,
    reverse,
)

CARD = Asset("CARD_HOURS:x", 3)
ASSETS = {"bank": CNY, "ann": CNY, "bo": CNY, "chen": CNY, "mine": CARD, "ann-card": CARD,
          "bo-card": CARD}  # fmt: skip
OWNERS = {"bank": "exchange", "mine": "chen", "ann-card": "ann", "bo-card": "bo"}
NAMES = [*ASSETS]
MEMBERS = ["ann", "bo", "chen"]
BOTTOMLESS = -(10**12)
FLOORS = {"bank": None, "mine": -100}
DAYS = [date(2026, 11, 20 + n) for n in range(3)]
names = st.sampled_from(NAMES)
amounts = st.integers(1, 60)
LATER = NOW + timedelta(hours=1)


@dataclass
class Twin:
    """What the ledger should hold, in the plainest terms."""

    balance: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NAMES, 0))
    held: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NAMES, 0))
    floor: dict[str, int] = field(
        default_factory=lambda: {
            n: BOTTOMLESS if FLOORS.get(n, 0) is None else FLOORS.get(n, 0) for n in NAMES
        }
    )
    state: dict[str, str] = field(default_factory=lambda: dict.fromkeys(MEMBERS, "verified"))
    whole: dict[str, int] = field(default_factory=dict)  # what a move moved
    back: dict[str, int] = field(default_factory=dict)  # what of it was taken back
    days: set[date] = field(default_factory=set)

    def state_of(self, name):
        return self.state.get(OWNERS.get(name, name), "verified")

    def why_not_move(self, debit, credit, amount, *, day=None, reverses=None):
        """Say which refusal a move meets first, or make it."""
        if day in self.days:
            return DayClosed
        if reverses is not None:
            taken, whole = self.back.get(reverses, 0), self.whole[reverses]
            if taken + amount > whole:
                return ReversalTooLarge
        if ASSETS[debit] != ASSETS[credit]:
            return TransferAssetWrong
        if {self.state_of(debit), self.state_of(credit)} & {"applied", "closed"}:
            return MemberNotVerified
        if self.state_of(debit) == "suspended" and reverses is None:
            return MemberSuspended
        if self.balance[debit] - self.held[debit] - amount < self.floor[debit]:
            return FundsInsufficient
        self.balance[debit] -= amount
        self.balance[credit] += amount
        if reverses is not None:
            self.back[reverses] = self.back.get(reverses, 0) + amount
        return None


class LedgerMachine(RuleBasedStateMachine):
    holds = Bundle("holds")
    moves = Bundle("moves")

    @initialize()
    def open(self):
        self.book = AccountBook(
            Account(
                id=AccountId(n), organisation_id=OrganisationId(f"org_{n}"), name=n,
                asset=ASSETS[n], floor_units=FLOORS.get(n, 0),
            )
            for n in NAMES
        )  # fmt: skip
        self.twin = Twin()
        self.left: dict[str, int] = {}
        self.owner: dict[str, tuple[str, str]] = {}
        self.count = 0
        self.done: list[list[Transfer]] = []
        for giver, taker in (("bank", "ann"), ("bank", "bo"), ("mine", "ann-card")):
            assert self.twin.why_not_move(giver, taker, 50) is None
            self.make(self.a_move(giver, taker, 50))

    def fresh(self):
        self.count += 1
        return TransferId(f"t{self.count}")

    def make(self, *transfers, refused=None):
        """Apply a batch, expecting the refusal that the twin foresees; say if it was made."""
        if refused is not None:
            with pytest.raises(refused):
                apply(self.book, transfers)
            return False
        for each in apply(self.book, transfers):
            # As the store does: what was made can be taken back.
            self.book.originals[each.id] = Original(
                id=each.id, kind=each.kind, debit=each.debit, credit=each.credit,
                asset=each.amount.asset, amount_units=each.amount.units,
                reversed_units=self.twin.back.get(each.id, 0),
                is_reversal=each.reverses is not None,
            )  # fmt: skip
        self.done.append(list(transfers))
        return True

    def a_move(self, debit, credit, amount, *, day=None, transfer_id=None):
        made = move(
            transfer_id or self.fresh(), Money(amount, ASSETS[debit]), debit=AccountId(debit),
            credit=AccountId(credit), at=NOW,
        )  # fmt: skip
        return replace(made, day=day)

    @rule(target=moves, debit=names, credit=names, amount=amounts,
          day=st.sampled_from([None, None, *DAYS]))  # fmt: skip
    def move(self, debit, credit, amount, day):
        credit = credit if credit != debit else NAMES[NAMES.index(debit) - 1]
        transfer = self.a_move(debit, credit, amount, day=day)
        refused = self.twin.why_not_move(debit, credit, amount, day=day)
        if self.make(transfer, refused=refused):
            self.twin.whole[transfer.id] = amount
            return transfer
        return multiple()

    @rule(
        steps=st.lists(st.tuples(names, names, amounts), min_size=1, max_size=4),
        drop=st.booleans(),
    )
    def chain(self, steps, drop):
        """All of a chain, or none: the twin goes on with a copy only if every step is made."""
        steps = [s for s in steps if s[0] != s[1]]
        if not steps:
            return
        members = chained(f"c{self.count}", [self.a_move(*step) for step in steps])
        if drop and len(members) > 1:
            self.make(*members[1:], refused=ChainBroken)
            return
        draft = deepcopy(self.twin)
        refusals = (draft.why_not_move(*step) for step in steps)
        refused = next((each for each in refusals if each is not None), None)
        if self.make(*members, refused=refused):
            self.twin = draft

    @rule(made=moves, amount=amounts)
    def reverse(self, made, amount):
        back = reverse(self.fresh(), made, at=NOW, amount=Money(amount, made.amount.asset))
        refused = self.twin.why_not_move(
            str(made.credit), str(made.debit), amount, day=made.day, reverses=made.id
        )
        self.make(back, refused=refused)

    @rule(target=holds, debit=names, credit=names, amount=amounts)
    def hold(self, debit, credit, amount):
        hold_id, twin = self.fresh(), self.twin
        credit = credit if credit != debit else NAMES[NAMES.index(debit) - 1]
        transfer = hold(
            hold_id, Money(amount, ASSETS[debit]), debit=AccountId(debit),
            credit=AccountId(credit), at=NOW, expires_at=LATER,
        )  # fmt: skip
        made = self.make(transfer, refused=deepcopy(twin).why_not_move(debit, credit, amount))
        self.left[hold_id] = amount if made else -1
        self.owner[hold_id] = (debit, credit)
        if made:
            twin.held[debit] += amount
        return hold_id

    def foresee(self, hold_id, amount):
        if self.left[hold_id] == 0:
            return HoldClosed
        return HoldTooSmall if amount > self.left[hold_id] else None

    @rule(hold_id=holds, amount=amounts, rest=st.sampled_from(Rest))
    def post(self, hold_id, amount, rest):
        if self.left[hold_id] < 0:
            return
        debit, credit = self.owner[hold_id]
        # Whoever was suspended meanwhile still pays what it agreed to.
        transfer = post(
            self.fresh(), hold_id, amount=Money(amount, ASSETS[debit]), rest=rest, at=NOW
        )
        if self.make(transfer, refused=self.foresee(hold_id, amount)):
            self.twin.balance[debit] -= amount
            self.twin.balance[credit] += amount
            freed = amount if rest is Rest.KEEP else self.left[hold_id]
            self.twin.held[debit] -= freed
            self.left[hold_id] -= freed

    @rule(hold_id=holds, amount=amounts)
    def release(self, hold_id, amount):
        if self.left[hold_id] < 0:
            return
        debit = self.owner[hold_id][0]
        transfer = release(self.fresh(), hold_id, amount=Money(amount, ASSETS[debit]), at=NOW)
        if self.make(transfer, refused=self.foresee(hold_id, amount)):
            self.twin.held[debit] -= amount
            self.left[hold_id] -= amount

    @rule(hold_id=consumes(holds))
    def expire(self, hold_id):
        if self.left[hold_id] < 0:
            return
        transfer = expire(self.fresh(), hold_id, at=LATER)
        if self.make(transfer, refused=HoldClosed if self.left[hold_id] == 0 else None):
            self.twin.held[self.owner[hold_id][0]] -= self.left[hold_id]
            self.left[hold_id] = 0

    @rule(member=st.sampled_from(MEMBERS),
          state=st.sampled_from(["verified", "verified", "suspended", "applied"]))  # fmt: skip
    def change_state(self, member, state):
        self.twin.state[member] = state
        for name in NAMES:
            if OWNERS.get(name, name) == member:
                account = self.book.accounts[AccountId(name)]
                changed = replace(account, owner_state=MemberState(state))
                self.book.accounts[account.id] = changed

    @rule(name=st.sampled_from(["ann", "bo", "chen", "mine"]), limit=st.integers(0, 80))
    def grant_credit(self, name, limit):
        if self.twin.balance[name] - self.twin.held[name] < -limit:
            return  # the flow refuses it: CreditInUse
        self.twin.floor[name] = -limit
        account = self.book.accounts[AccountId(name)]
        self.book.accounts[account.id] = replace(account, floor_units=-limit)

    @rule(day=st.sampled_from(DAYS))
    def close_day(self, day):
        self.twin.days.add(day)
        self.book.closed = Closed(days=frozenset(self.twin.days), until=self.book.closed.until)

    @rule(debit=names, amount=amounts)
    def close_month_and_date_back(self, debit, amount):
        self.book.closed = replace(self.book.closed, until=NOW)
        credit = NAMES[NAMES.index(debit) - 1]
        late = replace(self.a_move(debit, credit, amount), at=NOW - timedelta(microseconds=1))
        self.make(late, refused=PeriodClosed)

    @rule(data=st.data())
    def repeat(self, data):
        if self.done:
            again = data.draw(st.sampled_from(self.done))
            assert apply(self.book, again) == []

    @rule(data=st.data(), amount=amounts)
    def reuse_an_id(self, data, amount):
        if self.done:
            before = data.draw(st.sampled_from(self.done))[0]
            other = self.a_move("bank", "ann", 61 + amount, transfer_id=before.id)
            self.make(other, refused=TransferIdReused)

    @invariant()
    def agrees_with_the_twin(self):
        if not hasattr(self, "book"):
            return
        accounts, twin = self.book.accounts, self.twin
        assert {n: accounts[n].balance_units for n in NAMES} == twin.balance
        assert {n: accounts[n].held_units for n in NAMES} == twin.held
        for asset in (CNY, CARD):
            assert sum(twin.balance[n] for n in NAMES if ASSETS[n] == asset) == 0
        assert not any(a.is_below_floor for a in accounts.values())
        for name in NAMES:
            of_name = [h.left_units for h in self.book.holds.values() if h.debit == name]
            assert sum(of_name) == twin.held[name]


LedgerMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLedgerMachine = LedgerMachine.TestCase

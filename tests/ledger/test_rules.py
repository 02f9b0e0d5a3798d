"""Chains, reversals, closed days and months, members that may not: each refusal by its own name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.books import NOW, a_book, a_transfer, state_of

from suanwang.basics.ids import AccountId, OrganisationId, TransferId
from suanwang.basics.money import Money
from suanwang.ledger import errors
from suanwang.ledger.book import AccountBook, apply
from suanwang.ledger.membership import MEMBER, MemberEvent, MemberState, member_state
from suanwang.ledger.rules import CHAIN_MAX, Closed, Original
from suanwang.ledger.transfers import Chain, TransferKind, chained, reverse

DAY = date(2026, 11, 24)


def in_chain(text, place, size):
    return replace(a_transfer(text), chain=Chain(id="c", place=place, size=size))


class TestChains:
    def test_a_whole_chain_is_made(self):
        book = a_book("buyer 10, provider 0, fees 0")
        chain = chained(
            "c", [a_transfer("move 7 buyer → provider"), a_transfer("move 3 buyer → fees")]
        )
        assert [each.chain.place for each in apply(book, chain)] == [1, 2]
        assert state_of(book) == "buyer 0, provider 7, fees 3"

    @pytest.mark.parametrize(
        "places",
        [
            pytest.param([(1, 2)], id="a part of it"),
            pytest.param([(1, 2), (1, 2)], id="one place twice"),
            pytest.param([(1, 2), (3, 2)], id="a place beyond its size"),
            pytest.param([(0, 2), (1, 2)], id="places from 0"),
            pytest.param([(1, 2), (2, 3)], id="two sizes"),
            pytest.param([(1, CHAIN_MAX + 1)], id="too long"),
        ],
    )
    def test_part_of_a_chain_is_refused_whole(self, places):
        book = a_book("buyer 10, provider 0")
        chain = [in_chain("move 1 buyer → provider", *each) for each in places]
        with pytest.raises(errors.ChainBroken):
            apply(book, [a_transfer("move 1 buyer → provider"), *chain])
        assert state_of(book) == "buyer 10, provider 0"

    def test_one_refused_transfer_refuses_its_chain(self):
        book = a_book("buyer 10, provider 0, fees 0")
        chain = chained(
            "c", [a_transfer("move 7 buyer → provider"), a_transfer("move 4 buyer → fees")]
        )
        with pytest.raises(errors.FundsInsufficient):
            apply(book, chain)
        assert state_of(book) == "buyer 10, provider 0, fees 0"

    def test_the_same_chain_again_is_passed_over(self):
        book = a_book("buyer 10, provider 0")
        chain = chained("c", [a_transfer("move 1 buyer → provider") for _ in range(2)])
        assert len(apply(book, chain)) == 2
        assert apply(book, chain) == []

    def test_a_name_stands_for_one_chain(self):
        book = a_book("buyer 10, provider 0")
        first = chained("c", [a_transfer("move 1 buyer → provider") for _ in range(2)])
        apply(book, first)
        with pytest.raises(errors.ChainBroken, match="another chain"):
            apply(book, chained("c", [a_transfer("move 1 buyer → provider")]))
        with pytest.raises(errors.ChainBroken, match="made before"):
            apply(book, [first[0], in_chain("move 1 buyer → provider", 2, 2)])


class TestReversals:
    def book(self):
        book = a_book("buyer 10, provider 0")
        (made,) = apply(book, [a_transfer("move 10 buyer → provider", id="m")])
        book.originals[made.id] = Original(
            id=made.id, kind=made.kind, debit=made.debit, credit=made.credit,
            asset=made.amount.asset, amount_units=10,
        )  # fmt: skip
        return book, made

    def test_a_move_is_taken_back_in_parts_and_never_beyond(self):
        book, made = self.book()
        apply(book, [reverse(TransferId("r1"), made, at=NOW, amount=Money(4))])
        assert state_of(book) == "buyer 4, provider 6"
        with pytest.raises(errors.ReversalTooLarge, match="0\\.000006 left"):
            apply(book, [reverse(TransferId("r2"), made, at=NOW, amount=Money(7))])
        apply(book, [reverse(TransferId("r3"), made, at=NOW, amount=Money(6))])
        assert state_of(book) == "buyer 10, provider 0"

    def test_parts_within_one_batch_count_together(self):
        book, made = self.book()
        parts = [reverse(TransferId(f"r{i}"), made, at=NOW, amount=Money(6)) for i in range(2)]
        with pytest.raises(errors.ReversalTooLarge):
            apply(book, parts)
        assert state_of(book) == "buyer 0, provider 10"

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"debit": AccountId("buyer"), "credit": AccountId("provider")}, "swap"),
            ({"reverses": TransferId("nothing")}, "no such transfer"),
            ({"kind": TransferKind.PENDING}, "moves at once"),
        ],
    )
    def test_what_is_no_reversal_is_refused(self, change, reason):
        book, made = self.book()
        wrong = replace(reverse(TransferId("r"), made, at=NOW, amount=Money(1)), **change)
        with pytest.raises(errors.ReversalWrong, match=reason):
            apply(book, [wrong])

    @pytest.mark.parametrize(
        "change",
        [{"is_reversal": True}, {"kind": TransferKind.PENDING}, {"kind": TransferKind.VOID}],
    )
    def test_only_what_moved_something_can_be_taken_back(self, change):
        book, made = self.book()
        book.originals[made.id] = replace(book.originals[made.id], **change)
        with pytest.raises(errors.ReversalWrong):
            apply(book, [reverse(TransferId("r"), made, at=NOW)])


@given(st.lists(st.integers(1, 12), max_size=12))
def test_whatever_is_taken_back_never_exceeds_what_was_moved(parts):
    book, made = TestReversals().book()
    back = 0
    for number, part in enumerate(parts):
        again = reverse(TransferId(f"r{number}"), made, at=NOW, amount=Money(part))
        if back + part > 10:
            with pytest.raises(errors.ReversalTooLarge):
                apply(book, [again])
            continue
        apply(book, [again])
        back += part
        assert book.account(AccountId("buyer")).balance_units == back


class TestClosed:
    def a_closed_book(self):
        book = a_book("buyer 10, provider 0")
        book.closed = Closed(days=frozenset({DAY}), until=NOW)
        return book

    def test_no_entry_touches_a_closed_day(self):
        transfer = a_transfer("move 1 buyer → provider")
        apply(self.a_closed_book(), [replace(transfer, day=DAY + timedelta(days=1))])
        with pytest.raises(errors.DayClosed, match="2026-11-24"):
            apply(self.a_closed_book(), [replace(transfer, day=DAY)])

    def test_no_entry_is_dated_into_closed_books(self):
        transfer = a_transfer("move 1 buyer → provider")
        with pytest.raises(errors.PeriodClosed):
            apply(self.a_closed_book(), [replace(transfer, at=NOW - timedelta(microseconds=1))])
        apply(self.a_closed_book(), [transfer])


def a_book_of(*, buyer=MemberState.VERIFIED, provider=MemberState.VERIFIED) -> AccountBook:
    book = a_book("buyer 10, provider 5")
    for name, state in (("buyer", buyer), ("provider", provider)):
        account_id = AccountId(name)
        owner = OrganisationId(f"org of {name}")
        book.accounts[account_id] = replace(
            book.accounts[account_id], organisation_id=owner, owner_state=state
        )
    return book


@pytest.mark.parametrize("transfer", ["move 1 buyer → provider", "hold 1 buyer → provider"])
@pytest.mark.parametrize(
    ("states", "refused"),
    [
        ({}, None),
        ({"buyer": MemberState.APPLIED}, errors.MemberNotVerified),
        ({"provider": MemberState.APPLIED}, errors.MemberNotVerified),
        ({"buyer": MemberState.CLOSED}, errors.MemberNotVerified),
        ({"provider": MemberState.CLOSED}, errors.MemberNotVerified),
        ({"buyer": MemberState.SUSPENDED}, errors.MemberSuspended),
        ({"provider": MemberState.SUSPENDED}, None),
    ],
)
def test_members_move_money_once_verified_and_spend_nothing_new_while_suspended(
    transfer, states, refused
):
    book = a_book_of(**states)
    if refused is None:
        assert len(apply(book, [a_transfer(transfer)])) == 1
        return
    with pytest.raises(refused):
        apply(book, [a_transfer(transfer)])


def test_what_a_suspended_member_has_held_is_still_posted_and_released():
    book = a_book_of()
    apply(book, [a_transfer("hold 4 buyer → provider as h")])
    suspended = replace(book.accounts[AccountId("buyer")], owner_state=MemberState.SUSPENDED)
    book.accounts[AccountId("buyer")] = suspended
    apply(book, [a_transfer("post 3 of h keeping"), a_transfer("release h")])
    assert state_of(book) == "buyer 7, provider 8"


def test_a_suspended_members_earnings_still_move_between_its_own_accounts():
    book = a_book_of(provider=MemberState.SUSPENDED)
    own = replace(
        book.accounts[AccountId("provider")],
        id=AccountId("provider2"),
        balance_units=0,
    )
    book.accounts[AccountId("provider2")] = own
    assert len(apply(book, [a_transfer("move 4 provider → provider2")])) == 1
    with pytest.raises(errors.MemberSuspended):
        apply(book, [a_transfer("move 1 provider → buyer")])


def test_the_exchange_and_old_rows_are_simply_open():
    assert member_state("open") is MemberState.VERIFIED
    assert member_state("suspended") is MemberState.SUSPENDED
    assert MEMBER.after(MemberState.APPLIED, MemberEvent.VERIFY, subject="org") == "verified"

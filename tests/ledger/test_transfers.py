from __future__ import annotations

from datetime import timedelta

import pytest
from tests.ledger.books import NOW, a_book, a_transfer, state_of

from suanwang.basics.ids import AccountId, OrganisationId, TransferId
from suanwang.basics.money import CNY, UNITS_MAX, Asset, Money
from suanwang.ledger import errors
from suanwang.ledger.accounts import Account
from suanwang.ledger.book import AccountBook, apply
from suanwang.ledger.transfers import (
    HoldState,
    Transfer,
    TransferKind,
    expire,
    hold,
    move,
    post,
    release,
)


@pytest.mark.parametrize(
    ("before", "transfers", "after"),
    [
        pytest.param(
            "buyer 100, provider 0", ["move 30 buyer → provider"],
            "buyer 70, provider 30", id="a move",
        ),
        pytest.param(
            "buyer 100, provider 0", ["hold 30 buyer → provider as h"],
            "buyer 100 (30 held), provider 0", id="a hold stays in the balance",
        ),
        pytest.param(
            "buyer 100, provider 0", ["hold 30 buyer → provider as h", "post h"],
            "buyer 70, provider 30", id="a hold posted whole",
        ),
        pytest.param(
            "buyer 100, provider 0", ["hold 30 buyer → provider as h", "post 20 of h"],
            "buyer 80, provider 20", id="a hold posted in part, the rest released",
        ),
        pytest.param(
            "buyer 100, provider 0", ["hold 30 buyer → provider as h", "post 20 of h keeping"],
            "buyer 80 (10 held), provider 20", id="a hold posted in part, the rest kept",
        ),
        pytest.param(
            "buyer 100, provider 0, fees 0",
            ["hold 30 buyer → fees as h", "post 20 of h → provider keeping", "post 1 of h"],
            "buyer 79, provider 20, fees 1", id="a hold posted to several",
        ),
        pytest.param(
            "buyer 100, provider 0",
            ["hold 30 buyer → provider as h", "post 30 of h keeping"],
            "buyer 70, provider 30", id="a hold of which nothing is left is closed",
        ),
        pytest.param(
            "buyer 100, provider 0", ["hold 30 buyer → provider as h", "release h"],
            "buyer 100, provider 0", id="a hold released",
        ),
        pytest.param(
            "buyer 100, provider 0", ["hold 30 buyer → provider as h", "release 10 of h"],
            "buyer 100 (20 held), provider 0", id="a hold cut to a lower price",
        ),
        pytest.param(
            "buyer 100, provider 0",
            ["hold 30 buyer → provider as h", "post 5 of h keeping", "release h"],
            "buyer 95, provider 5", id="what is left after a part is released",
        ),
        pytest.param(
            "buyer 100, provider 0", ["hold 30 buyer → provider until +60 as h", "expire h at +60"],
            "buyer 100, provider 0", id="a hold expired",
        ),
        pytest.param(
            "buyer 100, provider 0",
            ["hold 100 buyer → provider as h", "post 40 of h", "move 60 buyer → provider"],
            "buyer 0, provider 100", id="what a post releases can be spent in the same batch",
        ),
        pytest.param(
            "bank -100 (no floor), buyer 100", ["move 50 bank → buyer"],
            "bank -150, buyer 150", id="the bank has no floor",
        ),
        pytest.param(
            "issuer 0 (floor -10), buyer 0", ["move 10 issuer → buyer"],
            "issuer -10, buyer 10", id="an issuer goes down to the capacity it registered",
        ),
    ],
)  # fmt: skip
def test_a_batch_leads_from_one_state_to_the_next(before, transfers, after):
    book = a_book(before)
    apply(book, [a_transfer(text) for text in transfers])
    assert state_of(book) == after


@pytest.mark.parametrize(
    ("before", "transfers", "error"),
    [
        ("buyer 100, provider 0", ["move 101 buyer → provider"], errors.FundsInsufficient),
        ("buyer 100, provider 0", ["hold 101 buyer → provider as h"], errors.FundsInsufficient),
        ("buyer 100, provider 0", ["hold 60 buyer → provider as h", "move 41 buyer → provider"], errors.FundsInsufficient),
        ("buyer 100, provider 0", ["hold 60 buyer → provider as h", "hold 41 buyer → provider as i"], errors.FundsInsufficient),
        ("issuer 0 (floor -10), buyer 0", ["move 11 issuer → buyer"], errors.FundsInsufficient),
        ("buyer 100", ["move 1 buyer → nobody"], errors.AccountUnknown),
        ("buyer 100, provider 0", ["post h"], errors.HoldUnknown),
        ("buyer 100, provider 0", ["hold 30 buyer → provider as h", "post 31 of h"], errors.HoldTooSmall),
        ("buyer 100, provider 0", ["hold 30 buyer → provider as h", "release 31 of h"], errors.HoldTooSmall),
        ("buyer 100, provider 0", ["hold 30 buyer → provider as h", "post h", "post h"], errors.HoldClosed),
        ("buyer 100, provider 0", ["hold 30 buyer → provider as h", "release h", "post h"], errors.HoldClosed),
        ("buyer 100, provider 0", ["hold 30 buyer → provider as h", "post 1 of h", "release h"], errors.HoldClosed),
        ("buyer 100, provider 0", ["hold 30 buyer → provider until +60 as h", "post h at +60"], errors.HoldExpired),
        ("buyer 100, provider 0", ["hold 30 buyer → provider until +60 as h", "expire h at +59"], errors.HoldNotExpired),
        ("buyer 100, provider 0", ["hold 30 buyer → provider as h", "expire h at +60"], errors.HoldNotExpired),
        ("buyer 100, provider 0", ["hold 30 buyer → provider until +0 as h"], errors.TransferMalformed),
        ("buyer 100, provider 0", ["hold 30 buyer → provider as h", "post 5 of h → buyer"], errors.TransferMalformed),
        ("buyer 100, coins 0 CARD", ["move 5 buyer → coins"], errors.TransferAssetWrong),
        ("coins 5 CARD, buyer 100", ["move 5 coins → buyer"], errors.TransferAssetWrong),
        ("buyer 100, provider 0", ["hold 30 buyer → provider as h", "post 5 CARD of h"], errors.TransferAssetWrong),
        (f"bank 0 (no floor), buyer {UNITS_MAX - 1}", ["move 2 bank → buyer"], errors.BalanceTooLarge),
        (f"bank {1 - UNITS_MAX} (no floor), buyer 0", ["move 2 bank → buyer"], errors.BalanceTooLarge),
    ],
)  # fmt: skip
def test_a_batch_with_one_refusal_changes_nothing(before, transfers, error):
    book = a_book(before)
    first_state = state_of(book)
    with pytest.raises(error):
        apply(book, [a_transfer("move 1 a → b"), *(a_transfer(text) for text in transfers)])
    assert state_of(book) == first_state
    assert book.holds == {}
    assert book.made == {}


def test_the_refusal_says_what_was_needed_and_what_is_there():
    with pytest.raises(errors.FundsInsufficient) as refused:
        apply(a_book("buyer 10, provider 0"), [a_transfer("move 12 buyer → provider")])
    assert refused.value.message("en") == (
        "This needs 0.000012 CNY; 0.000010 is available in account buyer."
    )
    assert "0.000012" in refused.value.message("zh")


def test_the_same_transfer_twice_is_made_once():
    book = a_book("buyer 100, provider 0")
    transfer = a_transfer("move 30 buyer → provider")
    assert apply(book, [transfer, transfer]) == [transfer]
    assert apply(book, [transfer]) == []
    assert state_of(book) == "buyer 70, provider 30"


def test_the_same_id_with_another_body_is_refused():
    book = a_book("buyer 100, provider 0")
    apply(book, [a_transfer("move 30 buyer → provider", id="t1")])
    with pytest.raises(errors.TransferIdReused):
        apply(book, [a_transfer("move 31 buyer → provider", id="t1")])


def test_the_time_of_asking_is_no_part_of_the_body():
    first = a_transfer("move 30 buyer → provider", id="t1")
    later = a_transfer("move 30 buyer → provider at +9", id="t1")
    assert first.fingerprint == later.fingerprint


def test_a_post_repeated_after_its_hold_was_closed_is_still_the_same_post():
    book = a_book("buyer 100, provider 0")
    apply(book, [a_transfer("hold 30 buyer → provider as h")])
    done = a_transfer("post 20 of h", id="p1")
    apply(book, [done])
    assert apply(book, [done]) == []
    assert book.holds[TransferId("h")].state is HoldState.POSTED


def test_what_was_applied_comes_back_with_every_field_known():
    book = a_book("buyer 100, provider 0")
    applied = apply(book, [a_transfer("hold 30 buyer → provider as h"), a_transfer("post h")])
    assert applied[1].amount == Money(30)
    assert (applied[1].debit, applied[1].credit) == ("buyer", "provider")


@pytest.mark.parametrize(
    ("verbs", "state"),
    [
        (["post h"], HoldState.POSTED),
        (["release h"], HoldState.VOIDED),
        (["post 1 of h keeping", "release h"], HoldState.POSTED),
        (["release 1 of h"], HoldState.OPEN),
        (["expire h at +60"], HoldState.EXPIRED),
    ],
)
def test_how_a_hold_ends(verbs, state):
    book = a_book("buyer 100, provider 0")
    apply(book, [a_transfer("hold 30 buyer → provider until +60 as h"), *map(a_transfer, verbs)])
    ended = book.hold(TransferId("h"))
    assert ended.state is state
    assert ended.left == Money(29 if state is HoldState.OPEN else 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": TransferKind.POSTED, "debit": AccountId("a"), "credit": AccountId("b")},
        {"kind": TransferKind.POSTED, "amount": Money(1), "debit": AccountId("a")},
        {"kind": TransferKind.PENDING, "amount": Money(1), "credit": AccountId("a")},
        {"kind": TransferKind.POSTED, "amount": Money(1), "debit": AccountId("a"), "credit": AccountId("a")},
        {"kind": TransferKind.POSTED, "amount": Money(0), "debit": AccountId("a"), "credit": AccountId("b")},
        {"kind": TransferKind.VOID},
    ],
)  # fmt: skip
def test_a_transfer_that_cannot_be_is_refused_when_it_is_made(fields):
    with pytest.raises(errors.TransferMalformed):
        Transfer(id=TransferId("t"), at=NOW, **fields)


def test_a_hold_expires_as_a_whole():
    book = a_book("buyer 100, provider 0")
    apply(book, [a_transfer("hold 30 buyer → provider until +60 as h")])
    part = Transfer(
        id=TransferId("e"), kind=TransferKind.EXPIRE, pending_id=TransferId("h"),
        amount=Money(1), at=NOW + timedelta(seconds=60),
    )  # fmt: skip
    with pytest.raises(errors.TransferMalformed):
        apply(book, [part])


def test_builders_carry_purpose_and_memo():
    kwargs = {"at": NOW, "group_id": "job_1", "memo": {"what": "compute"}}
    a, b, t, h = AccountId("a"), AccountId("b"), TransferId("t"), TransferId("h")
    made = [
        move(t, Money(1), debit=a, credit=b, **kwargs),
        hold(t, Money(1), debit=a, credit=b, **kwargs),
        post(t, h, **kwargs),
        release(t, h, **kwargs),
    ]
    assert {(m.group_id, m.memo["what"]) for m in made} == {("job_1", "compute")}
    assert expire(t, h, at=NOW).pending_id == h


def test_an_account_says_what_it_has():
    account = Account(
        id=AccountId("a"), organisation_id=OrganisationId("o"), name="available",
        asset=Asset("V", 2), balance_units=1050, held_units=50,
    )  # fmt: skip
    assert (str(account.balance), str(account.held), str(account.available)) == (
        "10.50", "0.50", "10.00",
    )  # fmt: skip
    assert not account.is_below_floor


def test_an_empty_book_knows_no_account():
    with pytest.raises(errors.AccountUnknown):
        AccountBook().account(AccountId("a"))
    assert CNY.scale == 6

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.ledger.books import NOW

from suanwang.basics.ids import AccountId, OrganisationId, TransferId
from suanwang.basics.money import Asset, Money
from suanwang.basics.slots import Slot
from suanwang.ledger.accounts import Account, AccountName, floor_of
from suanwang.ledger.check import AccountSums, Problem, check_ledger
from suanwang.ledger.statement import Entry, make_statement

ACCOUNT = Account(
    id=AccountId("a"), organisation_id=OrganisationId("o"), name="available", balance_units=70
)
PERIOD = Slot(NOW, NOW + timedelta(days=1))


def an_entry(units):
    return Entry(
        transfer_id=TransferId("t"), at=NOW, amount=Money(units), other_id=AccountId("b"),
        group_id=None, memo={},
    )  # fmt: skip


def test_each_line_of_a_statement_shows_the_balance_after_it():
    entries = [an_entry(100), an_entry(-30)]
    statement = make_statement(
        ACCOUNT, PERIOD, opening=Money(0), entries=entries, closing=Money(70)
    )
    assert [line.balance for line in statement.lines] == [Money(100), Money(70)]


def test_a_statement_that_does_not_add_up_is_not_made():
    with pytest.raises(AssertionError, match="lead to"):
        make_statement(ACCOUNT, PERIOD, opening=Money(0), entries=[an_entry(69)], closing=Money(70))


def sums(account, *, credited=0, debited=0, held=0):
    return AccountSums(
        account=account, credited_units=credited, debited_units=debited, open_holds_units=held
    )


GOOD = replace(ACCOUNT, balance_units=5, held_units=2)
BANK = replace(ACCOUNT, id=AccountId("bank"), floor_units=None, balance_units=-5)
GOOD_SUMS = [sums(GOOD, credited=9, debited=4, held=2), sums(BANK, debited=5)]


def test_a_ledger_that_adds_up_is_balanced():
    checked = check_ledger(GOOD_SUMS, transfers=3)
    assert checked.balanced
    assert (checked.accounts, checked.transfers) == (2, 3)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (sums(GOOD, credited=9, debited=5, held=2), ("balance-wrong", "a", 4, 5)),
        (sums(GOOD, credited=9, debited=4, held=1), ("held-wrong", "a", 1, 2)),
        (sums(replace(GOOD, held_units=6), credited=9, debited=4, held=6), ("below-floor", "a", 0, -1)),
        (sums(replace(GOOD, balance_units=6), credited=6, held=2), ("sum-not-zero", "CNY", 0, 1)),
    ],
)  # fmt: skip
def test_whatever_does_not_add_up_is_named(changed, problem):
    rule, subject, expected, found = problem
    checked = check_ledger([changed, GOOD_SUMS[1]], transfers=3)
    assert checked.problems == (
        Problem(rule=rule, subject=subject, expected=expected, found=found),
    )
    assert not checked.balanced


def test_each_asset_sums_to_zero_by_itself():
    card = Asset("CARD_HOURS:x")
    plus = sums(replace(GOOD, asset=card, held_units=0), credited=5)
    checked = check_ledger([plus, GOOD_SUMS[1]], transfers=2)
    assert [p.subject for p in checked.problems] == ["CARD_HOURS:x", "CNY"]


def test_only_the_bank_has_no_floor():
    assert [name for name in AccountName if floor_of(name) is None] == [AccountName.BANK]

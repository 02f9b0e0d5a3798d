"""Months and what their statements say: read and written, balanced or not drawn up at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanwang.basics.errors import Invalid
from suanwang.basics.ids import AccountId, OrganisationId, TransferId
from suanwang.basics.money import Money
from suanwang.ledger.accounts import Account
from suanwang.ledger.closing import (
    Month,
    MonthStatement,
    Moved,
    draw_up,
    statement_id,
    statements_digest,
)
from suanwang.ledger.errors import StatementUnbalanced

AT = datetime(2026, 11, 3, 4, 5, 6, 7, tzinfo=UTC)
NOVEMBER = Month(2026, 11)
ACCOUNT = Account(
    id=AccountId("acc_1"), organisation_id=OrganisationId("org_1"), name="available", held_units=5
)


def entries(*units):
    return [Moved(TransferId(f"txf_{n}"), AT, each) for n, each in enumerate(units)]


@pytest.mark.parametrize(
    ("text", "before", "after", "start"),
    [
        ("2026-11", "2026-10", "2026-12", "2026-10-31T16:00:00+00:00"),
        ("2026-12", "2026-11", "2027-01", "2026-11-30T16:00:00+00:00"),
        ("2027-01", "2026-12", "2027-02", "2026-12-31T16:00:00+00:00"),
    ],
)
def test_a_month_is_beijings_and_has_neighbours(text, before, after, start):
    month = Month.parse(text)
    assert (str(month), str(month.previous), str(month.next)) == (text, before, after)
    assert month.slot.start.isoformat() == start
    assert month.slot.end == month.next.slot.start
    assert Month.of(month.slot.start) == month
    assert Month.of(month.slot.end) == month.next


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "0999-01", "２026-11", "2026-1"]
)
def test_what_is_no_month_is_refused(text):
    with pytest.raises(Invalid, match="such as 2026-11"):
        Month.parse(text)


def test_a_statement_adds_up_and_hashes_its_entries():
    said = draw_up(ACCOUNT, NOVEMBER, opening=10, entries=entries(30, -25, 1), closing=16)
    assert [str(each) for each in (said.opening, said.credits, said.debits, said.closing)] == [
        "0.000010", "0.000031", "0.000025", "0.000016"
    ]  # fmt: skip
    assert (said.entries, said.held, said.id) == (3, Money(5), "acc_1/2026-11")
    lines = (
        "txf_0 2026-11-03T04:05:06.000007Z 0.000030\n"
        "txf_1 2026-11-03T04:05:06.000007Z -0.000025\n"
        "txf_2 2026-11-03T04:05:06.000007Z 0.000001\n"
    )
    assert said.entries_sha256 == sha256(lines.encode()).hexdigest()


@given(st.integers(-50, 50), st.lists(st.integers(-9, 9).filter(bool)), st.integers(-3, 3))
def test_a_statement_is_drawn_up_only_where_entries_lead_to_the_account(opening, units, off):
    closing = opening + sum(units) + off
    if off:
        with pytest.raises(StatementUnbalanced):
            draw_up(ACCOUNT, NOVEMBER, opening=opening, entries=entries(*units), closing=closing)
        return
    said = draw_up(ACCOUNT, NOVEMBER, opening=opening, entries=entries(*units), closing=closing)
    assert MonthStatement.read(said.record()) == said
    assert said.says_something  # what is held counts
    idle = not (opening or units or closing)
    assert replace(said, held=Money(0)).says_something is not idle


def test_a_months_digest_depends_on_every_statement_and_their_order():
    one = draw_up(ACCOUNT, NOVEMBER, opening=0, entries=entries(1), closing=1)
    other = replace(one, account_id=AccountId("acc_2"))
    both = statements_digest("", [one, other])
    assert both != statements_digest("", [other, one])
    # In parts it is another digest: the steps are on record, and so is the order.
    assert statements_digest(statements_digest("", [one]), [other]) != both
    assert statements_digest("", []) != ""
    assert statement_id("acc_2", NOVEMBER) == other.id

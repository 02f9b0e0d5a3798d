"""Who gets what of a bill: the parts of a line sum to the line, those of all lines to the bill."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.jobs.builders import a_usage, the_terms, yuan

from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import CNY, Money
from suanwang.jobs.bill import bill_for
from suanwang.jobs.parts import Parties, PartRole, line_to_wire, parts_of_lines, sum_parts

PARTIES = Parties(centre=OrganisationId("org_centre"), exchange=OrganisationId("org_exchange"))
PLENTY = yuan("1000000")
MICRO = st.integers(0, 10**9)


def total(parts):
    return sum((part.amount for part in parts), Money.zero(CNY))


@given(
    seconds=st.integers(0, 100_000),
    cards=st.integers(1, 512),
    moved=st.integers(0, 10**13),
    prices=st.tuples(MICRO, MICRO),
    hold=st.integers(0, 10**13),
)
def test_parts_sum_to_their_line_and_to_the_bill_to_the_last_micro_yuan(
    seconds, cards, moved, prices, hold
):
    terms = the_terms(price=Money(prices[0]), data_price_gb=Money(prices[1]))
    usage = a_usage(seconds=str(seconds), cards=cards, bytes_in=moved)
    bill = bill_for(usage, terms, hold=Money(hold))
    parts = parts_of_lines(bill.lines, PARTIES)
    for line, each in zip(bill.lines, parts, strict=True):
        assert total(each) == line.amount
    whole = {part.role: part.amount for part in sum_parts(parts)}
    assert total(sum_parts(parts)) == bill.total
    for role, share in (
        (PartRole.CENTRE, bill.shares.provider),
        (PartRole.EXCHANGE, bill.shares.fees),
        (PartRole.TAX, bill.shares.tax),
    ):
        assert whole.get(role, Money.zero(CNY)) == share


def test_each_line_says_who_gets_it():
    bill = bill_for(a_usage(seconds="3600", bytes_in=10**9), the_terms(), hold=PLENTY)
    told = [(str(line.kind), [str(part.role) for part in parts])
            for line, parts in zip(bill.lines, parts_of_lines(bill.lines, PARTIES), strict=True)
            if line.amount]  # fmt: skip
    assert told == [
        ("compute", ["centre"]),
        ("data_in", ["centre"]),
        ("fee", ["exchange"]),
        ("tax", ["tax"]),
    ]


def test_what_is_above_the_hold_is_taken_off_the_centre():
    bill = bill_for(a_usage(seconds="3600"), the_terms(), hold=yuan("1"))
    [place] = [n for n, line in enumerate(bill.lines) if line.kind == "cap"]
    cap, [part] = bill.lines[place], parts_of_lines(bill.lines, PARTIES)[place]
    assert (part.role, part.amount) == (PartRole.CENTRE, cap.amount)
    assert cap.amount < Money.zero(CNY)


def test_parts_that_do_not_sum_are_our_own_mistake():
    line = bill_for(a_usage(), the_terms(), hold=PLENTY).lines[0]
    with pytest.raises(AssertionError, match="parts sum"):
        line_to_wire(line, [])

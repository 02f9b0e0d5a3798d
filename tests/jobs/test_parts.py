"""Who gets what of a bill: the parts of a line sum to the line, those of all lines to the bill."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.jobs.builders import a_usage, the_terms, yuan

from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import CNY, Money
from suanwang.flows.bill_jobs import owed_by_buyer
from suanwang.grid.deal import Deal, Mode
from suanwang.jobs.bill import bill_for
from suanwang.jobs.parts import Parties, PartRole, line_to_wire, parts_of_lines, sum_parts
from suanwang.jobs.subsidy import Funding, Subsidy, items_of, shares_within
from suanwang.ledger.vouchers.engine import Said

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


RATES = st.fractions(0, 1, max_denominator=10**6)
BROKER, CARRIER = OrganisationId("org_broker"), OrganisationId("org_carrier")


@st.composite
def deals(draw):
    mode = draw(st.sampled_from(list(Mode)))
    carried = draw(st.booleans())
    return Deal(
        mode=mode,
        broker=None if mode is Mode.DIRECT else BROKER,
        commission=draw(RATES) if mode is Mode.AGENCY else Fraction(0),
        purchase=Money(draw(MICRO)) if mode is Mode.SELF_RUN else None,
        carrier=CARRIER if carried else None,
        carriage=draw(RATES) if carried else Fraction(0),
    )


@given(
    deal=deals(),
    seconds=st.integers(0, 100_000),
    moved=st.integers(0, 10**13),
    prices=st.tuples(MICRO, MICRO),
    hold=st.integers(0, 10**13),
)
def test_several_earners_share_each_line_to_the_last_micro_yuan(deal, seconds, moved, prices, hold):
    terms = the_terms(price=Money(prices[0]), data_price_gb=Money(prices[1]), deal=deal)
    usage = a_usage(seconds=str(seconds), cards=3, bytes_in=moved, bytes_out=moved // 3)
    bill = bill_for(usage, terms, hold=Money(hold))
    parts = parts_of_lines(bill.lines, replace(PARTIES, deal=deal))
    for line, each in zip(bill.lines, parts, strict=True):
        assert total(each) == line.amount
    whole = sum_parts(parts)
    assert total(whole) == bill.total
    # Only a broker that sells below what it buys at pays; nobody else's part is below zero.
    assert all(part.amount.units >= 0 for part in whole if part.role is not PartRole.BROKER)
    if deal.mode is not Mode.SELF_RUN:
        assert all(part.amount.units >= 0 for part in whole)


@given(
    deal=deals(),
    seconds=st.integers(0, 100_000),
    moved=st.integers(0, 10**13),
    prices=st.tuples(MICRO, MICRO),
    limits=st.tuples(st.integers(0, 10**13), RATES),
)
# A hold of 6 micro-yuan, all paid by vouchers: each rounding alone would pay somebody one too much.
@example(
    deal=Deal(mode=Mode.AGENCY, broker=BROKER, commission=Fraction(1, 2)),
    seconds=600,
    moved=2 * 10**9,
    prices=(1, 3),
    limits=(6, Fraction(1)),
)
def test_vouchers_pay_nobody_more_than_its_parts(deal, seconds, moved, prices, limits):
    hold, rate = limits
    terms = the_terms(price=Money(prices[0]), data_price_gb=Money(prices[1]), deal=deal)
    usage = a_usage(seconds=str(seconds), cards=3, bytes_in=moved, bytes_out=moved // 2)
    bill = bill_for(usage, terms, hold=Money(hold))
    parts = parts_of_lines(bill.lines, replace(PARTIES, deal=deal))
    wires = [line_to_wire(*each) for each in zip(bill.lines, parts, strict=True)]
    items = items_of(wires)
    said = [Said(kind=item.kind, amount=item.amount, taken=item.amount) for item in items]
    amount = total(items).times(rate)
    if not amount:
        return
    weights = shares_within(amount, wires, said, paid=())
    funding = Funding(
        programme="p", funder_id=OrganisationId("org_funder"), funder_account=None,
        voucher_account=None, issuer_account=None, asset=CNY, amount=amount, claim_id=None,
        weights=weights,
    )  # fmt: skip
    owed = owed_by_buyer(sum_parts(parts), Subsidy(fundings=(funding,)))
    assert total(owed) == bill.total - amount


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

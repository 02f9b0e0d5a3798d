from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.jobs.builders import NOON, a_usage, the_terms, yuan

from suanwang.basics.money import Money
from suanwang.basics.slots import Slot
from suanwang.grid.energy import carbon_intensity
from suanwang.grid.fees import TAKE_RATES
from suanwang.jobs.bill import (
    Bill,
    LineKind,
    Shares,
    bill_for,
    billed_seconds,
    charge_within,
)

PLENTY = yuan("1000000")


def lines_of(bill: Bill) -> list[tuple[str, str, str]]:
    return [
        (str(each.kind), str(each.to_wire()["quantity"]), str(each.amount)) for each in bill.lines
    ]


def test_card_hours_data_fee_and_tax_have_a_line_each():
    usage = a_usage(seconds="1800", cards=4, bytes_in=500_000_000, bytes_out=2 * 10**9)
    bill = bill_for(usage, the_terms(), hold=PLENTY)
    assert lines_of(bill) == [
        ("compute", "2", "7.200000"),
        ("data_in", "0.5", "0.050000"),
        ("data_out", "2", "0.200000"),
        ("fee", "0.02", "0.149000"),
        ("tax", "0.06", "0.008940"),
    ]
    assert str(bill.charge) == "7.450000"
    assert str(bill.total) == "7.607940"
    assert bill.shares == Shares(provider=yuan("7.45"), fees=yuan("0.149"), tax=yuan("0.00894"))


def test_a_line_says_where_its_price_came_from_and_when_it_applied():
    usage = a_usage(seconds="36")
    wire = bill_for(usage, the_terms(price_source="round:rnd_1"), hold=PLENTY).lines[0].to_wire()
    assert wire == {
        "kind": "compute", "quantity": "0.01", "unit": "card-hour", "price": "3.600000", "amount": "0.036000",
        "currency": "CNY", "price_source": "round:rnd_1", "usage_id": usage.usage_id, "at": "2026-11-24T04:00:00Z",
    }  # fmt: skip


def test_stored_data_is_billed_by_gigabyte_months():
    terms = the_terms(store_gb_months=Fraction(3, 2), cold_price_gb_month=yuan("0.08"))
    bill = bill_for(a_usage(seconds="0", cards=0), terms, hold=PLENTY)
    assert lines_of(bill)[:2] == [("compute", "0", "0.000000"), ("store", "1.5", "0.120000")]


@pytest.mark.parametrize(
    ("wall", "limit", "seconds"),
    [("0", None, 0), ("0.001", None, 1), ("60", None, 60), ("60.5", None, 61), ("99", 60, 60)],
)
def test_begun_seconds_count_and_the_limit_ends_them(wall, limit, seconds):
    assert billed_seconds(a_usage(wall_seconds=Decimal(wall)), limit) == seconds


def test_prices_of_their_own_hour_apply():
    peak = Slot(NOON + timedelta(minutes=30), NOON + timedelta(hours=1))
    usage = a_usage(seconds="7200")
    bill = bill_for(usage, the_terms(priced=[(peak, yuan("7.20"))]), hold=PLENTY)
    assert lines_of(bill)[:3] == [
        ("compute", "0.5", "1.800000"),
        ("compute", "0.5", "3.600000"),
        ("compute", "1", "3.600000"),
    ]
    assert [each.at - NOON for each in bill.lines[:3]] == [
        timedelta(minutes=m) for m in (0, 30, 60)
    ]


def test_hours_of_one_price_are_one_line():
    hours = [
        (Slot(NOON + timedelta(hours=h), NOON + timedelta(hours=h + 1)), yuan("3.60"))
        for h in range(3)
    ]
    bill = bill_for(a_usage(seconds="9000"), the_terms(priced=hours), hold=PLENTY)
    assert lines_of(bill)[0] == ("compute", "2.5", "9.000000")


def test_what_exceeds_the_hold_is_not_charged_and_says_so():
    bill = bill_for(a_usage(seconds="3600"), the_terms(), hold=yuan("2"))
    assert lines_of(bill)[:2] == [("compute", "1", "3.600000"), ("cap", "1", "-1.641520")]
    assert bill.total <= yuan("2")
    assert bill.total >= yuan("1.999999")


def test_a_bill_that_does_not_add_up_is_our_own_mistake():
    bill = bill_for(a_usage(), the_terms(), hold=PLENTY)
    with pytest.raises(AssertionError, match="lines sum to"):
        Bill(lines=bill.lines[1:], charge=bill.charge, total=bill.total, shares=bill.shares)
    wrong = Shares(provider=yuan("0"), fees=yuan("0"), tax=yuan("0"))
    with pytest.raises(AssertionError, match="shares"):
        Bill(lines=bill.lines, charge=bill.charge, total=bill.total, shares=wrong)
    with pytest.raises(AssertionError, match="negative"):
        bill_for(a_usage(), the_terms(), hold=yuan("-1"))
    with pytest.raises(AssertionError, match="cold price"):
        bill_for(a_usage(), the_terms(store_gb_months=Fraction(1)), hold=PLENTY)


@given(st.integers(0, 10**15))
def test_the_largest_charge_within_a_total_is_the_largest(units):
    total = Money(units)
    charge = charge_within(total)
    assert TAKE_RATES.total(charge) <= total
    assert TAKE_RATES.total(charge + Money(1)) > total


money = st.integers(0, 10**12).map(Money)


@given(
    wall=st.decimals("0", "1000000", places=3),
    cards=st.integers(0, 4096),
    moved=st.tuples(st.integers(0, 10**15), st.integers(0, 10**15)),
    price=money, data=money, cold=money, hold=money,
    months=st.fractions(0, 1000, max_denominator=1000),
    cuts=st.lists(st.integers(-7200, 1_000_000), max_size=6, unique=True),
)  # fmt: skip
def test_the_parts_always_sum_to_the_whole_within_the_hold(
    *, wall, cards, moved, price, data, cold, hold, months, cuts
):
    edges = sorted(cuts)
    priced = [
        (
            Slot(NOON + timedelta(seconds=a), NOON + timedelta(seconds=b)),
            Money(price.units // (i + 1)),
        )
        for i, (a, b) in enumerate(pairwise(edges))
    ]
    terms = the_terms(
        price=price,
        data_price_gb=data,
        cold_price_gb_month=cold,
        store_gb_months=months,
        priced=priced,
    )
    usage = a_usage(wall_seconds=wall, cards=cards, bytes_in=moved[0], bytes_out=moved[1])
    bill = bill_for(usage, terms, hold=hold)
    whole = sum((line.amount for line in bill.lines), Money(0))
    assert whole == bill.total == bill.shares.provider + bill.shares.fees + bill.shares.tax
    assert bill.total <= hold
    assert min(bill.shares.provider, bill.shares.fees, bill.shares.tax) >= Money(0)
    seconds = (
        sum((each.quantity for each in bill.lines if each.kind is LineKind.COMPUTE), Fraction(0))
        * 3600
    )
    assert seconds == cards * billed_seconds(usage)
    assert bill_for(usage, terms, hold=hold) == bill


def test_energy_and_carbon_are_told_with_their_factor_and_cost_nothing():
    """One hour at 100 Wh, PUE 1.2, in Ningxia: 0.12 kWh times the factor of that hour."""
    terms = the_terms(province="CN-NX", pue=Fraction(6, 5))
    usage = a_usage(seconds="3600", energy_wh=Decimal(100))
    told = {line.kind: line for line in bill_for(usage, terms, hold=PLENTY).lines}
    assert told["energy"].quantity == 120
    assert float(told["carbon"].quantity) == pytest.approx(
        0.12 * carbon_intensity("CN-NX", usage.started_at), rel=1e-9
    )
    assert "modelled hourly" in told["carbon"].price_source
    assert told["energy"].amount == told["carbon"].amount == Money.zero()


@pytest.mark.parametrize(
    ("fields", "kinds"),
    [({"province": None}, []), ({"province": "CN-XZ"}, ["energy"])],
    ids=["nowhere", "a province without a published factor"],
)
def test_what_is_not_known_is_not_told(fields, kinds):
    bill = bill_for(a_usage(), the_terms(**fields), hold=PLENTY)
    assert [line.kind for line in bill.lines if line.kind in ("energy", "carbon")] == kinds

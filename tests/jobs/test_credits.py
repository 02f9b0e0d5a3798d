"""What of a bill can be credited: parts sum, nobody gives back more than it got, all is all."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import CNY, Money, split
from suanwang.jobs.credits import (
    Item,
    asked_for,
    gets_of,
    lines_left,
    paid_by,
    sums_of,
    total_of,
    vouchers_of,
    within,
)
from suanwang.jobs.parts import PartRole
from suanwang.ledger.disputes import CreditTooLarge, LineNotCharged

NOTHING = Money.zero(CNY)
BILL = "bil_1"
CENTRE, BROKER, TAX = "org_centre/centre", "org_broker/broker", "org_exchange/tax"


def yuan(text: str) -> Money:
    return Money.parse(text)


def line(kind: str, amount: str, *parts: str, **more: Any) -> dict[str, Any]:
    """`parts`: "centre 0.9", with the organisation named by the role."""
    owner = {"tax": "exchange"}
    cut = [each.split() for each in parts]
    return {
        "kind": kind, "amount": amount, "price_source": "tariff",
        "parts": [
            {"organisation_id": f"org_{owner.get(role, role)}", "role": role, "amount": share}
            for role, share in cut
        ],
    } | more  # fmt: skip


def the_bill() -> list[dict[str, Any]]:
    return [
        line("compute", "1.00", "centre 0.90", "broker 0.10"),
        line("data_out", "0.50", "centre 0.50"),
        line("fee", "0.03", "exchange 0.03"),
        line("tax", "0.0018", "tax 0.0018"),
        line("energy", "0"),
    ]


def asked(lines: Any, taken: Any = (), /, **wanted: str | None) -> tuple[Item, ...]:
    amounts = {int(k[1:]): None if v is None else yuan(v) for k, v in wanted.items()}
    return asked_for(BILL, lines_left(lines, taken), amounts)


def told(items: Any) -> dict[str, str]:
    return {f"{owner}/{role}": str(amount) for (owner, role), amount in sums_of(items).items()}


def test_fee_and_tax_follow_what_they_were_taken_on():
    items = asked(the_bill(), _0="0.50")  # a third of the charge of 1.50
    assert [(item.kind, str(item.amount)) for item in items] == [
        ("compute", "0.500000"), ("fee", "0.010000"), ("tax", "0.000600"),
    ]  # fmt: skip
    assert told(items) == {
        CENTRE: "0.450000", BROKER: "0.050000", "org_exchange/exchange": "0.010000",
        TAX: "0.000600",
    }  # fmt: skip


def test_fee_alone_can_be_credited():
    assert told(asked(the_bill(), _2="0.01")) == {"org_exchange/exchange": "0.010000"}


def test_what_the_hold_capped_lessens_the_lines():
    lines = [*the_bill(), line("cap", "-0.30", "centre -0.30")]
    left = {n: str(item.amount) for n, item in lines_left(lines).items()}
    assert left == {0: "0.800000", 1: "0.400000", 2: "0.030000", 3: "0.001800"}


def test_a_line_without_a_charge_cannot_be_credited():
    with pytest.raises(LineNotCharged, match="possible: 0, 1, 2, 3"):
        asked(the_bill(), _4=None)


@pytest.mark.parametrize("amount", ["0", "-0.1", "1.000001"])
def test_more_than_the_line_or_nothing_is_refused(amount):
    with pytest.raises(CreditTooLarge):
        asked(the_bill(), _0=amount)


def test_what_was_taken_is_taken():
    first = asked(the_bill(), _0="0.60")
    with pytest.raises(CreditTooLarge):
        asked(the_bill(), first, _0="0.400001")
    rest = asked(the_bill(), first, _0=None, _1=None)
    assert str(total_of(first) + total_of(rest)) == "1.531800"


def test_goodwill_is_paid_by_the_exchange_and_uses_up_the_line():
    goodwill = paid_by(asked(the_bill(), _0="0.60"), (OrganisationId("org_x"), PartRole.EXCHANGE))
    assert told(goodwill) == {"org_x/exchange": str(total_of(goodwill))}
    rest = asked(the_bill(), goodwill, _0=None)
    assert rest[0].amount == yuan("0.4")


def test_a_broker_that_sold_below_its_price_gets_its_loss_back():
    lines = [line("compute", "1.00", "centre 1.20", "broker -0.20")]
    items = asked(lines, _0="0.50")
    assert told(items) == {CENTRE: "0.600000"}
    assert {str(v) for v in gets_of(items).values()} == {"0.100000"}


def with_voucher(*taken: str, paid: str) -> list[dict[str, Any]]:
    explained = [{"kind": "x", "amount": each, "taken": each} for each in taken]
    return [
        *the_bill(),
        line("voucher", f"-{paid}", f"funder -{paid}", price_source="voucher:city",
             explained=explained),
    ]  # fmt: skip


def test_a_funders_share_follows_the_line_that_it_paid():
    lines = with_voucher("1.00", "0.00", paid="0.20")
    (share,) = vouchers_of(asked(lines, _0="0.50")).values()
    assert (share.programme, str(share.amount)) == ("city", "0.100000")
    assert vouchers_of(asked(lines, _1=None)) == {}


def test_a_party_that_has_less_lessens_the_note():
    items = asked(the_bill(), _0=None)
    there = sums_of(items)
    centre = (OrganisationId("org_centre"), PartRole.CENTRE)
    less = within(items, there | {centre: yuan("0.40")})
    assert told(less)[CENTRE] == "0.400000"
    assert total_of(less) == total_of(items) - yuan("0.50")
    assert within(items, {}) == ()
    assert within(items, there) == items


UNITS = st.integers(1, 10**7)


@st.composite
def bills(draw: Any) -> list[dict[str, Any]]:
    """Lines of two to four parties (one may pay), fee, tax, and vouchers over some lines."""
    lines = []
    for _ in range(draw(st.integers(1, 4))):
        amount = Money(draw(UNITS))
        weights = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3))
        shares = split(amount, [Fraction(each) for each in weights])
        loss = Money(draw(st.integers(0, 10**5)))
        roles = ("centre", "broker", "carrier")[: len(shares)]
        parts = dict(zip(roles, shares, strict=True))
        if len(parts) > 1 and loss:
            parts["centre"], parts["broker"] = parts["centre"] + parts["broker"] + loss, -loss
        lines.append(line("compute", str(amount), *(f"{k} {v}" for k, v in parts.items() if v)))
    charge = sum((Money.parse(each["amount"]) for each in lines), NOTHING)
    costs = [each["amount"] for each in lines]
    for kind, role, part in (
        ("fee", "exchange", Fraction(2, 100)),
        ("tax", "tax", Fraction(1, 800)),
    ):
        amount = charge.times(part)
        lines.append(line(kind, str(amount), *([f"{role} {amount}"] if amount else [])))
    paid = charge.times(Fraction(draw(st.integers(0, 100)), 100))
    if paid:
        explained = [{"kind": "x", "amount": each, "taken": each} for each in costs]
        lines.append(line("voucher", str(-paid), f"funder {-paid}", price_source="voucher:city",
                          explained=explained))  # fmt: skip
    return lines


@given(bills(), st.lists(st.tuples(st.integers(0, 5), st.integers(1, 100)), max_size=12))
def test_random_credits_never_exceed_the_bill_and_all_of_it_is_all_of_it(lines, steps):
    """Against a dictionary: amounts by line and party, summed up by hand."""
    gross = sum(
        (Money.parse(each["amount"]) for each in lines if each["kind"] != "voucher"), NOTHING
    )
    subsidy = -sum((Money.parse(e["amount"]) for e in lines if e["kind"] == "voucher"), NOTHING)
    due: dict[tuple[str, str], int] = {}
    for part in (p for each in lines if each["kind"] != "voucher" for p in each["parts"]):
        key = (part["organisation_id"], part["role"])
        due[key] = due.get(key, 0) + Money.parse(part["amount"]).units
    taken: list[Item] = []
    for place, percent in steps:
        left = lines_left(lines, taken)
        if place not in left or not left[place].amount:
            continue
        amount = max(Money(1), left[place].amount.times(Fraction(percent, 100)))
        items = asked_for(BILL, left, {place: amount})
        for item in items:
            assert total_of(item.parts) == item.amount
            assert item.cash >= NOTHING
            assert all(share.amount >= NOTHING for share in item.vouchers)
        taken += items
        _check_within(taken, due, gross=gross, subsidy=subsidy)
    rest = {n: None for n, item in lines_left(lines, taken).items() if item.amount}
    if rest:
        taken += asked_for(BILL, lines_left(lines, taken), rest)
    assert total_of(taken) == gross
    _check_within(taken, due, gross=gross, subsidy=subsidy)
    assert sum((e.amount for e in vouchers_of(taken).values()), NOTHING) == subsidy
    got = {key: amount.units for key, amount in sums_of(taken).items()}
    for key, amount in gets_of(taken).items():
        got[key] = got.get(key, 0) - amount.units
    assert {k: v for k, v in got.items() if v} == {k: v for k, v in due.items() if v}


def _check_within(taken: list[Item], due: Any, *, gross: Money, subsidy: Money) -> None:
    assert total_of(taken) <= gross
    assert sum((each.amount for each in vouchers_of(taken).values()), NOTHING) <= subsidy


@given(bills(), st.lists(st.integers(0, 100), min_size=5, max_size=5))
def test_lessened_items_still_sum(lines, percents):
    left = lines_left(lines)
    items = asked_for(BILL, left, dict.fromkeys(left))
    owed = sums_of(items)
    there = {
        party: amount.times(Fraction(percents[n % 5], 100))
        for n, (party, amount) in enumerate(sorted(owed.items()))
    }
    less = within(items, there)
    for item in less:
        assert total_of(item.parts) == item.amount
        assert item.amount >= NOTHING
        assert item.cash >= NOTHING
    for party, amount in sums_of(less).items():
        assert amount <= there[party]


@given(bills())
def test_an_item_is_read_as_it_was_written(lines):
    left = lines_left(lines)
    assert all(Item.read(item.to_wire()) == item for item in left.values())

"""Invoices of closed months: who gets one, with which number, and what is on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.flows.dispute_case import Case

from suanwang.basics.errors import Invalid, NotFound
from suanwang.basics.money import CNY, Money
from suanwang.flows import issue_invoice as flow
from suanwang.flows import loops
from suanwang.flows.issue_credit_note import Payer
from suanwang.flows.issue_invoice import (
    InvoiceTooLong,
    MonthNotClosed,
    draft_invoice,
    issue_invoice,
)
from suanwang.ledger.closing import Month
from suanwang.store import evidence, invoices
from suanwang.store.evidence import Evidence
from suanwang.store.verify.invoices import check_invoices

NOVEMBER, DECEMBER = Month(2026, 11), Month(2026, 12)


def mine(case: Any, key: Any = None) -> list[Any]:
    owner = (key or case.world.buyer).organisation_id
    return case.world.read(lambda tx: invoices.page(tx, owner))


def draft(case: Any, month: Month, key: Any = None) -> Any:
    owner = (key or case.world.buyer).organisation_id
    return case.world.run(lambda tx, act: draft_invoice(tx, month, owner, act=act))


def test_buyer_and_seller_get_one_each_and_nobody_else(store):
    case = Case(store)
    case.world.member("Bystander", case.world.buyer.role)
    case.close_the_month()
    [bought], [sold] = mine(case), mine(case, case.seller)
    assert sorted([bought.number, sold.number]) == ["INV-2026-000001", "INV-2026-000002"]
    assert len(case.world.read(lambda tx: invoices.page(tx, None))) == 2
    purchases, earnings = bought.document["purchases"], sold.document["earnings"]
    assert purchases["total"] == str(case.bill.total)
    assert earnings["net"] == str(case.bill.provider_share)
    fapiao = purchases["sellers"][0]["fapiao"]
    parts = [Money.parse(fapiao[name]) for name in ("amount_without_tax", "tax")]
    assert sum(parts, Money.zero(CNY)) == Money.parse(fapiao["amount_with_tax"]) == case.compute
    case.world.run_loops(turns=2)
    assert mine(case) == [bought]


def test_an_invoice_stays_as_it_is_whatever_comes_later(store):
    case = Case(store)
    case.close_the_month()
    [before] = mine(case)
    case.accept(case.open("0.030", line=0))
    assert mine(case) == [before]
    later = draft(case, DECEMBER)["purchases"]
    [note] = later["credit_notes"]
    assert note["bill_id"] == case.bill.id
    assert Money.parse(later["total"]) == -case.notes()[0].total
    given = draft(case, DECEMBER, case.seller)["earnings"]
    assert (given["net"], given["total"]) == ("0.000000", "-0.030000")


def test_goodwill_is_on_the_buyers_side_only(store):
    case = Case(store)
    case.credit("0.001", Payer.EXCHANGE)
    assert len(draft(case, NOVEMBER)["purchases"]["credit_notes"]) == 1
    assert draft(case, NOVEMBER, case.seller)["earnings"]["credit_notes"] == []


def test_a_correction_of_an_earlier_month_is_told_in_its_own(store):
    case = Case(store)
    case.close_the_month()
    record = case.world.read(lambda tx: evidence.find(tx, "bill", case.bill.id))
    less = {**record.record, "total": "0.061484"}
    less["parts"] = [
        part | {"amount": "0.060000"} if part["role"] == "centre" else part
        for part in less["parts"]
    ]
    word = Evidence(kind="bill", id=f"{case.bill.id}#2", record=less, at=case.world.now,
                    organisation_id=case.bill.organisation_id)  # fmt: skip
    case.world.run(lambda tx, _: evidence.add(tx, [word]))
    case.world.run(lambda tx, _: tx.script(["UPDATE bills SET version = 2"]))
    said = draft(case, DECEMBER)["purchases"]
    assert [each["version_id"] for each in said["corrections"]] == [f"{case.bill.id}#2"]
    assert Money.parse(said["total"]) == Money.parse("0.061484") - case.bill.total
    assert draft(case, DECEMBER, case.seller)["earnings"]["corrected"] == "-0.010000"
    # November's stays, also where it is drawn up again.
    assert case.world.read(lambda tx: [*check_invoices(tx)]) == []
    assert draft(case, NOVEMBER)["purchases"]["corrections"] == []


def test_there_is_a_draft_until_the_month_is_closed(store):
    case = Case(store)
    said = draft(case, NOVEMBER)
    assert (said["draft"], said["number"], said["invoice_id"]) == (True, None, None)
    with pytest.raises(Invalid):
        draft(case, Month(2027, 3))
    owner = case.world.buyer.organisation_id
    with pytest.raises(MonthNotClosed):
        case.world.run(lambda tx, act: issue_invoice(tx, NOVEMBER, owner, act=act))
    case.close_the_month()
    found = case.world.run(lambda tx, act: issue_invoice(tx, NOVEMBER, owner, act=act))
    assert [found] == mine(case)
    with pytest.raises(NotFound):
        case.world.run(
            lambda tx, act: issue_invoice(
                tx, NOVEMBER, case.world.operator.organisation_id, act=act
            )
        )


def test_one_with_too_many_bills_is_passed_over_and_says_so(store, monkeypatch):
    case = Case(store)
    monkeypatch.setattr(flow, "BILLS_MAX", 0)
    case.close_the_month()
    assert mine(case) == []
    with pytest.raises(InvoiceTooLong):
        draft(case, NOVEMBER)


def test_a_step_that_is_killed_leaves_no_gap(store):
    case = Case(store)
    case.world.now = NOVEMBER.slot.end + timedelta(days=6)
    case.world.run_loops(loops.CLOSE_MONTH, turns=6)

    def killed(tx: Any, act: Any) -> None:
        assert flow.issue_invoices(tx, act=act, timing=case.timing) == 2
        raise RuntimeError("killed before the commit")

    with pytest.raises(RuntimeError):
        case.world.run(killed)
    assert mine(case) == []
    case.world.run_loops(loops.ISSUE_INVOICES, turns=2)
    numbers = sorted(each.number for each in mine(case) + mine(case, case.seller))
    assert numbers == ["INV-2026-000001", "INV-2026-000002"]

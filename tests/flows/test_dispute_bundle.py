"""A bundle with disputes and credit notes proves them; whatever is changed in them is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.flows.dispute_case import Case
from tests.flows.test_bill_bundle import bundle_of, real_signatures
from tests.flows.test_vouchers import Programme
from tests.ledger.log.bundles import LOG

from suanwang.basics.canonical import canonical_bytes
from suanwang.flows.issue_credit_note import Payer
from suanwang.flows.prove import _evidence_of
from suanwang.ledger.log.bundle import verify_bundle
from suanwang.ledger.log.crediting import check_credits
from suanwang.ledger.log.errors import BundleWrong

__all__ = ["real_signatures"]  # a fixture
pytestmark = pytest.mark.usefixtures("real_signatures")


def test_a_credited_bill_is_proven_with_its_dispute_and_its_money(store):
    set_up = Programme(store)
    set_up.grant("500")
    case = Case(store, world=set_up.world)
    case.accept(case.open("0.030"))
    case.withdraw(case.open("0.010"))
    case.credit("0.001", Payer.EXCHANGE)
    verdict = verify_bundle(bundle_of(case.world, case.job_id), key=LOG.verifier.vkey)
    assert [each.number for each in verdict.credit_notes] == ["CN-2026-000001", "CN-2026-000002"]
    assert [each.amount for each in verdict.credit_notes] == [n.amount for n in case.notes()]
    assert verdict.to_document()["credit_notes"][0]["dispute_id"] is not None


def test_the_bundle_of_a_job_holds_every_word_of_its_disputes(store):
    case = Case(store)
    case.accept(case.open("0.030"))
    rows = case.world.read(lambda tx: _evidence_of(tx, case.bill))
    kinds = [row["kind"] for _, row in rows]
    assert kinds.count("dispute") == 2
    assert kinds.count("credit_note") == 1


def leaves_of(case: Any) -> tuple[list[Any], Any]:
    verdict = verify_bundle(bundle_of(case.world, case.job_id), key=LOG.verifier.vkey)
    return list(verdict.records), verdict.bills


def changed(leaves: list[Any], kind: str, change: Any) -> list[Any]:
    """Change the last record of a kind as if it had been written so."""
    found = [each for each in leaves if each.kind == kind][-1]
    row = json.loads(canonical_bytes(dict(found.row)))
    change(row.get("record", row))
    return [type(each)(number=each.number, index=each.index, row=row) if each is found else each
            for each in leaves]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("credit_note", {"amount": "9"}, "by its items"),
        ("credit_note", {"total": "0.01"}, "by its items"),
        ("credit_note", {"job_id": "job_9"}, "expected job_"),
        ("credit_note", {"bill_id": "bil_9"}, "expected bil_"),
        ("credit_note", {"currency": "USD"}, "expected CNY"),
        ("credit_note", {"transfers": []}, "transfers"),
        ("credit_note", {"dispute_id": "dsp_9"}, "the decided dispute dsp_9"),
        ("credit_note", {"credit_note_id": "crn_9"}, "expected crn_"),
        ("dispute", {"state": "rejected"}, "the decided dispute"),
        ("dispute", {"credited": "1"}, "credited"),
        ("dispute", {"credit_note_id": "crn_9"}, "expected crn_"),
    ],
)
def test_a_changed_field_is_named(store, kind, change, said):
    case = Case(store)
    case.accept(case.open("0.030"))
    leaves, bills = leaves_of(case)
    with pytest.raises(BundleWrong, match=said):
        check_credits(changed(leaves, kind, lambda record: record.update(change)), bills)


def more_than_the_line(record: Any) -> None:
    record["items"][0]["line"] = 1


def parts_that_do_not_sum(record: Any) -> None:
    record["items"][0]["parts"][0]["amount"] = "0.01"


def nothing(record: Any) -> None:
    record["items"][0]["amount"] = "0"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (more_than_the_line, "credited of line 1"),
        (parts_that_do_not_sum, "parts that sum"),
        (nothing, "above zero"),
    ],
)
def test_items_that_do_not_add_up(store, change, said):
    case = Case(store)
    case.accept(case.open("0.030"))
    leaves, bills = leaves_of(case)
    with pytest.raises(BundleWrong, match=said):
        check_credits(changed(leaves, "credit_note", change), bills)


def test_money_that_went_to_somebody_else(store):
    case = Case(store)
    case.accept(case.open("0.030"))
    leaves, bills = leaves_of(case)
    (note,) = case.notes()
    mine = [each for each in leaves if each.row.get("chain_id") == note.id]
    for field, value, said in (
        ("credit_id", "acc_other", "to buyer and funders"),
        ("amount_units", 1, "from its parties"),
        ("chain_place", 7, "in its chain"),
        ("pending_id", "txf_other", "out of a hold"),
    ):
        row = dict(mine[0].row) | {field: value}
        other = type(mine[0])(number=mine[0].number, index=mine[0].index, row=row)
        with pytest.raises(BundleWrong, match=said):
            check_credits([other if each is mine[0] else each for each in leaves], bills)


def test_a_note_without_its_bill_proves_nothing(store):
    case = Case(store)
    case.accept(case.open("0.030"))
    leaves, _ = leaves_of(case)
    with pytest.raises(BundleWrong, match="the bill of the credit note"):
        check_credits(leaves, ())

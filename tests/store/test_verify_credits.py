"""A database with disputes, credit notes and invoices: every attack on them is named."""

from __future__ import annotations

import pytest
from tests.flows.dispute_case import Case
from tests.flows.test_vouchers import Programme
from tests.store.test_verify import Book

from suanwang.flows.issue_credit_note import Payer
from suanwang.store.verify.credits import check_credits
from suanwang.store.verify.invoices import check_invoices


@pytest.fixture
def book(store, dialect):
    """Disputes in every end, credit notes of every payer, invoices of both sides."""
    set_up = Programme(store)
    set_up.grant("500")
    case = Case(store, world=set_up.world)
    case.accept(case.open("0.010"))
    case.withdraw(case.open("0.010"))
    case.rule(case.contest(case.open("0.010")), uphold=False)
    case.credit("0.001", Payer.EXCHANGE)
    case.credit("0.001", Payer.SELLER, key=case.seller)
    case.open("0.010")
    case.close_the_month()
    return Book(case.world, dialect)


def found(book: Book) -> list[tuple[str, str]]:
    def look(tx):
        return [*check_credits(tx), *check_invoices(tx)]

    return [(each.rule, each.record) for each in book.world.read(look)]


def test_nothing_is_found_where_nothing_is_wrong(book):
    assert found(book) == []
    assert book.value("SELECT COUNT(*) FROM invoices") == 2
    assert book.value("SELECT COUNT(*) FROM credit_notes") == 3
    assert [each for each in book.rules() if not each.startswith("head")] == []


TAMPERS = {
    "less is frozen": (
        "UPDATE freezes SET units = units - 1 WHERE state = 'frozen' AND role = 'centre'",
        "freeze-wrong", "freezes txf_",
    ),
    "a freeze is let go": (
        "UPDATE holds SET state = 'voided' WHERE id IN (SELECT id FROM freezes WHERE role = 'tax')",
        "freeze-wrong", "freezes txf_",
    ),
    "a dispute is ended by hand": (
        "UPDATE disputes SET state = 'withdrawn' WHERE state = 'opened'",
        "freeze-wrong", "freezes txf_",
    ),
    "a freeze is deleted": (
        "DELETE FROM freezes WHERE state = 'frozen' AND role = 'tax'",
        "freeze-wrong", "transfers",
    ),
    "a credit note says more": (
        "UPDATE credit_notes SET total_units = total_units + 1 WHERE number LIKE '%1'",
        "credit-unpaid", "credit_notes crn_",
    ),
    "a transfer of a credit note is gone": (
        "DELETE FROM transfers WHERE chain_id LIKE 'crn%' AND chain_place = 2",
        "credit-unpaid", "credit_notes crn_",
    ),
    "more is credited than was billed": (
        "UPDATE bills SET total_units = 1", "credit-too-large", "bills bil_",
    ),
    "a number is missing": (
        "DELETE FROM credit_notes WHERE number = 'CN-2026-000002'",
        "number-missing", "credit_notes CN-2026",
    ),
    "an invoice's number is missing": (
        "UPDATE invoices SET number = 'INV-2026-000009' WHERE number = 'INV-2026-000002'",
        "number-missing", "invoices INV-2026",
    ),
    "an invoice's hash": (
        "UPDATE invoices SET sha256 = 'ab'", "invoice-wrong", "invoices inv_",
    ),
    "a bill moved into another month": (
        "UPDATE bills SET created_at = created_at + 10000000000000",
        "invoice-wrong", "invoices inv_",
    ),
    "a credit note moved into another month": (
        "UPDATE credit_notes SET created_at = created_at + 10000000000000",
        "invoice-wrong", "invoices inv_",
    ),
    "an invoice before its month was closed": (
        "UPDATE closings SET closed_at = closed_at + 10000000000", "invoice-wrong", "invoices inv_",
    ),
    "a job's name on an invoice": (
        "UPDATE jobs SET name = 'other'", "invoice-wrong", "invoices inv_",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERS)
def test_an_attack_is_named_with_its_record(book, what):
    statement, rule, record = TAMPERS[what]
    book.alter(statement)
    assert (rule, record) in [(each, name[: len(record)]) for each, name in found(book)]


def test_an_unreadable_bill_does_not_stop_the_check(book):
    book.alter("UPDATE bills SET lines = '{'")
    assert {each for each, _ in found(book)} == {"invoice-wrong"}

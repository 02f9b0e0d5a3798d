"""Rows of ordinary tables against their records: what is declared, and what an attack runs into."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from tests.flows.dispute_case import Case
from tests.flows.test_vouchers import Programme
from tests.store.test_verify import Book

from suanwang.flows import loops
from suanwang.flows.act import Role
from suanwang.flows.fill_programme import Filling, fill_programme
from suanwang.flows.sign_contract import NewContract, agree_contract, propose_contract
from suanwang.ledger.contracts import ContractKind
from suanwang.store.verify.kinds import ALONE, KINDS, contracts, jobs, members, vouchers
from suanwang.store.verify.records import check_records

OURS = (
    *members.KINDS,
    *jobs.KINDS,
    *vouchers.KINDS,
    *contracts.KINDS,
)  # others have tests of their own
SRC = Path(__file__).parents[2] / "src" / "suanwang"


@pytest.fixture
def book(store, dialect):
    """A world with every kind of row: a funded bill, a claim that was paid, a grant that lapsed."""
    set_up = Programme(store)
    world = set_up.world
    filling = Filling(rule="rates", value="30", source="letter 7")
    world.run(
        lambda tx, act: fill_programme(tx, "guizhou-compute-2024", filling, act=act),
        world.operator,
    )
    set_up.grant("500")
    set_up.grant("100", days=1)
    job_id = set_up.billed()
    world.now += timedelta(days=2)
    world.loop(loops.LAPSE_VOUCHERS)
    case = Case(store, world=world, job_id=job_id)
    case.accept(case.open("0.010"))
    case.open("0.010")
    case.close_the_month()
    sign_a_contract(world)
    return Book(world, dialect)


def sign_a_contract(world):
    broker = world.member("Qilu Brokers", Role.BROKER)
    owner = next(iter(world.providers.values()))
    new = NewContract(
        kind=ContractKind.AGENCY,
        owner_id=owner.organisation_id,
        partner_id=broker.organisation_id,
        clauses={"commission": "0.05"},
        text_sha256="ab" * 32,
    )
    made = world.run(lambda tx, act: propose_contract(tx, new, act=act), broker)
    world.run(lambda tx, act: agree_contract(tx, made.id, act=act), owner)


def found(book: Book) -> list[tuple[str, str]]:
    return [(each.rule, each.record) for each in book.world.read(lambda tx: [*check_records(tx)])]


def test_rows_say_what_is_on_record_of_them(book):
    assert found(book) == []


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.evidence)
def test_the_world_of_these_tests_has_a_row_of_each_kind(book, kind):
    assert book.world.read(lambda tx: tx.all(kind.rows, after="", limit=1)) != []


TAMPERS = {
    "an order's limit": (
        "UPDATE jobs SET limit_units = limit_units + 1", "row-differs", "jobs job_", "limit",
    ),
    "what was ordered": (
        "UPDATE jobs SET spec = spec || ' '", "row-differs", "jobs job_", "spec_sha256",
    ),
    "a member's state": (
        "UPDATE organisations SET state = 'suspended' WHERE kind <> 'exchange'",
        "row-differs", "organisations org_", "state",
    ),
    "a member's name": (
        "UPDATE organisations SET name = 'Another'", "row-differs", "organisations org_", "name",
    ),
    "a filled rule": (
        "UPDATE voucher_programmes SET rules = REPLACE(rules, '\"30\"', '\"90\"')",
        "row-differs", "voucher_programmes guizhou-compute-2024", "rules",
    ),
    "what was pledged": (
        "UPDATE voucher_programmes SET pool_units = pool_units + 1 WHERE pool_units > 0",
        "row-differs", "voucher_programmes invented-demo-2026", "pledged",
    ),
    "who funds": (
        "UPDATE voucher_programmes SET organisation_id = NULL WHERE pool_units > 0",
        "row-differs", "voucher_programmes invented-demo-2026", "funder_id",
    ),
    "what is known of a firm": (
        "UPDATE voucher_parties SET facts = REPLACE(facts, 'Li Lei', 'Han Mei')",
        "row-differs", "voucher_parties org_", "facts",
    ),
    "a grant": (
        "UPDATE voucher_grants SET amount_units = amount_units + 1",
        "row-differs", "voucher_grants", "amount",
    ),
    "a grant that lapsed": (
        "UPDATE voucher_grants SET lapsed_units = 0 WHERE lapsed_units > 0",
        "row-differs", "voucher_grants", "lapsed",
    ),
    "a grant made to last": (
        "UPDATE voucher_grants SET expires_at = expires_at + 1000000",
        "row-differs", "voucher_grants", "expires_at",
    ),
    "a contract's commission": (
        "UPDATE contracts SET body = REPLACE(body, '0.05', '0.50')",
        "row-differs", "contracts con_", "clauses",
    ),
    "a contract that was never agreed": (
        "UPDATE contracts SET state = 'proposed'", "row-differs", "contracts con_", "state",
    ),
    "a claim's amount": (
        "UPDATE voucher_claims SET amount_units = amount_units + 1",
        "row-differs", "voucher_claims", "amount",
    ),
    "a claim's state": (
        "UPDATE voucher_claims SET state = 'rejected'",
        "row-differs", "voucher_claims", "state",
    ),
    "a claim's transfers": (
        "UPDATE voucher_claims SET body = REPLACE(body, 'txf_', 'tyf_')",
        "row-differs", "voucher_claims", "transfers",
    ),
    "a deleted claim": ("DELETE FROM voucher_claims", "row-missing", "evidence", "voucher_claim"),
    "a deleted grant": (
        "DELETE FROM voucher_grants WHERE lapsed_units > 0", "row-missing", "evidence", "voucher",
    ),
    "a deleted programme": (
        "DELETE FROM voucher_programmes WHERE pool_units > 0",
        "row-missing", "evidence", "programme",
    ),
    "a dispute's state": (
        "UPDATE disputes SET state = 'withdrawn'", "row-differs", "disputes dsp_", "state",
    ),
    "a dispute's deadline": (
        "UPDATE disputes SET due_at = due_at + 1000000", "row-differs", "disputes dsp_", "due_at",
    ),
    "a credit note's amount": (
        "UPDATE credit_notes SET amount_units = amount_units + 1",
        "row-differs", "credit_notes crn_", "amount",
    ),
    "a credit note's number": (
        "UPDATE credit_notes SET number = 'CN-2026-000007'",
        "row-differs", "credit_notes crn_", "number",
    ),
    "whose an invoice is": (
        "UPDATE invoices SET month = '2026-10'", "row-differs", "invoices inv_", "month",
    ),
    "a deleted credit note": (
        "DELETE FROM credit_notes", "row-missing", "evidence", "credit_note",
    ),
    "an unreadable claim": (
        "UPDATE voucher_claims SET body = '{'", "row-unreadable", "voucher_claims", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERS)
def test_an_attack_is_named_with_its_row_and_field(book, what):
    statement, rule, record, field = TAMPERS[what]
    book.alter(statement)
    named = found(book)
    assert named, what
    assert {each for each, _ in named} == {rule}
    assert named[0][1].startswith(record)
    assert field in named[0][1]


def test_a_row_that_nothing_is_on_record_of_is_named(book):
    book.alter(
        "INSERT INTO voucher_grants SELECT 'vgr_forged', programme_id, organisation_id, amount_units,"
        " spent_units, lapsed_units, issued_at + 1, expires_at FROM voucher_grants LIMIT 1"
    )
    assert found(book) == [("record-missing", "voucher_grants vgr_forged")]


def test_every_kind_of_evidence_is_compared_or_says_who_checks_it():
    """A new kind belongs in store/verify/kinds/: a file of KINDS there, or a line in ALONE."""
    known = {kind.evidence for kind in KINDS} | ALONE.keys()
    written = {name for path in sorted(SRC.rglob("*.py")) for name in kinds_written(path)}
    assert written >= {kind.evidence for kind in KINDS} - {"party"}
    assert sorted(written - known) == []


def kinds_written(path: Path) -> set[str]:
    """Return the kinds of evidence that a file names: Evidence(kind=…) and testify(…)."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        kinds = [each.value for each in node.keywords if each.arg == "kind"]
        kinds += node.args[:1] if called == "testify" else []
        if called in {"Evidence", "testify"}:
            names |= {each.value for each in kinds if isinstance(each, ast.Constant)}
    return names

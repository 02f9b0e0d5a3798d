"""A person's data erased: every proof still holds, and nobody can erase without a record of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.flows.test_bill_bundle import real_signatures
from tests.flows.test_export_log import VKEY, fetch, publish
from tests.flows.test_vouchers import Programme
from tests.ledger.log.bundles import LOG
from tests.store.test_verify import Book

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.errors import NotAllowed, NotFound
from suanwang.basics.ids import OrganisationId
from suanwang.flows import loops
from suanwang.flows.add_member import add_member
from suanwang.flows.erase import Reason, erase_member, erase_record
from suanwang.flows.erasure_errors import ErasureTooEarly, NothingToErase, RecordRetained
from suanwang.flows.prove import bundle_of_bill
from suanwang.flows.remove_member import remove_member
from suanwang.ledger.archive.verify import verify_export
from suanwang.ledger.log.bundle import verify_bundle
from suanwang.ledger.log.erasure import ERASABLE, Ground
from suanwang.ledger.log.errors import BundleWrong
from suanwang.ledger.log.leaves import SALT_BYTES
from suanwang.store.verify.kinds import KINDS

__all__ = ["real_signatures"]  # a fixture
WHY = Reason(ground=Ground.CONSENT_WITHDRAWN, reference="2026-17")


class Erasing:
    """A settled job with a funded bill under a signed head."""

    def __init__(self, store: Any, dialect: str) -> None:
        self.set_up = Programme(store)
        self.set_up.grant("500")
        self.world = self.set_up.world
        self.job = self.set_up.billed()
        self.world.run_loops(loops.SETTLE, turns=1)
        publish(self.world)
        self.book = Book(self.world, dialect)

    def erase(self, kind: str, record_id: str, *, key: Any = None) -> Any:
        return self.world.run(
            lambda tx, act: erase_record(tx, kind, record_id, WHY, signer=LOG, act=act),
            key or self.world.operator,
        )

    def rules(self) -> list[str]:
        return [each.rule for each in self.book.verify(VKEY).findings]

    def bundle(self) -> bytes:
        publish(self.world)
        act = self.world.act(self.world.operator)
        return self.world.read(lambda tx: bundle_of_bill(tx, self.job, key=VKEY, act=act))


@pytest.fixture
def erasing(store, dialect, real_signatures):
    return Erasing(store, dialect)


def test_an_erased_order_leaves_every_proof_as_good_as_it_was(erasing, tmp_path):
    before = fetch(erasing.world, tmp_path / "before")
    size = verify_export(before).head.size
    erasure = erasing.erase("order", erasing.job)
    assert erasure.records == (("order", erasing.job),)
    assert erasing.rules() == []
    name = erasing.book.value(f"SELECT name FROM jobs WHERE id = '{erasing.job}'")
    record = erasing.book.value("SELECT record FROM evidence WHERE kind = 'order'")
    assert (name, record) == ("", "{}")
    verdict = verify_bundle(erasing.bundle(), key=VKEY)
    assert [each.kind for each in verdict.records if each.erased] == ["order"]
    found = verify_export(fetch(erasing.world, tmp_path / "after"), key=VKEY)
    assert (found.erased, found.kept, found.bills) == (1, 0, 1)
    later = verify_export(fetch(erasing.world, tmp_path / "later", since=size), since=[before])
    assert (later.erased, later.kept) == (0, 1)
    erasing.world.check()


def test_what_is_known_of_a_firm_is_erased_and_its_row_blank(erasing):
    owner = erasing.world.buyer.organisation_id
    erasing.erase("voucher_party", f"{owner}#1")
    facts = erasing.book.value(
        f"SELECT facts FROM voucher_parties WHERE organisation_id = '{owner}'"
    )
    assert facts == "{}"
    assert erasing.rules() == []


def test_accounting_records_and_transfers_are_kept(erasing):
    bill = erasing.world.bill(erasing.job).id
    for kind, record_id in (
        ("bill", bill),
        ("transfer", "txf_1"),
        ("usage", "u"),
        ("erasure", "e"),
    ):
        with pytest.raises(RecordRetained):
            erasing.erase(kind, record_id)


def test_only_operators_erase_and_only_what_is_there_and_over(erasing):
    with pytest.raises(NotAllowed):
        erasing.erase("order", erasing.job, key=erasing.world.buyer)
    with pytest.raises(NotFound):
        erasing.erase("order", "job_none")
    run = erasing.world.running()
    publish(erasing.world)
    with pytest.raises(ErasureTooEarly):
        erasing.erase("order", run.offer.lease.job_id)
    erasing.erase("order", erasing.job)
    with pytest.raises(NothingToErase):
        erasing.erase("order", erasing.job)


def test_a_removed_members_name_is_gone_from_every_table(erasing):
    world, owner = erasing.world, OrganisationId(erasing.world.buyer.organisation_id)
    member = world.run(lambda tx, act: add_member(tx, owner, "Lin Yue", act=act), world.operator)
    world.store.run_now(lambda tx: tx._cursor.execute(  # as if the job were the member's
        f"UPDATE jobs SET member_id = '{member.id}' WHERE id = '{erasing.job}'"))  # fmt: skip

    def erase() -> Any:
        return world.run(
            lambda tx, act: erase_member(tx, member.id, WHY, signer=LOG, act=act), world.operator
        )

    with pytest.raises(ErasureTooEarly):
        erase()
    world.run(lambda tx, act: remove_member(tx, owner, member.id, act=act), world.operator)
    assert erase().records == (("order", erasing.job),)
    for table, column in (("members", "name"), ("operator_records", "body"), ("outbox", "body")):
        query = f"SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%Lin Yue%'"
        assert erasing.book.value(query) == 0, table
    assert erasing.rules() == []
    with pytest.raises(NothingToErase):
        erase()


BLANK = "UPDATE evidence SET record = '{}' WHERE kind = 'order'"


def zero_salts(erasing: Erasing) -> None:
    """Zero the salts of the evidence's first segment, as somebody does who erases without a word."""
    leaves = erasing.book.value("SELECT leaves FROM log_segments WHERE source = 'evidence'")
    with erasing.book.connect() as connection:
        mark = "?" if erasing.book.dialect == "sqlite" else "%s"
        connection.execute(
            f"UPDATE log_segments SET salts = {mark} WHERE source = 'evidence'"
            " AND first_leaf = (SELECT MIN(first_leaf) FROM log_segments WHERE source = 'evidence')",
            (bytes(leaves * SALT_BYTES),),
        )
        connection.commit()


def test_a_blank_record_without_an_erasure_is_named(erasing):
    erasing.book.alter(BLANK)
    zero_salts(erasing)
    findings = erasing.book.verify(VKEY).findings
    assert findings[0].rule == "leaf-altered"
    assert "an erasure that names it" in findings[0].expected


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE evidence SET at = at + 1 WHERE kind = 'order'", "leaf-altered"),
        ("UPDATE evidence SET record = '{\"x\":1}' WHERE kind = 'order'", "erasure-undone"),
        ("UPDATE evidence SET record = '{}' WHERE kind = 'erasure'", "erasure-wrong"),
        ("DELETE FROM evidence WHERE kind = 'erasure'", "leaf-missing"),
    ],
)
def test_what_an_erasure_leaves_cannot_be_altered(erasing, statement, rule):
    erasing.erase("order", erasing.job)
    erasing.book.alter(statement)
    assert rule in erasing.rules()


@pytest.mark.parametrize(
    "change",
    [
        lambda erased, _: erased.update(leaf="00" * 32),
        lambda erased, _: erased.update(salt="01" * 16),
        lambda erased, _: erased["record"].update(at=7),
        lambda erased, _: erased["record"].update(record={"x": 1}),
        lambda erased, document: document["records"].remove(
            next(e for e in document["records"] if e["record"].get("kind") == "erasure")
        ),
    ],
)
def test_a_bundle_needs_the_erasure_and_every_column_it_left(erasing, change):
    erasing.erase("order", erasing.job)
    document = json.loads(erasing.bundle())
    erased = next(each for each in document["records"] if "leaf" in each)
    change(erased, document)
    with pytest.raises(BundleWrong):
        verify_bundle(canonical_bytes(document) + b"\n", key=VKEY)


def test_every_kind_that_can_be_erased_is_compared_with_rows_that_can_be_blank():
    assert {kind.evidence for kind in KINDS} >= ERASABLE

"""What the flows put on record about a bill is a bundle that adds up, of both databases."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.flows.builders import Agent, a_spec, a_world
from tests.flows.test_corrections import correct, metered, next_day
from tests.flows.trade_case import Trade
from tests.ledger.log.bundles import CENTRE, LOG, ORIGIN, salt

from suanwang.basics.canonical import canonical_bytes
from suanwang.flows import loops
from suanwang.ledger.log.bundle import ProvenRecord, make_bundle, verify_bundle
from suanwang.ledger.log.errors import BundleWrong
from suanwang.ledger.log.leaves import (
    EVIDENCE_COLUMNS,
    TRANSFER_COLUMNS,
    entry,
    evidence_records,
    transfer_records,
)
from suanwang.ledger.log.notes import Checkpoint, sign_checkpoint
from suanwang.ledger.log.tree import inclusion_proof, root
from suanwang.server.signatures import is_signed

EVERYTHING = {"after": 0, "until": 2**62, "limit": 1000}


@pytest.fixture
def real_signatures(monkeypatch):
    """Give the centre an Ed25519 key in the place of the tests' stand-in."""
    key = CENTRE.public_key().public_bytes_raw().hex()
    begin = Agent.__init__

    def with_key(self: Agent, *args: Any, **fields: Any) -> None:
        begin(self, *args, **fields)
        self.public_key = key

    monkeypatch.setattr(Agent, "__init__", with_key)
    monkeypatch.setattr("tests.flows.builders.sign", lambda _, data: CENTRE.sign(data).hex())
    monkeypatch.setattr("tests.flows.builders.verify", is_signed)


def bundle_of(world: Any, job_id: str) -> bytes:
    """Log everything that there is, and prove what is of this job."""
    transfers, told = world.read(
        lambda tx: (
            tx.all("log_transfers_after", **EVERYTHING),
            tx.all("log_evidence_after", **EVERYTHING),
        )
    )
    ours = [each["group_id"] == job_id for each in transfers]
    ours += [
        each["kind"] in ("round", "contract", "broker_price", "list_price")
        or job_id in each["record"]
        for each in told
    ]
    records = transfer_records([[row[each] for each in TRANSFER_COLUMNS] for row in transfers])
    records += evidence_records([[row[each] for each in EVIDENCE_COLUMNS] for row in told])
    entries = [entry(salt(n), record) for n, record in enumerate(records)]
    head = Checkpoint(origin=ORIGIN, size=len(entries), root=root(entries))
    return make_bundle(
        sign_checkpoint(head, LOG),
        [
            ProvenRecord(index=n, salt=salt(n), record=record, path=inclusion_proof(entries, n))
            for n, record in enumerate(records)
            if ours[n]
        ],
        key=LOG.verifier.vkey,
    )


@pytest.mark.usefixtures("real_signatures")
def test_the_bill_of_a_job_is_proven_by_what_the_flows_recorded(store):
    world = a_world(store)
    run = world.running()
    world.sleep(90)
    run.agent.beat(run)
    run.finish()
    world.loop(loops.BILL)
    billed = run.offer.lease.job_id
    (bill,) = verify_bundle(bundle_of(world, billed), key=LOG.verifier.vkey).bills
    assert str(bill.total) == str(world.job(billed).charge)
    assert (bill.job_id, bill.usage_id is not None) == (billed, True)
    assert bill.transfers == 3


@pytest.mark.usefixtures("real_signatures")
@pytest.mark.parametrize("paid_before", [False, True], ids=["before-its-run", "after-its-run"])
def test_a_corrected_bill_is_proven_in_all_its_versions(store, paid_before):
    world = a_world(store)
    run = metered(world)
    if paid_before:
        next_day(world)
    for seconds in (30, 45):
        correct(world, run, seconds)
    billed = run.offer.lease.job_id
    versions = verify_bundle(bundle_of(world, billed), key=LOG.verifier.vkey).bills
    assert [each.id.partition("#")[2] for each in versions] == ["", "2", "3"]
    assert str(versions[-1].total) == str(world.bill(billed).total)


def sold(store: Any, kind: str, clauses: dict[str, Any], price: str = "") -> tuple[Trade, str]:
    """Bill a job that a broker sells, with a carrier of its data."""
    trade = Trade(store)
    trade.world.agent("guian").hello(data_price_gb="0.05")
    trade.sign("carriage", {"carriage": "0.4"})
    trade.sign(kind, clauses)
    if price:
        trade.price(price)
    spec = a_spec(broker=str(trade.broker.organisation_id), time_limit="2h", expected="1h")
    return trade, trade.bill(trade.world.running(spec), 90, bytes_in=10**9 + 1).job_id


@pytest.mark.usefixtures("real_signatures")
@pytest.mark.parametrize(
    ("kind", "clauses", "price"),
    [
        ("agency", {"commission": "0.033"}, ""),
        ("self_run", {"prices": {"a100-80g-sxm": "2.00"}}, "3.00"),
        ("self_run", {"discount": "0.07"}, "3.00"),
        ("self_run", {"discount": "0"}, "1.80"),
    ],
)
def test_the_split_of_a_bill_is_proven_by_its_contracts(store, kind, clauses, price):
    trade, job_id = sold(store, kind, clauses, price)
    (bill,) = verify_bundle(bundle_of(trade.world, job_id), key=LOG.verifier.vkey).bills
    assert bill.mode == kind
    trade.world.check()


@pytest.mark.usefixtures("real_signatures")
@pytest.mark.parametrize(
    ("kind", "clauses", "where"),
    [
        ("agency", {"commission": "0.5"}, "terms.deal.commission"),
        ("carriage", {"carriage": "0.5"}, "terms.deal.carriage"),
    ],
)
def test_a_contract_that_says_another_rate_is_named(store, monkeypatch, kind, clauses, where):
    trade, job_id = sold(store, "agency", {"commission": "0.05"})
    real = evidence_records

    def another(rows: list[list[Any]]) -> list[bytes]:
        changed = [
            [
                canonical_bytes(json.loads(c) | {"clauses": clauses}).decode()
                if is_of(row, c)
                else c
                for c in row
            ]
            for row in rows
        ]
        return real(changed)

    def is_of(row: list[Any], cell: Any) -> bool:
        text = isinstance(cell, str) and cell.startswith("{")
        return "contract" in row and text and json.loads(cell)["kind"] == kind

    monkeypatch.setattr("tests.flows.test_bill_bundle.evidence_records", another)
    with pytest.raises(BundleWrong) as found:
        verify_bundle(bundle_of(trade.world, job_id), key=LOG.verifier.vkey)
    assert where in str(found.value)

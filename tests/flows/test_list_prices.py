"""List prices on record: bills name the version that they go by, and bundles hold them to it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.flows.builders import a_spec, a_world
from tests.flows.test_bill_bundle import bundle_of, real_signatures, sold
from tests.ledger.log.bundles import LOG

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.ids import JobId
from suanwang.flows import loops
from suanwang.ledger.log.bundle import verify_bundle
from suanwang.ledger.log.errors import BundleWrong
from suanwang.ledger.log.leaves import evidence_records
from suanwang.store import centres, evidence

__all__ = ["real_signatures"]  # a fixture


def billed(world: Any) -> JobId:
    run = world.running(a_spec(), at="guian")
    for _ in range(9):
        world.sleep(10)
        run.agent.beat(run)
    run.finish(usage=run.usage(bytes_in=10**9)).or_raise()
    world.loop(loops.BILL)
    return run.offer.lease.job_id


def sources(world: Any, job_id: str) -> dict[str, str]:
    """Return what each line's price came from, without the id."""
    lines = world.bill(job_id).lines
    ours = [each for each in lines if each["price_source"].startswith("list:")]
    return {each["kind"]: each["price_source"].partition("#")[2] for each in ours}


def words(world: Any) -> list[tuple[str, Any]]:
    found = world.read(lambda tx: evidence.after(tx, 0))
    return [(e.id[:4] + e.id.partition("#")[2], dict(e.record)) for e in found
            if e.kind == "list_price"]  # fmt: skip


def altered(monkeypatch: Any, kind: str, change: Any) -> None:
    """Change every record of a kind before it is logged."""

    def with_change(rows: list[list[Any]]) -> list[bytes]:
        return evidence_records(
            [
                [
                    canonical_bytes(change(json.loads(cell))).decode()
                    if kind in row and isinstance(cell, str) and cell.startswith("{")
                    else cell
                    for cell in row
                ]
                for row in rows
            ]
        )

    monkeypatch.setattr("tests.flows.test_bill_bundle.evidence_records", with_change)


@pytest.mark.usefixtures("real_signatures")
def test_a_price_that_changes_between_two_jobs_is_proven_for_each(store):
    world = a_world(store, centres=("guian",))
    first = billed(world)
    world.agent("guian").hello(price="2.10", data_price_gb="0.05")
    second = billed(world)
    world.agent("guian").hello(price="2.10", data_price_gb="0.05")
    third = billed(world)
    assert [sources(world, each)["compute"] for each in (first, second, third)] == ["", "2", "2"]
    assert [sources(world, each)["data_in"] for each in (first, second, third)] == ["", "2", "2"]
    assert [name for name, _ in words(world)] == ["ctr_", "pool", "ctr_2", "pool2"]
    for each in (first, second, third):
        (bill,) = verify_bundle(bundle_of(world, each), key=LOG.verifier.vkey).bills
        assert str(bill.total) == str(world.job(each).charge)


@pytest.mark.usefixtures("real_signatures")
@pytest.mark.parametrize(
    ("kind", "change", "where"),
    [
        ("list_price", lambda said: said | {"price": {"kind": "flat", "price": "1"}}, "lines[0].price"),
        ("list_price", lambda said: said | {"data_price_gb": "7"}, "lines[1].price"),
        (
            "bill",
            lambda said: json.loads(json.dumps(said).replace("#2", "")),
            "lines[0].price",
        ),
        ("bill", lambda said: json.loads(json.dumps(said).replace("#2", "#9")), "price_source"),
    ],
    ids=["another-price", "another-data-price", "another-version", "no-such-version"],
)  # fmt: skip
def test_a_price_that_is_not_on_record_is_named(store, monkeypatch, kind, change, where):
    world = a_world(store, centres=("guian",))
    world.agent("guian").hello(price="2.10", data_price_gb="0.05")
    job_id = billed(world)
    altered(monkeypatch, kind, change)
    with pytest.raises(BundleWrong) as found:
        verify_bundle(bundle_of(world, job_id), key=LOG.verifier.vkey)
    assert where in str(found.value)


@pytest.mark.usefixtures("real_signatures")
def test_what_a_broker_buys_at_is_held_against_the_list_less_its_discount(store, monkeypatch):
    trade, job_id = sold(store, "self_run", {"discount": "0.07"}, "3.00")
    verify_bundle(bundle_of(trade.world, job_id), key=LOG.verifier.vkey)
    altered(
        monkeypatch, "list_price",
        lambda said: said | {"price": {"kind": "flat", "price": "1"}} if "price" in said else said,
    )  # fmt: skip
    with pytest.raises(BundleWrong) as found:
        verify_bundle(bundle_of(trade.world, job_id), key=LOG.verifier.vkey)
    assert "lines[0].purchase" in str(found.value)


def test_a_pool_from_before_has_its_first_word_as_the_second(store):
    world = a_world(store, centres=("guian",))
    centre_id = world.agent("guian").key.centre_id
    (pool,) = world.read(lambda tx: centres.pools_of_centre(tx, centre_id))
    old = replace(pool, price_version=0)
    world.store.run_now(lambda tx: centres.save_pools(tx, [old]))
    assert sources(world, billed(world))["compute"] == ""
    world.agent("guian").hello()
    assert [name for name, _ in words(world)] == ["ctr_", "pool", "pool2"]
    assert sources(world, billed(world))["compute"] == "2"

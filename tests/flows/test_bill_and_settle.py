"""Bills and settlement: what the hold pays, to whom, when, and never more."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.flows.builders import TIMING, a_spec, a_world

from suanwang.basics.errors import NotFound
from suanwang.flows import loops, settle_day, show
from suanwang.flows.act import Role
from suanwang.flows.pipeline import run_once
from suanwang.flows.timing import Timing
from suanwang.store import days, ledger


@pytest.fixture
def world(store):
    return a_world(store)


def finished(world, seconds=3600, **changes):
    run = world.running(a_spec(time_limit="2h", expected="1h"))
    for _ in range(0, seconds, 10):
        world.sleep(10)
        world.agent("guian").beat(run)
    run.finish(usage=run.usage(**changes)).or_raise()
    return run.offer.job.id


def test_the_hold_pays_provider_fee_and_tax_and_the_rest_comes_back(world):
    job_id = finished(world)
    world.loop(loops.BILL)
    moved = world.read(lambda tx: ledger.transfers_of(tx, job_id))
    said = [(each.kind, each.memo["what"], str(each.amount)) for each in moved]
    assert said == [
        ("pending", "hold", "5.718720"),  # two hours at ¥2.80, 2 % fee, 6 % tax on it
        ("post", "charge", "2.800000"),
        ("post", "fee", "0.056000"),
        ("post", "tax", "0.003360"),
    ]
    assert {each.memo["job_id"] for each in moved} == {job_id}
    assert world.held() == "0.000000"
    assert str(world.account(world.buyer).available) == "997.140640"
    world.check()


def test_a_bill_has_its_lines_and_is_seen_by_both_sides_only(world):
    job_id = finished(world)
    with pytest.raises(NotFound):
        world.bill(job_id)
    world.loop(loops.BILL)
    bill = world.bill(job_id)
    assert [line["kind"] for line in bill.lines] == ["compute", "fee", "tax", "energy", "carbon"]
    assert bill.lines[0]["price_source"].startswith("list:pool_")
    agent = world.act(world.agent("guian").key)
    assert world.read(lambda tx: show.show_bill(tx, job_id, act=agent)) == bill
    other = world.act(world.member("Yunlan Render", Role.BUYER))
    with pytest.raises(NotFound):
        world.read(lambda tx: show.show_bill(tx, job_id, act=other))


def test_the_price_is_the_cleared_one_whatever_is_listed_later(world):
    run = world.running()
    world.agent("guian").hello(price="99")
    world.sleep(60)
    run.finish()
    world.loop(loops.BILL)
    assert str(world.job(run.offer.job.id).charge) == "0.047656"


def test_nothing_is_billed_above_the_hold(world):
    # Ten thousand GB of data at ¥0.05 were not in the plan; the hold is the most there is.
    world.agent("guian").hello(data_price_gb="0.05")
    run = world.running()
    held = world.account(world.buyer).held
    world.sleep(60)
    run.finish(usage=run.usage(bytes_out=10**13)).or_raise()
    world.loop(loops.BILL)
    bill = world.bill(run.offer.job.id)
    assert "cap" in [line["kind"] for line in bill.lines]
    assert held - bill.total <= type(held)(2)
    world.check()


def test_billing_waits_for_nothing_but_the_meter_and_happens_once(world):
    job_id = finished(world, seconds=10)
    assert world.loop(loops.BILL) == 1
    assert world.loop(loops.BILL) == 0
    assert world.state(job_id) == "BILLED"


def test_providers_are_paid_when_their_beijing_day_is_over(world):
    by_day = Timing()
    job_id = finished(world, seconds=60)
    world.loop(loops.BILL)
    provider = world.agent("guian").provider

    def settle():
        return run_once(world.store.run_now, loops.SETTLE, act=world.act(), timing=by_day)

    assert settle() == 0
    world.now = world.now.replace(hour=15, minute=59)  # 23:59 in Beijing
    assert settle() == 0
    assert str(world.account(provider, "receivable").balance) == "0.046667"
    world.now += timedelta(minutes=1)
    assert settle() == 1
    assert str(world.account(provider).balance) == "0.046667"
    assert world.state(job_id) == "SETTLED"
    [paid] = world.read(lambda tx: days.settlements_of(tx, provider))
    assert (paid.day, str(paid.amount)) == ("2026-11-24", "0.046667")
    assert settle() == 0
    world.check()


def test_bills_settle_in_batches_oldest_first(world, monkeypatch):
    monkeypatch.setattr(settle_day, "BATCH", 2)
    world.placed(a_spec(array="0-2"))
    for run in world.agent("guian").take():
        run.begin()
        world.sleep(1)
        run.finish(usage=run.usage(wall_seconds=Decimal(1)))
        world.loop(loops.BILL)
    world.sleep(1)
    assert [world.loop(loops.SETTLE) for _ in range(4)] == [2, 1, 1, 0]
    world.check()


def test_free_work_needs_no_hold_and_settles_at_nothing(store):
    world = a_world(store, centres=("guian",), funds="0")
    world.agent("guian").hello(price="0")
    run = world.running()
    world.sleep(5)
    run.finish()
    world.run_loops()
    world.sleep(1)
    world.run_loops()
    job = world.job(run.offer.job.id)
    assert (job.state, str(job.charge)) == ("SETTLED", "0.000000")
    world.check()


def test_the_demo_settles_a_second_later():
    assert TIMING.settle_every == timedelta(0)
    assert loops.SETTLE.every(Timing(settle_every=timedelta(seconds=1))) == timedelta(seconds=1)
    assert loops.SETTLE.every(Timing()) == timedelta(minutes=1)

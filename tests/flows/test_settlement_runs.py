"""Settlement runs: whole market days, in steps, one net amount a member, late or on time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.flows.builders import a_world

from suanwang.basics.ids import TransferId
from suanwang.flows import loops, settle_day
from suanwang.flows.open_dispute import NewDispute, open_dispute
from suanwang.flows.pipeline import run_once
from suanwang.flows.timing import Timing
from suanwang.ledger.disputes import DisputeReason
from suanwang.ledger.errors import DayClosed
from suanwang.ledger.settlement import DaySettling, SettlementCycle
from suanwang.ledger.transfers import reverse
from suanwang.store import bills, days, evidence, ledger
from suanwang.store.verify.whole import verify

BY_DAY = Timing()


@pytest.fixture
def world(store):
    return a_world(store)


def billed(world, *, jobs=1, seconds=60, at="guian"):
    """Run and bill so many jobs, one after the other."""
    made = []
    for _ in range(jobs):
        world.agent(at).beats()
        run = world.running(at=at)
        world.sleep(seconds)
        run.finish().or_raise()
        world.loop(loops.BILL)
        made.append(run.offer.job.id)
    return made


def step(world, loop=loops.SETTLE, timing=BY_DAY):
    return run_once(world.store.run_now, loop, act=world.act(), timing=timing)


def all_steps(world, loop=loops.SETTLE, timing=BY_DAY):
    count = 0
    while step(world, loop, timing):
        count += 1
        assert count < 100
    return count


def states(world):
    found = world.read(lambda tx: days.before(tx, None, limit=100))
    return {str(each.day): str(each.state) for each in found}


def settlements(world, owner=None):
    return world.read(lambda tx: days.settlements_of(tx, owner))


def proven(world):
    assert world.read(verify).findings == ()
    world.check()


def test_a_bill_and_all_its_transfers_carry_the_market_day(world):
    [job] = billed(world)
    bill = world.bill(job)
    assert (bill.day, bill.version) == ("2026-11-24", 1)
    chain = [t for t in world.read(lambda tx: ledger.transfers_of(tx, job)) if t.chain]
    assert {each.day for each in chain} == {date(2026, 11, 24)}
    assert states(world) == {"2026-11-24": "open"}


def test_a_day_of_many_bills_pays_each_member_once_in_steps(world, monkeypatch):
    monkeypatch.setattr(settle_day, "BATCH", 2)
    jobs = billed(world, jobs=5)
    provider = world.agent("guian").provider
    world.now += timedelta(days=1)
    assert (
        all_steps(world) == 5
    )  # gather 2, gather 2, gather 1 + pay + finish 2, finish 2, finish 1
    [paid] = settlements(world, provider)
    assert (paid.bills, paid.day, paid.state) == (5, "2026-11-24", "preliminary")
    moved = world.read(lambda tx: ledger.transfers_of(tx, paid.id))
    assert [(str(t.amount), str(t.day)) for t in moved] == [(str(paid.amount), "2026-11-24")]
    assert paid.amount == paid.earned == world.account(provider).balance
    assert world.account(provider, "receivable").balance.units == 0
    assert {world.state(job) for job in jobs} == {"SETTLED"}
    assert states(world) == {"2026-11-24": "preliminary"}
    proven(world)


def test_a_server_that_was_down_for_days_catches_up_oldest_first(world):
    billed(world)
    world.now += timedelta(days=1)
    billed(world)
    world.now += timedelta(days=3)
    seen = []
    while step(world):
        seen.append(states(world))
    assert seen[0] == {"2026-11-24": "preliminary", "2026-11-25": "open"}
    assert seen[-1] == {"2026-11-24": "preliminary", "2026-11-25": "preliminary"}
    assert sorted(each.day for each in settlements(world)) == ["2026-11-24", "2026-11-25"]
    proven(world)


def test_a_bill_after_its_days_run_belongs_to_the_next_day(world):
    billed(world)
    world.agent("guian").beats()
    late = world.running()
    world.sleep(60)
    late.finish().or_raise()
    before = world.now
    world.now += timedelta(days=1)
    all_steps(world)
    world.now = before  # another server's clock, a moment behind midnight
    world.loop(loops.BILL)
    assert world.bill(late.offer.job.id).day == "2026-11-25"
    world.now += timedelta(days=2)
    all_steps(world)
    assert world.state(late.offer.job.id) == "SETTLED"
    proven(world)


def test_short_runs_within_a_day_pay_what_there_is(world):
    quick = Timing(settle_every=timedelta(seconds=1))
    for _ in range(2):
        [job] = billed(world)
        assert step(world, timing=quick) == 0  # written this second
        world.sleep(2)
        assert step(world, timing=quick) == 1
        assert world.state(job) == "SETTLED"
    assert [each.run_id for each in settlements(world)] == ["2026-11-24/2", "2026-11-24/1"]
    assert states(world) == {"2026-11-24": "open"}
    world.now += timedelta(days=1)
    all_steps(world, timing=quick)
    assert states(world) == {"2026-11-24": "preliminary"}
    proven(world)


def test_a_bill_in_a_run_under_way_is_not_disputed(world, monkeypatch):
    monkeypatch.setattr(settle_day, "BATCH", 2)
    [first, *_] = billed(world, jobs=3)
    world.now += timedelta(days=1)
    step(world)
    new = NewDispute(job_id=first, lines={0: None}, reason=DisputeReason.QUALITY)

    def dispute():
        return world.run(lambda tx, act: open_dispute(tx, new, act=act, timing=BY_DAY), world.buyer)

    with pytest.raises(DaySettling):
        dispute()
    all_steps(world)
    assert dispute().state == "opened"
    proven(world)


def test_what_is_disputed_is_kept_from_the_net_amount(world):
    first, _ = billed(world, jobs=2)
    new = NewDispute(job_id=first, lines={0: None}, reason=DisputeReason.QUALITY)
    world.run(lambda tx, act: open_dispute(tx, new, act=act, timing=BY_DAY), world.buyer)
    world.now += timedelta(days=1)
    all_steps(world)
    [paid] = settlements(world, world.agent("guian").provider)
    assert paid.kept == world.bill(first).provider_share
    assert paid.amount == paid.earned - paid.kept
    proven(world)


SHORT = Timing(cycle=SettlementCycle(final=1, resettlement=2, closed=3))


def test_days_become_final_and_are_closed_on_bank_days(world):
    [job] = billed(world)  # a Tuesday
    said = []
    for _ in range(5):
        world.now += timedelta(days=1)
        all_steps(world, timing=SHORT)
        all_steps(world, loops.AGE_DAYS, SHORT)
        said.append(states(world)["2026-11-24"])
    assert said == ["preliminary", "final", "final", "closed", "closed"]
    words = world.read(lambda tx: evidence.find(tx, "market_day", "2026-11-24#4"))
    assert words.record["state"] == "closed"
    chain = [t for t in world.read(lambda tx: ledger.transfers_of(tx, job)) if t.chain]
    late = reverse(world.ids(TransferId), chain[0], at=world.now)
    with pytest.raises(DayClosed):
        world.store.run_now(lambda tx: ledger.post(tx, [late]))
    proven(world)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("UPDATE settlements SET amount_units = amount_units + 1", "settlement-wrong"),
        ("UPDATE market_days SET state = 'closed'", "row-differs"),
        ("UPDATE bills SET day = '2026-11-25'", "row-differs"),
    ],
)
def test_verify_names_a_changed_settlement_day_or_bill(world, change, rule):
    billed(world)
    world.now += timedelta(days=1)
    all_steps(world)
    world.store.run_now(lambda tx: tx.script([change]))
    assert rule in {each.rule for each in world.read(verify).findings}


def test_every_step_of_a_run_may_be_the_last_before_a_crash(world, monkeypatch):
    """A step that fails leaves nothing; whoever goes on pays nobody twice and skips nobody."""
    monkeypatch.setattr(settle_day, "BATCH", 2)
    billed(world, jobs=3)
    billed(world, jobs=2, at="guian")
    world.now += timedelta(days=1)

    class Killed(BaseException):
        pass

    def dies(tx):
        loops.SETTLE.step(tx, act=world.act(), timing=BY_DAY)
        raise Killed

    while True:
        before = settlements(world)
        with pytest.raises(Killed):
            world.store.run_now(dies)
        assert settlements(world) == before
        if not step(world):
            break
    provider = world.agent("guian").provider
    [paid] = settlements(world, provider)
    assert paid.amount == world.account(provider).balance
    assert world.account(provider, "receivable").balance.units == 0
    found = world.store.run_now(
        lambda tx: bills.to_gather(tx, "2026-11-24", before=world.now, limit=9)
    )
    assert found == []
    proven(world)

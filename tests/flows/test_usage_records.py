"""Metering: a signed record is taken once; everything else is refused by name and kept."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.flows.builders import a_spec, a_world

from suanwang.basics.errors import Invalid
from suanwang.basics.ids import UsageId
from suanwang.flows import loops
from suanwang.flows.errors import TokenOld, UsageRefused, UsageTwice
from suanwang.flows.finish_job import Ending
from suanwang.store import usage


@pytest.fixture
def world(store):
    return a_world(store)


def records(world, run):
    found = world.read(lambda tx: usage.of_job(tx, run.offer.job.id))
    return [each.refusal for each in found]


def settle(world):
    world.run_loops()
    world.sleep(1)
    world.run_loops()


def test_the_same_report_sent_twice_is_billed_once(world):
    run = world.running()
    world.sleep(60)
    record = run.usage()
    for _ in range(3):
        run.finish(usage=record).or_raise()
        settle(world)
    assert records(world, run) == [None]
    assert str(world.job(run.offer.job.id).charge) == "0.047656"  # one minute at ¥2.80
    assert world.verbs(run.offer.job.id).count("bill") == 1
    world.check()


def test_another_record_for_a_metered_lease_is_refused(world):
    run = world.running()
    world.sleep(60)
    run.finish()
    other = run.usage(usage_id=UsageId("usg_01M85H26M0000000000000001H"), wall_seconds=Decimal(59))
    with pytest.raises(UsageTwice):
        run.finish(usage=other).or_raise()
    assert set(records(world, run)) == {None, "usage-twice"}


def test_a_record_with_a_wrong_signature_is_kept_but_not_taken_until_a_good_one_comes(world):
    run = world.running()
    world.sleep(60)
    with pytest.raises(UsageRefused, match="usage-signature"):
        run.finish(signature="forged").or_raise()
    assert world.state(run.offer.job.id) == "RETURNED"  # the return itself stands
    run.finish().or_raise()
    assert world.state(run.offer.job.id) == "METERED"
    assert records(world, run) == ["usage-signature", None]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"wall_seconds": Decimal(100)}, "usage-longer-than-lease"),
        ({"cards": 2}, "usage-more-cards"),
        ({"energy_wh": Decimal(-1)}, "usage-negative"),
        ({"token": 7}, "token-old"),
    ],
)
def test_more_than_the_lease_allows_is_refused(world, changes, refusal):
    run = world.running()
    world.sleep(60)
    with pytest.raises(UsageRefused, match=refusal):
        run.finish(usage=run.usage(**changes)).or_raise()
    assert records(world, run) == [refusal]
    assert world.lines(run.offer.job.id)[-1].verb == "refuse"


def test_a_record_that_cannot_be_read_changes_nothing(world):
    run = world.running()
    record = run.usage()
    strange = replace(record, energy_basis="guessed")
    with pytest.raises(Invalid):
        run.finish(usage=strange)
    assert world.state(run.offer.job.id) == "RUNNING"


def test_a_late_record_with_an_old_token_is_kept_and_never_billed(world):
    old = world.running()
    world.sleep(16)
    world.agent("zhongwei").beats()
    world.loop(loops.EXPIRE_LEASES)
    world.loop(loops.PLACE)
    new = world.agent("zhongwei").take()[0].begin()
    with pytest.raises(TokenOld):
        old.finish().or_raise()
    world.sleep(60)
    new.finish().or_raise()
    with pytest.raises(TokenOld):
        old.finish().or_raise()
    settle(world)
    assert str(world.account(world.agent("guian").provider).balance) == "0.000000"
    assert str(world.account(world.agent("zhongwei").provider).balance) == "0.053333"
    world.check()


def test_use_that_nobody_reports_is_closed_without_a_charge(world):
    run = world.running()
    world.sleep(60)
    run.finish(signature="forged")
    world.sleep(9 * 60)
    assert world.loop(loops.CLOSE_UNMETERED) == 0
    world.sleep(60)
    assert world.loop(loops.CLOSE_UNMETERED) == 1
    settle(world)
    job = world.job(run.offer.job.id)
    assert (job.state, str(job.charge)) == ("SETTLED", "0.000000")
    assert world.held() == "0.000000"
    assert world.bill(job.id).lines == ()
    world.check()


def test_refused_records_are_kept_up_to_a_limit(world):
    run = world.running()
    for _ in range(25):
        run.finish(signature="forged")
    assert len(records(world, run)) == 20


def test_a_failed_command_is_metered_like_any_other(world):
    run = world.running(a_spec(run="exit 3"))
    world.sleep(30)
    run.finish(Ending(exit_code=3))
    settle(world)
    job = world.job(run.offer.job.id)
    assert (job.state, job.exit_code, str(job.charge)) == ("SETTLED", 3, "0.023828")

"""Leases: taken once, fenced by tokens, extended by heartbeats, lost by silence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders import NOW
from tests.flows.builders import a_spec, a_world

from suanwang.basics.errors import NotFound
from suanwang.basics.lifecycle import TransitionRefused
from suanwang.flows import loops
from suanwang.flows.errors import TokenOld
from suanwang.flows.fail_job import Fault
from suanwang.flows.finish_job import Ending
from suanwang.jobs.usage import EndedBy
from suanwang.store import leases, logs, outputs
from suanwang.store.logs import LogLine
from suanwang.store.outputs import Output


@pytest.fixture
def world(store):
    return a_world(store)


def test_a_job_is_leased_once(world):
    job = world.placed()
    assert len(world.agent("guian").take()) == 1
    assert world.agent("guian").take() == []
    assert world.agent("zhongwei").take() == []
    assert "lease" in world.verbs(job.id)


def test_leases_come_soonest_start_first_and_no_more_than_asked_for(world):
    world.placed(a_spec(array="0-3"))
    taken = world.agent("guian").take(limit=3)
    assert [run.offer.job.array_index for run in taken] == [0, 1, 2]


def test_no_more_cards_are_at_work_than_the_pool_has(world):
    world.placed(*[a_spec(name=f"n{i}", resources={"cards": 4}) for i in range(2)])
    first, second = world.agent("guian").take()
    assert first.offer.job.cards + second.offer.job.cards == 8
    world.agent("guian").hello(cards=4)  # half the cards are gone
    world.submit(a_spec(resources={"cards": 4}))
    world.run_loops()
    assert world.agent("guian").take() == []


@pytest.mark.parametrize("verb", ["stage", "start", "finish"])
def test_every_report_may_come_twice(world, verb):
    job = world.placed()
    run = world.agent("guian").take()[0]
    for step in ("stage", "start", "finish"):
        getattr(run, step)().or_raise()
        if step == verb:
            before = world.verbs(job.id)
            getattr(run, step)().or_raise()
            assert world.verbs(job.id) == before
            return


def test_reports_out_of_order_are_refused(world):
    world.placed()
    run = world.agent("guian").take()[0]
    with pytest.raises(TransitionRefused):
        run.start()
    with pytest.raises(TransitionRefused):
        run.finish()


def test_another_centre_cannot_report_on_a_lease(world):
    world.placed()
    run = world.agent("guian").take()[0]
    run.agent = world.agent("zhongwei")
    with pytest.raises(NotFound):
        run.stage()


def test_a_heartbeat_keeps_a_lease_alive(world):
    run = world.running()
    for _ in range(10):
        world.sleep(10)
        assert world.agent("guian").beat(run) == {run.id: "go_on"}
        assert world.loop(loops.EXPIRE_LEASES) == 0
    assert world.state(run.offer.job.id) == "RUNNING"


def test_silence_loses_the_lease_and_the_job_goes_elsewhere_with_a_higher_token(world):
    run = world.running()
    job = run.offer.job
    world.sleep(14)
    world.agent("zhongwei").beats()
    assert world.loop(loops.EXPIRE_LEASES) == 0
    world.sleep(1)
    assert world.loop(loops.EXPIRE_LEASES) == 1
    lost = world.job(job.id)
    assert (lost.state, lost.token, lost.attempt, lost.centre_id) == ("PLACED", 2, 1, None)
    world.sleep(2)
    world.loop(loops.PLACE)
    again = world.agent("zhongwei").take()[0]
    assert (again.offer.job.id, again.token) == (job.id, 2)
    again.begin()
    world.sleep(30)
    again.finish()
    world.run_loops()
    world.sleep(1)
    world.run_loops()
    assert world.state(job.id) == "SETTLED"
    assert str(world.account(world.agent("guian").provider).balance) == "0.000000"
    world.check()


def test_a_late_report_is_refused_noted_and_changes_nothing(world):
    run = world.running()
    job = run.offer.job
    world.sleep(16)
    world.loop(loops.EXPIRE_LEASES)
    before = world.job(job.id)
    assert world.agent("guian").beat(run) == {run.id: "drop"}
    for report in (run.stage, run.start, run.finish, lambda: run.log(a_line(0))):
        with pytest.raises(TokenOld):
            report().or_raise()
    assert run.fail(Fault.CENTRE).or_raise() == before  # it has failed already
    assert world.job(job.id) == before
    refused = [line.detail["report"] for line in world.lines(job.id) if line.verb == "refuse"]
    assert refused == ["staged", "started", "returned", "logs"]
    world.check()


def test_refusals_do_not_fill_a_timeline(world):
    run = world.running()
    world.sleep(16)
    world.loop(loops.EXPIRE_LEASES)
    for _ in range(25):
        run.start()
    assert world.verbs(run.offer.job.id).count("refuse") == 20


def test_when_retries_are_used_up_the_job_is_lost_and_nothing_is_billed(world):
    run = world.running(a_spec(retry=0))
    world.sleep(16)
    world.loop(loops.EXPIRE_LEASES)
    job = world.job(run.offer.job.id)
    assert (job.state, job.reason_code) == ("LOST", "retries-exhausted")
    assert str(world.account(world.buyer).available) == "1000.000000"
    world.check()


def test_a_centre_that_failed_a_job_gets_it_again_only_if_there_is_no_other(store):
    world = a_world(store, centres=("guian",))
    run = world.running()
    run.fail(Fault.CENTRE, "disk-full")
    world.loop(loops.PLACE)
    again = world.agent("guian").take()[0]
    assert (again.offer.job.id, again.offer.job.attempt) == (run.offer.job.id, 1)


@pytest.mark.parametrize("staged", [False, True])
def test_the_buyers_fault_fails_the_job_and_releases_the_hold(world, staged):
    job = world.placed()
    run = world.agent("guian").take()[0]
    if staged:
        run.stage()
    run.fail(Fault.BUYER, "input-checksum", "data.csv")
    run.fail(Fault.BUYER, "input-checksum", "data.csv")
    failed = world.job(job.id)
    assert (failed.state, failed.reason_code) == ("FAILED", "input-checksum")
    assert failed.reason == {"detail": "data.csv"}
    assert world.held() == "0.000000"
    world.check()


def test_a_lease_that_the_agent_never_got_runs_out(world):
    job = world.placed()
    lost = world.agent("guian").take()[0]
    assert world.agent("guian").beats().unknown == ()  # it may be on its way
    world.sleep(6)
    assert world.agent("guian").beats().unknown == (lost.id,)
    world.sleep(9)
    world.agent("guian").beats()
    world.agent("zhongwei").beats()
    world.loop(loops.EXPIRE_LEASES)
    assert (world.state(job.id), world.job(job.id).attempt) == ("PLACED", 1)


# Cancelling.


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_a_job_that_used_nothing_is_cancelled_at_once(world, steps):
    job = world.submit()
    for loop in (loops.QUOTE, loops.CLEAR, loops.PLACE)[:steps]:
        world.loop(loop)
    world.cancel(job.id)
    world.cancel(job.id)
    assert world.state(job.id) == "CANCELLED"
    assert str(world.account(world.buyer).available) == "1000.000000"
    world.check()


def test_cancelling_while_inputs_are_staged_drops_the_lease(world):
    job = world.placed()
    run = world.agent("guian").take()[0]
    run.stage()
    world.cancel(job.id)
    assert world.state(job.id) == "CANCELLED"
    assert world.agent("guian").beat(run) == {run.id: "drop"}
    with pytest.raises(TransitionRefused):
        run.start()
    world.check()


def test_cancelling_a_running_job_stops_it_and_bills_its_use(world):
    run = world.running()
    job = run.offer.job
    world.sleep(10)
    assert world.cancel(job.id).state == "RUNNING"
    assert world.agent("guian").beat(run) == {run.id: "stop"}
    world.sleep(2)
    run.finish(Ending(exit_code=143, ended_by=EndedBy.CANCEL))
    world.run_loops()
    world.sleep(1)
    world.run_loops()
    ended = world.job(job.id)
    assert (ended.state, ended.reason_code) == ("CANCELLED", "cancelled-by-buyer")
    assert str(ended.charge) == "0.009531"  # 12 s at ¥2.80, fee and tax
    world.check()


def test_a_job_that_ended_before_it_heard_of_its_cancelling_is_settled(world):
    run = world.running()
    world.cancel(run.offer.job.id)
    world.sleep(1)
    run.finish()
    world.run_loops()
    world.sleep(1)
    world.run_loops()
    assert world.state(run.offer.job.id) == "SETTLED"


def test_a_cancelled_job_whose_centre_falls_silent_is_not_run_elsewhere(world):
    run = world.running()
    world.cancel(run.offer.job.id)
    world.sleep(16)
    world.loop(loops.EXPIRE_LEASES)
    assert world.state(run.offer.job.id) == "CANCELLED"
    assert world.held() == "0.000000"
    world.check()


def test_what_has_ended_cannot_be_cancelled(world):
    run = world.running()
    world.sleep(1)
    run.finish()
    for _ in range(3):
        with pytest.raises(TransitionRefused):
            world.cancel(run.offer.job.id)
        world.run_loops()
        world.sleep(1)
    assert world.state(run.offer.job.id) == "SETTLED"


# Logs and outputs.


def a_line(seq, text="epoch"):
    return LogLine(seq=seq, at=NOW, stream="out", text=f"{text} {seq}")


def test_lines_stand_once_and_in_order(world):
    run = world.running()
    run.log(a_line(1), a_line(0))
    run.log(a_line(1, "other"), a_line(2))
    found = world.read(lambda tx: logs.of_job(tx, run.offer.job.id))
    assert [each.text for each in found] == ["epoch 0", "epoch 1", "epoch 2"]
    rest = world.read(lambda tx: logs.of_job(tx, run.offer.job.id, after=(1, 1)))
    assert [each.seq for each in rest] == [2]


def test_outputs_come_with_the_return(world):
    """What was asked for comes home; a file that nobody asked for is not laid among the results."""
    run = world.running(a_spec(outputs=["model.bin"]))
    model = Output(name="model.bin", kind="blob", sha256="b" * 64, bytes=10, at=world.now)
    run.finish(Ending(exit_code=0, outputs=[model, replace(model, name=".bashrc")]))
    assert world.read(lambda tx: outputs.of_job(tx, run.offer.job.id)) == [model]


@pytest.mark.parametrize(
    ("ended_by", "exit_code", "reason"),
    [
        (EndedBy.EXIT, 0, None),
        (EndedBy.EXIT, 3, "command-failed"),
        (EndedBy.TIME_LIMIT, 124, "time-limit"),
        (EndedBy.MEMORY, 137, "memory-limit"),
        (EndedBy.DISK, 137, "disk-limit"),
    ],
)
def test_how_it_ended_is_kept(world, ended_by, exit_code, reason):
    run = world.running()
    run.finish(Ending(exit_code=exit_code, ended_by=ended_by))
    job = world.job(run.offer.job.id)
    assert (job.state, job.exit_code, job.reason_code) == ("METERED", exit_code, reason)


def test_the_lease_of_a_returned_job_is_done(world):
    run = world.running()
    run.finish()
    assert world.read(lambda tx: leases.lease(tx, run.id)).state == "done"
    assert world.agent("guian").beat(run) == {run.id: "drop"}

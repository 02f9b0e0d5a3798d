"""A job's whole way, on both databases: every state, every line, every amount."""

from __future__ import annotations

from tests.flows.builders import a_spec, a_world

from suanwang.flows import loops


def test_a_job_goes_its_whole_way_and_everybody_is_paid(store):
    world = a_world(store)
    job = world.submit()
    assert world.state(job.id) == "SUBMITTED"
    world.loop(loops.QUOTE)
    assert world.state(job.id) == "QUOTED"
    world.loop(loops.CLEAR)
    assert world.state(job.id) == "CLEARED"
    world.loop(loops.PLACE)
    assert world.state(job.id) == "PLACED"
    run = world.agent("guian").take()[0]
    run.stage()
    assert world.state(job.id) == "STAGED"
    run.start()
    assert world.state(job.id) == "RUNNING"
    world.sleep(90)
    world.agent("guian").beat(run)
    run.finish()
    assert world.state(job.id) == "METERED"
    world.loop(loops.BILL)
    assert world.state(job.id) == "BILLED"
    world.sleep(1)
    world.loop(loops.SETTLE)
    assert world.state(job.id) == "SETTLED"
    assert world.verbs(job.id) == [
        "submit", "quote", "accept", "clear", "place", "lease", "stage", "start", "finish",
        "meter", "bill", "settle",
    ]  # fmt: skip
    # 90 s × ¥2.80 a card-hour = 0.07; fee 2 % = 0.0014; tax 6 % of it = 0.000084
    assert str(world.job(job.id).charge) == "0.071484"
    assert str(world.account(world.agent("guian").provider).balance) == "0.070000"
    assert str(world.account(world.buyer).available) == "999.928516"
    world.check()


def test_the_loops_alone_bring_a_job_from_submission_to_its_place(store):
    world = a_world(store)
    jobs = world.submit(a_spec(array="0-3"))
    world.run_loops()
    assert {world.state(job.id) for job in jobs} == {"PLACED"}
    world.check()

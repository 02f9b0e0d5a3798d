"""Rounds and places: order, holds, reservations, and both pipelines' four tests."""

from __future__ import annotations

import pytest
from tests.flows.builders import TIMING, a_spec, a_world

from suanwang.flows import clear_round, loops, place_jobs
from suanwang.store import reservations, rounds


@pytest.fixture
def world(store):
    return a_world(store)


def quoted(world, *specs):
    made = world.submit(*specs)
    world.run_loops(loops.QUOTE, turns=3)
    return made


def fetch(world, module=clear_round):
    act = world.act()
    flow = getattr(module, "fetch_waiting", None) or module.fetch_to_place
    return world.store.run_now(lambda tx: flow(tx, act=act, timing=TIMING))


def apply(world, decided, flow=clear_round.apply_round):
    act = world.act()
    return world.store.run_now(lambda tx: flow(tx, decided, act=act, timing=TIMING))


def kept(world):
    found = world.read(lambda tx: reservations.open_ones(tx, now=world.now))
    return {each.job_id: each.cards for each in found}


def test_a_round_gives_price_place_and_terms_and_is_on_record(world):
    job = quoted(world)
    world.loop(loops.CLEAR)
    cleared = world.job(job.id)
    assert str(cleared.price) == "2.800000"
    assert cleared.centre_id == world.agent("guian").key.centre_id
    assert cleared.terms["price_source"] == f"list:{cleared.pool_id}"
    assert kept(world) == {job.id: 1}
    record = world.read(lambda tx: rounds.outcome(tx, cleared.round_id))
    assert [each["job_id"] for each in record["placements"]] == [job.id]


def test_the_hold_is_cut_to_the_cleared_place(world):
    job = quoted(world)
    before = world.account(world.buyer).held
    world.agent("guian").hello(price="1.40")
    world.loop(loops.CLEAR)
    after = world.account(world.buyer).held
    assert after.units * 2 == before.units
    assert world.job(job.id).limit > after
    world.check()


def test_a_dearer_place_within_the_limit_is_held_anew(world):
    job = quoted(world)
    before = world.account(world.buyer).held
    world.agent("guian").hello(price="3.00")
    world.loop(loops.CLEAR)
    assert world.state(job.id) == "CLEARED"
    assert world.account(world.buyer).held > before
    world.check()


def test_a_place_above_the_limit_is_not_taken(world):
    job = quoted(world)
    world.agent("guian").hello(price="30")
    world.agent("zhongwei").hello(price="30")
    world.loop(loops.CLEAR)
    assert (world.state(job.id), world.job(job.id).reason_code) == ("QUOTED", "over-limit")
    world.loop(loops.CLEAR)
    assert world.verbs(job.id).count("wait") == 1  # said once, not every second


def test_no_funds_for_a_dearer_place_keep_the_job_waiting(store):
    world = a_world(store, funds="0.48")  # enough for guian's 0.4766, not for zhongwei's 0.5447
    job = quoted(world)
    world.sleep(16)
    world.agent("zhongwei").beats()
    world.loop(loops.CLEAR)
    assert world.state(job.id) == "QUOTED"
    assert world.held() != "0.000000"
    world.check()


def test_cards_are_never_sold_twice_and_the_first_accepted_is_served_first(store):
    world = a_world(store, centres=("guian",))
    made = quoted(world, *[a_spec(name=f"n{i}", resources={"cards": 3}) for i in range(4)])
    world.run_loops(loops.CLEAR, turns=2)
    assert [world.state(each.id) for each in made] == ["CLEARED", "CLEARED", "QUOTED", "QUOTED"]
    assert world.job(made[2].id).reason_code == "waits-for-cards"
    assert sum(kept(world).values()) == 6


def test_a_decision_on_an_older_grid_does_not_oversell(store):
    world = a_world(store, centres=("guian",))
    quoted(world, a_spec(name="a", resources={"cards": 6}))
    decided = clear_round.decide(fetch(world))
    world.sleep(61)
    world.agent("guian").beats()
    quoted(world, a_spec(name="b", resources={"cards": 6}))
    # Another server's round has sold the cards of the older decision meanwhile.
    world.loop(loops.CLEAR)
    assert apply(world, decided) == 0
    assert sum(kept(world).values()) == 6


def test_freed_cards_go_to_the_next_in_turn(store):
    world = a_world(store, centres=("guian",))
    first, second = quoted(
        world, a_spec(name="a", resources={"cards": 8}), a_spec(name="b", resources={"cards": 8})
    )
    world.run_loops(loops.CLEAR, loops.PLACE, turns=2)
    run = world.agent("guian").take()[0].begin()
    world.sleep(5)
    run.finish()
    world.run_loops(loops.CLEAR, loops.PLACE, turns=1)
    assert (world.state(first.id), world.state(second.id)) == ("METERED", "PLACED")


def test_a_job_whose_deadline_passes_while_it_waits_is_rejected(store):
    world = a_world(store, centres=("guian",))
    job = world.submit(a_spec(deadline="20m"))
    world.run_loops(loops.QUOTE, turns=1)
    world.sleep(20 * 60)
    world.loop(loops.CLEAR)
    assert world.state(job.id) == "REJECTED"
    assert world.job(job.id).reason_code == "deadline-passed"
    world.check()


def test_when_more_wait_than_a_round_takes_the_oldest_are_in_each_and_the_others_take_turns(
    store, monkeypatch
):
    monkeypatch.setattr(clear_round, "BATCH", 3)
    monkeypatch.setattr(clear_round, "ALWAYS", 1)
    world = a_world(store, centres=("guian",))
    world.agent("guian").hello(cards=1)
    names = "abcdef"
    quoted(world, *[a_spec(name=name) for name in names])

    def a_round():
        batch = fetch(world)
        apply(world, clear_round.decide(batch))
        return "".join(job.name for job in batch.jobs)

    assert [a_round() for _ in range(3)] == ["abc", "bde", "bf"]
    world.sleep(2)
    assert a_round() == "bcd"


# The round's four tests.


def test_a_round_takes_accepted_jobs_that_wait_for_nothing_in_order_of_acceptance(world):
    world.submit(a_spec(name="unaccepted"), accept=False)
    world.submit(a_spec(name="x"), a_spec(name="waits", after=["x"]))
    world.loop(loops.QUOTE)
    world.sleep(1)
    world.submit(a_spec(name="y"))
    world.loop(loops.QUOTE)
    assert [each.name for each in fetch(world).jobs] == ["x", "y"]


def test_a_rounds_lock_runs_out(world):
    quoted(world)
    assert fetch(world)
    assert fetch(world) is None
    world.sleep(61)
    assert fetch(world)


def test_a_stale_round_is_discarded(world):
    job = quoted(world)
    decided = clear_round.decide(fetch(world))
    world.cancel(job.id)
    assert apply(world, decided) == 0
    assert world.state(job.id) == "CANCELLED"
    world.check()


def test_two_rounds_at_once_share_nothing(world):
    quoted(world, a_spec(name="a"))
    one = fetch(world)
    quoted(world, a_spec(name="b"))
    two = fetch(world)
    assert [each.name for each in (*one.jobs, *two.jobs)] == ["a", "b"]
    assert apply(world, clear_round.decide(one)) == 1
    assert apply(world, clear_round.decide(two)) == 1


# Place: the same four.


def cleared(world, *specs):
    made = quoted(world, *specs)
    world.loop(loops.CLEAR)
    return made


def test_placing_raises_the_token_and_leaves_other_states_alone(world):
    job = cleared(world)
    waiting = world.submit(a_spec(name="new"))
    assert [each.id for each in fetch(world, place_jobs).jobs] == [job.id]
    world.sleep(61)
    for agent in world.agents.values():
        agent.beats()
    world.loop(loops.PLACE)
    assert (world.state(job.id), world.job(job.id).token) == ("PLACED", 1)
    assert world.state(waiting.id) == "SUBMITTED"


def test_a_placement_lock_runs_out_and_two_share_nothing(world):
    cleared(world)
    assert fetch(world, place_jobs)
    assert fetch(world, place_jobs) is None
    world.sleep(61)
    assert fetch(world, place_jobs)


def test_a_stale_placement_is_discarded(world):
    job = cleared(world)
    moves = place_jobs.plan_moves(fetch(world, place_jobs))
    world.cancel(job.id)
    assert apply(world, moves, place_jobs.apply_moves) == 0
    assert world.state(job.id) == "CANCELLED"
    assert kept(world) == {}
    world.check()


def test_a_cleared_job_whose_centre_falls_silent_goes_elsewhere(world):
    job = cleared(world)
    world.sleep(16)
    world.agent("zhongwei").beats()
    world.loop(loops.PLACE)
    placed = world.job(job.id)
    assert placed.state == "PLACED"
    assert placed.centre_id == world.agent("zhongwei").key.centre_id
    assert str(placed.price) == "3.200000"
    world.check()


def test_a_placed_job_that_nobody_takes_goes_elsewhere_when_its_centre_is_silent(world):
    job = world.placed()
    world.sleep(16)
    world.agent("zhongwei").beats()
    world.loop(loops.PLACE)
    assert world.job(job.id).centre_id == world.agent("zhongwei").key.centre_id
    assert world.job(job.id).attempt == 0
    assert [run.offer.job.id for run in world.agent("zhongwei").take()] == [job.id]


def test_a_job_without_any_place_is_tried_again_and_given_up_after_an_hour(world):
    run = world.running()
    job = run.offer.job
    world.sleep(16)
    world.loop(loops.EXPIRE_LEASES)
    world.loop(loops.PLACE)  # all centres are silent
    assert (world.state(job.id), world.job(job.id).pool_id) == ("PLACED", None)
    assert world.loop(loops.PLACE) == 0
    world.sleep(3601)
    world.loop(loops.PLACE)
    assert world.state(job.id) == "LOST"
    world.check()

"""Two servers on one database, at once: nothing is done twice, nothing gets stuck."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from tests.builders import Ids
from tests.flows.builders import TIMING, a_spec, a_world

from suanwang.flows import loops
from suanwang.flows.act import Act
from suanwang.flows.expire_leases import expire_leases
from suanwang.flows.pipeline import run_once
from suanwang.flows.take_leases import take_leases
from suanwang.store.database import Store


@pytest.fixture
def second(database_url):
    opened = Store.open(database_url)
    yield opened
    opened.close()


def at_once(*works):
    """Run everything in threads of its own, together; what one raises is raised here."""
    failed = []
    gate = threading.Barrier(len(works))

    def run(work):
        gate.wait()
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again below
            failed.append(error)

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def a_server(store, world, number, turns=4):
    ids = Ids(start=number * 1_000_000)
    act = Act(world.now, ids)

    def run():
        for _ in range(turns):
            for loop in loops.LOOPS:
                run_once(store.run_now, loop, act=act, timing=TIMING)

    return run


def test_two_servers_bring_jobs_to_their_places_once(store, second):
    world = a_world(store)
    made = world.submit(a_spec(array="0-7"))
    at_once(a_server(store, world, 1), a_server(second, world, 2))
    world.run_loops(turns=2)
    for job in made:
        verbs = world.verbs(job.id)
        assert [verbs.count(each) for each in ("quote", "accept", "clear", "place")] == [1, 1, 1, 1]
    world.check()


def test_two_answers_never_lease_the_same_job(store, second):
    world = a_world(store)
    world.placed(a_spec(array="0-7"))
    agent = world.agent("guian")
    taken = []

    def take(where, number):
        act = replace(world.act(agent.key), new_id=Ids(start=number * 1_000_000))
        taken.extend(where.run_now(lambda tx: take_leases(tx, limit=5, act=act, timing=TIMING)))

    at_once(lambda: take(store, 1), lambda: take(second, 2))
    ids = [offer.job.id for offer in taken]
    assert len(ids) == len(set(ids)) == 8


def test_a_lease_is_lost_or_lives_on_but_not_both(store, second):
    world = a_world(store)
    run = world.running()
    world.sleep(15)
    act = replace(world.act(), new_id=Ids(start=1_000_000))
    at_once(
        lambda: run.agent.beat(run),
        lambda: second.run_now(lambda tx: expire_leases(tx, act=act, timing=TIMING)),
    )
    job = world.job(run.offer.job.id)
    alive = run.agent.beat(run) == {run.id: "go_on"}
    assert (job.state, job.attempt) == (("RUNNING", 0) if alive else ("PLACED", 1))


def test_two_servers_bill_and_settle_once(store, second):
    world = a_world(store)
    world.placed(a_spec(array="0-7"))
    for run in world.agent("guian").take():
        run.begin()
        world.sleep(1)
        run.finish()
    world.sleep(1)
    at_once(a_server(store, world, 1), a_server(second, world, 2))
    world.sleep(1)
    at_once(a_server(store, world, 3), a_server(second, world, 4))
    for number in range(8):
        job = world.read(lambda tx, n=number: world_job(tx, n))
        assert job == "SETTLED"
    world.check()


def world_job(tx, number):
    rows = tx.all("jobs_page_of_all", created_at=2**62, id="~", limit=100,
                  state=None, kind=None, name=None, array_id=None)  # fmt: skip
    return rows[number]["state"]

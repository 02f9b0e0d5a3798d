"""Loops: woken at once, alive through failures, one leader, stopped between two steps."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta

import pytest
from tests.server.world import SPEC, later

from suanwang.server.hints import Bell, Hints
from suanwang.server.loops.all import make_loops
from suanwang.server.loops.leading import GOOD_FOR, Leader
from suanwang.server.loops.publish import prune, publish
from suanwang.server.loops.turning import Loop, Loops
from suanwang.server.parts import Parts
from suanwang.store import outbox
from suanwang.store.errors import NotLeading
from suanwang.store.leadership import check_leads

SOON = 5


async def until(condition):
    async with asyncio.timeout(SOON):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


def test_a_failing_loop_goes_on(world):
    calls = []

    async def step():
        calls.append(1)
        if len(calls) < 3:
            raise RuntimeError("weather")
        return 0

    async def scene():
        loops = Loops(world.parts, [Loop("shaky", step, every=0.01)])
        loops.start()
        await until(lambda: len(calls) > 4)
        assert loops.dead() == []
        await loops.stop()

    world.run(scene())
    assert b"suanwang_loop_failures_total" in world.parts.metrics.text()


def test_a_loop_that_never_succeeds_is_called_dead():
    loop = Loop("stuck", step=None, every=1)
    assert loop.is_alive(loop.turned_at + 10)
    assert not loop.is_alive(loop.turned_at + 60)


def test_a_hint_wakes_a_loop_at_once(world):
    calls = []

    async def step():
        calls.append(asyncio.get_running_loop().time())
        return 0

    async def scene():
        loops = Loops(world.parts, [Loop("sleepy", step, every=60)])
        loops.start()
        await until(lambda: calls)
        rang = asyncio.get_running_loop().time()
        world.parts.hints.ring("sleepy")
        await until(lambda: len(calls) > 1)
        assert calls[1] - rang < 0.5
        await loops.stop()

    world.run(scene())


def test_a_full_batch_is_followed_by_the_next_at_once(world):
    left = [3, 3, 3, 0]

    async def step():
        return left.pop(0) if left else 0

    async def scene():
        loops = Loops(world.parts, [Loop("busy", step, every=60, batch=3)])
        loops.start()
        await until(lambda: not left)
        await loops.stop()

    world.run(scene())


def test_a_ring_that_nobody_heard_is_kept():
    async def scene():
        hints = Hints()
        hints.ring("a")
        assert await hints.wait("a", 0.01)
        assert not await hints.wait("a", 0.01)

    asyncio.run(scene())


def test_a_bell_between_looking_and_waiting_is_not_missed():
    async def scene():
        bell = Bell()
        rings = bell.rings
        bell.ring()
        await asyncio.wait_for(bell.wait(60, since=rings), 1)

    asyncio.run(scene())


def test_one_server_leads_and_another_takes_over_when_it_is_gone(world):
    first, second = Leader(world.parts), Leader(other_server(world))
    lead = world.run(first.leads("clear"))
    assert lead is not None
    assert world.run(second.leads("clear")) is None
    world.parts.clock = lambda: later(GOOD_FOR.total_seconds() + 1)
    second.parts.clock = world.parts.clock
    taken = world.run(second.leads("clear"))
    assert taken.epoch == lead.epoch + 1
    with pytest.raises(NotLeading):
        world.store.run_now(lambda tx: check_leads(tx, lead))


def test_a_server_that_stops_gives_its_leads_up_at_once(world):
    first, second = Leader(world.parts), Leader(other_server(world))
    world.run(first.leads("clear"))
    world.run(first.step_down())
    assert world.run(second.leads("clear")) is not None


def other_server(world):
    return Parts(dataclasses.replace(world.parts.settings), world.store)


def test_all_loops_together_bring_a_job_to_its_agent_in_a_moment(world):
    centre = world.centre()

    async def scene():
        loops = make_loops(world.parts)
        loops.start()
        await asyncio.sleep(0.05)
        headers = {"Authorization": f"Bearer {world.buyer.key}"}
        agent = {"Authorization": f"Bearer {centre.caller.key}"}
        waiting = asyncio.create_task(
            world.client.post("/v1/agent/leases", json={"wait_seconds": 5}, headers=agent)
        )
        await asyncio.sleep(0.05)
        start = asyncio.get_running_loop().time()
        await world.client.post("/v1/jobs", json={"spec": SPEC, "accept": True}, headers=headers)
        answer = (await waiting).json()
        seconds = asyncio.get_running_loop().time() - start
        await loops.stop()
        return answer, seconds

    answer, seconds = world.run(scene())
    assert len(answer["leases"]) == 1
    assert seconds < 2  # 0.05 s on an idle machine


def test_two_servers_loops_share_one_database(world):
    world.centre()
    for number in range(20):
        world.buyer.submit(name=f"j{number}")
    other = other_server(world)

    async def scene():
        both = [make_loops(world.parts), make_loops(other)]
        for loops in both:
            loops.start()
        async with asyncio.timeout(20):
            while world.store.read_now(lambda tx: tx.all("jobs_by_state"))[0]["state"] != "PLACED":
                await asyncio.sleep(0.05)
                states = await world.store.read(lambda tx: tx.all("jobs_by_state"))
                if {s["state"] for s in states} <= {"PLACED", "QUOTED"} and len(states) < 3:
                    break
        for loops in both:
            await loops.stop()

    world.run(scene())
    for job in world.buyer.get("/jobs").ok()["items"]:
        lines = world.buyer.get(f"/jobs/{job['id']}/timeline").ok()["items"]
        verbs = [x["verb"] for x in lines]
        assert verbs.count("quote") == verbs.count("accept") == 1
        assert verbs.count("place") <= 1
    assert world.operator.get("/ledger/check").ok()["balanced"]


def test_old_events_and_answers_are_forgotten(world):
    world.buyer.post("/jobs", {"spec": SPEC}, idempotency_key="k").ok(201)
    world.publish()
    assert world.run(publish(world.parts)) == 0
    world.parts.clock = lambda: later(timedelta(days=40).total_seconds())
    assert world.run(prune(world.parts)) > 0
    last = world.store.read_now(outbox.last_sequence)
    assert last > 0  # numbering goes on from the newest


def test_a_loop_with_more_to_do_rests_while_requests_are_in_hand(world):
    loops = Loops(world.parts, [])
    loop = Loop("busy", step=None, every=1, seconds=0.3)
    assert loops._rest_of(loop) == 0
    world.parts.in_hand = 20
    assert loops._rest_of(loop) == 0.3


def test_an_agent_that_waits_for_work_is_not_in_hand(world):
    world.parts.in_hand = 1
    with world.parts.resting():
        assert world.parts.in_hand == 0
    assert world.parts.in_hand == 1

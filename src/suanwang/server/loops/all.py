"""Every loop of a server, in the order of a job's life."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from suanwang.flows import pipeline
from suanwang.flows.loops import LOOPS
from suanwang.server.loops import heads
from suanwang.server.loops.deliver import deliver
from suanwang.server.loops.leading import Leader
from suanwang.server.loops.publish import BATCH as PUBLISH_BATCH
from suanwang.server.loops.publish import prune, publish
from suanwang.server.loops.turning import Loop, Loops, Step
from suanwang.server.parts import Parts
from suanwang.store import leadership
from suanwang.store.errors import NotLeading
from suanwang.store.leadership import Leadership
from suanwang.store.tx import Tx

# What a step gives the next loop to do; the rest finds its work by looking.
NEXT = {"quote": ("clear",), "clear": ("place",), "meter": ("bill",), "bill": ("settle",)}
PLACES = frozenset({"clear", "place"})  # loops after which an agent may find work
PRUNE_SECONDS = 600.0
PUBLISH_SECONDS = 1.0
DELIVER_SECONDS = 5.0


def make_loops(parts: Parts) -> Loops:
    """Make this server's loops."""
    leader = Leader(parts)
    heard_from = time.monotonic() + parts.timing.lease / timedelta(seconds=1)
    loops = [
        Loop(
            each.name,
            _step(parts, each, leader, not_before=heard_from if _listens_first(each) else 0.0),
            every=each.every(parts.timing) / timedelta(seconds=1),
            batch=each.batch,
        )
        for each in LOOPS
    ]
    loops += [
        Loop("publish", lambda: publish(parts), every=PUBLISH_SECONDS, batch=PUBLISH_BATCH),
        Loop("deliver", lambda: deliver(parts), every=DELIVER_SECONDS),
        Loop(heads.NAME, lambda: heads.sign_head(parts, leader), every=_head_every(parts)),
        Loop("prune", lambda: prune(parts), every=PRUNE_SECONDS),
    ]
    return Loops(parts, loops, at_end=leader.step_down)


def _head_every(parts: Parts) -> float:
    return parts.settings.head_every_seconds


def _listens_first(each: pipeline.Loop | pipeline.Pipeline) -> bool:
    return isinstance(each, pipeline.Loop) and each.listens_first


def _step(
    parts: Parts,
    each: pipeline.Loop | pipeline.Pipeline,
    leader: Leader,
    *,
    not_before: float,
) -> Step:
    async def step() -> int:
        if time.monotonic() < not_before:
            return 0
        lead = await leader.leads(each.name) if each.leader_only else None
        if each.leader_only and lead is None:
            return 0
        try:
            did = await _turn(parts, each, lead)
        except NotLeading:
            leader.lost(each.name)
            return 0
        if did:
            parts.hints.ring("publish", *NEXT.get(each.name, ()))
            if each.name in PLACES:
                parts.placed.ring()
        return did

    return step


async def _turn(
    parts: Parts, each: pipeline.Loop | pipeline.Pipeline, lead: Leadership | None
) -> int:
    """Do one turn; a leader's work is written only while it still leads."""
    store, timing = parts.store, parts.timing
    if isinstance(each, pipeline.Loop):
        act = parts.act()
        loop = each

        def once(tx: Tx) -> int:
            _check(tx, lead)
            return loop.step(tx, act=act, timing=timing)

        return await store.run(once)
    act, line = parts.act(), each
    batch = await store.run(lambda tx: line.fetch(tx, act=act, timing=timing))
    if batch is None:
        return 0
    # Another thread: planning takes milliseconds for each job, and requests must not wait for it.
    outcome = await asyncio.to_thread(line.work, batch)
    then = parts.act()

    def apply(tx: Tx) -> int:
        _check(tx, lead)
        return line.apply(tx, outcome, act=then, timing=timing)

    return await store.run(apply)


def _check(tx: Tx, lead: Leadership | None) -> None:
    if lead is not None:
        leadership.check_leads(tx, lead)

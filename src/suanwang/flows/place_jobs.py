"""Place: a cleared job's plan is checked once more and its cards are its own: PLACED.

A job whose centre has failed it, or has fallen silent before taking it, is planned again: another
centre within the limit that its buyer accepted; one that failed it only if there is no other.

    fetch   cleared jobs, jobs without a pool, jobs at silent centres        and the grid
    work    grid.placement.plan for those that must move
    apply   PLACED, reserved, the hold fitted; or tried again later, and given up after `move_wait`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from suanwang.basics.ids import CentreId, JobId
from suanwang.basics.money import Money
from suanwang.basics.slots import Instant, to_micros
from suanwang.flows import places, unblock
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.demands import data_centres, demand_of_job
from suanwang.flows.pipeline import LockToken, lock_params
from suanwang.flows.places import Place, Placing, place_of
from suanwang.flows.sales import Sales
from suanwang.flows.timing import Timing
from suanwang.grid.centre import PoolState
from suanwang.grid.demand import Demand, Option
from suanwang.grid.placement import plan
from suanwang.jobs.lifecycle import JobEvent, JobState
from suanwang.jobs.round import reserved_slot
from suanwang.store import centres, jobs
from suanwang.store.jobs import Job
from suanwang.store.tx import Tx

BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Homeless:
    """Jobs to place, and the grid as it stood when they were fetched."""

    lock_token: LockToken
    now: Instant
    jobs: tuple[Job, ...]
    states: tuple[PoolState, ...]
    only_centres: Mapping[JobId, CentreId]
    sales: Sales


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """Jobs that stay where they were cleared, and new places for others."""

    lock_token: LockToken
    stays: frozenset[JobId]
    places: Mapping[JobId, Place]


def fetch_to_place(tx: Tx, *, act: Act, timing: Timing) -> Homeless | None:
    """Lock jobs that need a place, longest waiting first, and load the grid."""
    token = act.new_id(LockToken)
    silent_before = to_micros(act.now - timing.silent_after)
    params = lock_params(token, act, timing, limit=BATCH)
    found = jobs.lock(tx, "jobs_lock_to_place", silent_before=silent_before, **params)
    if not found:
        return None
    return Homeless(
        lock_token=token,
        now=act.now,
        jobs=tuple(found),
        states=tuple(centres.pool_states(tx, now=act.now, silent_after=timing.silent_after)),
        only_centres=data_centres(tx, found),
        sales=Sales.load(tx, now=act.now),
    )


def plan_moves(batch: Homeless) -> Moves:
    """Keep jobs where they were cleared, and plan the others anew; pure."""
    speaking = {each.pool.id for each in batch.states if not each.silent}
    stays = {
        job.id for job in batch.jobs if job.state is JobState.CLEARED and job.pool_id in speaking
    }
    found = {job.id: _new_place(job, batch) for job in batch.jobs if job.id not in stays}
    return Moves(
        lock_token=batch.lock_token,
        stays=frozenset(stays),
        places={job_id: place for job_id, place in found.items() if place is not None},
    )


def _new_place(job: Job, batch: Homeless) -> Place | None:
    demand = demand_of_job(job, only_centre=batch.only_centres.get(job.id), sales=batch.sales)
    demand = replace(demand, cost_max=job.limit)
    # A centre that failed it once may do better than none at all.
    for each in (demand, replace(demand, not_centres=frozenset())):
        option = _best_within(job, each, batch.states, batch.now)
        if option is not None:
            return place_of(option, reserved_slot(option, each), each, batch.states)
    return None


def _best_within(
    job: Job, demand: Demand, states: Sequence[PoolState], now: Instant
) -> Option | None:
    assert job.limit is not None, f"job {job.id} was cleared without a limit"
    for each in plan(demand, states, now=now):
        if each.why_not is None and each.start is not None and each.cost_at_most <= job.limit:
            return each
    return None


def apply_moves(tx: Tx, moves: Moves, *, act: Act, timing: Timing) -> int:
    """Place the jobs that are still ours and still fit; return how many."""
    change = Change(act)
    placing = Placing(tx, change)
    ours = jobs.still_locked(tx, moves.lock_token)
    held = places.held_for(tx, list(ours.values()))
    unlocked: dict[JobId, Instant] = {}
    placed = 0
    for job in ours.values():
        if job.state not in (JobState.CLEARED, JobState.PLACED):
            unlocked[job.id] = act.now
        elif _place(placing, change, job, moves=moves, held=held[job.id]):
            placed += 1
        elif not _give_up(change, job, timing):
            unlocked[job.id] = act.now + timing.try_again
    jobs.unlock(tx, moves.lock_token, unlocked)
    unblock.write(tx, change)
    return placed


def _place(placing: Placing, change: Change, job: Job, *, moves: Moves, held: Money) -> bool:
    # A job that was cleared gets its first token here; one that lost its lease got it then.
    token = job.token + 1 if job.state is JobState.CLEARED else job.token
    if job.id in moves.stays:
        if not placing.still_fits(job):
            return False
        change.advance(
            job,
            JobEvent.PLACE,
            detail={"centre_id": job.centre_id, "token": token},
            token=token,
        )
        return True
    place = moves.places.get(job.id)
    fields = placing.reserve(job, place, held=held) if place else None
    if place is None or fields is None:
        return False
    option = place.option
    detail = {
        "centre": option.centre,
        "centre_id": option.centre_id,
        "price": option.price,
        "hold": option.cost_at_most,
        "token": token,
    }
    change.advance(job, JobEvent.PLACE, detail=detail, token=token, **fields)
    return True


def _give_up(change: Change, job: Job, timing: Timing) -> bool:
    """End a job that no place was found for, once its deadline or its patience is over."""
    now = change.act.now
    late = job.deadline_at is not None and job.deadline_at <= now
    if not late and now - job.updated_at < timing.move_wait:
        return False
    event = JobEvent.FAIL if job.state is JobState.CLEARED else JobEvent.GIVE_UP
    change.end(job, event, "deadline-passed" if late else "no-feasible-place")
    return True

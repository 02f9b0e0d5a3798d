"""Clear: a round gives waiting jobs their price and place, first accepted first served.

    fetch   accepted jobs that wait for nothing, pools, reservations
    work    jobs.round.decide_round
    apply   CLEARED with price and terms, the hold fitted, cards reserved, the round on record

One server leads rounds; the locks make a second one harmless, not useful.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from suanwang.basics.canonical import canonical_bytes, sha256_hex
from suanwang.basics.ids import CentreId, JobId, RoundId
from suanwang.basics.slots import Instant
from suanwang.flows import places, unblock
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.demands import data_centres, demand_of_job
from suanwang.flows.pipeline import LockToken, lock_params
from suanwang.flows.places import Place, Placing, place_of
from suanwang.flows.sales import Sales
from suanwang.flows.timing import Timing
from suanwang.grid.centre import PoolState
from suanwang.jobs.lifecycle import JobEvent, JobState
from suanwang.jobs.round import RoundOutcome, Waiting, Waits, decide_round
from suanwang.store import centres, evidence, jobs, rounds
from suanwang.store.evidence import Evidence
from suanwang.store.jobs import Job
from suanwang.store.tx import Tx

# A round of 500 keeps the store's writer busy for some 30 ms at its beginning and its end. With
# more than that waiting, the oldest are in every round and the others take turns.
BATCH = 500
ALWAYS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """Waiting jobs, and the grid as it stood when they were fetched."""

    lock_token: LockToken
    now: Instant
    jobs: tuple[Job, ...]
    states: tuple[PoolState, ...]
    only_centres: Mapping[JobId, CentreId]
    sales: Sales


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a round decided."""

    lock_token: LockToken
    outcome: RoundOutcome
    places: Mapping[JobId, Place]
    was_full: bool


def fetch_waiting(tx: Tx, *, act: Act, timing: Timing) -> Unserved | None:
    """Lock jobs that wait for a round, first accepted first, and load the grid."""
    token = act.new_id(LockToken)
    found = jobs.lock(tx, "jobs_lock_to_clear", **lock_params(token, act, timing, limit=BATCH))
    if not found:
        return None
    return Unserved(
        lock_token=token,
        now=act.now,
        jobs=tuple(found),
        states=tuple(centres.pool_states(tx, now=act.now, silent_after=timing.silent_after)),
        only_centres=data_centres(tx, found),
        sales=Sales.load(tx, now=act.now),
    )


def decide(batch: Unserved) -> Round:
    """Decide the round; pure."""
    demands = {
        job.id: demand_of_job(job, only_centre=batch.only_centres.get(job.id), sales=batch.sales)
        for job in batch.jobs
    }
    waiting = [
        Waiting(
            job_id=job.id,
            accepted_at=job.accepted_at,
            demand=demands[job.id],
            limit=job.limit,
        )
        for job in batch.jobs
        if job.accepted_at is not None and job.limit is not None
    ]
    outcome = decide_round(waiting, batch.states, now=batch.now)
    return Round(
        lock_token=batch.lock_token,
        outcome=outcome,
        places={
            each.job_id: place_of(each.option, each.slot, demands[each.job_id], batch.states)
            for each in outcome.placements
        },
        was_full=len(batch.jobs) >= BATCH,
    )


def apply_round(tx: Tx, decided: Round, *, act: Act, timing: Timing) -> int:
    """Clear the jobs that are still ours and still fit; the others wait on. Return how many."""
    change = Change(act)
    placing = Placing(tx, change)
    ours = {
        job_id: job
        for job_id, job in jobs.still_locked(tx, decided.lock_token).items()
        if job.state is JobState.QUOTED and job.accepted_at is not None and not job.waits
    }
    held = places.held_for(tx, list(ours.values()))
    round_id = act.new_id(RoundId)
    cleared = 0
    for placement in decided.outcome.placements:
        job = ours.get(placement.job_id)
        place = decided.places[placement.job_id]
        fields = placing.reserve(job, place, held=held[job.id]) if job else None
        if job is None or fields is None:
            continue
        detail = {
            "round_id": round_id,
            "centre": place.option.centre,
            "price": place.option.price,
            "hold": place.option.cost_at_most,
        }
        change.advance(job, JobEvent.CLEAR, detail=detail, round_id=round_id, **fields)
        cleared += 1
    _wait_on(tx, change, ours, decided=decided, timing=timing)
    if cleared:
        rounds.add(tx, round_id, at=act.now, outcome=decided.outcome.to_wire())
        evidence.add(tx, [_on_record(round_id, decided.outcome, act=act)])
    unblock.write(tx, change)
    return cleared


def _wait_on(
    tx: Tx, change: Change, ours: Mapping[JobId, Job], *, decided: Round, timing: Timing
) -> None:
    """Let the others keep their turn, say why they wait, and end those whose deadline is over."""
    now = change.act.now
    why = {each.job_id: each for each in decided.outcome.unplaced}
    unlocked: dict[JobId, Instant] = {}
    left = [job for job in ours.values() if job.id not in change.jobs]
    left.sort(key=lambda job: (job.accepted_at, job.id))
    for position, job in enumerate(left):
        takes_turns = decided.was_full and position >= ALWAYS
        again = now + timing.try_again if takes_turns else now
        if job.deadline_at is not None and job.deadline_at <= now:
            change.end(job, JobEvent.REJECT, "deadline-passed")
        elif job.id in why and job.reason_code != str(why[job.id].why):
            _say_why(change, job, why[job.id], again)
        else:
            unlocked[job.id] = again
    jobs.unlock(tx, decided.lock_token, unlocked)


def _say_why(change: Change, job: Job, waits: Waits, again: Instant) -> None:
    code = str(waits.why)
    detail = {"code": code, "start": waits.start}
    change.note(job, "wait", detail=detail, reason_code=code, reason={}, next_try_at=again)


def _on_record(round_id: RoundId, outcome: RoundOutcome, *, act: Act) -> Evidence:
    """Put a round on record for everybody: its prices, and the hash of what else it decided."""
    wire = outcome.to_wire()
    record = {
        "round_id": str(round_id),
        "at": wire["at"],
        "rule": wire["rule"],
        "prices": wire["prices"],
        "outcome_sha256": sha256_hex(canonical_bytes(wire)),
    }
    return Evidence(kind="round", id=round_id, record=record, at=act.now)

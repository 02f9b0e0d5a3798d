"""Take: an agent asks for work and gets the jobs that are placed at its centre, each under a lease.

A lease is the one right to run a job, fenced by the token that its placement carries. Cards that
other leases still hold are not given twice, whatever the reservations say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from suanwang.basics.ids import LeaseId, PoolId
from suanwang.basics.slots import Slot
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.reports import centre_of
from suanwang.flows.specs import spec_of
from suanwang.flows.timing import Timing
from suanwang.jobs.values import instant_of
from suanwang.store import centres, jobs, leases, reservations
from suanwang.store.centres import StoredPool
from suanwang.store.jobs import Job
from suanwang.store.leases import Lease
from suanwang.store.reservations import Occupancy, Reservation
from suanwang.store.tx import Tx

TAKE_MAX = 100  # leases of one answer
LOOK_MAX = 400  # jobs looked at for them
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseOffer:
    """A lease with all that its agent needs to know."""

    lease: Lease
    job: Job
    pool: StoredPool


def take_leases(tx: Tx, *, limit: int, act: Act, timing: Timing) -> list[LeaseOffer]:
    """Lease jobs to the agent's centre, soonest start first; the centre counts as heard.

    Raises: NotAllowed.
    """
    centre_id = centre_of(act)
    centres.seen(tx, centre_id, at=act.now)
    if centres.centre(tx, centre_id).state != centres.JOINED:
        return []
    pools = {each.id: each for each in centres.pools_of_centre_for_update(tx, centre_id)}
    kept = Occupancy(reservations.of_centre(tx, centre_id, now=act.now))
    change = Change(act)
    offers: list[LeaseOffer] = []
    for job in jobs.find(tx, "jobs_to_take", centre_id=centre_id, limit=LOOK_MAX):
        if len(offers) == min(limit, TAKE_MAX):
            break
        for reservation, pool in _can_start(job, pools, kept, act):
            kept.add(reservation)
            offers.append(_lease(change, job, pool, reservation=reservation, timing=timing))
    leases.add(tx, [each.lease for each in offers])
    change.write(tx)
    return offers


def _can_start(
    job: Job, pools: Mapping[PoolId, StoredPool], kept: Occupancy, act: Act
) -> Iterator[tuple[Reservation, StoredPool]]:
    """Yield a job's place, from now on, if its time has come and its cards are free."""
    assert job.pool_id is not None, f"job {job.id} is placed without a pool"
    assert job.start_at is not None, f"job {job.id} is placed without a start"
    assert job.end_at is not None, f"job {job.id} is placed without an end"
    assert job.cards is not None, f"job {job.id} is placed without cards"
    pool = pools.get(job.pool_id)
    if pool is None or kept.leased_cards(pool.id) + job.cards > pool.cards:
        return
    # However late it is taken, it may run for as long as it was given.
    length = max(job.end_at - job.start_at, _MOMENT)
    slot = Slot(act.now, act.now + length)
    wanted = Reservation(job_id=job.id, pool_id=pool.id, cards=job.cards, slot=slot, leased=True)
    has_come = job.start_at <= act.now
    if has_come or (_may_start_early(job, act) and kept.fits(wanted, cards_in_all=pool.cards)):
        yield wanted, pool


def _may_start_early(job: Job, act: Act) -> bool:
    """Say whether a job starts later only because its cards were busy: others may end early."""
    spec = spec_of(job)
    wanted = instant_of(spec.earliest_start, now=job.created_at)
    return spec.deadline is None and (wanted is None or wanted <= act.now)


def _lease(
    change: Change, job: Job, pool: StoredPool, *, reservation: Reservation, timing: Timing
) -> LeaseOffer:
    act = change.act
    lease = Lease(
        id=act.new_id(LeaseId),
        job_id=job.id,
        centre_id=pool.centre_id,
        pool_id=pool.id,
        token=job.token,
        taken_at=act.now,
        expires_at=act.now + timing.lease,
    )
    change.keep_cards(reservation)
    job = change.note(
        job,
        "lease",
        detail={"lease_id": lease.id, "token": lease.token, "centre_id": lease.centre_id},
        start_at=reservation.slot.start,
        end_at=reservation.slot.end,
    )
    return LeaseOffer(lease=lease, job=job, pool=pool)

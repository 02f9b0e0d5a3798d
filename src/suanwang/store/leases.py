"""Leases as rows and back: the one right to run a job, ended by its holder, or by silence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import CentreId, JobId, LeaseId, PoolId
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.jobs.lifecycle import JobState
from suanwang.store.tx import Row, Tx
from suanwang.store.values import instant


class LeaseState(StrEnum):
    """How a lease stands."""

    LIVE = "live"
    DONE = "done"  #: its holder reported the end, or the job was cancelled
    LOST = "lost"  #: its holder fell silent or gave up


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A centre's right to run one job, fenced by a token."""

    id: LeaseId
    job_id: JobId
    centre_id: CentreId
    pool_id: PoolId
    token: int
    state: LeaseState = LeaseState.LIVE
    taken_at: Instant
    expires_at: Instant
    ended_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLease:
    """A live lease, with what its job's owner wants of it."""

    lease: Lease
    job_state: JobState
    cancel_at: Instant | None


def lease_for_update(tx: Tx, lease_id: str, centre_id: CentreId) -> Lease:
    """Return a centre's lease, locked; another centre's is NotFound."""
    row = tx.first("lease_for_update", id=lease_id, centre_id=centre_id)
    if row is None:
        raise NotFound(kind="lease", id=lease_id)
    return _lease(row)


def lease(tx: Tx, lease_id: str) -> Lease:
    """Return a lease, whoever has it; NotFound if there is none."""
    row = tx.first("lease_by_id", id=lease_id)
    if row is None:
        raise NotFound(kind="lease", id=lease_id)
    return _lease(row)


def live_of_job(tx: Tx, job_id: JobId) -> Lease | None:
    """Return the live lease of a job, locked, or None."""
    row = tx.first("lease_live_of_job", job_id=job_id)
    return _lease(row) if row else None


def live_of_centre(tx: Tx, centre_id: CentreId) -> list[LiveLease]:
    """Return what a centre is working on, oldest first."""
    return [
        LiveLease(
            lease=_lease(row),
            job_state=JobState(row["job_state"]),
            cancel_at=instant(row["cancel_at"]),
        )
        for row in tx.all("leases_live_of_centre", centre_id=centre_id)
    ]


def expired(tx: Tx, *, now: Instant, limit: int) -> list[Lease]:
    """Return live leases whose time has run out, longest silent first."""
    return [_lease(row) for row in tx.all("leases_expired", now=to_micros(now), limit=limit)]


def add(tx: Tx, leases: Iterable[Lease]) -> None:
    """Remember new live leases."""
    tx.many(
        "lease_add",
        [
            {
                "id": each.id,
                "job_id": each.job_id,
                "centre_id": each.centre_id,
                "pool_id": each.pool_id,
                "token": each.token,
                "taken_at": to_micros(each.taken_at),
                "expires_at": to_micros(each.expires_at),
            }
            for each in leases
        ],
    )


def extend(tx: Tx, leases: Iterable[Lease], *, until: Instant) -> None:
    """Let live leases live on; one that has ended meanwhile is left alone."""
    tx.many(
        "lease_extend",
        [
            {
                "id": each.id,
                "centre_id": each.centre_id,
                "token": each.token,
                "expires_at": to_micros(until),
            }
            for each in leases
        ],
    )


def end(tx: Tx, lease_id: LeaseId, state: LeaseState, *, at: Instant) -> None:
    """End a live lease; one that has ended stays as it is."""
    tx.do("lease_end", id=lease_id, state=state.value, ended_at=to_micros(at))


def _lease(row: Row) -> Lease:
    return Lease(
        id=LeaseId(row["id"]),
        job_id=JobId(row["job_id"]),
        centre_id=CentreId(row["centre_id"]),
        pool_id=PoolId(row["pool_id"]),
        token=row["token"],
        state=LeaseState(row["state"]),
        taken_at=from_micros(row["taken_at"]),
        expires_at=from_micros(row["expires_at"]),
        ended_at=instant(row["ended_at"]),
    )

"""Jobs as rows and back. Only `flows` changes a job, and only through its lifecycle table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import (
    CentreId,
    JobId,
    MemberId,
    OrganisationId,
    PoolId,
    ProjectId,
    RoundId,
    TransferId,
)
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.jobs.lifecycle import JOB, JobState
from suanwang.store.tx import Row, Tx
from suanwang.store.values import NEVER, facts, instant, micros, money, parse, units, write

PAGE_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job, as it stands. `spec` is the canonical JSON of its job file, times made absolute."""

    id: JobId
    organisation_id: OrganisationId
    project_id: ProjectId | None = None
    member_id: MemberId | None = None
    name: str
    kind: str
    spec: str
    state: JobState = JobState.SUBMITTED
    array_id: str | None = None
    array_index: int | None = None
    array_count: int | None = None
    after: tuple[str, ...] = ()  # ids of jobs, and "array:<id>" for all members of an array
    waits: bool = False
    accept: bool = False
    accepted_at: Instant | None = None
    quote_expires_at: Instant | None = None
    limit: Money | None = None  # never held or paid more than this
    hold_id: TransferId | None = None
    round_id: RoundId | None = None
    centre_id: CentreId | None = None
    pool_id: PoolId | None = None
    cards: int | None = None
    start_at: Instant | None = None
    end_at: Instant | None = None
    price: Money | None = None  # cleared, per card-hour
    terms: Mapping[str, Any] | None = None  # every price that applied when it was cleared
    token: int = 0  # fencing token of this placement; every new placement raises it
    attempt: int = 0  # how many leases were lost
    not_centres: frozenset[CentreId] = frozenset()
    cancel_at: Instant | None = None
    exit_code: int | None = None
    reason_code: str | None = None
    reason: Mapping[str, Any] = field(default_factory=dict)
    deadline_at: Instant | None = None
    created_at: Instant
    updated_at: Instant
    finished_at: Instant | None = None
    charge: Money | None = None
    usage: Mapping[str, Any] | None = None
    next_try_at: Instant | None = None  # None: no loop need look at it

    @property
    def is_final(self) -> bool:
        """Say whether nothing about the job will change any more."""
        return self.state in JOB.final


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs a list shows; None means any."""

    state: str | None = None
    kind: str | None = None
    name: str | None = None
    array_id: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ends: the creation time and id of its last row."""

    created_at: int  # microseconds
    id: str

    @classmethod
    def of(cls, job: Job) -> Cursor:
        """Return the cursor that continues after this job."""
        return cls(to_micros(job.created_at), job.id)


NEWEST_FIRST = Cursor(NEVER, "~")  # above every row
OLDEST_FIRST = Cursor(-1, "")  # below every row


def job(tx: Tx, job_id: str) -> Job:
    """Return a job, whoever owns it; NotFound if there is none."""
    return _found(tx.first("job_by_id", id=job_id), job_id)


def job_for_update(tx: Tx, job_id: str) -> Job:
    """Return a job, locked until the transaction ends; NotFound if there is none."""
    return _found(tx.first("job_for_update", id=job_id), job_id)


def job_of(tx: Tx, job_id: str, organisation_id: OrganisationId | None) -> Job:
    """Return a job that this organisation may see (None: any); another's is NotFound."""
    found = job(tx, job_id)
    if organisation_id is not None and found.organisation_id != organisation_id:
        raise NotFound(kind="job", id=job_id)
    return found


def add(tx: Tx, jobs: Iterable[Job]) -> None:
    """Remember new jobs, all in one go."""
    tx.many("job_add", [_new_row(each) for each in jobs])


def save(tx: Tx, jobs: Iterable[Job]) -> None:
    """Write what has changed about jobs that this transaction has loaded for update."""
    tx.many("job_save", [_row(each) for each in jobs])


def page(
    tx: Tx,
    organisation_id: OrganisationId | None,
    wanted: JobFilter,
    *,
    after: Cursor = NEWEST_FIRST,
    limit: int = 50,
) -> list[Job]:
    """List jobs newest first, after a cursor; organisation None lists everybody's."""
    query = "jobs_page_newest" if organisation_id else "jobs_page_of_all"
    return _page(tx, query, organisation_id, wanted, after=after, limit=limit)


def page_oldest_first(
    tx: Tx,
    organisation_id: OrganisationId,
    wanted: JobFilter,
    *,
    after: Cursor = OLDEST_FIRST,
    limit: int = 50,
) -> list[Job]:
    """List an organisation's jobs oldest first, after a cursor."""
    return _page(tx, "jobs_page_oldest", organisation_id, wanted, after=after, limit=limit)


def count_by_state(tx: Tx) -> dict[JobState, int]:
    """Say how many jobs stand in each state, for the metrics page."""
    return {JobState(row.state): row.jobs for row in tx.all("jobs_by_state")}


def lock(tx: Tx, query: str, **params: Any) -> list[Job]:  # noqa: ANN401 - column values
    """Lock jobs for work outside, by one of the `jobs_lock_to_…` queries, oldest first."""
    found = [job_from(row) for row in tx.all(query, **params)]
    return sorted(found, key=lambda each: (each.accepted_at or each.created_at, each.id))


def still_locked(tx: Tx, lock_token: str) -> dict[JobId, Job]:
    """Return the jobs that this piece of work still has, locked against change."""
    return {JobId(row.id): job_from(row) for row in tx.all("jobs_locked", lock_token=lock_token)}


def unlock(tx: Tx, lock_token: str, tries: Mapping[JobId, Instant]) -> None:
    """Give jobs back, each to be tried again from its instant on."""
    tx.many(
        "jobs_unlock",
        [
            {"id": job_id, "lock_token": lock_token, "next_try_at": to_micros(at)}
            for job_id, at in tries.items()
        ],
    )


def free(tx: Tx) -> int:
    """Give all jobs back that anybody works on outside, at the cost of doing that work again."""
    return tx.do("jobs_free")


def find(tx: Tx, query: str, **params: Any) -> list[Job]:  # noqa: ANN401 - column values
    """Return the jobs of a named query that selects whole rows."""
    return [job_from(row) for row in tx.all(query, **params)]


def held(tx: Tx, some: Iterable[Job]) -> dict[JobId, Money]:
    """Return what is held for jobs now; a job without a hold is left out."""
    by_hold = {each.hold_id: each.id for each in some if each.hold_id is not None}
    if not by_hold:
        return {}
    rows = tx.all("holds_left", ids=sorted(by_hold))
    return {by_hold[TransferId(row["id"])]: Money(row["left_units"], CNY) for row in rows}


def by_ids(tx: Tx, ids: Iterable[JobId]) -> list[Job]:
    """Return these jobs, oldest first, locked until the transaction ends."""
    wanted = sorted(set(ids))
    return find(tx, "jobs_by_ids_for_update", ids=wanted) if wanted else []


def _page(
    tx: Tx,
    query: str,
    organisation_id: OrganisationId | None,
    wanted: JobFilter,
    *,
    after: Cursor,
    limit: int,
) -> list[Job]:
    rows = tx.all(
        query,
        organisation_id=organisation_id,
        state=wanted.state,
        kind=wanted.kind,
        name=wanted.name,
        array_id=wanted.array_id,
        created_at=after.created_at,
        id=after.id,
        limit=min(limit, PAGE_MAX),
    )
    return [job_from(row) for row in rows]


def _found(row: Row | None, job_id: str) -> Job:
    if row is None:
        raise NotFound(kind="job", id=job_id)
    return job_from(row)


def job_from(row: Row) -> Job:
    """Read one row of the jobs table."""
    next_try = row["next_try_at"]
    return Job(
        id=JobId(row["id"]),
        organisation_id=OrganisationId(row["organisation_id"]),
        project_id=row["project_id"],
        member_id=row["member_id"],
        name=row["name"],
        kind=row["kind"],
        spec=row["spec"],
        state=JobState(row["state"]),
        array_id=row["array_id"],
        array_index=row["array_index"],
        array_count=row["array_count"],
        after=tuple(parse(row["after"]) or ()),
        waits=bool(row["waits"]),
        accept=bool(row["accept"]),
        accepted_at=instant(row["accepted_at"]),
        quote_expires_at=instant(row["quote_expires_at"]),
        limit=money(row["limit_units"]),
        hold_id=row["hold_id"],
        round_id=row["round_id"],
        centre_id=row["centre_id"],
        pool_id=row["pool_id"],
        cards=row["cards"],
        start_at=instant(row["start_at"]),
        end_at=instant(row["end_at"]),
        price=money(row["price_units"]),
        terms=parse(row["terms"]),
        token=row["token"],
        attempt=row["attempt"],
        not_centres=frozenset(parse(row["not_centres"]) or ()),
        cancel_at=instant(row["cancel_at"]),
        exit_code=row["exit_code"],
        reason_code=row["reason_code"],
        reason=facts(row["reason"]),
        deadline_at=instant(row["deadline_at"]),
        created_at=from_micros(row["created_at"]),
        updated_at=from_micros(row["updated_at"]),
        finished_at=instant(row["finished_at"]),
        charge=money(row["charge_units"]),
        usage=parse(row["usage"]),
        next_try_at=None if next_try in (None, NEVER) else from_micros(next_try),
    )


def _new_row(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "organisation_id": job.organisation_id,
        "project_id": job.project_id,
        "member_id": job.member_id,
        "name": job.name,
        "kind": job.kind,
        "spec": job.spec,
        "state": job.state.value,
        "array_id": job.array_id,
        "array_index": job.array_index,
        "array_count": job.array_count,
        "after": write(list(job.after)) if job.after else None,
        "waits": int(job.waits),
        "accept": int(job.accept),
        "deadline_at": micros(job.deadline_at),
        "created_at": to_micros(job.created_at),
        "updated_at": to_micros(job.updated_at),
        "next_try_at": NEVER if job.next_try_at is None else to_micros(job.next_try_at),
    }


def _row(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "state": job.state.value,
        "waits": int(job.waits),
        "accept": int(job.accept),
        "accepted_at": micros(job.accepted_at),
        "quote_expires_at": micros(job.quote_expires_at),
        "limit_units": units(job.limit),
        "hold_id": job.hold_id,
        "round_id": job.round_id,
        "centre_id": job.centre_id,
        "pool_id": job.pool_id,
        "cards": job.cards,
        "start_at": micros(job.start_at),
        "end_at": micros(job.end_at),
        "price_units": units(job.price),
        "terms": write(None if job.terms is None else dict(job.terms)),
        "token": job.token,
        "attempt": job.attempt,
        "not_centres": write(sorted(job.not_centres)) if job.not_centres else None,
        "cancel_at": micros(job.cancel_at),
        "exit_code": job.exit_code,
        "reason_code": job.reason_code,
        "reason": write(dict(job.reason)) if job.reason else None,
        "updated_at": to_micros(job.updated_at),
        "finished_at": micros(job.finished_at),
        "charge_units": units(job.charge),
        "usage": write(None if job.usage is None else dict(job.usage)),
        "next_try_at": NEVER if job.next_try_at is None else to_micros(job.next_try_at),
    }

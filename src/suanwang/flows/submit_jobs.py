"""Submit: jobs are handed in, arrays expanded, all in a handful of statements.

The hot path: one job costs three INSERTs (job, timeline, outbox), ten thousand cost the same three.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from suanwang.basics.ids import Id, JobId, OrganisationId
from suanwang.flows import unblock
from suanwang.flows.act import Act, Actor, Role, must_be
from suanwang.flows.change import Change
from suanwang.flows.check_secrets import check_secrets
from suanwang.flows.errors import BlobUnknown, InputNotUploaded, NoJobs, TooManyJobs
from suanwang.flows.unblock import ARRAY_MARK
from suanwang.jobs.lifecycle import JobEvent
from suanwang.jobs.spec import JobSpec
from suanwang.jobs.submission import Member, members_of, resolve_after
from suanwang.jobs.values import instant_of
from suanwang.store import jobs
from suanwang.store.blobs import blobs_missing
from suanwang.store.jobs import Job
from suanwang.store.tx import Tx
from suanwang.store.values import write

JOBS_MAX = 10_000  # of one request, array members counted
BLOB = "blob:"
STORED = "store://"
_MICROSECOND = timedelta(microseconds=1)


class ArrayId(Id):
    """One array of jobs."""

    prefix = "arr"


@dataclass(frozen=True, slots=True)
class _Draft:
    """One spec of the request: by what others wait for it, and for what it waits."""

    spec: JobSpec
    head: JobId | ArrayId
    after: tuple[str, ...]
    outcome: bool | None  # of what it waits for: well, badly, or not known yet


def submit_jobs(
    tx: Tx,
    specs: Sequence[JobSpec],
    *,
    accept: bool,
    act: Act,
    places: Sequence[str] | None = None,
) -> list[Job]:
    """Take jobs in, SUBMITTED; `accept` asks that their quotes be accepted when they come.

    `places` are JSON pointers to the specs in their request, for mistakes found here.

    Raises: NotAllowed; NoJobs, TooManyJobs; a mistake in `after`; InputNotUploaded, BlobUnknown;
    SecretUnknown; NotFound for a job that is named and not the buyer's.
    """
    buyer = must_be(act, Role.BUYER, Role.BROKER)
    _check_size(specs)
    at = places or [f"/specs/{number}" for number in range(len(specs))]
    check_secrets(tx, dict(zip(at, specs, strict=True)), buyer.organisation_id)
    _check_inputs(tx, specs, buyer.organisation_id)
    change = Change(act)
    submitted: list[Job] = []
    for draft in _drafts(tx, specs, buyer, act):
        for job in _jobs_of(draft, accept=accept, first=len(submitted), buyer=buyer, act=act):
            change.submit(job)
            if draft.outcome is False:
                job = change.end(job, JobEvent.REJECT, "earlier-failed")  # noqa: PLW2901
            submitted.append(job)
    unblock.write(tx, change)
    return submitted


def _check_size(specs: Sequence[JobSpec]) -> None:
    if not specs:
        raise NoJobs
    count = sum(1 if spec.array is None else len(spec.array) for spec in specs)
    if count > JOBS_MAX:
        raise TooManyJobs(most=JOBS_MAX, found=count)


def _check_inputs(tx: Tx, specs: Sequence[JobSpec], buyer: OrganisationId) -> None:
    """Refuse inputs that are not where they are said to be, or are somebody else's."""
    blobs: dict[str, JobSpec] = {}
    stored: set[str] = set()
    for spec in specs:
        for each in spec.inputs:
            if each.is_local:
                raise InputNotUploaded(name=spec.name, source=each.source)
            if each.source.startswith(BLOB):
                blobs[each.source.removeprefix(BLOB)] = spec
            elif each.source.startswith(STORED):
                stored.add(each.source.removeprefix(STORED).partition("/")[0])
    for job_id in stored:
        jobs.job_of(tx, job_id, buyer)
    missing = blobs_missing(tx, list(blobs), buyer) if blobs else []
    if missing:
        raise BlobUnknown(name=blobs[missing[0]].name, source=BLOB + missing[0])


def _drafts(tx: Tx, specs: Sequence[JobSpec], buyer: Actor, act: Act) -> list[_Draft]:
    pinned = [spec.pinned(act.now) for spec in specs]
    heads = [act.new_id(ArrayId) if spec.array else act.new_id(JobId) for spec in specs]
    if not any(spec.after for spec in specs):
        return [_Draft(spec, head, (), True) for spec, head in zip(pinned, heads, strict=True)]
    dependencies = resolve_after(specs)
    if dependencies.mistakes:
        raise dependencies.mistakes[0].error
    # Locked, so that none of them ends unseen before the jobs that wait for it are here.
    for job_id in sorted({each for ids in dependencies.job_ids for each in ids}):
        _own_job_for_update(tx, job_id, buyer)
    drafts = []
    for position, spec in enumerate(pinned):
        here = [_handle(heads[each]) for each in dependencies.earlier[position]]
        there = dependencies.job_ids[position]
        known = unblock.outcome_of(tx, there, buyer.organisation_id)
        outcome = None if here and known else known
        drafts.append(_Draft(spec, heads[position], (*here, *there), outcome))
    return drafts


def _own_job_for_update(tx: Tx, job_id: JobId, buyer: Actor) -> None:
    jobs.job_of(tx, job_id, buyer.organisation_id)
    jobs.job_for_update(tx, job_id)


def _handle(head: JobId | ArrayId) -> str:
    return f"{ARRAY_MARK}{head}" if isinstance(head, ArrayId) else str(head)


def _jobs_of(draft: _Draft, *, accept: bool, first: int, buyer: Actor, act: Act) -> list[Job]:
    array_id = str(draft.head) if isinstance(draft.head, ArrayId) else None
    model = Job(
        id=JobId(draft.head),
        organisation_id=buyer.organisation_id,
        project_id=buyer.project_id,
        member_id=buyer.member_id,
        name=draft.spec.name,
        kind=str(draft.spec.kind),
        spec="",
        after=draft.after,
        waits=bool(draft.after) and draft.outcome is not True,
        accept=accept,
        array_id=array_id,
        deadline_at=instant_of(draft.spec.deadline, now=act.now),
        created_at=act.now,
        updated_at=act.now,
    )
    members = members_of(draft.spec)
    texts = _texts(members)
    made = []
    for count, member in enumerate(members):
        # A microsecond apart: lists, quotes and rounds then keep the order of the file.
        at = act.now + (first + count) * _MICROSECOND
        made.append(
            replace(
                model,
                id=act.new_id(JobId) if array_id else model.id,
                spec=texts[count],
                array_index=member.index,
                array_count=member.count,
                created_at=at,
                updated_at=at,
                next_try_at=act.now,
            )
        )
    return made


def _texts(members: Sequence[Member]) -> list[str]:
    """Write the members' specs; those that share one spec share one text."""
    written: dict[int, str] = {}
    for each in members:
        if id(each.spec) not in written:
            written[id(each.spec)] = write(each.spec.to_wire()) or ""
    return [written[id(each.spec)] for each in members]

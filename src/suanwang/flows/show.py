"""What people look at: lists and single things, each only for those it belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from suanwang.basics.errors import Invalid, NotFound
from suanwang.basics.ids import OrganisationId
from suanwang.basics.slots import Instant
from suanwang.flows.act import Act
from suanwang.flows.timing import Timing
from suanwang.grid.centre import PoolState
from suanwang.store import bills, centres, jobs, logs, outputs, quotes, timeline
from suanwang.store.bills import StoredBill
from suanwang.store.centres import StoredCentre, StoredPool
from suanwang.store.jobs import Cursor, Job, JobFilter
from suanwang.store.logs import LogLine
from suanwang.store.outputs import Output
from suanwang.store.quotes import Quote
from suanwang.store.timeline import Line
from suanwang.store.tx import Tx


@dataclass(frozen=True, slots=True)
class CentreView:
    """A centre with its pools."""

    centre: StoredCentre
    pools: tuple[StoredPool, ...]
    silent: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """A pool for sale, and how many of its cards are free now."""

    state: PoolState
    cards_free: int


def must_see(act: Act, kind: str, thing_id: str, *owners: OrganisationId | None) -> None:
    """Let pass who owns a thing, and who sees all; to others it is NotFound."""
    if whose(act) not in (None, *owners):
        raise NotFound(kind=kind, id=thing_id)


def show_job(tx: Tx, job_id: str, *, act: Act) -> Job:
    """Return one of the caller's jobs; another's is NotFound."""
    return jobs.job_of(tx, job_id, whose(act))


def list_jobs(
    tx: Tx, wanted: JobFilter, *, act: Act, after: Cursor | None = None, limit: int = 50
) -> list[Job]:
    """List the caller's jobs, newest first; an operator's or auditor's key lists everybody's."""
    cursor = after or jobs.NEWEST_FIRST
    return jobs.page(tx, whose(act), wanted, after=cursor, limit=limit)


def list_jobs_oldest_first(
    tx: Tx, wanted: JobFilter, *, act: Act, after: Cursor | None = None, limit: int = 50
) -> list[Job]:
    """List the caller's jobs, oldest first."""
    owner = whose(act)
    if owner is None:
        raise Invalid(reason="sort=created needs a key of the organisation whose jobs are listed")
    cursor = after or jobs.OLDEST_FIRST
    return jobs.page_oldest_first(tx, owner, wanted, after=cursor, limit=limit)


def show_quote(tx: Tx, job_id: str, *, act: Act) -> tuple[Job, Quote]:
    """Return the quote of one of the caller's jobs; NotFound while it has none."""
    job = show_job(tx, job_id, act=act)
    return job, quotes.quote(tx, job.id)


def show_timeline(
    tx: Tx, job_id: str, *, act: Act, after: int = 0, limit: int = timeline.LINES_MAX
) -> list[Line]:
    """Return what happened to one of the caller's jobs, in order."""
    return timeline.of_job(tx, show_job(tx, job_id, act=act).id, after=after, limit=limit)


def show_logs(
    tx: Tx,
    job_id: str,
    *,
    act: Act,
    after: tuple[int, int] = (0, -1),
    limit: int = logs.PAGE_MAX,
) -> list[LogLine]:
    """Return what one of the caller's jobs printed, in order, after (token, seq)."""
    return logs.of_job(tx, show_job(tx, job_id, act=act).id, after=after, limit=limit)


def show_outputs(tx: Tx, job_id: str, *, act: Act) -> list[Output]:
    """Return the outputs of one of the caller's jobs."""
    return outputs.of_job(tx, show_job(tx, job_id, act=act).id)


def show_output(tx: Tx, job_id: str, name: str, *, act: Act) -> Output:
    """Return one output of one of the caller's jobs."""
    return outputs.output(tx, show_job(tx, job_id, act=act).id, name)


def show_bill(tx: Tx, job_id: str, *, act: Act) -> StoredBill:
    """Return the bill of one of the caller's jobs, or of one that the caller's centre ran."""
    bill = bills.bill_of_job(tx, jobs.job(tx, job_id).id)
    if whose(act) not in (None, bill.organisation_id, bill.provider_id):
        show_job(tx, job_id, act=act)
    return bill


def list_centres(
    tx: Tx,
    *,
    now: Instant,
    timing: Timing,
    after: tuple[int, str] = (-1, ""),
    limit: int = 100,
) -> list[CentreView]:
    """List centres with their pools, oldest first; what is for sale is public."""
    return [_view(tx, each, now, timing) for each in centres.page(tx, after=after, limit=limit)]


def show_centre(tx: Tx, centre_id: str, *, now: Instant, timing: Timing) -> CentreView:
    """Return one centre with its pools."""
    return _view(tx, centres.centre(tx, centre_id), now, timing)


def list_offers(tx: Tx, *, now: Instant, timing: Timing) -> list[Offer]:
    """List every pool for sale with its cards that are free now; silent centres offer nothing."""
    states = centres.pool_states(tx, now=now, silent_after=timing.silent_after)
    return [
        Offer(state, state.pool.cards - _taken(state, now)) for state in states if not state.silent
    ]


def whose(act: Act) -> OrganisationId | None:
    """Return the organisation whose rows the caller sees; None: everybody's."""
    if act.key is None or act.key.sees_all:
        return None
    return act.key.organisation_id


def _taken(state: PoolState, now: Instant) -> int:
    return sum(cards for slot, cards in state.busy if now in slot)


def _view(tx: Tx, centre: StoredCentre, now: Instant, timing: Timing) -> CentreView:
    pools = tuple(centres.pools_of_centre(tx, centre.id))
    silent = centre.is_silent(now, silent_after=timing.silent_after)
    return CentreView(centre, pools, silent)

"""Turns stored jobs into the demands that placement sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from suanwang.basics.ids import CentreId, JobId, OrganisationId, PoolId
from suanwang.flows.sales import Sales
from suanwang.flows.specs import spec_of
from suanwang.flows.submit_jobs import STORED
from suanwang.grid.deal import Sale
from suanwang.grid.demand import Demand
from suanwang.grid.fees import TAKE_RATES
from suanwang.jobs.demand import demand_of
from suanwang.jobs.spec import JobSpec
from suanwang.store import jobs
from suanwang.store.jobs import Job
from suanwang.store.tx import Tx


def data_centres(tx: Tx, some: Iterable[Job]) -> dict[JobId, CentreId]:
    """Return, for jobs whose inputs lie in a cold store, the centre that keeps them."""
    wanted = {job.id: source for job in some if (source := stored_by(job)) is not None}
    found = {each: jobs.job(tx, each).centre_id for each in set(wanted.values())}
    return {
        job_id: centre_id
        for job_id, source in wanted.items()
        if (centre_id := found[source]) is not None
    }


def stored_by(job: Job) -> JobId | None:
    """Return the store job that a job's inputs come from, if any do."""
    # Looked for in the text first: most jobs have none, and reading a spec takes longer.
    if STORED not in job.spec:
        return None
    for each in spec_of(job).inputs:
        if each.source.startswith(STORED):
            return JobId(each.source.removeprefix(STORED).partition("/")[0])
    return None


def demand_of_job(
    job: Job, *, only_centre: CentreId | None = None, sales: Sales | None = None
) -> Demand:
    """Return what a job needs; times were pinned when it was handed in."""
    spec = spec_of(job)
    return demand_of(
        spec,
        now=job.created_at,
        not_centres=job.not_centres,
        only_centre=only_centre,
        sold=sold_to(job.organisation_id, spec, sales),
        take=TAKE_RATES if sales is None else sales.take,
    )


def sold_to(
    buyer: OrganisationId, spec: JobSpec, sales: Sales | None
) -> Mapping[PoolId, Sale] | None:
    """Return how pools are sold to a job of a buyer."""
    broker = None if spec.broker is None else OrganisationId(spec.broker)
    return None if sales is None else sales.to(buyer, broker)

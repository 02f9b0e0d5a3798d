"""All columns of the orders of a case, and whether there are few enough of them to search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from suanwang.market.case.model import Case, FlexibleJob, Offer, Shape, Side
from suanwang.market.clearing.exact.job_columns import JobColumns, add_jobs, places_of, run_cells
from suanwang.market.clearing.exact.model import Model, base_model
from suanwang.market.clearing.exact.order_columns import (
    BlockColumns,
    OfferColumns,
    add_blocks,
    add_offers,
    without_runs,
)
from suanwang.market.clearing.slots import Market

SWITCHES_MAX = 60  # what most often takes less than a second
COLUMNS_MAX = 4_000  # simple steps, flows and data: a programme of this size takes a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which columns stand for which orders, in the order of the case."""

    jobs: Sequence[JobColumns]
    blocks: Sequence[BlockColumns]
    offers: Sequence[OfferColumns]
    lots: Mapping[tuple[Side, int], Sequence[int]]


def whole_model(market: Market) -> tuple[Model, Columns]:
    """Write a market down as one programme."""
    model = base_model(market)
    blocks, offers, jobs = add_blocks(model), add_offers(model), add_jobs(model)
    return model, Columns(jobs=jobs, blocks=blocks, offers=offers, lots=model.lots)


def fits(case: Case, limit: int) -> bool:
    """Say whether the search can try a case: at most `limit` switches, and no size out of hand."""
    if _amounts(case) > COLUMNS_MAX:
        return False
    lots = [
        steps.quantity[steps.lot > 0] // steps.lot[steps.lot > 0]
        for steps in (case.asks, case.bids)
    ]
    total = sum(int(most).bit_length() for counts in lots for most in np.asarray(counts).tolist())
    total += len(case.blocks)
    for offer in case.offers:
        total += _offer_switches(offer)
    for job in case.jobs:
        total += _job_switches(case, job, limit - total)
        if total > limit:
            return False
    return total <= limit


def _amounts(case: Case) -> int:
    links = len(case.links) * case.slots
    ways = sum(2 * len(job.zones) for job in case.jobs if job.data is not None)
    cells = sum(
        (job.end - job.start) * len(job.zones) * len(job.classes)
        for job in case.jobs
        if job.shape is Shape.DIVISIBLE
    )
    return len(case.asks) + len(case.bids) + links * (len(case.classes) + ways) + cells


def _offer_switches(offer: Offer) -> int:
    if without_runs(offer):
        return 1 if offer.start_cost else 0
    return 2 * (offer.end - offer.start)


def _job_switches(case: Case, job: FlexibleJob, limit: int) -> int:
    """Count a job's switches; stop a little beyond the limit."""
    total = 0
    if job.shape is Shape.DIVISIBLE:
        return 0
    for place in places_of(case, job):
        if total > limit:
            break
        if job.shape is Shape.PREEMPTIBLE:
            total += 2 * (job.end - job.start) + len(job.values) + 2
            continue
        for _ in run_cells(case, job, place):
            total += 1
            if total > limit:
                break
    return total

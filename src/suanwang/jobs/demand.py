"""Turns a job's spec into the demand that placement sees: bytes, hours, weights, capabilities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from suanwang.basics.ids import CentreId, OrganisationId, PoolId
from suanwang.basics.products import CardClass
from suanwang.basics.slots import Instant
from suanwang.grid.deal import Sale
from suanwang.grid.demand import Demand, Preference
from suanwang.grid.fees import TAKE_RATES, TakeRates
from suanwang.jobs.spec import JobKind, JobSpec
from suanwang.jobs.values import instant_of

GB = 10**9
MONTH = timedelta(days=30)  # the month of a cold-store price
CAPABILITY_IMAGE = "image"
CAPABILITY_ENVIRONMENT = "environment:"


def demand_of(
    spec: JobSpec,
    *,
    now: Instant,
    not_centres: frozenset[CentreId] = frozenset(),
    only_centre: CentreId | None = None,
    sold: Mapping[PoolId, Sale] | None = None,
    take: TakeRates = TAKE_RATES,
) -> Demand:
    """Return what placement needs to know of a job.

    `now` resolves a deadline or start that counts from now; flows pin those at submission
    (`JobSpec.pinned`), so that a later quote does not push them on. Inputs of unknown size count
    as nothing until the client or a URL's server has told their bytes.
    """
    needs = spec.resources
    bytes_in = sum(each.bytes or 0 for each in spec.inputs)
    stored = spec.kind is JobKind.STORE
    return Demand(
        cards=0 if stored else needs.cards,  # keeping data takes disk and hours, no card
        classes={CardClass(name): float(speed) for name, speed in needs.classes.items()},
        nodes=needs.nodes,
        cores=needs.cpus,
        memory_gb=needs.memory / GB,
        disk_gb=needs.disk / GB,
        expected=spec.expected,
        time_limit=spec.time_limit,
        bytes_in=bytes_in,
        home=spec.near,
        latency_ms_max=None if spec.latency_ms_max is None else float(spec.latency_ms_max),
        store_gb=bytes_in / GB if stored else 0.0,
        store_months=spec.retain / MONTH if stored else 0.0,
        earliest=instant_of(spec.earliest_start, now=now),
        deadline=instant_of(spec.deadline, now=now),
        cost_max=spec.max_price,
        weights=_weights(spec),
        only_centre=only_centre,
        not_centres=not_centres,
        needs=_capabilities(spec),
        broker=None if spec.broker is None else OrganisationId(spec.broker),
        sold=sold or {},
        take=take,
    )


def _weights(spec: JobSpec) -> dict[Preference, float]:
    whole = sum(spec.prefer.values())
    return {word: float(weight / whole) for word, weight in spec.prefer.items() if weight}


def _capabilities(spec: JobSpec) -> frozenset[str]:
    if spec.kind is JobKind.STORE:
        return frozenset()  # nothing runs; a cold price says that a centre has a cold store
    wanted = {CAPABILITY_IMAGE} if spec.image else set()
    if spec.environment:
        wanted.add(f"{CAPABILITY_ENVIRONMENT}{spec.environment}")
    return frozenset(wanted)

"""What the plans of a sweep send over each link: GB by the cheapest way in the cheapest slot."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from suanwang.market.clearing.own.arrays import (
    DIVISIBLE,
    PREEMPTIBLE,
    Floats,
    Indices,
    JobArrays,
    Record,
    Records,
)
from suanwang.market.clearing.own.bench import Plans
from suanwang.market.clearing.own.compiled import inner, kernel
from suanwang.market.clearing.own.prices import Prices


class _Ways(NamedTuple):
    away: Floats
    home: Floats
    away_link: Indices
    home_link: Indices
    link_source: Indices
    link_target: Indices
    alternatives: Records
    hours: Floats


def add_data(jobs: JobArrays, prices: Prices, plans: Plans, link_gb: Floats) -> None:
    """Add every accepted job's data, in and out, to link_gb[links, slots]."""
    moving = (jobs.jobs["hub"] >= 0) & (plans.jobs["gain"] > 0)
    ways = _Ways(
        prices.away,
        prices.home,
        prices.away_link,
        prices.home_link,
        jobs.link_source,
        jobs.link_target,
        jobs.alternatives,
        jobs.hours,
    )
    some = np.flatnonzero(moving).astype(np.int32)
    _send_all(ways, (jobs.jobs[some], plans.jobs[some], plans.cells), len(jobs.kg), link_gb)


@kernel
def _send_all(
    ways: _Ways, chosen: tuple[Records, Records, Records], places: int, link_gb: Floats
) -> None:
    for index in range(len(chosen[0])):
        job, plan = chosen[0][index], chosen[1][index]
        if job.shape == DIVISIBLE:
            for at in range(job.cell_first, job.cell_first + plan.cell_count):
                cell = chosen[2][at]
                slot, place = cell.node // places, cell.node % places
                share, zone = _share(ways, job, (slot, place, cell.cards))
                _send(ways, job, (zone, slot, slot + 1, share), link_gb)
            continue
        zone = ways.alternatives[plan.alternative].zone
        if job.shape == PREEMPTIBLE:  # the relaxation may use the whole window
            _send(ways, job, (zone, job.end - 1, job.start + 1, 1.0), link_gb)
        else:
            _send(ways, job, (zone, plan.first, plan.after, 1.0), link_gb)


@inner
def _share(ways: _Ways, job: Record, cell: tuple[int, int, float]) -> tuple[float, int]:
    # Which part of the job's work a cell does, and in which zone.
    slot, place, cards = cell
    alternative = job.alternative_first
    while ways.alternatives[alternative].place != place:
        alternative += 1
    option = ways.alternatives[alternative]
    return cards * ways.hours[slot] * option.speed / job.work, option.zone


@inner
def _send(ways: _Ways, job: Record, what: tuple[int, int, int, float], link_gb: Floats) -> None:
    zone, before, after, share = what
    if zone == job.hub_zone:
        return
    if job.gb_in > 0.0:
        slot = _cheapest(ways.away, (job.hub, zone), job.start, before)
        load = (link_gb, share * job.gb_in)
        _load(ways.away_link[job.hub, slot], ways.link_source, (zone, slot), load)
    if job.gb_out > 0.0:
        slot = _cheapest(ways.home, (job.hub, zone), after, job.home_end)
        load = (link_gb, share * job.gb_out)
        _load(ways.home_link[job.hub, slot], ways.link_target, (zone, slot), load)


@inner
def _cheapest(far: Floats, way: tuple[int, int], begin: int, end: int) -> int:
    best = begin
    for slot in range(begin, end):
        if far[way[0], slot, way[1]] < far[way[0], best, way[1]]:
            best = slot
    return best


@inner
def _load(via: Indices, onward: Indices, at: tuple[int, int], load: tuple[Floats, float]) -> None:
    zone, slot = at
    while via[zone] >= 0:
        load[0][via[zone], slot] += load[1]
        zone = onward[via[zone]]

"""Multipliers made ready for the kernels: a row a place, and the cheapest way for data."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from suanwang.market.clearing.own.arrays import Floats, Indices, JobArrays
from suanwang.market.clearing.own.compiled import inner, kernel


class Prices(NamedTuple):
    """Multipliers by place and slot, and what a GB costs between each hub and each zone."""

    rate: Floats  # [places, slots], yuan per card-hour
    rate_sum: Floats  # [places, slots + 1], yuan per card of all slots before
    rate_least: Floats  # [places], over all slots
    pool_rate: Floats  # [pools, slots], yuan per card-hour
    pool_sum: Floats  # [pools or 1, slots + 1], yuan per card of all slots before
    away: Floats  # [hubs, slots, zones], yuan per GB from hub to zone; inf where there is no way
    home: Floats  # [hubs, slots, zones], yuan per GB from zone to hub
    away_link: Indices  # [hubs, slots, zones]: the link of that way at the zone's end, or NOWHERE
    home_link: Indices


def ready_prices(jobs: JobArrays, *, nodes: Floats, links: Floats, pools: Floats) -> Prices:
    """Prepare multipliers: nodes[nodes], links[links, slots], pools[pools, slots], yuan per hour.

    Ways are found only for zones where data lies: shortest paths under link price × hours.
    """
    places, slots = jobs.kg.shape
    shape = (len(jobs.hub_zone), slots, jobs.zones)
    away, away_link = np.full(shape, np.inf), np.full(shape, -1, np.int32)
    home, home_link = np.full(shape, np.inf), np.full(shape, -1, np.int32)
    if len(jobs.hub_zone) > 0:
        cost = links * jobs.hours
        _find_ways((jobs.link_source, jobs.link_target), cost, jobs.hub_zone, (away, away_link))
        _find_ways((jobs.link_target, jobs.link_source), cost, jobs.hub_zone, (home, home_link))
    rate = np.ascontiguousarray(nodes.reshape(slots, places).T)
    return Prices(
        rate=rate,
        rate_sum=running_sum(rate * jobs.hours),
        rate_least=rate.min(axis=1, initial=np.inf),
        pool_rate=pools,
        pool_sum=running_sum(pools * jobs.hours if len(pools) else np.zeros((1, slots))),
        away=away,
        home=home,
        away_link=away_link,
        home_link=home_link,
    )


def running_sum(rows: Floats) -> Floats:
    """Return each row's sums of all before, one longer than the row."""
    return np.concatenate([np.zeros((len(rows), 1)), np.cumsum(rows, axis=1)], axis=1)


@kernel
def _find_ways(
    ends: tuple[Indices, Indices], cost: Floats, hubs: Indices, ways: tuple[Floats, Indices]
) -> None:
    for hub in range(len(hubs)):
        for slot in range(cost.shape[1]):
            ways[0][hub, slot, hubs[hub]] = 0.0
            _relax(ends, cost[:, slot].copy(), ways[0][hub, slot], ways[1][hub, slot])


@inner
def _relax(ends: tuple[Indices, Indices], cost: Floats, far: Floats, via: Indices) -> None:
    # Bellman and Ford: link prices are never negative, so it ends; zones are few.
    changed = True
    while changed:
        changed = False
        for link in range(len(cost)):
            reached = far[ends[0][link]] + cost[link]
            if reached < far[ends[1][link]]:
                far[ends[1][link]] = reached
                via[ends[1][link]] = link
                changed = True

"""Can this pool take this job at all, whatever the hour? The first thing missing is told.

Checks run from the most final to the most negotiable, so that the reason shown is the one that no
change of hour, budget or deadline would mend.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from suanwang.grid.centre import PoolState
from suanwang.grid.demand import Demand, WhyNot

CLASSES_NAMED_MAX = 5  # a message names that many classes, then stops


class Misfit(NamedTuple):
    """Why a pool cannot take a demand, with what was needed and what was found."""

    why: WhyNot
    detail: Mapping[str, str]


def misfit(demand: Demand, state: PoolState, latency_ms: float | None) -> Misfit | None:
    """Return the first thing that rules the pool out for good, or None if nothing does."""
    return (
        _ruled_out(demand, state) or _too_small(demand, state) or _lacks(demand, state, latency_ms)
    )


def _ruled_out(demand: Demand, state: PoolState) -> Misfit | None:
    centre = state.centre
    if demand.only_centre is not None and demand.only_centre != centre.id:
        return Misfit(WhyNot.ELSEWHERE, {"needed": demand.only_centre, "found": centre.id})
    if centre.id in demand.not_centres:
        return Misfit(WhyNot.FAILED_THERE, {"found": centre.id})
    if demand.broker is not None and state.pool.id not in demand.sold:
        return Misfit(WhyNot.NOT_SOLD, {"needed": demand.broker, "found": centre.name})
    if state.silent:
        return Misfit(WhyNot.SILENT, {"found": centre.name})
    if demand.classes and state.pool.chip not in demand.classes:
        named = sorted(demand.classes)
        needed = ", ".join(named[:CLASSES_NAMED_MAX])
        if len(named) > CLASSES_NAMED_MAX:
            needed += ", …"
        return Misfit(WhyNot.CLASS, {"needed": needed, "found": state.pool.chip})
    return _loss(demand, state)


def _loss(demand: Demand, state: PoolState) -> Misfit | None:
    """Say whether a broker that may lose by this job has the money for it."""
    sale = demand.sold.get(state.pool.id)
    if sale is None or sale.funds is None:
        return None
    loss = sale.loss_at_most(state.pool.price, cards=demand.cards, limit=demand.time_limit)
    if loss <= sale.funds:
        return None
    return Misfit(WhyNot.BROKER_SHORT, {"needed": str(loss), "found": str(sale.funds)})


def _too_small(demand: Demand, state: PoolState) -> Misfit | None:
    pool = state.pool
    # More nodes than asked for are fine; cards that do not fit on the nodes asked for need more.
    nodes = max(demand.nodes, -(-demand.cards // pool.cards_per_node))
    if nodes > pool.nodes:
        detail = {
            "needed": str(demand.cards),
            "found": str(pool.cards),
            "nodes_needed": str(nodes),
            "nodes_found": str(pool.nodes),
        }
        return Misfit(WhyNot.CARDS, detail)
    for why, needed, found in (
        (WhyNot.CORES, demand.cores, pool.cores_per_node),
        (WhyNot.MEMORY, demand.memory_gb, pool.memory_gb),
        (WhyNot.DISK, demand.disk_gb, pool.disk_gb),
    ):
        if needed > found:
            return Misfit(why, {"needed": f"{needed:g}", "found": f"{found:g}"})
    return None


def _lacks(demand: Demand, state: PoolState, latency_ms: float | None) -> Misfit | None:
    missing = demand.needs - state.centre.capabilities
    if missing:
        return Misfit(WhyNot.CAPABILITY, {"needed": ", ".join(sorted(missing))})
    if demand.stores and state.centre.cold_price_gb_month is None:
        return Misfit(WhyNot.NO_STORE, {"found": state.centre.name})
    wanted = demand.latency_ms_max
    if wanted is not None and latency_ms is not None and latency_ms > wanted:
        return Misfit(WhyNot.LATENCY, {"needed": f"{wanted:g}", "found": f"{latency_ms:.1f}"})
    return None

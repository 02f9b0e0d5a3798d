"""All slots of a market, cleared one by one around what jobs, blocks and offers take.

Slots only meet in orders that reach over time; with those fixed, each is a market of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import MICRO, Case, Ints
from suanwang.market.clearing.batch import Batch, Limits, empty_batch, in_batches
from suanwang.market.clearing.curves import Curves, build_curves
from suanwang.market.clearing.network import Network
from suanwang.market.clearing.slot_simplex import OPTIMAL, solve_batch
from suanwang.market.clearing.ties import even_out
from suanwang.market.clearing.whole import (
    EXACT,
    SPARE_QUANTA,
    Whole,
    round_batch,
    trim_batch,
)

Floats = NDArray[np.float64]
PIVOTS_MAX: Final = 200_000  # for one slot; a slot of 114 rows takes about 250
_TRIMS_MAX: Final = 8
_ROUNDINGS_MAX: Final = 3
_SCARCE_SPANS: Final = (
    1e3  # the price beyond all others, in spans between the lowest and the highest
)
_NEAR: Final = 1e-9  # links this near to their capacity are added up again in whole numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Market:
    """A case compiled for the solver."""

    case: Case
    curves: Curves
    network: Network
    scarce: float  # micro-yuan: what a card costs where there is none

    @classmethod
    def of(cls, case: Case) -> Market:
        """Compile a case."""
        curves = build_curves(case)
        prices = [case.price_min, case.price_max, 0]
        if curves.price.size:
            prices += [int(curves.price.min()), int(curves.price.max())]
        span = max(prices) - min(prices) + MICRO
        network = Network.of(case)
        reach = float(network.cost.sum())
        scarce = max(map(abs, prices)) + _SCARCE_SPANS * span + 2 * reach
        return cls(case=case, curves=curves, network=network, scarce=scarce)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cleared:
    """What all slots came to: whole quanta, and the simplex's own prices (micro-yuan)."""

    status: NDArray[np.int64]  # [slots]; 0 where cleared
    y: Ints  # [nodes], net supply of the simple orders
    flow: Ints  # [slots, links, classes]
    node_price: Floats  # [nodes]
    link_price: Floats  # [slots, links], for an hour and a unit of capacity
    pivots: Ints  # [slots]

    @property
    def feasible(self) -> bool:
        """Say whether every slot could give what was asked of it."""
        return not self.status.any()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Before:
    """What was cleared before, so that slots asked the same again are not solved again."""

    demand: Ints
    load: Floats
    cleared: Cleared


def clear_slots(
    market: Market, demand: Ints, load: Floats, before: Before | None = None
) -> Cleared:
    """Clear every slot.

    Args:
        market: the compiled case.
        demand: [nodes] quanta that jobs, bid blocks (+), ask blocks and offers (−) take.
        load: [links, slots] data in quanta, counted against capacity.
        before: another clearing of this market; slots with the same demand and load are taken over.
    """
    network, slots = market.network, market.case.slots
    if before is None:
        cleared, todo = _nothing_cleared(network, slots), np.arange(slots)
    else:
        cleared = _taken_over(before.cleared)
        todo = np.nonzero(_changed(demand, load, before))[0]
    room = network.capacity - load
    for _ in range(_TRIMS_MAX):
        for some in in_batches(network.links, todo):
            _clear_batch(market, cleared, empty_batch(network.links, some, demand, room))
        over = _overfull(market, cleared, load)
        if not over:
            break
        todo = np.array(sorted({slot for _, slot in over}), np.int64)
        for link, slot in over:
            spare = SPARE_QUANTA * network.weight[link].sum()
            room[link, slot] = max(room[link, slot] - spare, min(room[link, slot], 0.0))
    return cleared


def _nothing_cleared(network: Network, slots: int) -> Cleared:
    links, classes = network.weight.shape
    nodes = slots * network.zones * classes
    return Cleared(
        status=np.zeros(slots, np.int64),
        y=np.zeros(nodes, np.int64),
        flow=np.zeros((slots, links, classes), np.int64),
        node_price=np.zeros(nodes),
        link_price=np.zeros((slots, links)),
        pivots=np.zeros(slots, np.int64),
    )


def _clear_batch(market: Market, cleared: Cleared, batch: Batch) -> None:
    """Solve some slots, share their ties, round them, and write them down."""
    curves, network, slots = market.curves, market.network.links, batch.slots
    limits = Limits(scarce=market.scarce, pivots_max=PIVOTS_MAX)
    solve_batch(curves, network, batch, limits)
    nodes = batch.y.shape[1]
    cleared.pivots[slots] += batch.pivots
    cleared.node_price.reshape(-1, nodes)[slots] = batch.dual[:, :nodes]
    cleared.link_price[slots] = np.maximum(-batch.dual[:, nodes:], 0.0)
    whole = Whole(cleared.y.reshape(-1, nodes)[slots], cleared.flow[slots])
    # Rounding may fill a link a quantum too far: then the same basis is read with less room.
    todo = batch.status == OPTIMAL
    for _ in range(_ROUNDINGS_MAX):
        even = batch._replace(y=batch.y.copy(), flow=batch.flow.copy())
        even_out(curves, network, even, todo)
        round_batch(curves, network, even, (whole, todo))
        trim_batch(network, batch, whole, todo)
        if not todo.any():
            break
    cleared.status[slots] = batch.status
    cleared.y.reshape(-1, nodes)[slots] = whole.y
    cleared.flow[slots] = whole.flow


def _changed(demand: Ints, load: Floats, before: Before) -> NDArray[np.bool_]:
    """Return [slots] whether anything is asked of a slot that was not before, or it had failed."""
    slots = load.shape[1]
    other = (demand != before.demand).reshape(slots, -1).any(axis=1)
    moved: NDArray[np.bool_] = (load != before.load).any(axis=0)
    return np.asarray(other | moved | (before.cleared.status != EXACT), np.bool_)


def _taken_over(cleared: Cleared) -> Cleared:
    return Cleared(
        status=cleared.status.copy(),
        y=cleared.y.copy(),
        flow=cleared.flow.copy(),
        node_price=cleared.node_price.copy(),
        link_price=cleared.link_price.copy(),
        pivots=np.zeros_like(cleared.pivots),
    )


def _overfull(market: Market, cleared: Cleared, load: Floats) -> list[tuple[int, int]]:
    """Find links that rounding has filled a quantum too far, adding up in whole numbers."""
    network = market.network
    carried = np.einsum("tlk,lk->lt", cleared.flow.astype(np.float64), network.weight) + load
    near = carried > network.capacity * (1 - _NEAR) - network.weight.sum(axis=1)[:, None]
    found = []
    for link, slot in zip(*(x.tolist() for x in np.nonzero(near)), strict=True):
        flows = cleared.flow[slot, link].tolist()
        used = sum(w * f for w, f in zip(network.whole_weight[link], flows, strict=True) if f)
        used += int(load[link, slot]) * network.parts[link]
        if used > network.whole_capacity[link][slot]:
            found.append((link, slot))
    return found


assert EXACT == OPTIMAL == 0, "a status of 0 says cleared"

"""Better multipliers step by step: prices rise where cards are wanted and fall where they lie idle.

Each step follows the averaged excess of all steps so far (a deflected subgradient: Camerini,
Fratta and Maffioli 1975), relative to what a node can give, so that one rule fits large and small
nodes. The best multipliers seen are kept; all of them bound the welfare.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import MICRO
from suanwang.market.clearing.response import Crowd, Response, no_pools

Floats = NDArray[np.float64]
MEMORY = 0.6  # share of the last direction that is kept
_EXCESS_MAX = 1.5  # of a node's size: further away is no more urgent
_LEAST_SPAN = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ascended:
    """The best multipliers found."""

    nodes: Floats  # [nodes], yuan per card-hour
    response: Response
    steps: int


def ascend(crowd: Crowd, start: Floats, *, steps: int, stride: float, decay: float) -> Ascended:
    """Improve node multipliers from `start`.

    Args:
        stride: the first step, as a share of a node's price for an excess of its whole size.
        decay: factor on the stride from step to step.
    """
    pools = no_pools(crowd.market.case)
    size, floor = node_sizes(crowd), price_floor(crowd)
    span = _LEAST_SPAN * max(crowd.high - crowd.low, 1e-6)
    nodes = np.clip(start, floor, crowd.high)
    response = crowd.respond(nodes, pools)
    best, best_nodes = response, nodes
    direction = np.zeros(len(nodes))
    for step in range(steps):
        wanted = np.clip(response.excess / size, -1.0, _EXCESS_MAX)
        direction = wanted if step == 0 else MEMORY * direction + (1 - MEMORY) * wanted
        reach = np.maximum(np.abs(nodes), span) * stride * decay**step
        nodes = np.clip(nodes + reach * direction, floor, crowd.high)
        response = crowd.respond(nodes, pools)
        if response.value < best.value:
            best, best_nodes = response, nodes
    return Ascended(nodes=best_nodes, response=best, steps=steps)


def price_floor(crowd: Crowd) -> Floats:
    """Return [nodes] prices below which a node without links has nothing: its cheapest ask."""
    curves, case = crowd.market.curves, crowd.market.case
    floor = np.full(case.nodes, crowd.low)
    owner = np.repeat(np.arange(case.nodes), np.diff(curves.first))
    asked = curves.asks > 0
    cheapest = np.full(case.nodes, np.inf)
    np.minimum.at(cheapest, owner[asked], curves.price[asked] / MICRO)
    served = np.isfinite(cheapest)
    for link in case.links:
        served.reshape(-1, len(case.zones))[:, link.target] = False
    for offer in case.offers:
        served[[case.node(offer.zone, offer.card_class, t) for t in range(case.slots)]] = False
    for block in case.blocks:
        served[[case.node(block.zone, block.card_class, t) for t in block.slots]] = False
    floor[served] = np.maximum(floor[served], cheapest[served])
    return floor


def node_sizes(crowd: Crowd) -> Floats:
    """Return what each node can give or take, cards; at least a little."""
    curves, case = crowd.market.curves, crowd.market.case
    total = np.zeros(case.nodes)
    owner = np.repeat(np.arange(case.nodes), np.diff(curves.first))
    np.add.at(total, owner, (curves.asks + curves.bids) / case.quantum)
    for offer in case.offers:
        for slot in range(offer.start, offer.end):
            total[case.node(offer.zone, offer.card_class, slot)] += float(offer.quantity[slot])
    typical = float(total[total > 0].mean()) if (total > 0).any() else 1.0
    return np.maximum(total, 0.05 * typical)

"""What a job's data pays for links, as part of the condition that the job does not lose.

A link's price is the least that fits the node prices: the largest, over classes, of (price there −
price here − cost) ÷ weight, and 0. Whichever class is the largest at some prices, what data pays is
never less than by that class; put in, it makes a straight condition that must hold at any prices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Ints
from suanwang.market.clearing.network import Network

Floats = NDArray[np.float64]
Due = tuple[int, int, float]  # link, slot, GB × hours
_RISE_MIN = 1e-3  # micro-yuan: less is what rounding leaves of a link that costs nothing


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """Σ coefficient × price(node) − what its data pays ≥ least, micro-yuan: nobody loses."""

    nodes: Ints
    coefficients: Floats
    least: float
    order: tuple[str, int]  # whom to blame
    dues: tuple[Due, ...] = ()


def straightened(
    network: Network, condition: Condition, prices: Floats
) -> tuple[Condition, tuple[int, ...]]:
    """Put in the class that each link's price is due to at these prices (micro-yuan).

    Returns the straight condition and those classes, −1 where a link costs nothing.
    """
    nodes, coefficients = condition.nodes.tolist(), condition.coefficients.tolist()
    least = condition.least
    chosen = []
    for link, slot, gb in condition.dues:
        here = (slot * network.classes + np.arange(network.classes)) * network.zones
        there = here + network.target[link]
        here += network.source[link]
        rise = (prices[there] - prices[here] - network.cost[link]) / network.weight[link]
        k = int(np.argmax(rise))
        if rise[k] <= _RISE_MIN:
            chosen.append(-1)
            continue
        chosen.append(k)
        share = gb / float(network.weight[link, k])
        nodes += [int(there[k]), int(here[k])]
        coefficients += [-share, share]
        least -= share * float(network.cost[link])
    straight = Condition(np.array(nodes, np.int64), np.array(coefficients), least, condition.order)
    return straight, tuple(chosen)

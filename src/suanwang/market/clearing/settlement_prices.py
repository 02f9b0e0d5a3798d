"""Settlement prices of all slots for an outcome of simple orders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Ints
from suanwang.market.clearing.network import Network
from suanwang.market.clearing.outcome import Outcome
from suanwang.market.clearing.slot_prices import Decided, price_slots

Floats = NDArray[np.float64]


def nearest_prices(network: Network, outcome: Outcome, load: Floats) -> tuple[Floats, Ints, bool]:
    """Return (root prices, whole micro-yuan above them, whether all slots could be priced).

    `load` is [links, slots], quanta of data on the links.
    """
    return price_slots(network.links, decided(outcome, load))


def decided(outcome: Outcome, load: Floats) -> Decided:
    """Return what an outcome asks of prices."""
    return Decided(outcome.flow, outcome.low, outcome.high, load)

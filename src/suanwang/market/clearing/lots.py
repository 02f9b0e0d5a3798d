"""Orders in lots: whose turn it is among equals, and prices that hold beside them.

Simple orders always have supporting prices; one in lots that was taken narrows its node's
interval, and links may then ask for more than two nodes can give. Such an outcome is refused, and
the lots are blamed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Case, Side
from suanwang.market.clearing.accept import tie_key
from suanwang.market.clearing.curves import effective_ask_prices
from suanwang.market.clearing.network import Network
from suanwang.market.clearing.outcome import Outcome
from suanwang.market.clearing.plans import Plans
from suanwang.market.clearing.slot_prices import ROUNDING_QUANTA

Floats = NDArray[np.float64]
_SLACK = 0.1  # micro-yuan by which a price condition may be missed by rounding
_ROOM_MIN = 1e-9


def in_turn(case: Case, plans: Plans) -> Plans:
    """Give what equal lots (node, side, price, lot) were given to those whose turn comes first."""
    asks = effective_ask_prices(case)
    equals: defaultdict[tuple[Side, int, int, int], list[int]] = defaultdict(list)
    for side, steps, price in ((Side.ASK, case.asks, asks), (Side.BID, case.bids, case.bids.price)):
        for i in np.nonzero(steps.lot)[0].tolist():
            equals[side, int(steps.node[i]), int(price[i]), int(steps.lot[i])].append(i)
    lots: dict[tuple[Side, int], int] = {}
    for (side, _, _, lot), members in equals.items():
        steps = case.asks if side is Side.ASK else case.bids
        left = sum(plans.lots.get((side, i), 0) for i in members)
        for i in sorted(members, key=lambda i: tie_key(case.seed, steps.ids[i])):
            most = int(steps.quantity[i]) // lot * lot
            lots[side, i] = min(left, most)
            left -= lots[side, i]
    taken = {key: quanta for key, quanta in sorted(lots.items()) if quanta}
    return plans if taken == dict(plans.lots) else replace(plans, lots=taken)


def with_lots(case: Case, outcome: Outcome) -> Outcome:
    """Narrow the own intervals by what orders with a lot were given."""
    if not outcome.plans.lots:
        return outcome
    low, high = outcome.low.copy(), outcome.high.copy()
    asks = effective_ask_prices(case)
    for side, index in outcome.plans.lots:
        if side is Side.ASK:
            node = int(case.asks.node[index])
            low[node] = max(low[node], asks[index])
        else:
            node = int(case.bids.node[index])
            high[node] = min(high[node], case.bids.price[index])
    return replace(outcome, low=low, high=high)


def supports(network: Network, outcome: Outcome, load: Floats, prices: Floats) -> bool:
    """Say whether prices (micro-yuan) lie in the own intervals and fit every link and flow."""
    if (prices < outcome.low - _SLACK).any() or (prices > outcome.high + _SLACK).any():
        return False
    if not network.cost.size:
        return True
    table = prices.reshape(load.shape[1], network.classes, network.zones)
    rise = table[:, :, network.target] - table[:, :, network.source] - network.cost
    rise = rise.transpose(0, 2, 1)  # [slots, links, classes]
    carried = np.einsum("tlk,lk->tl", outcome.flow.astype(np.float64), network.weight) + load.T
    spare = _ROOM_MIN * network.capacity + ROUNDING_QUANTA * network.weight.sum(axis=1)[:, None]
    full = network.capacity.T - carried <= spare.T
    rent = np.where(full, np.maximum((rise / network.weight).max(axis=2), 0.0), 0.0)
    gain = rise - rent[:, :, None] * network.weight
    return bool((gain <= _SLACK).all() and (gain[outcome.flow > 0] >= -_SLACK).all())

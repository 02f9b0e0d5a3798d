"""The certificate: how far each order and link is from its own best at the multipliers.

By weak duality Σ over orders of the most each could gain alone + Σ link capacity × multiplier
bounds the welfare of every outcome; what each falls short of that adds up to the gap exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import MICRO, Case, Ints, Nodes, Side, Steps
from suanwang.market.clearing.curves import effective_ask_prices
from suanwang.market.clearing.outcome import Outcome, quantities_of
from suanwang.market.clearing.own.compiled import kernel
from suanwang.market.clearing.published import Prices
from suanwang.market.clearing.scale import PICO_IN_MICRO, Scale

_INT64_SAFE = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class GapParts:
    """What is missing, in pico-yuan rounded up; only what is not 0."""

    orders: dict[str, int]
    links: dict[tuple[int, int], int]  # (link, slot)

    @property
    def total(self) -> int:
        """Return the gap, pico-yuan."""
        return sum(self.orders.values()) + sum(self.links.values())


def to_pico(units: Fraction | int, scale: Scale) -> int:
    """Round units up to pico-yuan."""
    return -(-Fraction(units) // (scale.quantum * scale.hour_parts))


def simple_parts(case: Case, outcome: Outcome, prices: Prices, scale: Scale) -> dict[str, int]:
    """Return what simple orders fall short of their own best."""
    out: dict[str, int] = {}
    asks = effective_ask_prices(case)
    for side, steps, price in ((Side.ASK, case.asks, asks), (Side.BID, case.bids, case.bids.price)):
        quanta = quantities_of(outcome, side)
        for i, gain, best in _short_steps(steps, price, quanta, (prices, case, side)):
            slot = int(steps.node[i]) // (len(case.zones) * len(case.classes))
            out[steps.ids[i]] = to_pico((best - gain) * scale.hours[slot], scale)
    return out


def _short_steps(
    steps: Steps, price: Ints, quanta: Ints, where: tuple[Prices, Case, Side]
) -> Iterator[tuple[int, int, int]]:
    """Yield (index, gain, best) in pico × quanta of the orders not at their best."""
    prices, case, side = where
    sign = 1 if side is Side.ASK else -1
    per_slot = len(case.zones) * len(case.classes)
    candidates = _suspects(steps, price, quanta, prices=prices, sign=sign)
    for i in candidates.tolist():
        node = int(steps.node[i])
        pool = prices.pool.get((int(steps.pool[i]), node // per_slot), 0) if sign > 0 else 0
        margin = sign * (prices.node[node] + pool - int(price[i]) * PICO_IN_MICRO)
        lot = int(steps.lot[i])
        whole = int(steps.quantity[i]) // lot * lot if lot else int(steps.quantity[i])
        gain, best = margin * int(quanta[i]), max(margin, 0) * whole
        if best > gain:
            yield i, gain, best


def _suspects(steps: Steps, price: Ints, quanta: Ints, *, prices: Prices, sign: int) -> Ints:
    """Return the orders that floats cannot clear of doubt."""
    # At the margin itself nothing is missed: only exact equality says so.
    exact = max(map(abs, prices.node), default=0) < _INT64_SAFE and not prices.pool
    whole = np.array(prices.node if exact else [], np.int64)
    node = np.array(prices.node, np.float64)
    return _doubtful(
        (steps.node, price, steps.quantity, quanta, steps.pool),
        (node, whole),
        sign,
        bool(prices.pool),
    )


@kernel
def _doubtful(
    orders: tuple[Nodes, Ints, Ints, Ints, Nodes],
    prices: tuple[NDArray[np.float64], Ints],
    sign: int,
    pooled: bool,  # noqa: FBT001 - kernels take no keywords
) -> Ints:
    node, price, quantity, quanta, pool = orders
    at, whole = prices
    found = np.empty(node.size, np.int64)
    count = 0
    for i in range(node.size):
        there = at[node[i]]
        margin = sign * (there - float(price[i]) * PICO_IN_MICRO)
        doubt = 1e-9 * abs(there) + 1.0
        short = (margin > -doubt and quanta[i] < quantity[i]) or (margin < doubt and quanta[i] > 0)
        if pooled and pool[i] >= 0:
            short = True
        if short and not (whole.size > 0 and whole[node[i]] == price[i] * PICO_IN_MICRO):
            found[count] = i
            count += 1
    return found[:count].copy()


def link_parts(
    case: Case, outcome: Outcome, prices: Prices, scale: Scale
) -> dict[tuple[int, int], int]:
    """Return what each link and slot falls short of selling all its capacity at its price."""
    data = _data_on(outcome)
    out: dict[tuple[int, int], int] = {}
    for slot, hours in enumerate(scale.hours):
        used = set(np.nonzero(outcome.flow[slot].any(axis=1))[0].tolist()) | set(prices.link[slot])
        for j in sorted(used):
            link = case.links[j]
            price = prices.link[slot].get(j, 0)
            earned = price * data.get((j, slot), 0) + sum(
                quanta * (_rise(case, prices, j, (k, slot)))
                for k, quanta in enumerate(outcome.flow[slot, j].tolist())
                if quanta
            )
            part = (link.capacity[slot] * scale.quantum * price - earned) * hours
            if part:
                out[j, slot] = to_pico(part, scale)
    return {key: part for key, part in out.items() if part}


def _rise(case: Case, prices: Prices, j: int, at: tuple[int, int]) -> int:
    """Return price there − price here − cost of one class and slot on a link, pico-yuan."""
    k, slot = at
    link = case.links[j]
    return (
        prices.node[case.node(link.target, k, slot)]
        - prices.node[case.node(link.source, k, slot)]
        - int(link.cost * MICRO) * PICO_IN_MICRO
    )


def _data_on(outcome: Outcome) -> dict[tuple[int, int], int]:
    data: dict[tuple[int, int], int] = {}
    for plan in outcome.plans.jobs.values():
        for move in plan.moves:
            data[move.link, move.slot] = data.get((move.link, move.slot), 0) + move.gb
    return data

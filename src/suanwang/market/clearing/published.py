"""The prices that a round publishes: of nodes on the grid of 10⁻¹² yuan, of links the least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import MICRO, Case
from suanwang.market.clearing.scale import PICO, PICO_IN_MICRO

Floats = NDArray[np.float64]
_DIGITS = 2**53  # whole numbers up to here are exact floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices of nodes, links and pools, exact in pico-yuan; pools that are 0 are left out."""

    node: tuple[int, ...]
    link: tuple[dict[int, int], ...]  # per slot: link → price, where not 0
    pool: dict[tuple[int, int], int]  # (pool, slot) → price

    def node_yuan(self) -> Floats:
        """Return node prices as floats, yuan."""
        return np.array(self.node, np.float64) / PICO

    def link_yuan(self, links: int) -> Floats:
        """Return [links, slots] link prices as floats, yuan."""
        out = np.zeros((links, len(self.link)))
        for slot, prices in enumerate(self.link):
            for link, price in prices.items():
                out[link, slot] = price / PICO
        return out


def publish(
    case: Case,
    base: Floats,
    above: NDArray[np.int64],
    own: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
) -> Prices:
    """Round node prices (base + above, micro-yuan) to pico-yuan and find the least link prices.

    `above` is whole, so differences between nodes of one group stay exact. `own` are the nodes' own
    intervals, which say what a price too large for a float's digits was meant to be.
    """
    rounded = np.rint(base * PICO_IN_MICRO)
    node = [
        int(b) + a * PICO_IN_MICRO for b, a in zip(rounded.tolist(), above.tolist(), strict=True)
    ]
    if own is not None:
        reach = np.maximum(np.abs(own[0].astype(np.float64)), np.abs(own[1].astype(np.float64)))
        for n in np.nonzero(reach * PICO_IN_MICRO > _DIGITS)[0].tolist():
            node[n] = _meant(node[n], int(own[0][n]), int(own[1][n]))
    return Prices(node=tuple(node), link=least_link_prices(case, tuple(node)), pool={})


def _meant(price: int, low: int, high: int) -> int:
    """Return the end or midpoint of an interval that a price is, to the last digit of a float."""
    slack = 4 * max(abs(low), abs(high)) * PICO_IN_MICRO // _DIGITS
    middle = (low + high) * PICO_IN_MICRO // 2
    for point in (middle, low * PICO_IN_MICRO, high * PICO_IN_MICRO):
        if abs(point - price) <= slack:
            return point
    return price


def least_link_prices(case: Case, node: tuple[int, ...]) -> tuple[dict[int, int], ...]:
    """Return, per slot, the least link prices that no class can gain from: rounded up.

    price of a link ≥ (price there − price here − cost) ÷ weight for every class, and 0.
    """
    zones, classes = len(case.zones), len(case.classes)
    values = np.array(node, np.float64).reshape(case.slots, classes, zones)
    out: list[dict[int, int]] = [{} for _ in range(case.slots)]
    for j, link in enumerate(case.links):
        cost = int(link.cost * MICRO) * PICO_IN_MICRO
        rise = values[:, :, link.target] - values[:, :, link.source] - cost
        # A float is only trusted to say "far below 0"; the rest is counted exactly.
        near = rise > -1.0 - 1e-9 * np.abs(values[:, :, link.target])
        for slot, k in zip(*(x.tolist() for x in np.nonzero(near)), strict=True):
            gain = (
                node[case.node(link.target, k, slot)] - node[case.node(link.source, k, slot)] - cost
            )
            if gain > 0:
                weight = link.weights[k]
                price = -(-gain * weight.denominator // weight.numerator)
                out[slot][j] = max(out[slot].get(j, 0), price)
    return tuple(out)

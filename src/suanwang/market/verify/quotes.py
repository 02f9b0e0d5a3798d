"""Prices of nodes, links and pools as an order sees them, and the sums that make runs cheap."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import accumulate

from suanwang.market.verify.orders import Case


class Quotes:
    """The prices an order's own problem is solved at: the published ones or the multipliers."""

    def __init__(
        self,
        case: Case,
        nodes: list[int],
        links: list[list[int]],
        pools: dict[str, list[int]],
    ) -> None:
        self.case = case
        self.nodes = nodes
        self.links = links  # link, slot
        self.pools = pools
        self._sums: dict[tuple[int, str | None], list[int]] = {}
        self._costs: dict[tuple[int, str | None], list[int]] = {}
        self._paths: dict[tuple[int, int], list[int | None]] = {}

    def costs(self, base: int, pool: str | None) -> list[int]:
        """Return the price of a card-hour in each slot at the place whose first node is `base`."""
        found = self._costs.get((base, pool))
        if found is None:
            found = self.nodes[base : base + self.case.slots]
            extra = self.pools.get(pool) if pool is not None else None
            if extra is not None:
                found = [a + b for a, b in zip(found, extra, strict=True)]
            self._costs[base, pool] = found
        return found

    def sums(self, base: int, pool: str | None) -> list[int]:
        """Return the price of one card from slot 0 up to each slot, in grains ÷ 10⁻¹² cards."""
        found = self._sums.get((base, pool))
        if found is None:
            costs = self.costs(base, pool)
            parts = (c * h for c, h in zip(costs, self.case.hours, strict=True))
            found = self._sums[base, pool] = list(accumulate(parts, initial=0))
        return found

    def path(self, source: int, target: int, slot: int) -> int | None:
        """Return the price of one GB by the cheapest way in this slot; None: there is none."""
        found = self._paths.get((source, slot))
        if found is None:
            found = self._paths[source, slot] = self._cheapest(source, slot)
        return found[target]

    def _cheapest(self, source: int, slot: int) -> list[int | None]:
        case = self.case
        ways: list[list[tuple[int, int]]] = [[] for _ in case.zones]
        for link, prices in zip(case.links, self.links, strict=True):
            ways[link.source].append((link.target, prices[slot] * case.hours[slot]))
        best: list[int | None] = [None] * len(case.zones)
        queue = [(0, source)]
        while queue:
            price, zone = heappop(queue)
            if best[zone] is not None:
                continue
            best[zone] = price
            for target, more in ways[zone]:
                if best[target] is None:
                    heappush(queue, (price + more, target))
        return best

"""The bounds of prices: as named, or as the orders give them; no order may be priced outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from suanwang.market.case.columns import Columns
from suanwang.market.case.fields import Fields, Misfit
from suanwang.market.case.frame import Frame, decimal
from suanwang.market.case.model import MICRO, Block, Ints, Offer, Side, Steps


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Priced:
    """Everything of a case that names a price."""

    simple: Sequence[tuple[Columns, Steps]]
    blocks: Sequence[Block]
    offers: Sequence[Offer]
    carbon: Ints  # [slots, classes, zones], micro-yuan

    def places(self) -> Iterator[tuple[str, int]]:
        """Walk blocks and offers: the place and the micro-yuan of each different price."""
        for index, block in enumerate(self.blocks):
            yield f"$.blocks[{index}].price", int(block.price * MICRO)
        for index, offer in enumerate(self.offers):
            for price in dict.fromkeys(offer.price):
                yield f"$.offers[{index}].price", int(price * MICRO)

    def extremes(self) -> tuple[int, int]:
        """Return the lowest and the highest price ordered; 0 where nothing is."""
        prices = [price for _, price in self.places()]
        for _, steps in self.simple:
            if len(steps):
                prices += [int(steps.price.min()), int(steps.price.max())]
        return min(prices, default=0), max(prices, default=0)

    def highest_cost(self) -> int | None:
        """Return the highest effective price of what is for sale."""
        costs: list[int] = []
        for columns, steps in self.simple:
            if columns.side is Side.ASK and len(steps):
                costs.append(int((steps.price + self.carbon.ravel()[steps.node]).max()))
        for block in self.blocks:
            if block.side is Side.ASK:
                carbon = self.carbon[list(block.slots), block.card_class, block.zone]
                costs.append(int(block.price * MICRO) + int(carbon.max()))
        for offer in self.offers:
            carbon = self.carbon[offer.start : offer.end, offer.card_class, offer.zone]
            window = offer.price[offer.start : offer.end]
            costs += [int(p * MICRO) + int(c) for p, c in zip(window, carbon, strict=True)]
        return max(costs, default=None)


def read_price_bounds(fields: Fields, frame: Frame, priced: Priced) -> tuple[int, int]:
    """Read `price_min` and `price_max` in micro-yuan.

    Unless named, the least is the lowest price ordered or 0, and the most the highest price at
    which anything is ordered, carbon counted: else a node's price could not pay for its carbon.
    """
    lowest, highest = priced.extremes()
    cost = priced.highest_cost()
    least, most = _named(fields, frame, "price_min"), _named(fields, frame, "price_max")
    if most is None:
        most = max(v for v in (highest, cost, least) if v is not None)
    if least is None:
        least = min(0, lowest, most)
    if least > most:
        raise Misfit(fields.at("price_max"), "price_max ≥ price_min", fields.raw("price_max"))
    _check(priced, least, most)
    return least, most


def _named(fields: Fields, frame: Frame, key: str) -> int | None:
    return frame.price(fields.raw(key), fields.at(key)) if key in fields else None


def _check(priced: Priced, least: int, most: int) -> None:
    expected = f"a price from price_min {decimal(least)} to price_max {decimal(most)}"
    for columns, steps in priced.simple:
        outside = np.flatnonzero((steps.price < least) | (steps.price > most))
        for row in outside[:1].tolist():
            raise Misfit(columns.at(row, "price"), expected, decimal(int(steps.price[row])))
    for place, price in priced.places():
        if not least <= price <= most:
            raise Misfit(place, expected, decimal(price))

"""Rows that every outcome with prices keeps: at a node, orders are taken in the order of price.

Most orders are taken so because that is best. Orders with a lot may stand in each other's way, and
asks of a pool may be wanted for a gang alone; what is out of order then has no prices.

    taken at p  ⇒  all asks below p taken, all bids below p given up: Σ steps below ≥ all × taken
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from suanwang.market.case.model import Side
from suanwang.market.clearing.curves import effective_ask_prices
from suanwang.market.clearing.exact.model import Model, Step

Steps = Sequence[Step]


def add_merit_rows(model: Model) -> None:
    """Bar what is out of the order of price; the optimum without prices may be among it."""
    steps: defaultdict[int, list[Step]] = defaultdict(list)
    for step in model.steps:
        steps[step.node].append(step)
    for step in model.steps:
        if step.pool >= 0:
            taken = model.programme.switch()
            model.programme.row([(step.column, 1.0), (taken, -step.cards)], high=0.0)
            _take_below(model, steps[step.node], taken, price=step.price)
    _order_lots(model, steps)


def _take_below(model: Model, steps: Steps, taken: int, *, price: int) -> None:
    below = [step for step in steps if step.price < price]
    terms = [(step.column, 1.0) for step in below]
    model.programme.row([*terms, (taken, -sum(step.cards for step in below))], low=0.0)


def _leave_above(model: Model, steps: Steps, served: int, *, price: int) -> None:
    above = [step for step in steps if step.price > price]
    total = sum(step.cards for step in above)
    model.programme.row([*((step.column, 1.0) for step in above), (served, total)], high=total)


def _order_lots(model: Model, steps: dict[int, list[Step]]) -> None:
    case, asks = model.market.case, effective_ask_prices(model.market.case)
    sold: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)  # node → price, bit
    bought: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for (side, i), bits in model.lots.items():
        selling = side is Side.ASK
        node = int((case.asks if selling else case.bids).node[i])
        price = int(asks[i] if selling else case.bids.price[i])
        for bit in bits:
            (sold if selling else bought)[node].append((price, bit))
            put = _take_below if selling else _leave_above
            put(model, steps.get(node, []), bit, price=price)
    for node, sellers in sold.items():
        for price, bit in sellers:
            for worth, other in bought[node]:
                if worth < price:
                    model.programme.row([(bit, 1.0), (other, 1.0)], high=1.0)

"""The programme of a whole case: every step, flow, lot, block, offer and job as columns.

Steps fill a node's curve from its bottom (all bids served), so a node's row reads
bottom + steps taken + inflow + given by orders = outflow + taken by orders.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from suanwang.market.case.model import MICRO, Shape, Side
from suanwang.market.clearing.curves import effective_ask_prices
from suanwang.market.clearing.exact.programme import Programme
from suanwang.market.clearing.slots import Market


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The column of a step of a node's curve; of one pool's asks where gangs need to know."""

    node: int
    price: int  # micro-yuan
    column: int
    cards: float
    pool: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The column of what one class sends over a link in a slot."""

    link: int
    card_class: int
    slot: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a switch gains at prices: worth + Σ card-hours × price, bought ones negative."""

    on: int
    worth: float  # yuan
    card_hours: dict[int, float]  # node → card-hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Cards left open: 0, or from least to most where `on` says so (−1: always)."""

    column: int
    node: int
    sign: float  # 1 sells, −1 buys
    least: float
    most: float
    on: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTerms:
    """An order with amounts left open: its columns' gains before prices, and what it trades."""

    columns: tuple[int, ...]
    amounts: tuple[Amount, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class Model:
    """A programme, and which of its columns and rows stand for what. Grows in place."""

    market: Market
    programme: Programme = field(default_factory=Programme)
    hours: list[float] = field(default_factory=list)
    # Columns that tell sets apart. A firm one alone fixes what it takes; beside a loose one there
    # are amounts to choose.
    firm: list[int] = field(default_factory=list)
    loose: list[int] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)  # what is open beside them
    steps: list[Step] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    terms: list[Terms] = field(default_factory=list)
    open_terms: list[OpenTerms] = field(default_factory=list)
    lots: dict[tuple[Side, int], list[int]] = field(default_factory=dict)  # bits, least first
    node_row: list[int] = field(default_factory=list)
    link_row: dict[tuple[int, int], int] = field(default_factory=dict)
    pool_row: dict[tuple[int, int], int] = field(default_factory=dict)

    def choice(self, gain: float = 0.0) -> int:
        """Add a switch that fixes all that its order takes."""
        column = self.programme.switch(gain)
        self.firm.append(column)
        return column

    def loose_choice(self, gain: float = 0.0) -> int:
        """Add a switch that leaves amounts open."""
        column = self.programme.switch(gain)
        self.loose.append(column)
        return column

    def amount(self, gain: float = 0.0, *, high: float = np.inf) -> int:
        """Add a column of cards, or of a share, that an order leaves open."""
        column = self.programme.column(gain, high=high)
        self.amounts.append(column)
        return column

    def give(self, column: int, cards: float, *, node: int, pool: int = -1) -> None:
        """Let a column give cards to a node (take them where negative), and to a pool."""
        self.programme.enter(self.node_row[node], column, cards)
        if pool >= 0:
            self.programme.enter(self._pool(pool, node), column, cards)

    def _pool(self, pool: int, node: int) -> int:
        slot = node // (self.market.case.nodes // self.market.case.slots)
        if (pool, slot) not in self.pool_row:
            self.pool_row[pool, slot] = self.programme.row(low=0.0)
        return self.pool_row[pool, slot]


def base_model(market: Market) -> Model:
    """Build the model of a market's simple orders, links and lots."""
    model = Model(market=market, hours=[float(h) for h in market.case.hours])
    _add_steps(model, _pooled(model))
    _add_flows(model)
    _add_lots(model)
    return model


def has_gangs(market: Market) -> bool:
    """Say whether any job needs its cards from one pool."""
    return any(job.gang and job.shape is not Shape.DIVISIBLE for job in market.case.jobs)


def _pooled(model: Model) -> dict[tuple[int, int], dict[int, int]]:
    """Return the quanta of asks in pools as {(node, price): {pool: quanta}}, if there are gangs."""
    case = model.market.case
    found: defaultdict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    if not has_gangs(model.market):
        return found
    chosen = np.flatnonzero((case.asks.pool >= 0) & (case.asks.lot == 0) & (case.asks.quantity > 0))
    price = effective_ask_prices(case)
    for i in chosen.tolist():
        pools = found[int(case.asks.node[i]), int(price[i])]
        pool = int(case.asks.pool[i])
        pools[pool] = pools.get(pool, 0) + int(case.asks.quantity[i])
    return found


def _add_steps(model: Model, pooled: dict[tuple[int, int], dict[int, int]]) -> None:
    case, curves, programme = model.market.case, model.market.curves, model.programme
    per_slot = case.nodes // case.slots
    for node in range(case.nodes):
        first, after = int(curves.first[node]), int(curves.first[node + 1])
        bottom = int(curves.start[first + node]) / case.quantum
        model.node_row.append(programme.row(low=-bottom, high=-bottom))
        hours = model.hours[node // per_slot]
        for s in range(first, after):
            price, bids = int(curves.price[s]), int(curves.bids[s])
            programme.constant += price / MICRO * hours * bids / case.quantum
            parts = pooled.get((node, price), {})
            rest = int(curves.asks[s]) + bids - sum(parts.values())
            for pool, quanta in (*parts.items(), (-1, rest)):
                if quanta:
                    _add_step(model, (node, price), quanta / case.quantum, pool)


def _add_step(model: Model, at: tuple[int, int], cards: float, pool: int) -> None:
    (node, price), case = at, model.market.case
    hours = model.hours[node * case.slots // case.nodes]
    column = model.programme.column(-price / MICRO * hours, high=cards)
    model.give(column, 1.0, node=node, pool=pool)
    model.steps.append(Step(node=node, price=price, column=column, cards=cards, pool=pool))


def _add_flows(model: Model) -> None:
    case, programme = model.market.case, model.programme
    for j, link in enumerate(case.links):
        for slot, capacity in enumerate(link.capacity):
            row = model.link_row[j, slot] = programme.row(high=float(capacity))
            for k, weight in enumerate(link.weights):
                column = programme.column(-float(link.cost) * model.hours[slot])
                model.give(column, -1.0, node=case.node(link.source, k, slot))
                model.give(column, 1.0, node=case.node(link.target, k, slot))
                programme.enter(row, column, float(weight))
                model.flows.append(Flow(link=j, card_class=k, slot=slot, column=column))


def _add_lots(model: Model) -> None:
    case, asks = model.market.case, effective_ask_prices(model.market.case)
    for side, steps, prices, sign in (
        (Side.ASK, case.asks, asks, 1.0),
        (Side.BID, case.bids, case.bids.price, -1.0),
    ):
        for i in np.flatnonzero(steps.lot).tolist():
            node, most = int(steps.node[i]), int(steps.quantity[i]) // int(steps.lot[i])
            cards = int(steps.lot[i]) / case.quantum
            gain = -sign * int(prices[i]) / MICRO * model.hours[node * case.slots // case.nodes]
            pool = int(steps.pool[i]) if side is Side.ASK and has_gangs(model.market) else -1
            bits = [model.choice(gain * cards * 2**b) for b in range(most.bit_length())]
            for b, column in enumerate(bits):
                model.give(column, sign * cards * 2**b, node=node, pool=pool)
            model.programme.row([(c, float(2**b)) for b, c in enumerate(bits)], high=float(most))
            model.lots[side, i] = bits

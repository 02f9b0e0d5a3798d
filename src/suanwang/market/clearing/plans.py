"""What is decided for orders that reach over slots or come in lots: whole quanta, slot by slot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Case, Ints, Side


class Cell(NamedTuple):
    """Cards of one job in one zone, class and slot; a tuple, since a live round makes 100,000."""

    zone: int
    card_class: int
    slot: int
    cards: int  # quanta
    pool: int = -1  # the gang's pool


@dataclass(frozen=True, slots=True)
class Move:
    """Data of one job over one link in one slot."""

    link: int
    slot: int
    gb: int  # quanta: GB × quanta in a card
    inwards: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """One accepted job."""

    cells: tuple[Cell, ...]
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """The accepted orders with conditions, by their index in the case."""

    jobs: Mapping[int, JobPlan] = field(default_factory=dict)
    blocks: Mapping[int, tuple[int, ...]] = field(default_factory=dict)  # per listed slot
    offers: Mapping[int, tuple[int, ...]] = field(default_factory=dict)  # per slot of the case
    lots: Mapping[tuple[Side, int], int] = field(default_factory=dict)  # simple orders with a lot

    def without_job(self, job: int) -> Self:
        """Leave one job out."""
        return replace(self, jobs={j: plan for j, plan in self.jobs.items() if j != job})

    def without_block(self, block: int) -> Self:
        """Leave one block out."""
        return replace(self, blocks={b: q for b, q in self.blocks.items() if b != block})

    def without_offer(self, offer: int) -> Self:
        """Leave one offer out."""
        return replace(self, offers={o: q for o, q in self.offers.items() if o != offer})

    def without_lot(self, key: tuple[Side, int]) -> Self:
        """Leave one order with a lot out."""
        return replace(self, lots={k: q for k, q in self.lots.items() if k != key})


def demand_of(case: Case, plans: Plans) -> Ints:
    """Return [nodes] quanta that the plans take from (+) or give to (−) each node."""
    demand = np.zeros(case.nodes, np.int64)
    classes, zones = len(case.classes), len(case.zones)
    cells = [
        ((slot * classes + k) * zones + zone, cards)
        for plan in plans.jobs.values()
        for zone, k, slot, cards, _ in plan.cells
    ]
    if cells:
        nodes, cards = (np.array(x, np.int64) for x in zip(*cells, strict=True))
        np.add.at(demand, nodes, cards)
    for index, quantities in plans.blocks.items():
        block = case.blocks[index]
        sign = 1 if block.side is Side.BID else -1
        for slot, quantity in zip(block.slots, quantities, strict=True):
            demand[case.node(block.zone, block.card_class, slot)] += sign * quantity
    for index, quantities in plans.offers.items():
        offer = case.offers[index]
        for slot, quantity in enumerate(quantities):
            demand[case.node(offer.zone, offer.card_class, slot)] -= quantity
    for (side, index), quantity in plans.lots.items():
        steps = case.bids if side is Side.BID else case.asks
        demand[steps.node[index]] += quantity if side is Side.BID else -quantity
    return demand


def load_of(case: Case, plans: Plans) -> NDArray[np.float64]:
    """Return [links, slots] data in quanta."""
    load = np.zeros((len(case.links), case.slots))
    for plan in plans.jobs.values():
        for move in plan.moves:
            load[move.link, move.slot] += move.gb
    return load


def needs_of(plans: Plans) -> dict[tuple[int, int], int]:
    """Return quanta that gangs need of each (pool, slot)."""
    needs: defaultdict[tuple[int, int], int] = defaultdict(int)
    for plan in plans.jobs.values():
        # All cells of a gang lie in one pool, those of other jobs in none.
        if plan.cells and plan.cells[0].pool >= 0:
            for cell in plan.cells:
                needs[cell.pool, cell.slot] += cell.cards
    return dict(needs)

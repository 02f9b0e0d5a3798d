"""Whether prices are as near to the middles of the nodes' own intervals as anybody can see at once.

Of the vectors that support the outcome and let nobody lose, the one nearest in least squares is
published. So no set of nodes that flows hold together may move towards its middles on its own.
Moves that only several sets could make together are not tried; a fault found here is always one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from suanwang.market.verify.families import block_gain
from suanwang.market.verify.gains import (
    job_price,
    job_transfer,
    job_value,
    offer_cost,
    offer_income,
)
from suanwang.market.verify.numbers import MICRO, Exact, written
from suanwang.market.verify.orders import Case
from suanwang.market.verify.outcome import Outcome
from suanwang.market.verify.prices import own_intervals
from suanwang.market.verify.verdict import Faults

STEP = MICRO  # a move of 10⁻⁶ yuan must be possible, and a distance of as much is none


@dataclass(slots=True)
class Piece:
    """Nodes that flows hold together: twice the way to their middles, and where they may move."""

    nodes: list[int] = field(default_factory=list)
    twice_away: int = 0
    up: bool = True
    down: bool = True


def check_nearest(case: Case, outcome: Outcome, faults: Faults) -> None:
    """Check that no piece could move nearer to its middles alone."""
    root = _roots(case, outcome)
    pieces: defaultdict[int, Piece] = defaultdict(Piece)
    prices = outcome.published.nodes
    low, high = own_intervals(case, outcome)
    for node, price in enumerate(prices):
        piece = pieces[root[node]]
        piece.nodes.append(node)
        piece.twice_away += low[node] + high[node] - 2 * price
        piece.up = piece.up and high[node] - price > STEP
        piece.down = piece.down and price - low[node] > STEP
    _hold_by_links(case, outcome, root, pieces)
    _hold_by_orders(case, outcome, root, pieces)
    for piece in pieces.values():
        away, size = piece.twice_away, len(piece.nodes)
        if (away > 2 * STEP * size and piece.up) or (-away > 2 * STEP * size and piece.down):
            node = piece.nodes[0]
            nearer = written(prices[node] + away // (2 * size))
            faults.add(
                "price-nearest", case.name(node), expected=nearer, found=written(prices[node])
            )


def _roots(case: Case, outcome: Outcome) -> list[int]:
    root = list(range(case.nodes))

    def find(node: int) -> int:
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for index, k, slot in outcome.flows:
        link = case.links[index]
        here, there = case.base(link.source, k) + slot, case.base(link.target, k) + slot
        root[find(here)] = find(there)
    return [find(node) for node in range(case.nodes)]


def _hold_by_links(case: Case, outcome: Outcome, root: list[int], pieces: dict[int, Piece]) -> None:
    """Hold a piece where a link would carry something if it moved that way."""
    nodes = outcome.published.nodes
    for index, link in enumerate(case.links):
        for slot, price in enumerate(outcome.published.links[index]):
            for k, weight in enumerate(link.weights):
                here, there = case.base(link.source, k) + slot, case.base(link.target, k) + slot
                free = link.cost + weight * price - nodes[there] + nodes[here]
                if root[here] != root[there] and free <= STEP:
                    pieces[root[there]].up = False
                    pieces[root[here]].down = False


def _hold_by_orders(
    case: Case, outcome: Outcome, root: list[int], pieces: dict[int, Piece]
) -> None:
    """Hold the pieces of an order that would lose if they moved; not told apart which way."""
    for gain, cells in _gains(case, outcome):
        hours = sum(cards * case.hours[node % case.slots] for node, cards in cells)
        if gain <= case.micro + STEP * hours:
            for node, _ in cells:
                pieces[root[node]].up = pieces[root[node]].down = False


def _gains(case: Case, outcome: Outcome) -> Iterator[tuple[Exact, list[tuple[int, int]]]]:
    quotes = outcome.published
    for block, cards in zip(case.blocks, outcome.blocks, strict=True):
        if cards is not None:
            yield block_gain(block, cards, quotes), list(zip(block.nodes, cards, strict=True))
    for offer, taken in zip(case.offers, outcome.offers, strict=True):
        if taken is not None:
            gain = offer_income(offer, taken, quotes) - offer_cost(offer, taken, case)
            yield gain, [(offer.node + t, cards) for t, cards in enumerate(taken) if cards]
    for job, placed in zip(case.jobs, outcome.jobs, strict=True):
        if placed.accepted:
            cost = job_price(placed, quotes) + job_transfer(job, placed, case)
            yield (
                job_value(job, placed, case) - cost,
                [(node, cards) for node, cards, _ in placed.cells],
            )

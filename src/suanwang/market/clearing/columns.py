"""The relaxation's columns of orders that reach over slots: cells of jobs, ratios of blocks.

Every such order is let loose: jobs of any shape may take any share of any cell, blocks any
ratio, offers and lots any quantity. What it yields are prices; proofs are made elsewhere.

    rows    nodes | link × slot | work of each job | cards of a job in a slot with several cells |
            child ≤ parent | ratios of a group ≤ 1
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import MICRO, Case, Ints, Side
from suanwang.market.clearing.curves import effective_ask_prices
from suanwang.market.clearing.own.arrays import JobArrays, Records
from suanwang.market.clearing.own.compiled import kernel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """One column a (job, zone, class, slot)."""

    job: Ints
    node: Ints
    slot: Ints
    worth: Floats  # yuan per card, before node prices
    done: Floats  # work per card
    most: Floats  # cards
    alternative: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrderColumns:
    """All columns of orders with conditions, and the rows that are theirs alone."""

    cells: Cells
    blocks: int
    offer_slots: tuple[tuple[int, int], ...]  # (offer, slot) of each offer column
    lots: tuple[tuple[Side, int], ...]
    cost: Floats  # [columns], yuan: minus worth
    upper: Floats
    first: Ints  # [columns + 1]
    row: Ints
    entry: Floats
    rows: int  # beyond nodes and links
    row_high: Floats  # [rows]; rows have no lower end

    @property
    def count(self) -> int:
        """Return the number of columns."""
        return len(self.cost)


def order_columns(case: Case, jobs: JobArrays) -> OrderColumns:
    """Build the columns of a case; entries name rows as the master numbers them."""
    base = case.nodes + len(case.links) * case.slots
    hours = np.array([float(h) for h in case.hours])
    cells = job_cells(jobs, hours)
    width_row, width_high = _width_rows(cells, case.slots, base + len(case.jobs))
    entries = _cell_entries(cells, width_row, base)
    high = [*(float(job.work) for job in case.jobs), *width_high]
    parts = [entries, *_step_entries(case, hours)]
    block_part, block_high = _block_entries(case, hours, base + len(high))
    parts.append(block_part)
    high += block_high
    cost, upper, lengths, row, entry = (np.concatenate(x) for x in zip(*parts, strict=True))
    return OrderColumns(
        cells=cells,
        offer_slots=tuple(
            (o, t) for o, offer in enumerate(case.offers) for t in range(offer.start, offer.end)
        ),
        lots=tuple(_lots(case)),
        blocks=len(case.blocks),
        cost=cost,
        upper=upper,
        first=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        row=row.astype(np.int64),
        entry=entry,
        rows=len(high),
        row_high=np.array(high, np.float64),
    )


def job_cells(jobs: JobArrays, hours: Floats) -> Cells:
    """Lay out every cell in which a job may run."""
    table = _cells((jobs.jobs, jobs.steps, jobs.alternatives), hours, jobs.kg)
    return Cells(
        job=table[0].astype(np.int64), alternative=table[1].astype(np.int64),
        node=table[2].astype(np.int64), slot=table[3].astype(np.int64),
        worth=table[4], done=table[5], most=table[6],
    )  # fmt: skip


@kernel
def _cells(records: tuple[Records, Records, Records], hours: Floats, kg: Floats) -> Floats:
    jobs, steps, alternatives = records
    count = 0
    for j in range(jobs.size):
        job = jobs[j]
        count += (job.end - job.start) * (job.alternative_after - job.alternative_first)
    places = kg.shape[0]
    out = np.empty((7, count))
    used = 0
    for j in range(jobs.size):
        job = jobs[j]
        step = job.step_first
        for t in range(job.start, job.end):
            while step < job.step_after and steps[step].end <= t:
                step += 1
            if step >= job.step_after:
                break
            value = steps[step].value / job.work
            for a in range(job.alternative_first, job.alternative_after):
                place = alternatives[a].place
                costs = alternatives[a].transfer + job.carbon_weight * kg[place, t]
                out[0, used], out[1, used] = j, a
                out[2, used], out[3, used] = t * places + place, t
                out[4, used] = (value * alternatives[a].speed - costs) * hours[t]
                out[5, used] = alternatives[a].speed * hours[t]
                out[6, used] = job.cards_max
                used += 1
    return out[:, :used].copy()


def _width_rows(cells: Cells, slots: int, base: int) -> tuple[Ints, list[float]]:
    """Give a row to every (job, slot) with several cells; −1 for a cell alone in its slot."""
    key = cells.job * slots + cells.slot
    _, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    crowded = count > 1
    row = np.where(crowded, base + np.cumsum(crowded) - 1, -1)[inverse]
    high = np.zeros(int(crowded.sum()))
    high[row[row >= 0] - base] = cells.most[row >= 0]
    return row, high.tolist()


Part = tuple[Floats, Floats, Ints, Ints, Floats]  # cost, upper, lengths, rows, entries


def _cell_entries(cells: Cells, width_row: Ints, base: int) -> Part:
    count = len(cells.job)
    rows = np.stack([cells.node, base + cells.job, width_row], axis=1)
    entries = np.stack([-np.ones(count), cells.done, np.ones(count)], axis=1)
    there = np.ones((count, 3), np.bool_)
    there[:, 2] = width_row >= 0
    return -cells.worth, cells.most, there.sum(axis=1), rows[there], entries[there]


def _lots(case: Case) -> list[tuple[Side, int]]:
    found = [
        (steps.ids[int(i)], side, int(i))
        for side, steps in ((Side.ASK, case.asks), (Side.BID, case.bids))
        for i in np.nonzero(steps.lot)[0].tolist()
    ]
    return [(side, i) for _, side, i in sorted(found)]


def _step_entries(case: Case, hours: Floats) -> list[Part]:
    """Offers and lots as plain steps."""
    per_slot = len(case.zones) * len(case.classes)
    lines: list[tuple[float, float, int, float]] = []  # cost per card, cards, node, sign
    for offer in case.offers:
        for t in range(offer.start, offer.end):
            carbon = int(case.carbon[t, offer.card_class, offer.zone]) / MICRO
            node = case.node(offer.zone, offer.card_class, t)
            lines.append(
                ((float(offer.price[t]) + carbon) * hours[t], float(offer.quantity[t]), node, 1.0)
            )
    asks = effective_ask_prices(case)
    for side, i in _lots(case):
        steps, price, sign = (
            (case.asks, asks, 1.0) if side is Side.ASK else (case.bids, case.bids.price, -1.0)
        )
        node = int(steps.node[i])
        yuan = sign * int(price[i]) / MICRO * hours[node // per_slot]
        lines.append((yuan, int(steps.quantity[i]) / case.quantum, node, sign))
    if not lines:
        return []
    cost, upper, nodes, signs = (np.array(x) for x in zip(*lines, strict=True))
    return [(cost, upper, np.ones(len(lines), np.int64), nodes.astype(np.int64), signs)]


def _block_entries(case: Case, hours: Floats, base: int) -> tuple[Part, list[float]]:
    """One ratio a block; rows for children and groups."""
    rows: list[list[tuple[int, float]]] = [[] for _ in case.blocks]
    cost = np.zeros(len(case.blocks))
    number = {block.id: i for i, block in enumerate(case.blocks)}
    groups: defaultdict[str, list[int]] = defaultdict(list)
    high: list[float] = []
    for i, block in enumerate(case.blocks):
        sign = -1.0 if block.side is Side.BID else 1.0
        for slot, quantity in zip(block.slots, block.quantity, strict=True):
            carbon = int(case.carbon[slot, block.card_class, block.zone]) / MICRO
            price = float(block.price) + (carbon if block.side is Side.ASK else 0.0)
            cost[i] += sign * price * float(quantity) * hours[slot]
            rows[i].append((case.node(block.zone, block.card_class, slot), sign * float(quantity)))
        if block.parent is not None:
            rows[i].append((base + len(high), 1.0))
            rows[number[block.parent]].append((base + len(high), -1.0))
            high.append(0.0)
        if block.group is not None:
            groups[block.group].append(i)
    for members in groups.values():
        for i in members:
            rows[i].append((base + len(high), 1.0))
        high.append(1.0)
    flat = [entry for line in rows for entry in line]
    return (
        cost,
        np.ones(len(case.blocks)),
        np.array([len(line) for line in rows], np.int64),
        np.array([r for r, _ in flat], np.int64),
        np.array([e for _, e in flat], np.float64),
    ), high

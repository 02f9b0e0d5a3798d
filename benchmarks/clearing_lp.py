"""A case as the linear program that a general solver is given.

    minimise  cost · x    subject to  row_low ≤ A x ≤ row_high,  0 ≤ x ≤ upper

    columns   bids, asks, flows (link × class × slot), job widths (job × cell)
              or placements (contiguous job × zone × class × first slot), each up to once
    rows      balance of each node (= 0), link capacities, a job's work and its width in each slot,
              or that a job is placed at most once

Units: cards and yuan; a slot's hours are in the costs and in the work. Raw orders, nothing merged.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from suanwang.market.case.model import MICRO, Case, FlexibleJob, Shape

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The arrays of one linear program; `matrix` is in columns."""

    cost: Floats
    upper: Floats
    matrix: sparse.csc_matrix
    row_low: Floats
    row_high: Floats


@dataclass(slots=True)
class Columns:
    """Columns under construction: triplets and their bounds."""

    cost: list[Floats]
    upper: list[Floats]
    row: list[NDArray[np.int64]]
    column: list[NDArray[np.int64]]
    value: list[Floats]
    count: int = 0

    def add(self, cost: Floats, upper: Floats, *entries: tuple[NDArray[np.int64], Floats]) -> None:
        """Append columns, each with one entry in every listed array of rows."""
        here = self.count + np.arange(len(cost))
        self.cost.append(cost)
        self.upper.append(upper)
        for row, value in entries:
            self.row.append(row.astype(np.int64))
            self.column.append(here)
            self.value.append(value)
        self.count += len(cost)


def program(case: Case) -> Program:
    """Return the linear program of a case of simple orders and divisible jobs.

    With contiguous jobs of one width it is the usual relaxation: a job may be placed in part, in
    several places. That is a bound on what any outcome can be worth, and the best that prices of
    nodes can prove.
    """
    columns = Columns([], [], [], [], [])
    hours = np.array([float(h) for h in case.hours])
    per_slot = len(case.classes) * len(case.zones)
    for steps, sign in ((case.bids, -1.0), (case.asks, 1.0)):
        at = hours[steps.node // per_slot]
        columns.add(
            sign * steps.price / MICRO * at,
            steps.quantity / case.quantum,
            (steps.node.astype(np.int64), np.full(len(steps), sign)),
        )
    capacity = _flows(case, columns, hours)
    low, high = [np.zeros(case.nodes)], [np.zeros(case.nodes)]
    limits = [capacity, *_jobs(case, columns, first_row=case.nodes + len(capacity), hours=hours)]
    low += [np.full(len(limit), -np.inf) for limit in limits]
    high += limits
    row_low, row_high = np.concatenate(low), np.concatenate(high)
    entries = (
        np.concatenate(columns.value),
        (np.concatenate(columns.row), np.concatenate(columns.column)),
    )
    return Program(
        cost=np.concatenate(columns.cost),
        upper=np.concatenate(columns.upper),
        matrix=sparse.csc_matrix(entries, shape=(len(row_low), columns.count)),
        row_low=row_low,
        row_high=row_high,
    )


def _flows(case: Case, columns: Columns, hours: Floats) -> Floats:
    """Add a column for each link, class and slot; return the capacity of each link and slot."""
    classes, zones = len(case.classes), len(case.zones)
    slot = np.repeat(np.arange(case.slots), classes)
    card_class = np.tile(np.arange(classes), case.slots)
    base = (slot * classes + card_class) * zones
    for i, link in enumerate(case.links):
        weights = np.array([float(w) for w in link.weights])
        row = case.nodes + i * case.slots + slot
        one = np.ones(len(slot))
        columns.add(
            float(link.cost) * hours[slot],
            np.full(len(slot), np.inf),
            (base + link.source, -one),
            (base + link.target, one),
            (row, weights[card_class]),
        )
    return np.array([float(c) for link in case.links for c in link.capacity])


def _jobs(case: Case, columns: Columns, *, first_row: int, hours: Floats) -> list[Floats]:
    """Add the widths of every job; return the right sides of its rows."""
    limits, row = [], first_row
    for job in case.jobs:
        slots = np.arange(job.start, job.end)
        if job.shape is Shape.CONTIGUOUS:
            _placements(case, columns, job, row=row, hours=hours)
            limits.append(np.ones(1))
            row += 1
            continue
        assert job.shape is Shape.DIVISIBLE, "a preemptible job has no small linear program"
        for zone, transfer in job.zones.items():
            for card_class, speed in job.classes.items():
                node = (slots * len(case.classes) + card_class) * len(case.zones) + zone
                _cells(
                    job, columns, node=node, worth=_worth(job, speed), transfer=float(transfer),
                    speed=float(speed), hours=hours[slots], row=row,
                )  # fmt: skip
        limits.append(np.r_[float(job.work), np.full(len(slots), float(job.cards_max))])
        row += 1 + len(slots)
    return limits


def _worth(job: FlexibleJob, speed: Fraction) -> Floats:
    """Return yuan per card-hour in each slot of the window, before transfer."""
    values = [job.value_at(t) or Fraction(0) for t in range(job.start, job.end)]
    return np.array([float(v / job.work * speed) for v in values])


def _cells(
    job: FlexibleJob,
    columns: Columns,
    *,
    node: NDArray[np.int64],
    worth: Floats,
    transfer: float,
    speed: float,
    hours: Floats,
    row: int,
) -> None:
    one = np.ones(len(node))
    columns.add(
        -(worth - transfer) * hours,
        one * float(job.cards_max),
        (node, -one),
        (np.full(len(node), row), speed * hours),
        (row + 1 + np.arange(len(node)), one),
    )


def _placements(case: Case, columns: Columns, job: FlexibleJob, *, row: int, hours: Floats) -> None:
    """Add a column for each zone, class and first slot of a job of one width."""
    assert job.cards_min == job.cards_max, "a width of its own for each placement is not small"
    assert len(set(case.hours)) == 1, "as many slots for a job wherever it starts"
    cards, step = float(job.cards_max), float(hours[0])
    for card_class, speed in job.classes.items():
        length = ceil(job.work / (job.cards_max * speed * case.hours[0]))
        first = np.arange(job.start, job.end - length + 1)
        value = np.array([float(job.value_at(int(t) + length - 1) or 0) for t in first])
        for zone, transfer in job.zones.items():
            columns.add(
                float(transfer) * cards * length * step - value,
                np.ones(len(first)),
                (np.full(len(first), row), np.ones(len(first))),
                *(
                    (
                        ((first + i) * len(case.classes) + card_class) * len(case.zones) + zone,
                        np.full(len(first), -cards),
                    )
                    for i in range(length)
                ),
            )

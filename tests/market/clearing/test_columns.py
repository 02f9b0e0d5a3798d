"""The relaxation's columns: worth, bounds and rows of every kind of order."""

from __future__ import annotations

import numpy as np
import pytest
from tests.market.builders import a_case, ask, bid, block, job, link, offer

from suanwang.market.case.model import Side
from suanwang.market.clearing.columns import job_cells, order_columns
from suanwang.market.clearing.own.arrays import JobArrays


def columns_of(case):
    return order_columns(case, JobArrays.of(case))


def entries(columns, column):
    """{row: entry} of one column."""
    a, b = columns.first[column], columns.first[column + 1]
    return dict(zip(columns.row[a:b].tolist(), columns.entry[a:b].tolist(), strict=True))


def test_a_job_has_a_cell_in_every_place_and_slot_it_may_run():
    own = job(
        "j", 6, 12, zones={"A": 0, "B": 1}, classes={"x": 2}, cards_max=3, start=1, end=3,
        values=[{"end": 2, "value": 12}, {"end": 3, "value": 6}],
    )  # fmt: skip
    case = a_case(zones="A B", slots=[1, 1, 2], jobs=[own])
    cells = job_cells(JobArrays.of(case), np.array([1.0, 1.0, 2.0]))
    rows = zip(cells.slot.tolist(), cells.node.tolist(), cells.worth.tolist(), strict=True)
    # value × speed ÷ work − transfer, times hours
    assert list(rows) == [(1, 2, 4), (1, 3, 3), (2, 4, 4), (2, 5, 2)]
    assert cells.done.tolist() == [2, 2, 4, 4]
    assert cells.most.tolist() == [3, 3, 3, 3]


def test_cells_take_cards_do_work_and_share_a_slots_width():
    own = job("j", 6, 12, zones={"A": 0, "B": 0}, cards_max=3)
    case = a_case(zones="A B", links=[link("A", "B")], jobs=[own])
    columns = columns_of(case)
    # Rows: two nodes, one link, the job's work, its width in the slot.
    assert [entries(columns, c) for c in range(2)] == [{0: -1, 3: 1, 4: 1}, {1: -1, 3: 1, 4: 1}]
    assert (columns.cost.tolist(), columns.upper.tolist()) == ([-2, -2], [3, 3])
    assert (columns.rows, columns.row_high.tolist()) == (2, [6, 3])


def test_a_cell_alone_in_its_slot_needs_no_row_for_its_width():
    columns = columns_of(a_case(jobs=[job("j", 6, 12, cards_max=3)]))
    assert (entries(columns, 0), columns.row_high.tolist()) == ({0: -1, 1: 1}, [6])


def test_offers_and_lots_are_steps():
    case = a_case(
        slots=2, asks=[ask("a", 4, 2, lot=1)], bids=[bid("b", 5, 7, lot=2, slot=1)],
        offers=[offer("o", 3, [1, 2], end=2)], carbon_price=1,
        carbon=[{"zone": "A", "class": "x", "kg": "0.5"}],
    )  # fmt: skip
    columns = columns_of(case)
    assert columns.offer_slots == ((0, 0), (0, 1))
    assert columns.lots == ((Side.ASK, 0), (Side.BID, 0))
    assert columns.cost.tolist() == [1.5, 2.5, 2.5, -7]
    assert columns.upper.tolist() == [3, 3, 4, 5]
    assert [entries(columns, c) for c in range(4)] == [{0: 1}, {1: 1}, {0: 1}, {1: -1}]


def test_a_block_takes_its_cards_in_every_slot_below_its_parent_and_beside_its_group():
    blocks = [
        block("p", 2, 5, slots=[0, 1]),
        block("c", [1, 3], 1, slots=[0, 1], side="ask", parent="p", group="g"),
        block("d", 1, 2, parent="p", group="g"),
    ]
    columns = columns_of(a_case(slots=2, blocks=blocks))
    assert columns.cost.tolist() == [-20, 4, -2]
    assert columns.upper.tolist() == [1, 1, 1]
    # Rows from 2 on: c ≤ p, d ≤ p, c + d ≤ 1.
    assert [entries(columns, c) for c in range(3)] == [
        {0: -2, 1: -2, 2: -1, 3: -1},
        {0: 1, 1: 3, 2: 1, 4: 1},
        {0: -1, 3: 1, 4: 1},
    ]
    assert columns.row_high.tolist() == [0, 0, 1]


@pytest.mark.parametrize("orders", [{}, {"asks": [ask("a")], "bids": [bid("b")]}])
def test_simple_orders_have_no_columns(orders):
    columns = columns_of(a_case(**orders))
    assert (columns.count, columns.rows, columns.first.tolist()) == (0, 0, [0])

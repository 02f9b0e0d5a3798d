"""Curves against a plain twin; the nodes' own intervals; the curve seen through a lens."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.market.clearing.markets import a_case

from suanwang.market.case.model import MICRO
from suanwang.market.clearing.curves import build_curves, effective_ask_prices
from suanwang.market.clearing.intervals import own_intervals
from suanwang.market.clearing.zoom import NEAR, look_at, out_of_focus

NODES = 3
orders = st.lists(
    st.tuples(st.integers(0, NODES - 1), st.sampled_from([-3, 0, 1, 1.5, 2, 9, 500, 10**6]), st.integers(0, 4)),
    max_size=12,
)  # fmt: skip


def rows_of(curves, node):
    """A node's curve as rows (price, cards asked, cards bid) and y where it begins and ends."""
    lo, hi = int(curves.first[node]), int(curves.first[node + 1])
    rows = [
        (curves.price[s] / MICRO, curves.asks[s] // MICRO, curves.bids[s] // MICRO) for s in range(lo, hi)
    ]  # fmt: skip
    return rows, curves.start[lo + node] // MICRO, curves.start[hi + node] // MICRO


@given(asks=orders, bids=orders)
def test_a_curve_is_the_sum_of_its_orders_by_price(asks, bids):
    curves = build_curves(a_case(zones=NODES, asks=asks, bids=bids))
    for node in range(NODES):
        twin = defaultdict(lambda: [0, 0])
        for side, listed in enumerate((asks, bids)):
            for at, price, cards in listed:
                if at == node and cards:
                    twin[price][side] += cards
        rows, begin, end = rows_of(curves, node)
        assert rows == [(p, *twin[p]) for p in sorted(twin)]
        assert begin == -sum(bid for _, bid in twin.values())
        assert end == sum(ask for ask, _ in twin.values())


def test_every_step_begins_where_the_one_before_ends():
    curves = build_curves(a_case(asks=[(0, 4, 2), (0, 7, 3)], bids=[(0, 7, 1), (0, 9, 5)]))
    assert rows_of(curves, 0)[0] == [(4, 2, 0), (7, 3, 1), (9, 0, 5)]
    assert (curves.start // MICRO).tolist() == [-6, -4, 0, 5]


def test_orders_with_a_lot_stand_outside():
    case = a_case(asks=[(0, 4, 2), (0, 4, 3)])
    asks = replace(case.asks, lot=np.array([0, MICRO]))
    assert rows_of(build_curves(replace(case, asks=asks)), 0) == ([(4, 2, 0)], 0, 2)


def test_carbon_makes_asks_dearer_and_leaves_bids_alone():
    case = a_case(zones=2, asks=[(0, 4, 1), (1, 4, 1)], bids=[(0, 9, 1)])
    case = replace(case, carbon=np.array([[[0, 2 * MICRO]]]))
    assert effective_ask_prices(case).tolist() == [4 * MICRO, 6 * MICRO]
    curves = build_curves(case)
    assert [rows_of(curves, node)[0] for node in (0, 1)] == [[(4, 1, 0), (9, 0, 1)], [(6, 1, 0)]]


@pytest.mark.parametrize(
    ("y", "interval"),
    [
        # asks 2 at 4 and 3 at 7; bids 1 at 7 and 5 at 9; prices from 0 to 20
        (-6, (0, 4)),  # nothing taken, every bid served
        (-5, (4, 4)),  # half of the ask at 4
        (-4, (4, 7)),
        (-2, (7, 7)),
        (0, (7, 9)),
        (1, (9, 9)),
        (5, (9, 20)),  # every ask taken, no bid served
    ],
)
def test_a_nodes_own_interval(y, interval):
    curves = build_curves(a_case(asks=[(0, 4, 2), (0, 7, 3)], bids=[(0, 7, 1), (0, 9, 5)]))
    low, high, step = own_intervals(curves, np.array([y]) * MICRO, 0, 20 * MICRO)
    assert (low[0] / MICRO, high[0] / MICRO) == interval
    begins = curves.start[:-1] <= y * MICRO
    assert step[0] == 3 if y == 5 else begins[step[0]] and y * MICRO < curves.start[step[0] + 1]


def test_intervals_are_cut_to_the_published_range_and_an_empty_node_has_all_of_it():
    curves = build_curves(a_case(zones=2, asks=[(0, 4, 2)], bids=[(0, 9, 5)]))
    low, high, _ = own_intervals(curves, np.array([-3, 0]) * MICRO, 5 * MICRO, 8 * MICRO)
    assert low.tolist() == [5 * MICRO, 5 * MICRO]
    assert high.tolist() == [8 * MICRO, 8 * MICRO]


def seen(curves, focus):
    return look_at(curves, np.array(focus, float) * MICRO)


@given(
    prices=st.lists(st.integers(0, 400), max_size=300, unique=True),
    focus=st.integers(-10, 410),
)
def test_a_lens_sums_to_the_whole_curve_and_is_exact_near_its_focus(prices, focus):
    case = a_case(zones=2, asks=[(1, p, 1 + p % 3) for p in prices], bids=[(1, 7, 2)])
    curves = build_curves(case)
    lens = seen(curves, [0, focus])
    steps = {
        int(p): int(a + b) for p, a, b in zip(curves.price, curves.asks, curves.bids, strict=True)
    }
    assert lens.width.sum() == sum(steps.values())
    assert (lens.node == 1).all()
    assert (np.diff(lens.price) > 0).all()
    low, high = lens.low[1], lens.high[1]
    single = {
        int(p): int(w) for p, w in zip(lens.price, lens.width, strict=True) if low <= p <= high
    }
    assert single == {p: w for p, w in steps.items() if low <= p <= high}
    assert len(single) >= min(len(steps), NEAR)
    # Lumps look at least as good as they are: their price is that of the step nearest to the focus.
    for edge, side in ((low, -1), (high, 1)):
        lump = [int(p) for p in lens.price if side * (p - edge) > 0]
        beyond = [p for p in steps if side * (p - edge) > 0]
        assert min(lump, key=lambda p: side * p, default=0) == min(
            beyond, key=lambda p: side * p, default=0
        )


def test_lumps_grow_by_four():
    curves = build_curves(a_case(asks=[(0, p, 1) for p in range(100)]))
    lens = seen(curves, [50])
    assert (lens.width / MICRO).tolist() == [27, 16, 4, *[1] * 7, 4, 16, 26]
    assert (lens.low[0], lens.high[0]) == (47 * MICRO, 53 * MICRO)


def test_prices_outside_the_single_steps_are_out_of_focus():
    lens = seen(build_curves(a_case(asks=[(0, p, 1) for p in range(100)])), [50])
    found = [bool(out_of_focus(lens, np.array([p * 1e6]))[0]) for p in (46.9, 47, 53, 53.1)]
    assert found == [True, False, False, True]

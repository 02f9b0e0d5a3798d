"""Who gets what at a node: pro rata, remainders by hash, pools; and exact sums of money."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.market.clearing.markets import a_case

from suanwang.market.case.model import MICRO
from suanwang.market.clearing.accept import GangsUnserved, accept, pro_rata, tie_key
from suanwang.market.clearing.curves import build_curves
from suanwang.market.clearing.intervals import own_intervals
from suanwang.market.clearing.sums import SUMMANDS_MAX, dot_by_slot

# SHA-256 of "0:a", "0:b", "0:c" begin with 9d, e0, be: the order is a, c, b.
IDS = ["a", "b", "c"]


def test_the_queue_is_by_sha256_of_seed_and_id():
    assert tie_key(7, "x") == hashlib.sha256(b"7:x").digest()
    assert sorted(IDS, key=lambda i: tie_key(0, i)) == ["a", "c", "b"]


def shared(amount, text, *, seed=0, needs=None):
    """Orders as "a:6 b:3@0", @ naming the pool; shares in that order."""
    rows = [order.replace("@", ":").split(":") for order in text.split()]
    orders = [(row[0], int(row[1]), int(row[2]) if len(row) > 2 else -1) for row in rows]
    return pro_rata(amount, orders, seed=seed, needs=needs or {})


@pytest.mark.parametrize(
    ("amount", "orders", "needs", "shares"),
    [
        (6, "a:3 b:3 c:3", {}, [2, 2, 2]),
        (0, "a:3 b:3 c:3", {}, [0, 0, 0]),
        (9, "a:3 b:3 c:3", {}, [3, 3, 3]),
        (5, "a:10", {}, [5]),
        (6, "a:2 b:4 c:6", {}, [1, 2, 3]),
        (7, "a:3 b:3 c:3", {}, [3, 2, 2]),  # the queue is a, c, b
        (8, "a:3 b:3 c:3", {}, [3, 2, 3]),
        (6, "a:6 b:3@0 c:3", {0: 2}, [3, 2, 1]),  # of the other 4 a gets 2⅔, c 1⅓; a is first
        (6, "a:6 b:3@0 c:3", {0: 1}, [4, 1, 1]),  # 1½ is enough for its pool: as if it had none
        (6, "a:3@0 b:3@0 c:3", {0: 6}, [3, 3, 0]),
        (6, "a:4@0 b:4@0 c:4", {0: 5}, [3, 2, 1]),  # two asks of a pool serve it together
        (6, "a:4@0 b:4@1 c:4", {0: 3, 1: 3}, [3, 3, 0]),
        # Two thirds of what is left is too little for pool 1 once pool 0 has its share.
        (9, "a:6@0 b:6@1 c:6", {0: 5, 1: 3}, [5, 3, 1]),
    ],
)
def test_pro_rata(amount, orders, needs, shares):
    assert shared(amount, orders, needs=needs) == shares


@pytest.mark.parametrize(
    ("amount", "orders", "needs"),
    [
        (6, "a:3@0 b:3 c:3", {0: 4}),  # more than its asks
        (2, "a:3@0 b:3 c:3", {0: 3}),  # more than is taken at the node
        (5, "a:3@0 b:3@1", {0: 3, 1: 3}),
    ],
)
def test_gangs_that_need_more_than_there_is_are_refused(amount, orders, needs):
    with pytest.raises(GangsUnserved):
        shared(amount, orders, needs=needs)


@given(
    ordered=st.lists(st.integers(1, 2**61), min_size=1, max_size=6),
    pools=st.lists(st.integers(-1, 1), min_size=6, max_size=6),
    parts=st.tuples(*[st.integers(0, 1000)] * 3),
    seed=st.integers(0, 9),
)
def test_shares_add_up_are_fair_to_a_quantum_and_keep_what_pools_need(ordered, pools, parts, seed):
    orders = [
        (f"o{i}", size, pool) for i, (size, pool) in enumerate(zip(ordered, pools, strict=False))
    ]
    of_pool = {p: sum(size for _, size, pool in orders if pool == p) for p in (0, 1)}
    needs = {p: size * parts[p] // 1000 for p, size in of_pool.items()}
    amount = max(sum(ordered) * parts[2] // 1000, sum(needs.values()))
    shares = pro_rata(amount, orders, seed=seed, needs=needs)
    assert sum(shares) == amount
    assert all(0 <= share <= size for share, (_, size, _) in zip(shares, orders, strict=True))
    given_to = {p: sum(s for s, o in zip(shares, orders, strict=True) if o[2] == p) for p in (0, 1)}
    assert all(given_to[p] >= needs[p] for p in needs)
    # Orders outside pools, and pools that need less than they get, have the same fraction.
    equal = [
        i for i, o in enumerate(orders) if o[2] < 0 or given_to[o[2]] > needs[o[2]] + len(orders)
    ]
    for i in equal:
        for j in equal:
            assert (shares[i] - 1) * ordered[j] <= (shares[j] + 1) * ordered[i]


def test_remainders_go_one_each_in_the_order_of_the_hash():
    ids = [f"o{i}" for i in range(5)]
    shares = pro_rata(13, [(i, 7, -1) for i in ids], seed=3, needs={})
    queue = sorted(range(5), key=lambda i: tie_key(3, ids[i]))
    assert [shares[i] for i in queue] == [3, 3, 3, 2, 2]


def filled(case, y, needs=None):
    curves, net = build_curves(case), np.array([round(cards * MICRO) for cards in y])
    _, _, step = own_intervals(curves, net, case.price_min, case.price_max)
    found = accept(case, curves, y=net, step=step, needs=needs or {})
    return (found.asks / MICRO).tolist(), (found.bids / MICRO).tolist()


@pytest.mark.parametrize(
    ("y", "asks", "bids"),
    [
        # asks 2 at 4, 3 and 1 at 7; bids 1 at 7, 5 at 9
        (-6, [0, 0, 0], [1, 5]),
        (-5, [1, 0, 0], [1, 5]),
        (-4, [2, 0, 0], [1, 5]),
        (-2, [2, 1.5, 0.5], [1, 5]),  # asks first: volume is as large as it can be
        (0, [2, 3, 1], [1, 5]),
        (0.5, [2, 3, 1], [0.5, 5]),
        (1, [2, 3, 1], [0, 5]),
        (3, [2, 3, 1], [0, 3]),
        (6, [2, 3, 1], [0, 0]),
    ],
)
def test_better_orders_are_filled_and_tied_ones_share(y, asks, bids):
    case = a_case(asks=[(0, 4, 2), (0, 7, 3), (0, 7, 1)], bids=[(0, 7, 1), (0, 9, 5)])
    assert filled(case, [y]) == (asks, bids)


def test_an_ask_is_filled_as_far_as_the_gangs_of_its_pool_need():
    asks = [(0, 4, 4), (0, 4, 4)]
    case = a_case(asks=asks, bids=[], ask_pools=[0, 1])
    assert filled(case, [4])[0] == [2, 2]
    assert filled(case, [4], {(0, 0): 3 * MICRO})[0] == [3, 1]


def test_asks_below_the_margin_serve_their_pool_first():
    case = a_case(asks=[(0, 3, 2), (0, 4, 4), (0, 4, 4)], ask_pools=[0, 0, 1])
    assert filled(case, [4], {(0, 0): 3 * MICRO})[0] == [2, 1, 1]
    assert filled(case, [4], {(0, 0): 4 * MICRO})[0] == [2, 2, 0]


def test_nodes_do_not_share_with_each_other():
    case = a_case(zones=2, asks=[(0, 4, 4), (1, 4, 4), (0, 4, 4)])
    assert filled(case, [2, 3])[0] == [1, 3, 1]


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 5), st.integers(-(2**53), 2**53), st.integers(0, 2**62 - 1)),
        max_size=20,
    )
)
def test_sums_of_huge_products_are_exact(rows):
    node, price, quantity = (np.array([r[i] for r in rows], np.int64) for i in range(3))
    found = dot_by_slot(node.astype(np.int32), price, quantity, per_slot=2, slots=3)
    assert found == [sum(p * q for n, p, q in rows if n // 2 == t) for t in range(3)]


def test_more_summands_than_one_pass_takes():
    count, price, quantity = SUMMANDS_MAX + 5, 2**53, 2**62 - 1
    found = dot_by_slot(
        np.zeros(count, np.int32), np.full(count, price), np.full(count, quantity), per_slot=1, slots=1
    )  # fmt: skip
    assert found == [count * price * quantity]

"""What no price can support is barred, so that it is not tried set by set."""

from __future__ import annotations

import pytest
from tests.market.builders import ask, bid, job
from tests.market.clearing.exact.cases import market_case, searched

# Hundreds of cases: in CI, left out of `make check`.
pytestmark = pytest.mark.real


def lots(**prices):
    return [ask(name, 2, price, lot=1) for name, price in prices.items()]


@pytest.mark.parametrize(
    ("orders", "taken"),
    [
        # Selling two at 8 for the sake of one at 1 has no price: the buyer pays 5.
        ({"asks": [ask("cheap", 1, 1), ask("dear", 1, 8)], "bids": [bid("b", 2, 5, lot=2)]}, ""),
        ({"asks": [ask("cheap", 1, 1), ask("dear", 1, 4)], "bids": [bid("b", 2, 5, lot=2)]}, "b"),
        # The same with sides changed.
        ({"bids": [bid("dear", 1, 9), bid("cheap", 1, 2)], "asks": [ask("a", 2, 5, lot=2)]}, ""),
        ({"bids": [bid("dear", 1, 9), bid("cheap", 1, 6)], "asks": [ask("a", 2, 5, lot=2)]}, "a"),
    ],
)
def test_orders_with_lots_keep_the_order_of_price(orders, taken):
    report = searched(market_case(**orders))
    assert (report.taken, report.proven) == (taken, True)


def test_lots_out_of_order_are_not_gone_through_one_by_one():
    # Sixteen counts of each ask; all but those below the bid's price are barred by one row each.
    case = market_case(
        asks=[ask(f"a{i}", 15, 6 + i, lot=1) for i in range(3)] + [ask("a", 1, 1)],
        bids=[bid("lot", 4, 5, lot=4), bid("dear", 2, 9)],
    )
    report = searched(case, work=60)
    assert report.proven
    assert len(report.tried) <= 4


def test_asks_of_a_pool_are_not_taken_out_of_order_for_a_gang():
    # The pool's card costs 8 while one outside it is to be had for 2.
    asks = [ask("in", 1, 8, pool="p"), ask("out", 1, 2)]
    gang = job("g", 1, 20, shape="contiguous", gang=True, cards_min=1)
    assert searched(market_case(asks=asks, jobs=[gang])).taken == ""
    # A bid that takes the cheap one makes the pool's card the next in order.
    both = market_case(asks=asks, jobs=[gang], bids=[bid("b", 1, 9)])
    assert searched(both).taken == "g"


def test_a_gang_takes_all_from_one_pool():
    asks = [ask("a", 1, 1, pool="p"), ask("b", 1, 1, pool="q")]
    gang = job("g", 2, 20, shape="contiguous", gang=True, cards_min=2, cards_max=2)
    assert searched(market_case(asks=asks, jobs=[gang])).taken == ""
    asks.append(ask("c", 1, 1, pool="q"))
    assert searched(market_case(asks=asks, jobs=[gang])).taken == "g"

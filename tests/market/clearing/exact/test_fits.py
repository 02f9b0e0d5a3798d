"""Which cases are few enough to search: switches are counted without building them."""

from __future__ import annotations

import pytest
from tests.market.builders import ask, block, job, offer
from tests.market.clearing.exact.cases import market_case, random_case

from suanwang.market.clearing.exact.columns import COLUMNS_MAX, fits, whole_model
from suanwang.market.clearing.slots import Market

# Hundreds of cases: in CI, left out of `make check`.
pytestmark = pytest.mark.real

KINDS = ("BLOCKS", "CONTIGUOUS", "PREEMPTIBLE", "GANGS", "OFFERS", "DATA", "LOTS", "EVERYTHING")


@pytest.mark.parametrize(
    ("orders", "switches"),
    [
        ({"asks": [ask("a", 9, 1)]}, 0),
        ({"asks": [ask("a", 9, 1, lot=1)]}, 4),  # counts up to 9 in bits
        ({"blocks": [block("b"), block("c")]}, 2),
        ({"jobs": [job("j", end=4)]}, 0),
        ({"jobs": [job("j", end=4, shape="contiguous")]}, 10),  # 4 + 3 + 2 + 1 runs
        ({"jobs": [job("j", 2, end=4, shape="contiguous")]}, 6),  # of two slots or more
        ({"jobs": [job("j", end=4, shape="preemptible")]}, 11),
        ({"offers": [offer("o", end=4)]}, 0),
        ({"offers": [offer("o", end=4, start_cost=1)]}, 1),
        ({"offers": [offer("o", end=4, ramp=1)]}, 8),
    ],
)
def test_switches_are_counted(orders, switches):
    case = market_case(slots=4, **orders)
    assert fits(case, switches)
    assert not fits(case, switches - 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_the_model_has_no_more_switches_than_were_counted(kind, seed):
    case = random_case(kind, seed)
    model, _ = whole_model(Market.of(case))
    assert fits(case, 10**6)
    # Whole lots of partial blocks are no choices of their own.
    assert fits(case, sum(model.programme.whole) + len(case.blocks))


def test_too_many_simple_orders_do_not_fit():
    assert not fits(market_case(asks=[ask(f"a{i}") for i in range(COLUMNS_MAX + 1)]), 10)

"""Price rows bar what has no prices, and nothing else."""

from __future__ import annotations

import pytest
from tests.market.builders import ask, bid, block, job, link, offer
from tests.market.clearing.exact.cases import market_case, random_case, searched

from suanwang.market.clearing.exact import search

# Hundreds of cases: in CI, left out of `make check`.
pytestmark = pytest.mark.real

FIRM = ("WHOLE_BLOCKS", "CONTIGUOUS", "LOTS")  # a set is one outcome: the answers are equal
OPEN = ("BLOCKS", "PREEMPTIBLE", "OFFERS", "DATA")  # with prices amounts may come out better


@pytest.mark.parametrize("kind", [*FIRM, *OPEN])
@pytest.mark.parametrize("seed", range(80, 86))
def test_no_answer_is_lost(kind, seed, monkeypatch):
    case = random_case(kind, seed)
    with_rows = searched(case).welfare
    monkeypatch.setattr(search, "has_few_steps", lambda _: False)
    without = searched(case, work=300)
    assert with_rows >= without.welfare - 1e-6
    assert kind in OPEN or not without.proven or with_rows == pytest.approx(without.welfare)


@pytest.mark.parametrize(
    ("orders", "taken"),
    [
        # A bid block sets a price of 4 at B, at which the ask block there gains by the link's rent.
        (
            {
                "zones": "A B", "links": [link("A", "B", 1, cost=1)],
                "asks": [ask("a", 9, 1)],
                "bids": [bid("b", 3, 4, zone="B")],
                "blocks": [block("s", 1, 3, side="ask", zone="B")],
            },
            "s",
        ),
        # With room on the link the price at B is 2: the block would lose.
        (
            {
                "zones": "A B", "links": [link("A", "B", 2, cost=1)],
                "asks": [ask("a", 9, 1)],
                "bids": [bid("b", 3, 4, zone="B")],
                "blocks": [block("s", 2, 3, side="ask", zone="B")],
            },
            "",
        ),
        # An offer must earn its start; at the price of its own it cannot.
        ({"asks": [ask("a", 1, 3)], "bids": [bid("b", 4, 9)], "offers": [offer("o", 4, 2, start_cost=2)]}, "o"),
        ({"asks": [ask("a", 9, 3)], "bids": [bid("b", 4, 9)], "offers": [offer("o", 1, 2, start_cost=2)]}, ""),
        # A preemptible job pays the price that it makes itself.
        (
            {
                "asks": [ask("a", 1, 1), ask("b", 9, 8)],
                "jobs": [job("j", 2, 10, shape="preemptible", cards_min=1, cards_max=2)],
            },
            "",
        ),
        (
            {
                "asks": [ask("a", 1, 1), ask("b", 9, 4)],
                "jobs": [job("j", 2, 10, shape="preemptible", cards_min=1, cards_max=2)],
            },
            "j",
        ),
    ],
)  # fmt: skip
def test_who_would_lose_is_left_out(orders, taken):
    report = searched(market_case(**orders))
    assert (report.taken, report.proven) == (taken, True)

"""Multipliers get better step by step, and stay where prices can be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.market.builders import a_case, ask, bid, block, job, link, offer
from tests.market.oracle import milp, random_cases
from tests.market.oracle.job_columns import Overbuy

from suanwang.market.case.read import case_from_document
from suanwang.market.clearing.ascent import ascend, node_sizes, price_floor
from suanwang.market.clearing.response import Crowd, no_pools
from suanwang.market.clearing.slots import Market

HOW = {"steps": 20, "stride": 0.5, "decay": 0.9}


def crowd_of(case):
    return Crowd.of(Market.of(case))


def test_prices_rise_to_where_cards_are_enough():
    # 5 cards at 2, 4 at 3, and twenty jobs of a card each that are worth 9, 8.8, …
    jobs = [job(f"j{i:02}", 1, f"{9 - i / 5:.1f}") for i in range(20)]
    crowd = crowd_of(a_case(asks=[ask("a", 5, 2), ask("b", 4, 3)], jobs=jobs))
    found = ascend(crowd, np.array([0.0]), **(HOW | {"steps": 60}))
    # With the ninth job served and the tenth not, the bound is what the nine gain.
    best = sum(9 - i / 5 for i in range(9)) - 5 * 2 - 4 * 3
    assert best <= found.response.value <= best + 0.2
    assert 9 - 9 / 5 - 0.2 <= found.nodes[0] <= 9 - 8 / 5 + 0.2


@pytest.mark.parametrize(
    "kind", ["CONTIGUOUS", "PREEMPTIBLE", "BLOCKS", "OFFERS", "LINEAR", "DATA"]
)
@pytest.mark.parametrize("seed", range(4))
def test_it_ends_no_worse_than_it_began_and_bounds_all(kind, seed):
    document = random_cases.case(seed, replace(getattr(random_cases, kind), pricing="uplift"))
    case = case_from_document(document)
    crowd = crowd_of(case)
    start = np.clip(np.zeros(case.nodes), price_floor(crowd), crowd.high)
    found = ascend(crowd, start, **HOW)
    assert found.response.value <= crowd.respond(start, no_pools(case)).value
    again = crowd.respond(found.nodes, no_pools(case))
    assert again.value == found.response.value
    assert (found.nodes >= price_floor(crowd)).all()
    assert (found.nodes <= crowd.high).all()
    assert found.response.value >= milp.optimum(document, overbuy=Overbuy.LEAST) - 1e-6


def test_no_steps_are_where_it_began():
    crowd = crowd_of(a_case(asks=[ask("a", 5, 2)], bids=[bid("b", 3, 9)]))
    assert ascend(crowd, np.array([4.0]), steps=0, stride=1, decay=1).nodes.tolist() == [4]


@pytest.mark.parametrize(
    ("keys", "floor"),
    [
        ({}, [2, 0]),  # node B has no asks
        ({"price_min": -7}, [2, -7]),
        ({"links": [link("B", "A")]}, [0, 0]),  # cheaper cards may come from elsewhere
        ({"offers": [offer("o")]}, [0, 0]),
        ({"blocks": [block("k", side="ask")]}, [0, 0]),
    ],
)
def test_no_price_lies_below_a_nodes_cheapest_ask(keys, floor):
    case = a_case(
        **({"zones": "A B", "asks": [ask("a", 5, 3), ask("b", 1, 2)], "price_min": 0} | keys)
    )
    assert price_floor(crowd_of(case)).tolist() == floor


def test_sizes_are_what_a_node_can_give_or_take():
    case = a_case(
        zones="A B C", asks=[ask("a", 5, 3)], bids=[bid("b", 2, 9), bid("c", 1, 9, zone="B")],
        offers=[offer("o", 4)],
    )  # fmt: skip
    assert node_sizes(crowd_of(case)).tolist() == [11, 1, pytest.approx(0.05 * 6)]
    assert node_sizes(crowd_of(a_case())).tolist() == [0.05]

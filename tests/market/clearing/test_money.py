"""Who pays what, by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.market.builders import a_document, ask, bid, block, job, link, offer
from tests.market.cleared import amounts, cleared


def settled(**keys):
    """Settlements as {id: amount}, with the congestion rent under "rent"; only what is not 0."""
    found = cleared(a_document(**keys))
    lines = amounts(found["settlements"]) | {"rent": Decimal(found["congestion_rent"])}
    assert sum(lines.values()) == 0
    return {id_: float(amount) for id_, amount in lines.items() if amount}


# The price is that of the bid that is cut short.
AT_FOUR = {"asks": [ask("a", 5, 1)], "bids": [bid("z", 9, 4)]}


@pytest.mark.parametrize(
    ("keys", "lines"),
    [
        ({}, {"a": 20, "z": -20}),
        ({"slots": [3]}, {"a": 60, "z": -60}),  # three hours
        ({"bids": [*AT_FOUR["bids"], bid("b", 2, 7)]}, {"a": 20, "b": -8, "z": -12}),
        ({"blocks": [block("k", 2, 5)]}, {"a": 20, "k": -8, "z": -12}),
        ({"blocks": [block("k", 2, 3, side="ask")]}, {"a": 20, "k": 8, "z": -28}),
        ({"offers": [offer("o", 2, 3, start_cost=1)]}, {"a": 20, "o": 8, "z": -28}),
        ({"jobs": [job("j", 1, 9)]}, {"a": 20, "j": -4, "z": -16}),
        # Transfer goes to the carriers.
        ({"jobs": [job("j", 1, 9, zones={"A": "0.5"})]}, {"a": 20, "j": -4.5, "z": -16, "@carriage": 0.5}),
        ({"asks": [ask("a", 5, 1, lot=2)]}, {"a": 16, "z": -16}),
    ],
)  # fmt: skip
def test_everybody_pays_the_price_of_its_node(keys, lines):
    assert settled(**(AT_FOUR | keys)) == pytest.approx(lines)


@pytest.mark.parametrize(
    ("way", "lines"),
    [
        # 2 of the cheap cards go over: their node's price is 1, the other's 4.
        (link("A", "B", 2), {"a": 2, "z": -8, "rent": 6}),
        (link("A", "B", 2, cost="0.5"), {"a": 2, "z": -8, "@carriage": 1, "rent": 5}),
        (link("A", "B", 4, weights={"x": 2}), {"a": 2, "z": -8, "rent": 6}),
        (link("A", "B", 99), {"a": 20, "z": -20}),  # there is room: one price, and no rent
    ],
)
def test_the_network_earns_what_prices_differ_by(way, lines):
    bids = [bid("z", 9, 4, zone="B")]
    assert settled(zones="A B", asks=[ask("a", 5, 1)], bids=bids, links=[way]) == pytest.approx(
        lines
    )


def test_data_pays_what_the_link_costs():
    # The link's 2 are worth 4 − 1 each; the job moves 1 GB on it and runs in B at a price of 2.
    asks = [ask("a", 5, 1), ask("c", 5, 2, zone="B", slot=1)]
    own = job("j", 1, 20, zones={"B": 0}, end=2, data={"at": "A", "in": 1})
    found = settled(
        zones="A B", slots=2, asks=asks, bids=[bid("z", 9, 4, zone="B")], links=[link("A", "B", 2)],
        jobs=[own],
    )  # fmt: skip
    assert found == pytest.approx({"a": 1, "z": -4, "c": 2, "j": -2 - 3, "rent": 3 + 3})


def test_what_rounding_leaves_has_an_account():
    # Three thirds of 5 cards at 4.000001 ÷ 1: each rounded by itself.
    bids = [bid(name, 1, "4.000001") for name in "xyz"]
    found = settled(tick="0.000001", asks=[ask("a", 1, 1)], bids=bids)
    assert found["a"] == pytest.approx(4.000001)
    assert abs(found.get("@rounding", 0)) == pytest.approx(1e-6)

"""What orders gained, what they could have, and the parts of the gap."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.market.builders import a_document, ask, bid, block, job, offer
from tests.market.cleared import HASH, cleared
from tests.market.oracle import random_cases

from suanwang.market.case.read import case_from_document
from suanwang.market.clearing.clear import clear
from suanwang.market.clearing.gains import plan_gains
from suanwang.market.clearing.scale import Scale

AT_FOUR = {"asks": [ask("a", 5, 1)], "bids": [bid("z", 9, 4)]}


def gains_of(**keys):
    """What accepted orders with conditions gain, yuan."""
    result = clear(case_from_document(a_document(**keys), sha256=HASH))
    scale = Scale.of(result.case)
    found = plan_gains(result.case, result.outcome, result.prices, scale)
    return {id_: float(gain / scale.yuan) for id_, gain in found.items()}


@pytest.mark.parametrize(
    ("keys", "gains"),
    [
        ({}, {}),
        ({"blocks": [block("k", 2, 5)]}, {"k": 2 * (5 - 4)}),
        ({"blocks": [block("k", 2, 3, side="ask")]}, {"k": 2 * (4 - 3)}),
        ({"offers": [offer("o", 2, 3, start_cost="0.5")]}, {"o": 2 * (4 - 3) - 0.5}),
        ({"jobs": [job("j", 1, 9)]}, {"j": 9 - 4}),
        ({"jobs": [job("j", 1, 9, zones={"A": 2})]}, {"j": 9 - 4 - 2}),
        ({"asks": [ask("a", 5, 1, lot=2)]}, {"a": 4 * (4 - 1)}),
        ({"slots": [2], "blocks": [block("k", 2, 5)]}, {"k": 2 * 2 * (5 - 4)}),
    ],
)
def test_an_order_gains_its_worth_less_what_it_pays(keys, gains):
    assert gains_of(**(AT_FOUR | keys)) == pytest.approx(gains)


@pytest.mark.parametrize(
    ("keys", "missed"),
    [
        # An ask of 3 or none: sold wholly it would push the price down to 1 and lose.
        ({"asks": [ask("a", 5, 1)], "bids": [bid("b", 7, 10)], "blocks": [block("s", 3, 4, side="ask")]},
         {"s": 3 * (10 - 4)}),
        ({"asks": [ask("a", 5, 1)], "bids": [bid("b", 7, 10)],
          "offers": [offer("s", 3, 4, quantity_min=3, start_cost=1)]}, {"s": 3 * (10 - 4) - 1}),
        # A child of what is rejected misses nothing.
        ({"asks": [ask("a", 5, 1)], "bids": [bid("b", 7, 10)],
          "blocks": [block("s", 3, 4, side="ask"), block("t", 1, 4, side="ask", parent="s")]},
         {"s": 3 * (10 - 4)}),
        (AT_FOUR | {"blocks": [block("k", 1, 3)]}, {}),  # would not have gained
    ],
)  # fmt: skip
def test_who_was_rejected_and_would_have_gained_is_listed(keys, missed):
    found = cleared(a_document(**keys))["rejected_profitable"]
    assert {line["id"]: float(line["missed"]) for line in found} == pytest.approx(missed)


KINDS = ("BLOCKS", "OFFERS", "DATA", "GANGS", "EVERYTHING")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_nobody_loses_and_parts_add_up_to_the_gap(kind, seed):
    document = random_cases.case(seed, getattr(random_cases, kind))
    result = clear(case_from_document(document, sha256=HASH))
    scale = Scale.of(result.case)
    gains = plan_gains(result.case, result.outcome, result.prices, scale)
    assert min(gains.values(), default=0) / scale.yuan >= Decimal("-0.000002")
    assert all(part > 0 for part in result.parts.orders.values())
    assert result.parts.total >= 0


@pytest.mark.parametrize("seed", range(4))
def test_with_uplift_losses_are_what_is_paid(seed):
    document = random_cases.case(seed, replace(random_cases.BLOCKS, pricing="uplift"))
    result = clear(case_from_document(document, sha256=HASH))
    scale = Scale.of(result.case)
    gains = plan_gains(result.case, result.outcome, result.prices, scale)
    lost = -sum(min(scale.micro_yuan(gain), 0) for gain in gains.values())
    sellers = {b["id"] for b in document["blocks"] if b["side"] == "ask"}
    paid = sum(amount for id_, amount in result.uplift.items() if id_ in sellers)
    assert paid <= lost
    assert (lost > 0) == bool(result.uplift)

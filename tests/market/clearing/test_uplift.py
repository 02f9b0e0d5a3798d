"""Who loses is paid its loss; buyers share it by card-hours, to the micro-yuan."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.market.builders import a_document, ask, bid, block, job, offer
from tests.market.cleared import amounts, cleared
from tests.market.oracle import random_cases


def lines(**keys) -> dict[str, str]:
    """Uplift lines of a case in `uplift` mode, as the RESULT writes them."""
    found = cleared(a_document(pricing="uplift", **keys))
    return {id_: f"{amount:f}" for id_, amount in amounts(found["uplift"]).items()}


# Without it only 5 of the 7 cards are sold; with it the price is 1 and it loses 3 × (4 − 1).
LOSER = {"asks": [ask("a", 5, 1)], "blocks": [block("s", 3, 4, side="ask")]}


@pytest.mark.parametrize(
    ("bids", "found"),
    [
        ([bid("b", 7, 10)], {"s": "9", "b": "-9"}),
        ([bid("b", 4, 10), bid("c", 3, 9)], {"s": "9", "b": "-5.142857", "c": "-3.857143"}),
        # 9 ÷ 7 thrice and 4 × 9 ÷ 7: two micro-yuan are left over for the largest remainders.
        (
            [bid(name, 1, 10) for name in "bcd"] + [bid("e", 4, 10)],
            {"s": "9", "b": "-1.285714", "c": "-1.285714", "d": "-1.285714", "e": "-5.142858"},
        ),
    ],
)
def test_buyers_pay_by_what_they_got(bids, found):
    got = lines(bids=bids, **LOSER)
    assert got.keys() == found.keys()
    # Equal remainders leave it open who pays the last micro-yuan.
    assert {k: float(v) for k, v in got.items()} == pytest.approx(
        {k: float(v) for k, v in found.items()}, abs=2e-6
    )
    assert sum(map(Decimal, got.values())) == 0


def test_the_largest_remainders_get_what_is_left():
    # 9 ÷ 7 = 1.285714 2…, 6 × that = 7.714285 7…: the second is cut down by more.
    got = lines(bids=[bid("b", 1, 10), bid("c", 6, 10)], **LOSER)
    assert got == {"s": "9", "b": "-1.285714", "c": "-7.714286"}


def test_card_hours_count_not_cards():
    # In the long slot a bid of 1 has bought as much as the bid of 4 in the short one.
    got = lines(
        slots=[1, 4], asks=[ask("a", 2, 1), ask("d", 1, 1, slot=1)],
        bids=[bid("b", 4, 10), bid("c", 1, 10, slot=1)], blocks=[block("s", 2, 4, side="ask")],
    )  # fmt: skip
    # The price in the short slot may be anything from 1 to 10 and nobody loses.
    assert got == {}
    got = lines(
        slots=[1, 4], asks=[ask("a", 3, 1), ask("d", 1, 1, slot=1)],
        bids=[bid("b", 4, 10), bid("c", 1, 10, slot=1)], blocks=[block("s", 2, 4, side="ask")],
    )  # fmt: skip
    assert got == {"s": "6", "b": "-3", "c": "-3"}


def test_jobs_and_offers_count_too():
    got = lines(
        asks=[ask("a", 5, 1)], bids=[bid("b", 4, 10)],
        jobs=[job("j", 3, 40, cards_max=3)],
        offers=[offer("o", 3, 2, quantity_min=3, start_cost=5)],
    )  # fmt: skip
    # At a price of 1 the offer of 3 cards at 2 loses 3 × 1 + 5.
    assert got == {"o": "8", "b": "-4.571429", "j": "-3.428571"}


def test_a_buyer_that_loses_is_paid_and_pays_its_share():
    # Five cards for five at a price of 5.5: the job, worth 1, gets back 4.5 less a fifth of that.
    got = lines(asks=[ask("a", 5, 1)], bids=[bid("b", 4, 10)], jobs=[job("j")])
    assert got == {"j": "3.6", "b": "-3.6"}


def test_without_losers_there_are_no_lines():
    assert lines(asks=[ask("a", 6, 1)], bids=[bid("b", 4, 10)], jobs=[job("j")]) == {}


@pytest.mark.parametrize("kind", ["BLOCKS", "OFFERS", "CONTIGUOUS"])
@pytest.mark.parametrize("seed", range(6))
def test_lines_sum_to_nothing_and_sellers_only_get(kind, seed):
    kinds = replace(getattr(random_cases, kind), pricing="uplift")
    document = random_cases.case(seed, kinds)
    found = amounts(cleared(document)["uplift"])
    assert sum(found.values(), Decimal(0)) == 0
    sellers = {order["id"] for order in [*document["asks"], *document["offers"]]}
    sellers |= {one["id"] for one in document["blocks"] if one["side"] == "ask"}
    assert all(found[id_] > 0 for id_ in found.keys() & sellers)

"""Whatever the multipliers and the outcome beside them: no outcome's welfare is above the bound."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.market.builders import a_document, ask, bid, job
from tests.market.verify.results import HASH, PAIRS, Document, a_result, a_run

from suanwang.market.verify.check import verify

price = st.integers(-8, 36).map(lambda n: str(Decimal(n) / 4))


def nothing(case: Document) -> Document:
    """The outcome in which nobody trades, at prices of 1."""
    places = [
        (z, k, t) for z in case["zones"] for k in case["classes"] for t in range(len(case["slots"]))
    ]
    prices = "".join(f"{z}/{k}/{t} 1\n" for z, k, t in places)
    return a_result(prices, jobs=[a_run(each["id"]) for each in case["jobs"]])


def multipliers(data, case: Document, result: Document) -> Document:
    """Any node and pool prices; link prices that are high enough for them."""
    nodes = [row | {"price": data.draw(price)} for row in result["prices"]]
    at = {(row["zone"], row["class"], row["slot"]): Decimal(row["price"]) for row in nodes}
    links = []
    for each in case["links"]:
        for t in range(len(case["slots"])):
            more = data.draw(st.integers(0, 2))
            for k in case["classes"]:
                rise = at[each["to"], k, t] - at[each["from"], k, t] - Decimal(each["cost"])
                more += max(rise / Decimal(each["weights"].get(k, 1)), Decimal(0))
            links.append({"from": each["from"], "to": each["to"], "slot": t, "price": str(more)})
    pools = [
        {"pool": each["pool"], "slot": each["slot"], "price": data.draw(price).strip("-")}
        for each in case["asks"]
        if "pool" in each
    ]
    return {
        "nodes": nodes,
        "links": [row for row in links if Decimal(row["price"])],
        "pools": [row for row in pools if Decimal(row["price"])],
    }


@pytest.mark.parametrize("name", PAIRS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_bound_beside_no_trade_is_above_a_known_outcome(name, data):
    pair = PAIRS[name]()
    result = nothing(pair.case) | {"seed": str(pair.case.get("seed", 0))}
    result["multipliers"] = multipliers(data, pair.case, result)
    verdict = verify(pair.case, result, case_sha256=HASH)
    assert "multiplier" not in {fault.code for fault in verdict.faults}
    assert verdict.welfare == 0
    assert verdict.bound >= Decimal(pair.result["welfare"]) * 10**12


def test_a_pool_with_cards_to_spare_counts_in_the_bound():
    """A bid takes both cards of a pool whose gang was left out, though b 1 and the gang are worth 6.

    At 3 for the node and 2 for the pool: the ask 2 × (3 + 2 − 1), nothing for b and the gang.
    """
    case = a_document(
        asks=[ask("a", 2, 1, pool="p")],
        bids=[bid("b", 2, 3)],
        jobs=[job("j", 1, 5, cards_max=1, shape="contiguous", gang=True)],
        price_min=0, price_max=9,
    )  # fmt: skip
    result = a_result("A/x/0 3", accepted="a 2\n b 2", jobs=[a_run("j")])
    result["multipliers"] = {
        "nodes": result["prices"],
        "links": [],
        "pools": [{"pool": "p", "slot": 0, "price": "2"}],
    }
    verdict = verify(case, result, case_sha256=HASH)
    assert verdict.bound == 8 * 10**12
    assert [(line.name, line.amount) for line in verdict.top] == [("p/0", 4 * 10**12)]

"""Clearing as a whole: work that is counted, bytes that repeat, a status that says what is proven."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from tests.market.builders import a_document, ask, bid, block, job, link
from tests.market.cleared import HASH, cleared
from tests.market.oracle import random_cases

from suanwang.market.case.read import case_from_document
from suanwang.market.clearing.clear import clear
from suanwang.market.clearing.work import DEFAULT, Work


def result_of(document, **how):
    return clear(case_from_document(document, sha256=HASH), **how).to_document()


def test_simple_orders_are_cleared_exactly_and_prove_themselves():
    found = result_of(a_document(
        zones="A B", asks=[ask("a", 5, 1)], bids=[bid("b", 9, 4, zone="B")], links=[link("A", "B", 2)]
    ))  # fmt: skip
    assert (found["status"], found["welfare"], found["gap"]) == ("optimal", "6", "0")
    assert (found["multipliers"], found["claims"]) == (None, None)
    assert found["gap_parts"] == {"orders": [], "links": []}


@pytest.mark.parametrize(
    ("orders", "status"),
    [
        ({}, "optimal"),
        ({"jobs": [job("j", 1, 7)]}, "optimal"),
        # All three cards of the block push the price below its own: it is left out, at a gap.
        ({"blocks": [block("s", 3, 4, side="ask")]}, "feasible"),
    ],
)
def test_the_status_is_what_the_gap_says(orders, status):
    found = result_of(a_document(asks=[ask("a", 5, 1)], bids=[bid("b", 7, 10)], **orders))
    gap, bound = Decimal(found["gap"]), Decimal(found["bound"])
    assert found["status"] == status
    assert (gap <= max(Decimal(1), bound) * Decimal("1e-9")) == (status == "optimal")


@pytest.mark.parametrize("seed", range(0, 100, 4))
def test_a_hair_of_a_gap_below_a_yuan_is_an_optimum(seed):
    # Bounds of linear cases are rounded up, to 10⁻¹² yuan, however small they are.
    assert cleared(random_cases.case(seed, random_cases.LINEAR))["status"] == "optimal"


def test_a_case_without_orders_is_cleared():
    found = result_of(a_document(slots=2, price_min=-1, price_max=3))
    assert (found["welfare"], found["status"]) == ("0", "optimal")
    assert [line["price"] for line in found["prices"]] == ["1", "1"]


@pytest.mark.parametrize("kind", ["SIMPLE", "CONTIGUOUS", "EVERYTHING"])
@pytest.mark.parametrize("limit", [1, 50, DEFAULT])
def test_the_limit_is_named_and_repeats_the_same_bytes(kind, limit):
    document = random_cases.case(3, getattr(random_cases, kind))
    first, second = result_of(document, work=limit), result_of(document, work=limit)
    assert json.dumps(first) == json.dumps(second)
    assert first["work"]["limit"] == str(limit)
    assert int(first["work"]["used"]) >= 0


@pytest.mark.parametrize("kind", ["CONTIGUOUS", "GANGS", "DATA", "LINEAR"])
@pytest.mark.parametrize("seed", range(3))
def test_the_round_befores_multipliers_change_the_bound_at_most(kind, seed):
    case = case_from_document(random_cases.case(seed, getattr(random_cases, kind)), sha256=HASH)
    cold = clear(case)
    warm = clear(case, warm=cold.multipliers or cold.prices)
    assert float(warm.to_document()["welfare"]) == pytest.approx(
        float(cold.to_document()["welfare"]), rel=1e-9, abs=1e-6
    )


@pytest.mark.parametrize(
    ("spent", "used", "left"),
    [([], 0, True), ([0.2], 1, True), ([3.6, 5], 9, True), ([10], 10, False), ([99], 99, False)],
)
def test_work_is_counted_in_whole_units(spent, used, left):
    work = Work(limit=10)
    for units in spent:
        work.spend(units)
    assert (work.used, work.left) == (used, left)

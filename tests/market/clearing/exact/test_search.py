"""The search finds the best set that has prices, and says when it has not looked at all of them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.market.builders import ask, bid, block, job, link, offer
from tests.market.clearing.exact.cases import (
    market_case,
    plans_found,
    random_case,
    random_document,
    searched,
)
from tests.market.oracle import milp
from tests.market.oracle.enumerate import no_loss_optimum
from tests.market.oracle.job_columns import Overbuy

from suanwang.market.case.read import case_from_document
from suanwang.market.clearing.exact.supporting_rows import STEPS_MAX

# Hundreds of cases: in CI, left out of `make check`.
pytestmark = pytest.mark.real

NEAR = {"rel": 1e-8, "abs": 1e-6}
KINDS = (
    "BLOCKS", "WHOLE_BLOCKS", "CONTIGUOUS", "PREEMPTIBLE", "GANGS", "OFFERS", "DATA",
)  # fmt: skip


def bargain(blocks=1, crowd=(), **keys):
    """A bid for 7 at 10, an ask of 5 at 1, and blocks that sell 3 at 4: none fits without a loss."""
    sold = [block(f"s{i}", 3, 4, side="ask") for i in range(1, blocks + 1)]
    return market_case(bids=[bid("b", 7, 10), *crowd], asks=[ask("a", 5, 1)], blocks=sold, **keys)


@pytest.mark.parametrize(
    ("pricing", "taken", "welfare"),
    [
        ("uplift", "s1", 54),  # 7 × 10 − 3 × 4 − 4 × 1, but at a price of 1 the block loses
        ("no_loss", "", 45),  # 5 × 10 − 5 × 1
    ],
)
def test_a_block_that_would_lose_is_taken_where_its_loss_is_paid(pricing, taken, welfare):
    report = searched(bargain(pricing=pricing))
    assert (report.taken, report.welfare) == (taken, pytest.approx(welfare))
    assert (report.bound, report.proven) == (pytest.approx(54), True)


def test_after_the_first_refusal_sets_without_prices_are_passed_over():
    report = searched(bargain(blocks=3))
    assert (len(report.tried), report.tried[-1]) == (2, "")
    assert (report.welfare, report.proven) == (pytest.approx(45), True)


def test_what_holds_a_refused_set_is_not_tried():
    # Any two blocks would be worth 45 as well, and three do not fit. With so many bids beside them
    # the programme knows nothing of prices.
    crowd = [bid(f"n{i}", 1, Decimal(i) / 100, slot=1) for i in range(STEPS_MAX + 1)]
    report = searched(bargain(blocks=3, slots=2, crowd=crowd))
    assert sorted(report.tried[:3]) == ["s1", "s2", "s3"]
    assert (report.tried[3:], report.welfare) == ([""], pytest.approx(45))


def test_with_uplift_what_holds_a_refused_set_is_tried():
    case = bargain(blocks=2, pricing="uplift")
    report = searched(case, refuse={"s1", "s2", ""})
    assert report.tried[-1] == "s1 s2"
    assert (report.taken, report.proven) == ("s1 s2", True)


def test_nothing_is_found_where_all_is_refused():
    report = searched(bargain(), refuse={"", "s1"})
    assert (report.welfare, report.proven) == (None, True)


@pytest.mark.parametrize(("work", "proven"), [(1, False), (2, True), (3, True), (10, True)])
def test_the_work_limit_is_kept_and_a_set_untried_is_no_proof(work, proven):
    report = searched(bargain(), work=work)
    assert report.proven == proven
    assert 1 <= report.work_used <= work
    assert report.bound == pytest.approx(54)


def test_simple_orders_alone_are_one_set():
    report = searched(market_case(bids=[bid("b", 7, 10)], asks=[ask("a", 5, 1)]))
    assert (report.welfare, report.tried, report.proven) == (pytest.approx(45), [""], True)


def test_a_case_without_orders_is_worth_nothing():
    report = searched(market_case())
    assert (report.welfare, report.bound, report.proven) == (0, 0, True)


def test_of_equally_good_amounts_those_with_prices_are_found():
    # Selling the fourth card to the bid at 2 gains nothing, but brings the price down to the
    # offer's own, and then nothing pays for its start.
    case = market_case(
        bids=[bid("b", 3, "3.5"), bid("c", 1, 2)],
        offers=[offer("o", 4, 2, start_cost=4, quantity_min=1)],
    )
    assert plans_found(case).offers == {0: (3 * 10**12,)}
    assert searched(case).welfare == pytest.approx(0.5)


@pytest.mark.parametrize("weight", [3, 7, "0.7"])
def test_a_ratio_that_balances_a_node_alone_is_rounded_so_that_it_does(weight):
    # The link carries 1 ÷ weight; the block at A takes what is left of the ask block, to the quantum.
    case = market_case(
        zones="A B",
        bids=[bid("far", 9, 8, zone="B")],
        blocks=[block("s", 3, 1, side="ask"), block("b", 3, 2, min_fraction="0.25")],
        links=[link("A", "B", 1, weights={"x": weight})],
    )
    report = searched(case)
    assert (report.taken, report.proven) == ("b s", True)
    assert report.welfare == pytest.approx(report.bound, rel=1e-9)


def test_a_family_is_taken_as_its_conditions_allow():
    case = market_case(
        asks=[ask("a", 20, 1)],
        blocks=[
            block("parent", 2, "0.5"),
            block("child", 2, 4, parent="parent"),
            block("one", 2, 3, group="g"),
            block("other", 2, 5, group="g"),
        ],
        pricing="uplift",
    )
    assert searched(case).taken == "child other parent"


def test_a_parent_that_loses_keeps_its_child_out():
    case = market_case(
        asks=[ask("a", 20, 1)],
        blocks=[block("parent", 2, "0.5"), block("child", 2, 4, parent="parent")],
    )
    assert searched(case).taken == ""


def test_a_block_in_lots_takes_the_ratio_that_fits_them():
    # 6 cards in lots of 4: the ratio is 2/3, or with all or nothing none.
    half = block("half", 6, 4, min_fraction="0.5", lot=4)
    whole = block("whole", 6, 4, lot=4)
    case = market_case(asks=[ask("a", 20, 1)], blocks=[half, whole])
    assert plans_found(case).blocks == {0: (4 * 10**12,)}


def test_jobs_share_what_there_is():
    # Four card-hours in two slots: the two dearer jobs fit.
    jobs = [
        job(name, 2, value, shape="contiguous", cards_min=1, cards_max=2, end=2)
        for name, value in (("low", 5), ("high", 9), ("mid", 7))
    ]
    case = market_case(slots=2, asks=[ask("a", 2, 1), ask("b", 2, 1, slot=1)], jobs=jobs)
    report = searched(case)
    assert (report.taken, report.welfare) == ("high mid", pytest.approx(12))


@pytest.mark.parametrize("kind", [*KINDS, "LOTS", "EVERYTHING"])
@pytest.mark.parametrize("seed", range(20, 24))
def test_the_first_bound_is_the_mixed_integer_optimum(kind, seed):
    document = random_document(kind, seed, pricing="uplift")
    optimum = milp.optimum(document, overbuy=Overbuy.LEAST)
    assert searched(case_from_document(document)).bound == pytest.approx(optimum, **NEAR)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(40, 44))
def test_no_set_with_prices_is_better(kind, seed):
    document = random_document(kind, seed)
    report, (best, _) = searched(case_from_document(document)), no_loss_optimum(document)
    assert report.proven
    # The enumeration looks at a few of a set's best outcomes; the search may know a better one.
    assert best - 1e-6 <= report.welfare <= report.bound + 1e-6


@pytest.mark.parametrize("kind", ["BLOCKS", "PREEMPTIBLE", "OFFERS", "DATA"])
def test_the_same_case_gives_the_same_answer(kind):
    assert searched(random_case(kind, 5)) == searched(random_case(kind, 5))

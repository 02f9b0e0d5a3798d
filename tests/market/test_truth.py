"""The engine against the oracles, on random cases of every kind."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.market.cleared import cleared, outcome_of, prices_of
from tests.market.oracle import enumerate as enumerated
from tests.market.oracle import lp, merit, milp, prices, random_cases, ties
from tests.market.oracle.job_columns import Overbuy

# Hundreds of cases: in CI, left out of `make check`.
pytestmark = pytest.mark.real

TENS = range(0, 100, 10)  # each test takes the ten seeds from here on
LINEAR_KINDS = ("SIMPLE", "LINKED", "LINEAR", "TIED", "ONE_SIDED", "EMPTY", "ONE_NODE")
LUMPY_KINDS = (
    "BLOCKS", "WHOLE_BLOCKS", "CONTIGUOUS", "PREEMPTIBLE", "GANGS", "OFFERS", "DATA", "LOTS",
)  # fmt: skip
NEAR = {"rel": 1e-9, "abs": 1e-9}
CLOSE = {"rel": 1e-8, "abs": 1e-6}  # mixed-integer optima are known to their solver's tolerance


def ten(kind, first):
    """Ten cases of a kind."""
    kinds = getattr(random_cases, kind)
    return [random_cases.case(seed, kinds) for seed in range(first, first + 10)]


def lumpy(kind, seed, *, pricing="no_loss"):
    return random_cases.case(seed, replace(getattr(random_cases, kind), pricing=pricing))


@pytest.mark.parametrize("kind", LINEAR_KINDS)
@pytest.mark.parametrize("first", TENS)
def test_welfare_and_bound_of_linear_cases_are_the_linear_programmes(kind, first):
    for document in ten(kind, first):
        result, optimum = cleared(document), lp.optimum(document)
        found = (float(result["welfare"]), float(result["bound"]))
        assert found == (pytest.approx(optimum, **NEAR), pytest.approx(optimum, **NEAR))


@pytest.mark.parametrize("first", TENS)
def test_astronomical_prices_are_cleared_exactly(first):
    for document in ten("ASTRONOMIC", first):
        assert float(cleared(document)["welfare"]) == pytest.approx(
            float(merit.optimum(document)), **NEAR
        )


def test_a_thousand_thin_slots():
    document = random_cases.case(1, random_cases.THIN)
    assert float(cleared(document)["welfare"]) == pytest.approx(lp.optimum(document), **NEAR)


@pytest.mark.parametrize("kind", ["SIMPLE", "LINKED", "LINEAR", "TIED"])
@pytest.mark.parametrize("first", TENS[:5])
def test_published_prices_are_the_nearest_to_the_midpoints(kind, first):
    for document in ten(kind, first):
        result = cleared(document)
        outcome = outcome_of(document, result)
        nearest = prices.nearest_prices(document, outcome)
        assert prices_of(result) == pytest.approx(nearest, abs=1e-6)


@pytest.mark.parametrize("kind", ["SIMPLE", "LINKED", "TIED"])
@pytest.mark.parametrize("first", TENS[:5])
def test_ties_are_shared_as_the_rule_says(kind, first):
    for document in ten(kind, first):
        result, shares = cleared(document), ties.ties(document)
        steps = outcome_of(document, result).steps
        assert {id_: steps.get(id_, 0.0) for id_ in shares} == pytest.approx(shares, abs=1e-6)


@pytest.mark.parametrize("kind", LUMPY_KINDS)
@pytest.mark.parametrize("seed", range(8))
def test_no_set_of_blocks_and_jobs_with_prices_is_better(kind, seed):
    document = lumpy(kind, seed)
    result = cleared(document)
    best, _ = enumerated.no_loss_optimum(document)
    # The enumeration looks at a few outcomes of each choice; the engine may know a better one, if
    # it has prices.
    assert float(result["welfare"]) >= best - 1e-6
    assert prices.misfit(document, outcome_of(document, result), prices_of(result)) <= 1e-6
    assert float(result["welfare"]) <= milp.optimum(document) + 1e-6


@pytest.mark.parametrize("kind", LUMPY_KINDS)
@pytest.mark.parametrize("seed", range(8))
def test_uplift_keeps_the_best_outcome(kind, seed):
    document = lumpy(kind, seed, pricing="uplift")
    best = milp.optimum(document, overbuy=Overbuy.LEAST)
    assert float(cleared(document)["welfare"]) == pytest.approx(best, **CLOSE)


@pytest.mark.parametrize("kind", [*LUMPY_KINDS, "EVERYTHING"])
@pytest.mark.parametrize("pricing", ["no_loss", "uplift"])
@pytest.mark.parametrize("seed", range(8))
def test_the_bound_is_above_every_outcome(kind, pricing, seed):
    document = lumpy(kind, seed, pricing=pricing)
    best = milp.optimum(document, overbuy=Overbuy.LEAST)
    result = cleared(document)
    assert float(result["bound"]) >= best - 1e-6
    assert float(result["welfare"]) <= milp.optimum(document) + 1e-6

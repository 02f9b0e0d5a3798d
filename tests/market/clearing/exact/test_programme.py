"""The programme alone: what it finds, and what it says when it may not look any further."""

from __future__ import annotations

import numpy as np
import pytest

from suanwang.market.clearing.exact.programme import Programme

# Hundreds of cases: in CI, left out of `make check`.
pytestmark = pytest.mark.real


def knapsack(gains, sizes, room):
    programme = Programme()
    columns = [programme.switch(gain) for gain in gains]
    programme.row(zip(columns, sizes, strict=True), high=room)
    return programme


def test_the_best_whole_numbers_are_found():
    answer = knapsack([6, 5, 4], [4, 3, 2], 5).solve(nodes=100)
    assert answer.values.round(9).tolist() == [0, 1, 1]
    assert (answer.worth, answer.bound, answer.complete) == (
        pytest.approx(9),
        pytest.approx(9),
        True,
    )


def test_where_nothing_fits_there_are_no_values():
    programme = knapsack([1], [1], 5)
    programme.row([(0, 1.0)], low=2.0)
    answer = programme.solve(nodes=100)
    assert (answer.values, answer.worth, answer.complete) == (None, -np.inf, True)


def test_without_columns_the_constant_is_left():
    assert Programme(constant=3.0).solve(nodes=1).worth == 3.0


def test_a_node_is_not_enough_for_a_hard_one():
    # Market split problems are all tree: two equations that half of the columns should meet.
    dice = np.random.default_rng(1)
    programme = Programme()
    columns = [programme.switch() for _ in range(25)]
    for _ in range(3):
        sizes = dice.integers(1, 99, len(columns)).tolist()
        slack = [programme.column(-1.0), programme.column(-1.0)]
        half = sum(sizes) // 2
        terms = [*zip(columns, sizes, strict=True), (slack[0], 1.0), (slack[1], -1.0)]
        programme.row(terms, low=half, high=half)
    answer = programme.solve(nodes=2)
    assert not answer.complete
    assert answer.worth <= answer.bound <= 0


def test_gains_beyond_all_tolerance_are_scaled():
    answer = knapsack([6e12, 5e12, 4e12], [4, 3, 2], 5).solve(nodes=100)
    assert answer.worth == pytest.approx(9e12)
    assert answer.bound == pytest.approx(9e12)


def test_a_start_that_is_not_worth_its_cost_is_left_off():
    # With its presolve on, the solver of version 1.14 starts both.
    programme = Programme()
    steps = [programme.column(-price, high=cards) for price, cards in ((0.5, 12.5), (0.875, 4.25))]
    balance = programme.row([(step, 1.0) for step in steps], low=6.5, high=6.5)
    for start_cost in (5.0, 1.0):
        cards, on = programme.column(-0.25, high=2.0), programme.switch()
        start = programme.switch(-start_cost)
        programme.enter(balance, cards, 1.0)
        programme.row([(cards, 1.0), (on, -2.0)], high=0.0)
        programme.row([(start, 1.0), (on, -1.0)], low=0.0)
    assert programme.solve(nodes=100).worth == pytest.approx(-3.25)


def test_equally_good_points_have_the_least_and_the_most():
    # Two columns share 3 at the same gain; the third is on and stays on.
    programme = Programme()
    a, b, on = programme.column(1.0, high=2.0), programme.column(1.0, high=2.0), programme.switch(1)
    programme.row([(a, 1.0), (b, 1.0)], high=3.0)
    values = programme.solve(nodes=10).values
    points = [point.round(9).tolist() for point in programme.equally_good(values, [a])]
    assert points == [[1, 2, 1], [2, 1, 1]]
    assert on == 2


def test_a_point_that_does_not_fit_has_no_equals():
    programme = knapsack([1.0, 1.0], [1, 1], 1)
    assert list(programme.equally_good(np.array([1.0, 1.0]), [0])) == []

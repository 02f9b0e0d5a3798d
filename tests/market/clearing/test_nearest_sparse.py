"""The method for many conditions: it keeps them, and comes near to the exact one's answer."""

from __future__ import annotations

import numpy as np
import pytest

from suanwang.market.clearing.nearest import SOLVED, Program, nearest
from suanwang.market.clearing.nearest_sparse import Box, Rows, nearest_sparse

SLACK = 1e-6


def sparse(rows, box, equal=0):
    """Rows as dense (matrix, least), the first `equal` of them equalities; box as four lists."""
    matrix, least = np.array(rows[0], float), np.array(rows[1], float)
    count, (at, column) = (matrix != 0).sum(axis=1), np.nonzero(matrix)
    return nearest_sparse(
        Rows(
            np.concatenate([[0], np.cumsum(count)]).astype(np.int64), column.astype(np.int64),
            matrix[at, column], least, np.arange(len(least)) < equal,
        ),
        Box(*(np.array(part, float) for part in box)), SLACK,
    )  # fmt: skip


def dense(rows, box, equal=0):
    (matrix, least), (curvature, target, low, high) = rows, map(np.array, box)
    n = len(target)
    return nearest(
        Program(
            curvature.astype(float), target.astype(float),
            np.vstack([np.array(matrix, float).reshape(-1, n), np.eye(n), -np.eye(n)]),
            np.concatenate([np.array(least, float), low, -high]), equal,
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "least", "target", "box", "x"),
    [
        ([1, 1], 4, [3, 3], (0, 9), [3, 3]),
        ([1, 1], 8, [3, 3], (0, 9), [4, 4]),
        ([1, -1], 2, [3, 3], (0, 9), [4, 2]),
        ([2, 1], 14, [3, 3], (0, 9), [5, 4]),
        ([1, 1], 8, [3, 3], (0, 3.5), [3.5, 3.5]),  # as far as it goes
        ([1, 1], -9, [12, 3], (0, 9), [9, 3]),  # only the box
    ],
)
def test_one_condition(row, least, target, box, x):
    bounds = [[box[0]] * 2, [box[1]] * 2]
    found = sparse(([row], [least]), ([1, 1], target, *bounds))
    assert found.tolist() == pytest.approx(x, abs=1e-5)


def test_what_weighs_more_moves_less_and_equalities_hold():
    found = sparse(([[1, 1]], [4]), ([3, 1], [0, 0], [-9, -9], [9, 9]), equal=1)
    assert found.tolist() == pytest.approx([1, 3], abs=1e-5)


def random_box(seed):
    """Conditions as prices have them: about ranges' midpoints, in a few unknowns each, met inside."""
    dice = np.random.default_rng(seed)
    n = int(dice.integers(3, 40))
    m = int(dice.integers(1, n // 3 + 1))
    matrix = np.zeros((m, n))
    for row in matrix:
        some = dice.choice(n, int(dice.integers(1, 4)), replace=False)
        row[some] = dice.choice([1.0, -1.0]) * dice.choice([0.5, 1.0, 3.0], len(some))
    low = dice.uniform(-5, 0, n)
    high = low + dice.uniform(0.1, 6, n)
    least = matrix @ (low + (high - low) * dice.uniform(0.1, 0.9, n))
    return (matrix, least), (dice.choice([1.0, 2.0, 5.0], n), (low + high) / 2, low, high)


def test_conditions_hold_and_it_is_as_near_as_the_exact_method():
    close = 0
    for seed in range(100):
        (matrix, least), box = random_box(seed)
        (curvature, target, low, high), x = box, sparse((matrix, least), box)
        assert (low <= x).all(), seed
        assert (x <= high).all(), seed
        exact, status = dense((matrix, least), box)
        assert status == SOLVED, seed
        near, best = (float(curvature @ (p - target) ** 2) for p in (x, exact))
        miss = float((least - matrix @ x).max())
        close += miss <= SLACK and near == pytest.approx(best, rel=1e-5, abs=1e-6)
        assert near <= 1.5 * best + 1e-6, seed
    # The sweeps are counted: now and then they end early, and whoever still loses then is let go.
    assert close >= 95


def test_the_same_question_has_the_same_answer():
    rows, box = random_box(7)
    assert sparse(rows, box).tobytes() == sparse(rows, box).tobytes()

"""The nearest point of a polyhedron: by its optimality conditions, and where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog, minimize, nnls

from suanwang.market.clearing.nearest import SOLVED, Program, nearest

NEAR = 1e-7


def a_program(rows, *, target, curvature=None, equal=0) -> Program:
    """Rows as "1 -1 ≥ 2" or "1 1 = 2" (equalities first)."""
    split = [row.replace("=", "≥").split("≥") for row in rows]
    n = len(target)
    return Program(
        np.ones(n) if curvature is None else np.array(curvature, float),
        np.array(target, float),
        np.array([left.split() for left, _ in split], float).reshape(len(rows), n),
        np.array([right for _, right in split], float),
        equal or sum("=" in row for row in rows),
    )


@pytest.mark.parametrize(
    ("target", "rows", "x"),
    [
        ([3, 4], [], [3, 4]),
        ([3, 4], ["1 0 ≥ 2"], [3, 4]),
        ([3, 4], ["1 0 ≥ 5"], [5, 4]),
        ([3, 4], ["1 1 = 5"], [2, 3]),
        ([3, 4], ["1 1 = 5", "1 1 = 5", "2 2 = 10"], [2, 3]),  # said three times
        ([3, 4], ["0 0 = 0", "1 1 = 5", "0 0 ≥ 0"], [2, 3]),  # empty rows say nothing
        ([0, 0], ["1 0 ≥ 1", "0 1 ≥ 1", "1 1 ≥ 2"], [1, 1]),  # three rows meet in a corner
        ([5, 0], ["1 -1 = 0", "-1 0 ≥ -2"], [2, 2]),
        ([0, 0], ["1 0 ≥ 1", "-1 0 ≥ -1"], [1, 0]),  # a point between two rows
        ([1e12, 1e12], ["1 -1 ≥ 3"], [1e12 + 1.5, 1e12 - 1.5]),  # small steps, large numbers
    ],
)
def test_the_nearest_point(target, rows, x):
    found, status = nearest(a_program(rows, target=target))
    assert status == SOLVED
    assert found.tolist() == pytest.approx(x, abs=1e-9, rel=1e-15)


def test_a_heavy_coordinate_moves_less():
    found, _ = nearest(a_program(["1 1 = 4"], target=[0, 0], curvature=[3, 1]))
    assert found.tolist() == pytest.approx([1, 3])


@pytest.mark.parametrize(
    ("rows", "blamed"),
    [
        (["0 0 ≥ 1"], {0}),
        (["0 0 = 1"], {0}),
        (["1 1 = 1", "1 1 = 2"], {1}),
        (["1 0 ≥ 1", "-1 0 ≥ 0"], {0, 1}),
        (["1 0 = 3", "0 1 ≥ 0", "-1 -1 ≥ -2"], {1, 2}),
    ],
)
def test_rows_that_contradict_each_other_are_named(rows, blamed):
    _, status = nearest(a_program(rows, target=[0, 0]))
    assert status in blamed


def random_program(seed: int) -> Program:
    """Even seeds draw small integers: parallel, repeated and contradicting rows abound."""
    dice = np.random.default_rng(seed)
    n, m = int(dice.integers(1, 7)), int(dice.integers(0, 12))
    equal = int(dice.integers(0, min(m, n) + 1)) if seed % 3 else 0
    if seed % 2 == 0:
        matrix, bound = dice.integers(-2, 3, (m, n)), dice.integers(-3, 3, m)
        target = dice.integers(-3, 4, n)
    else:
        matrix, bound, target = dice.normal(size=(m, n)), dice.normal(size=m), dice.normal(size=n)
    return Program(
        dice.choice([0.25, 1.0, 7.0], n), target.astype(float), matrix.astype(float),
        bound.astype(float), equal,
    )  # fmt: skip


def exists(program: Program, rows=None) -> bool:
    """Whether any point meets the rows."""
    keep = range(len(program.bound)) if rows is None else rows
    same, least = [i for i in keep if i < program.equal], [i for i in keep if i >= program.equal]
    found = linprog(
        np.zeros(len(program.target)), A_eq=program.matrix[same] if same else None,
        b_eq=program.bound[same] if same else None, A_ub=-program.matrix[least] if least else None,
        b_ub=-program.bound[least] if least else None, bounds=(None, None), method="highs",
    )  # fmt: skip
    return found.status == 0


def assert_nearest(program: Program, x) -> None:
    """Every row holds, and what pulls x to its target is a sum of the rows that bind."""
    miss = program.matrix @ x - program.bound
    assert np.abs(miss[: program.equal]).max(initial=0) < NEAR
    assert miss[program.equal :].min(initial=0) > -NEAR
    # Those of inequalities have weights ≥ 0.
    binding = [i for i in range(program.equal, len(miss)) if miss[i] < NEAR]
    cone = np.vstack([
        program.matrix[: program.equal], -program.matrix[: program.equal], program.matrix[binding]
    ])  # fmt: skip
    pull = program.curvature * (x - program.target)
    assert (np.abs(pull).max() if not len(cone) else nnls(cone.T, pull)[1]) < NEAR


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_optimality_conditions_hold_or_there_is_no_point(first):
    statuses = set()
    for seed in range(first, first + 50):
        program = random_program(seed)
        found, status = nearest(program)
        statuses.add(status == SOLVED)
        assert exists(program) == (status == SOLVED), seed
        if status != SOLVED:
            others = [i for i in range(len(program.bound)) if i != status]
            assert not exists(program) or exists(program, others), seed
            continue
        assert_nearest(program, found)
    assert statuses == {True, False}


@pytest.mark.parametrize("seed", range(6))
def test_dozens_of_unknowns_in_rows_of_three(seed):
    dice = np.random.default_rng(seed)
    n, m, equal = 40, 70, 10
    matrix = np.zeros((m, n))
    for row in matrix:
        row[dice.choice(n, 3, replace=False)] = dice.integers(-2, 3, 3)
    least = matrix @ dice.normal(size=n) - dice.choice([0, 1.0], m) * (np.arange(m) >= equal)
    program = Program(dice.choice([1e-3, 1.0], n), dice.normal(size=n), matrix, least, equal)
    found, status = nearest(program)
    assert status == SOLVED
    assert_nearest(program, found)


@pytest.mark.parametrize("seed", [3, 7, 13, 19, 25, 33])
def test_another_method_comes_to_the_same_distance(seed):
    program = random_program(seed)
    found, status = nearest(program)
    assert status == SOLVED

    def distance(x):
        return float(program.curvature @ (x - program.target) ** 2)

    rows = [
        {"type": "eq" if i < program.equal else "ineq", "fun": lambda x, i=i: program.matrix[i] @ x - program.bound[i]}
        for i in range(len(program.bound))
    ]  # fmt: skip
    twin = minimize(distance, found + 0.1, constraints=rows, method="SLSQP", tol=1e-12)
    assert twin.success
    assert distance(found) == pytest.approx(twin.fun, abs=1e-5)

"""The tie rule: among outcomes of most welfare the least Σ unfilled² ÷ ordered over simple orders."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog
from tests.market.oracle.milp import Model
from tests.market.oracle.prices import nearest
from tests.market.oracle.reading import read

ROUNDS = 60
LIGHT = 0.1  # weight of flows and widths, which the rule leaves free; it fades with the rounds


def ties(document) -> dict[str, float]:
    """Cards by simple order under the tie rule; for cases without blocks, other jobs and lots."""
    model = Model(read(document))
    assert not any(model.programme.whole), "ties are a rule for convex cases"
    if not model.steps:
        return {}
    equal, least = _face(model.programme)
    ordered = {s["id"]: s["quantity"] for side in ("asks", "bids") for s in model.case[side]}
    size, goal = (
        np.full(len(model.programme.gains), 1 / LIGHT),
        np.zeros(len(model.programme.gains)),
    )
    for id_, column in model.steps.items():
        size[column], goal[column] = (ordered[id_] or 1.0) ** 0.5, ordered[id_]
    x = _settle(goal, size=size, equal=equal, least=least, steps=list(model.steps.values()))
    return {id_: float(x[column]) for id_, column in model.steps.items()}


def _settle(goal, *, size, equal, least, steps):
    """The nearest point, with the free columns pulled to where they were the round before."""
    for _ in range(ROUNDS):
        scaled = [(matrix * size, bound) for matrix, bound in (equal, least)]
        found = nearest(goal / size, equal=scaled[0], least=scaled[1])
        assert found is not None, "the face of best outcomes is not empty"
        x = found * size
        still = np.abs(x - goal).max(initial=0.0, where=_free(len(x), steps)) < 1e-12
        goal = np.where(_free(len(x), steps), x, goal)
        if still:
            break
    return x


def _free(columns, steps):
    free = np.ones(columns, dtype=bool)
    free[steps] = False
    return free


def _face(programme):
    """The outcomes of most welfare: rows and bounds that hold exactly, and those that hold at least.

    Whatever an optimal price rewards is at its bound in every best outcome; the rest stays open.
    """
    matrix, low, high = _rows(programme)
    found = _priced(programme, matrix, low=low, high=high)
    tight = np.abs(found.ineqlin.marginals) > 1e-9
    fixed = np.abs(found.lower.marginals) + np.abs(found.upper.marginals) > 1e-9
    fixed |= np.array(programme.low) == np.array(programme.high)
    unit = np.eye(len(programme.gains))
    held = low == high
    equal = [matrix[held], matrix[~held][tight], unit[fixed]]
    sides = [low[held], high[~held][tight], found.x[fixed]]
    least = [-matrix[~held][~tight], unit[~fixed], -unit[~fixed]]
    bounds = [
        -high[~held][~tight],
        np.array(programme.low)[~fixed],
        -np.array(programme.high)[~fixed],
    ]
    least, bounds = np.vstack(least), np.concatenate(bounds)
    finite = np.isfinite(bounds)
    return (np.vstack(equal), np.concatenate(sides)), (least[finite], bounds[finite])


def _rows(programme):
    matrix = np.zeros((len(programme.rows), len(programme.gains)))
    for i, (terms, _, _) in enumerate(programme.rows):
        for column, factor in terms:
            matrix[i, column] += factor
    low, high = (np.array([row[side] for row in programme.rows]) for side in (1, 2))
    return matrix, low, high


def _priced(programme, matrix, *, low, high):
    held = low == high
    found = linprog(
        -np.array(programme.gains),
        A_eq=matrix[held],
        b_eq=low[held],
        A_ub=matrix[~held],
        b_ub=high[~held],
        bounds=list(zip(programme.low, programme.high, strict=True)),
        method="highs",
    )
    assert found.status == 0, found.message
    return found

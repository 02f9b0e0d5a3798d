"""The point nearest to a target inside a polyhedron: the dual active-set method.

    min ½ Σ D (x − t)²    A[:equal] x = b[:equal]    A[equal:] x ≥ b[equal:]

D. Goldfarb and A. Idnani, A numerically stable dual method for solving strictly convex quadratic
programs, Math. Programming 27 (1983). Small and dense: price and tie rules of one slot have tens of
unknowns. An infeasible problem names the condition at which it was found out.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Ints
from suanwang.market.clearing.bare import bare
from suanwang.market.clearing.own.compiled import kernel

Floats = NDArray[np.float64]
SOLVED: Final = -1  # else the index of the condition that cannot be met
_NONE: Final = -1  # no condition, no column
_IDLE: Final = 0
_ACTIVE: Final = 1
_FOLLOWING: Final = 2
_TOLERANCE: Final = 1e-11
_STEPS_PER_CONDITION: Final = 40
_LENGTH_MIN: Final = 1e-18  # squared: a normal this short lies in the span of the others
_STEP_MIN: Final = 1e-12
_FOLLOWS: Final = 1e3  # tolerances that a condition in the span of the others may be off


class Program(NamedTuple):
    """A least-squares problem; the first `equal` conditions hold with equality."""

    curvature: Floats  # [n], D > 0
    target: Floats  # [n]
    matrix: Floats  # [m, n]
    bound: Floats  # [m]
    equal: int


class _Work(NamedTuple):
    """The problem in coordinates where D = 1 and t = 0, and the conditions that hold now."""

    rows: Floats  # [m, n], of length 1
    bound: Floats  # [m]
    basis: Floats  # [n, n]: orthonormal; the first columns span the active conditions
    upper: Floats  # [n, n]: the active conditions in that basis
    vectors: Floats  # [_VECTORS, n], see below
    force: Floats  # [n + 1], multipliers of the active conditions
    sign: Floats  # [m]: −1 where an equality is pushed from above
    active: Ints  # [n], conditions in the order of the columns
    state: Ints  # [m]: _IDLE, _ACTIVE, or _FOLLOWING from the active ones


_X, _D, _R, _Z, _ROOT = range(5)  # place, normal in the basis, step of forces, of the place, √D
_VECTORS: Final = 5


@kernel
def nearest(program: Program) -> tuple[Floats, int]:
    """Return (x, SOLVED or the index of a condition that contradicts the others)."""
    m, n = program.matrix.shape
    work = _Work(
        np.empty((m, n)),
        np.empty(m),
        np.zeros((n, n)),
        np.zeros((n, n)),
        np.zeros((_VECTORS, n)),
        np.zeros(n + 1),
        np.ones(m),
        np.empty(n, np.int64),
        np.zeros(m, np.int64),
    )
    status = _solve(program, work)
    x = np.empty(n)
    for j in range(n):
        x[j] = program.target[j] + work.vectors[_X, j] / work.vectors[_ROOT, j]
    return x, status


@bare
def _solve(program: Program, work: _Work) -> int:
    tolerance = _scale_rows(program, work)
    (m, n), equal = work.rows.shape, program.equal
    p, used, force = int(np.int64(_NONE)), int(np.int64(0)), 0.0
    for _ in range(_STEPS_PER_CONDITION * (m + n) + 50):
        if p == _NONE:
            p, force = _next_condition(work, equal, tolerance), 0.0
            if p == _NONE:
                return SOLVED
        # Move until condition p holds, letting go of others on the way.
        gap, length = _directions(work, p, used)
        if length <= _LENGTH_MIN and abs(gap) <= _FOLLOWS * tolerance:
            work.state[p] = _FOLLOWING  # nothing to add
            p = _NONE
            continue
        dual_step, drop = _first_to_leave(work, equal, used)
        full_step = -gap / length if length > _LENGTH_MIN else np.inf
        step = min(dual_step, full_step)
        if step == np.inf:
            return p
        for i in range(used):
            work.force[i] -= step * work.vectors[_R, i]
        force += step
        if full_step < np.inf:
            for j in range(n):
                work.vectors[_X, j] += step * work.vectors[_Z, j]
        if full_step <= dual_step:
            work.force[used] = force
            _add(work, p, used)
            used += 1
            p = _NONE
        else:
            _release(work, equal, drop, used)
            used -= 1
    return 0


@bare
def _scale_rows(program: Program, work: _Work) -> float:
    # Measured from the target, so that small steps between large numbers stay exact.
    m, n = work.rows.shape
    root = work.vectors[_ROOT]
    for j in range(n):
        root[j] = np.sqrt(program.curvature[j])
        work.basis[j, j] = 1.0
    scale = 1.0
    for i in range(m):
        size = 0.0
        for j in range(n):
            work.rows[i, j] = program.matrix[i, j] / root[j]
            size += work.rows[i, j] * work.rows[i, j]
        size = np.sqrt(size) if size > 0 else 1.0
        for j in range(n):
            work.rows[i, j] /= size
        work.bound[i] = program.bound[i]
        for j in range(n):
            work.bound[i] -= program.matrix[i, j] * program.target[j]
        work.bound[i] /= size
        scale = max(scale, abs(work.bound[i]))
    return _TOLERANCE * scale


@bare
def _next_condition(work: _Work, equal: int, tolerance: float) -> int:
    # Equalities in their order, then the most violated one.
    p = _NONE
    worst = -tolerance
    for i in range(work.bound.size):
        if work.state[i] != _IDLE:
            continue
        miss = -work.bound[i]
        for j in range(work.rows.shape[1]):
            miss += work.rows[i, j] * work.vectors[_X, j]
        if i < equal:
            work.sign[i] = -1.0 if miss > 0 else 1.0
            return i
        if miss < worst:
            worst, p = miss, i
    return p


@bare
def _directions(work: _Work, p: int, used: int) -> tuple[float, float]:
    # Where the place and the forces go when p is pushed; how far p is off, and d's length².
    n = work.rows.shape[1]
    x, d, r, z = work.vectors[_X], work.vectors[_D], work.vectors[_R], work.vectors[_Z]
    gap = -work.sign[p] * work.bound[p]
    for j in range(n):
        gap += work.sign[p] * work.rows[p, j] * x[j]
    for c in range(n):
        total = 0.0
        for j in range(n):
            total += work.basis[j, c] * work.rows[p, j]
        d[c] = total * work.sign[p]
    length = 0.0
    for c in range(used, n):
        length += d[c] * d[c]
    for j in range(n):
        z[j] = 0.0
    for c in range(used, n):
        for j in range(n):
            z[j] += work.basis[j, c] * d[c]
    for i in range(used - 1, -1, -1):
        total = d[i]
        for c in range(i + 1, used):
            total -= work.upper[i, c] * r[c]
        r[i] = total / work.upper[i, i]
    return gap, length


@bare
def _first_to_leave(work: _Work, equal: int, used: int) -> tuple[float, int]:
    step, drop = np.inf, int(np.int64(_NONE))
    for i in range(used):
        rate = work.vectors[_R, i]
        if work.active[i] >= equal and rate > _STEP_MIN and work.force[i] / rate < step:
            step, drop = work.force[i] / rate, i
    return step, drop


@bare
def _add(work: _Work, p: int, used: int) -> None:
    # Rotate so that d ends at `used`: it becomes the triangle's next column.
    n = work.rows.shape[1]
    basis, d = work.basis, work.vectors[_D]
    for k in range(n - 1, used, -1):
        i = k - 1
        if d[k] == 0.0:
            continue
        length = np.hypot(d[i], d[k])
        cos, sin = d[i] / length, d[k] / length
        d[i], d[k] = length, 0.0
        for j in range(n):
            left, right = basis[j, i], basis[j, k]
            basis[j, i] = cos * left + sin * right
            basis[j, k] = -sin * left + cos * right
    for i in range(used + 1):
        work.upper[i, used] = d[i]
    work.active[used] = p
    work.state[p] = _ACTIVE


@bare
def _release(work: _Work, equal: int, drop: int, used: int) -> None:
    # Take column `drop` out of the triangle and rotate it back into shape.
    basis, upper = work.basis, work.upper
    for i in range(equal, work.state.size):
        if work.state[i] == _FOLLOWING:
            work.state[i] = _IDLE  # what followed from the others may not follow from fewer
    work.state[work.active[drop]] = _IDLE
    for c in range(drop, used - 1):
        work.active[c] = work.active[c + 1]
        work.force[c] = work.force[c + 1]
        for i in range(used):
            upper[i, c] = upper[i, c + 1]
    for i in range(used):
        upper[i, used - 1] = 0.0
    for c in range(drop, used - 1):
        below = upper[c + 1, c]
        if below == 0.0:
            continue
        length = np.hypot(upper[c, c], below)
        cos, sin = upper[c, c] / length, below / length
        for k in range(c, used - 1):
            left, right = upper[c, k], upper[c + 1, k]
            upper[c, k] = cos * left + sin * right
            upper[c + 1, k] = -sin * left + cos * right
        for j in range(basis.shape[0]):
            left, right = basis[j, c], basis[j, c + 1]
            basis[j, c] = cos * left + sin * right
            basis[j, c + 1] = -sin * left + cos * right

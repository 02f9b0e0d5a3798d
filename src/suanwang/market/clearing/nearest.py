"""The point nearest to a target inside a polyhedron: the dual active-set method.

    min ½ Σ D (x − t)²    A[:equal] x = b[:equal]    A[equal:] x ≥ b[equal:]

D. Goldfarb and A. Idnani, A numerically stable dual method for solving strictly convex quadratic
programs, Math. Programming 27 (1983). Price and tie rules of one slot have tens of unknowns, and
most conditions name two or three of them. An infeasible problem names the condition at which it was
found out.
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

    first: Ints  # [m + 1], where each row's entries begin; a row is of length 1
    column: Ints  # [entries]
    entry: Floats  # [entries]
    bound: Floats  # [m]
    slack: Floats  # [m], tolerances by which a row may be missed, so that no unknown is far off
    basis: Floats  # [n, n], orthonormal vectors; the first ones span the active conditions
    normal: Floats  # [n, n], the active conditions in that basis: a triangle, one in each line
    vectors: Floats  # [_VECTORS, n], see below
    force: Floats  # [n + 1], multipliers of the active conditions
    sign: Floats  # [m]: −1 where an equality is pushed from above
    active: Ints  # [n], conditions in the order of the triangle's lines
    state: Ints  # [m]: _IDLE, _ACTIVE, or _FOLLOWING from the active ones


_X, _D, _R, _Z, _ROOT = range(5)  # place, normal in the basis, step of forces, of the place, √D
_VECTORS: Final = 5


@kernel
def nearest(program: Program) -> tuple[Floats, int]:
    """Return (x, SOLVED or the index of a condition that contradicts the others)."""
    m, n = program.matrix.shape
    entries = 0
    for i in range(m):
        for j in range(n):
            entries += program.matrix[i, j] != 0.0
    work = _Work(
        np.empty(m + 1, np.int64),
        np.empty(entries, np.int64),
        np.empty(entries),
        np.empty(m),
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
    (m, n), equal = program.matrix.shape, program.equal
    p, used, force = int(np.int64(_NONE)), int(np.int64(0)), 0.0
    for _ in range(_STEPS_PER_CONDITION * (m + n) + 50):
        if p == _NONE:
            p, force = _next_condition(work, equal, tolerance), 0.0
            if p == _NONE:
                return SOLVED
        # Move until condition p holds, letting go of others on the way.
        gap = work.sign[p] * _miss(work, p)
        length = _directions(work, p, used)
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
            _add(work, (p, used), length)
            used += 1
            p = _NONE
        else:
            _release(work, equal, drop, used)
            used -= 1
    return 0


@bare
def _scale_rows(program: Program, work: _Work) -> float:
    # Measured from the target, so that small steps between large numbers stay exact.
    m, n = program.matrix.shape
    root = work.vectors[_ROOT]
    for j in range(n):
        root[j] = np.sqrt(program.curvature[j])
        work.basis[j, j] = 1.0
    scale, used = 1.0, 0
    for i in range(m):
        work.first[i] = used
        size, right = 0.0, program.bound[i]
        for j in range(n):
            if program.matrix[i, j] != 0.0:
                entry = program.matrix[i, j] / root[j]
                work.column[used], work.entry[used] = j, entry
                size += entry * entry
                right -= program.matrix[i, j] * program.target[j]
                used += 1
        size = np.sqrt(size) if size > 0 else 1.0
        for e in range(work.first[i], used):
            work.entry[e] /= size
        work.bound[i] = right / size
        work.slack[i] = min(1.0, 1.0 / size)
        scale = max(scale, abs(work.bound[i]))
    work.first[m] = used
    for i in range(program.equal):
        if work.first[i] == work.first[i + 1] and abs(work.bound[i]) <= _TOLERANCE * scale:
            work.state[i] = _FOLLOWING  # 0 = 0
    return _TOLERANCE * scale


@bare
def _miss(work: _Work, i: int) -> float:
    # By how much the place is beyond condition i; below 0 it is not met.
    miss = -work.bound[i]
    for e in range(work.first[i], work.first[i + 1]):
        miss += work.entry[e] * work.vectors[_X, work.column[e]]
    return float(miss)


@bare
def _next_condition(work: _Work, equal: int, tolerance: float) -> int:
    # Equalities in their order, then the most violated one.
    p, worst = _NONE, 0.0
    for i in range(work.bound.size):
        if work.state[i] != _IDLE:
            continue
        miss = _miss(work, i)
        if i < equal:
            work.sign[i] = -1.0 if miss > 0 else 1.0
            return i
        if miss < worst and miss < -tolerance * work.slack[i]:
            worst, p = miss, i
    return p


@bare
def _directions(work: _Work, p: int, used: int) -> float:
    # Where the place and the forces go when p is pushed; the length² of the way that is left to it.
    n = work.active.size
    d, r, z = work.vectors[_D], work.vectors[_R], work.vectors[_Z]
    for c in range(n):
        d[c] = 0.0
        z[c] = 0.0
    for e in range(work.first[p], work.first[p + 1]):
        j, entry = work.column[e], work.sign[p] * work.entry[e]
        for c in range(n):
            d[c] += entry * work.basis[c, j]
    length = 0.0
    for c in range(used, n):
        length += d[c] * d[c]
        for j in range(n):
            z[j] += d[c] * work.basis[c, j]
    for i in range(used):
        r[i] = d[i]
    for i in range(used - 1, -1, -1):
        if r[i] != 0.0:
            r[i] /= work.normal[i, i]
            for c in range(i):
                r[c] -= r[i] * work.normal[i, c]
    return length


@bare
def _first_to_leave(work: _Work, equal: int, used: int) -> tuple[float, int]:
    step, drop = np.inf, int(np.int64(_NONE))
    for i in range(used):
        rate = work.vectors[_R, i]
        if work.active[i] >= equal and rate > _STEP_MIN and work.force[i] / rate < step:
            step, drop = work.force[i] / rate, i
    return step, drop


@bare
def _add(work: _Work, who: tuple[int, int], length: float) -> None:
    # Reflect so that d ends at `used`: it becomes the triangle's next line. As z is the way that is
    # left, the reflection's own vector is z less a multiple of one line of the basis.
    (p, used), n = who, work.active.size
    basis, d, z = work.basis, work.vectors[_D], work.vectors[_Z]
    end = -np.sqrt(length) if d[used] > 0 else np.sqrt(length)
    for j in range(n):
        z[j] -= end * basis[used, j]
    for i in range(used):
        work.normal[used, i] = d[i]
    work.normal[used, used] = end
    d[used] -= end
    half = -end * d[used]  # half the vector's own length²
    for c in range(used, n):
        if d[c] != 0.0:
            factor = d[c] / half
            for j in range(n):
                basis[c, j] -= factor * z[j]
    work.active[used] = p
    work.state[p] = _ACTIVE


@bare
def _release(work: _Work, equal: int, drop: int, used: int) -> None:
    # Take line `drop` out of the triangle and rotate it back into shape.
    basis, normal, n = work.basis, work.normal, work.active.size
    for i in range(equal, work.state.size):
        if work.state[i] == _FOLLOWING:
            work.state[i] = _IDLE  # what followed from the others may not follow from fewer
    work.state[work.active[drop]] = _IDLE
    for c in range(drop, used - 1):
        work.active[c] = work.active[c + 1]
        work.force[c] = work.force[c + 1]
        for i in range(c + 2):
            normal[c, i] = normal[c + 1, i]
    for c in range(drop, used - 1):
        beyond = normal[c, c + 1]
        if beyond == 0.0:
            continue
        length = np.hypot(normal[c, c], beyond)
        cos, sin = normal[c, c] / length, beyond / length
        for k in range(c, used - 1):
            left, right = normal[k, c], normal[k, c + 1]
            normal[k, c] = cos * left + sin * right
            normal[k, c + 1] = -sin * left + cos * right
        for j in range(n):
            left, right = basis[c, j], basis[c + 1, j]
            basis[c, j] = cos * left + sin * right
            basis[c + 1, j] = -sin * left + cos * right

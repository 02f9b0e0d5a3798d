"""A mixed-integer programme that is written down column by column and row by row."""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

GAIN_MAX = 1e6


class Programme:
    """Columns with gains and bounds, rows of (column, factor) terms between two numbers."""

    def __init__(self) -> None:
        self.gains: list[float] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.whole: list[bool] = []
        self.rows: list[tuple[list[tuple[int, float]], float, float]] = []

    def column(self, gain=0.0, *, low=0.0, high=np.inf, whole=False) -> int:
        """Add a column and return its number."""
        self.gains.append(gain)
        self.low.append(low)
        self.high.append(high)
        self.whole.append(whole)
        return len(self.gains) - 1

    def switch(self, gain=0.0) -> int:
        """Add a column that is 0 or 1."""
        return self.column(gain, high=1, whole=True)

    def row(self, terms, *, low=-np.inf, high=np.inf) -> None:
        """Add a row: low ≤ Σ factor × column ≤ high."""
        self.rows.append((list(terms), low, high))

    def solve(self, gains=None, *, more=()):
        """The best columns under these and `more` rows; None where nothing fits."""
        if not self.gains:
            return np.zeros(0)
        wish = np.array(self.gains if gains is None else gains)
        rows, bounds = [*self.rows, *more], (np.array(self.low), np.array(self.high))
        x = self._best(wish, rows, bounds, whole=self.whole)
        if x is None or not any(self.whole):
            return x
        # The solver calls 10⁻⁶ whole, which sells a millionth of a block; so once more with its
        # choices made exact.
        whole = np.array(self.whole)
        bounds = tuple(np.where(whole, np.round(x), bound) for bound in bounds)
        return self._best(wish, rows, bounds, whole=[False] * len(whole))

    def _best(self, wish, rows, bounds, *, whole):
        found = milp(
            # The solver gives up on gains of 10¹².
            -wish / max(1.0, np.abs(wish).max() / GAIN_MAX),
            integrality=np.array(whole, dtype=int),
            bounds=Bounds(*bounds),
            constraints=self._matrix(rows) if rows else None,
            options={"mip_rel_gap": 0.0},
        )
        assert found.status in (0, 2), found.message
        return found.x

    def worth(self, x) -> float:
        """The sum of gains of these columns."""
        return float(np.dot(self.gains, x))

    def _matrix(self, rows):
        entries = [(i, c, f) for i, (terms, _, _) in enumerate(rows) for c, f in terms]
        at = np.array([(i, c) for i, c, _ in entries], dtype=int).reshape(-1, 2).T
        factors = [f for *_, f in entries]
        matrix = coo_array((factors, (at[0], at[1])), shape=(len(rows), len(self.gains)))
        return LinearConstraint(matrix.tocsc(), [r[1] for r in rows], [r[2] for r in rows])

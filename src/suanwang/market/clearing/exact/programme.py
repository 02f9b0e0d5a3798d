"""A mixed-integer programme, written down column by column and row by row, and solved by HiGHS.

Only the count of nodes limits the solver, never the clock, so that equal input gives equal answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Term = tuple[int, float]  # column and factor

GAIN_MAX = 1e6  # beyond such costs the solver's tolerances mean nothing
_PRICE_MIN = 1e-7
_OPTIONS: tuple[tuple[str, bool | int | float | str], ...] = (
    ("output_flag", False),
    ("threads", 1),
    ("random_seed", 0),
    # HiGHS 1.14's presolve calls points the best that are not: it starts an offer for a start cost
    # of 5 where leaving it off is better.
    ("presolve", "off"),
    ("mip_allow_restart", False),  # a restart would presolve
    ("mip_rel_gap", 0.0),
    ("mip_abs_gap", 0.0),
)
# The tree keeps the solver's own tolerances: with finer ones it calls feasible programmes empty.
_FINE: tuple[tuple[str, float | str], ...] = (
    ("solver", "simplex"),
    ("primal_feasibility_tolerance", 1e-9),
    ("dual_feasibility_tolerance", 1e-9),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What a solve came to."""

    values: Floats | None  # [columns]; None where nothing fits or no point was found
    worth: float  # yuan, of `values`
    bound: float  # yuan: no point is worth more
    complete: bool  # the best point was found, or there is none
    nodes: int


def _solver(*options: tuple[str, int | float | str]) -> highspy.Highs:
    highs = highspy.Highs()
    for name, value in (*_OPTIONS, *options):
        highs.setOptionValue(name, value)
    return highs


def _hold(highs: highspy.Highs) -> None:
    """Hold what an optimum must keep to stay one: columns and rows whose price is not 0."""
    solution = highs.getSolution()
    for column, (value, dual) in enumerate(zip(solution.col_value, solution.col_dual, strict=True)):
        if abs(dual) > _PRICE_MIN:
            highs.changeColBounds(column, value, value)
    for row, (value, dual) in enumerate(zip(solution.row_value, solution.row_dual, strict=True)):
        if abs(dual) > _PRICE_MIN:
            highs.changeRowBounds(row, value, value)


@dataclass(slots=True, kw_only=True)
class Programme:
    """Columns with gains and bounds; rows between two numbers. Grows in place."""

    constant: float = 0.0  # yuan, worth of taking nothing
    gains: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[dict[int, float]] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)

    def column(self, gain: float = 0.0, *, low: float = 0.0, high: float = np.inf) -> int:
        """Add a column and return its number."""
        self.gains.append(gain)
        self.lower.append(low)
        self.upper.append(high)
        self.whole.append(False)
        return len(self.gains) - 1

    def count(self, gain: float = 0.0, *, high: float) -> int:
        """Add a column that is a whole number."""
        column = self.column(gain, high=high)
        self.whole[column] = True
        return column

    def switch(self, gain: float = 0.0) -> int:
        """Add a column that is 0 or 1."""
        return self.count(gain, high=1.0)

    def row(self, terms: Iterable[Term] = (), *, low: float = -np.inf, high: float = np.inf) -> int:
        """Add a row, low ≤ Σ factor × column ≤ high, and return its number."""
        self.rows.append({})
        self.row_lower.append(low)
        self.row_upper.append(high)
        for column, factor in terms:
            self.enter(len(self.rows) - 1, column, factor)
        return len(self.rows) - 1

    def enter(self, row: int, column: int, factor: float) -> None:
        """Add a term to a row."""
        if factor:
            self.rows[row][column] = self.rows[row].get(column, 0.0) + factor

    def worth(self, values: Floats) -> float:
        """Return what these columns gain, yuan."""
        return self.constant + float(np.dot(self.gains, values))

    def solve(self, *, nodes: int) -> Answer:
        """Find the best point with at most this many nodes of the tree."""
        if not self.gains:
            return Answer(
                values=np.zeros(0), worth=self.constant, bound=self.constant, complete=True, nodes=0
            )
        scale, highs = self._scale(), _solver(("mip_max_nodes", nodes))
        highs.passModel(self._model(scale))
        highs.run()
        return self._answer(highs, scale)

    def equally_good(self, values: Floats, amounts: Sequence[int]) -> Iterator[Floats]:
        """Yield points of the same worth and whole numbers: with least, then with most of these."""
        highs = self._with_whole(values)
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return
        _hold(highs)
        columns = np.arange(len(self.gains), dtype=np.int32)
        for sign in (1.0, -1.0):
            wish = np.zeros(len(columns))
            wish[list(amounts)] = sign
            highs.changeColsCost(len(columns), columns, wish)
            highs.run()
            if highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                yield np.asarray(highs.getSolution().col_value)

    def _with_whole(self, values: Floats) -> highspy.Highs:
        """Solve for the amounts alone, with whole numbers made exact."""
        model, whole = self._model(self._scale()), np.array(self.whole)
        model.integrality_ = []
        model.col_lower_ = np.where(whole, np.rint(values), np.array(self.lower))
        model.col_upper_ = np.where(whole, np.rint(values), np.array(self.upper))
        highs = _solver(*_FINE)
        highs.passModel(model)
        highs.run()
        return highs

    def _exact(self, values: Floats) -> Floats:
        # The solver calls 10⁻⁶ whole, which would sell a millionth of a block.
        highs = self._with_whole(values)
        solved = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return np.asarray(highs.getSolution().col_value) if solved else values

    def _scale(self) -> float:
        return max(1.0, float(np.abs(self.gains).max()) / GAIN_MAX)

    def _model(self, scale: float) -> highspy.HighsLp:
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self.gains), len(self.rows)
        model.col_cost_ = -np.array(self.gains) / scale
        model.col_lower_, model.col_upper_ = np.array(self.lower), np.array(self.upper)
        model.row_lower_, model.row_upper_ = np.array(self.row_lower), np.array(self.row_upper)
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        model.integrality_ = [kinds[whole] for whole in self.whole]
        lengths = [len(row) for row in self.rows]
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        model.a_matrix_.index_ = np.array([c for row in self.rows for c in row], np.int32)
        model.a_matrix_.value_ = np.array([f for row in self.rows for f in row.values()], float)
        return model

    def _answer(self, highs: highspy.Highs, scale: float) -> Answer:
        status, info = highs.getModelStatus(), highs.getInfo()
        optimal = status == highspy.HighsModelStatus.kOptimal
        empty = status == highspy.HighsModelStatus.kInfeasible
        there = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        values = np.asarray(highs.getSolution().col_value) if optimal or there else None
        nodes = max(int(info.mip_node_count), 0)
        if values is not None:
            values = self._exact(values)
        worth = -np.inf if values is None else self.worth(values)
        bound = worth if optimal or empty else self.constant - scale * info.mip_dual_bound
        return Answer(
            values=values,
            worth=worth,
            bound=max(bound, worth),
            complete=optimal or empty,
            nodes=nodes,
        )

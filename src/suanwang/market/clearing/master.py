"""The relaxation of a whole case as one linear program, its curves seen through a lens.

HiGHS solves it; each time the lens moves it starts from the basis before, which is nearly right.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import MICRO, Ints
from suanwang.market.clearing.columns import OrderColumns
from suanwang.market.clearing.slots import Market
from suanwang.market.clearing.zoom import Lens, look_at, out_of_focus

Floats = NDArray[np.float64]
LENS_MOVES_MAX = 25
_HAIR = 1e-3  # micro-yuan
_LOWER, _BASIC, _UPPER = (
    highspy.HighsBasisStatus.kLower,
    highspy.HighsBasisStatus.kBasic,
    highspy.HighsBasisStatus.kUpper,
)
_OPTIONS: tuple[tuple[str, bool | int | float | str], ...] = (
    ("output_flag", False),
    ("threads", 1),
    ("solver", "simplex"),
    ("presolve", "off"),
    ("primal_feasibility_tolerance", 1e-9),
    ("dual_feasibility_tolerance", 1e-9),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relaxed:
    """An optimum of the relaxation."""

    node_price: Floats  # [nodes], micro-yuan per card-hour
    orders: Floats  # [order columns]
    iterations: int
    solved: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Asked:
    """Bounds of one solve."""

    upper: Floats
    favour: Floats
    taken: Floats
    load: Floats


@dataclass(slots=True, kw_only=True)
class Master:
    """The program, kept for solving again with other bounds; changes in place by `solve`."""

    market: Market
    columns: OrderColumns
    hours: Floats
    focus: Floats  # [nodes], micro-yuan: where the lens looks
    _basis: tuple[Lens, list[highspy.HighsBasisStatus], list[highspy.HighsBasisStatus]] | None = (
        field(default=None)
    )

    def solve(
        self,
        upper: Floats,
        *,
        favour: Floats | None = None,
        taken: Floats | None = None,
        load: Floats | None = None,
    ) -> Relaxed:
        """Solve, moving the lens until it is exact.

        Args:
            upper: [order columns], their upper bounds.
            favour: [order columns], yuan by which columns are worth more than they are.
            taken: [nodes], cards that orders decided already take.
            load: [links, slots], data in GB that they move.
        """
        network = self.market.network
        asked = _Asked(
            upper=upper,
            favour=np.zeros(self.columns.count) if favour is None else favour,
            taken=np.zeros(self.market.case.nodes) if taken is None else taken,
            load=np.zeros(network.capacity.shape) if load is None else load,
        )
        iterations = 0
        for _ in range(LENS_MOVES_MAX):
            lens = look_at(self.market.curves, self.focus)
            model = self._program(lens, asked)
            highs = highspy.Highs()
            for name, value in _OPTIONS:
                highs.setOptionValue(name, value)
            highs.passModel(model)
            if self._basis is not None:
                highs.setBasis(self._moved_basis(lens))
            highs.run()
            iterations += int(highs.getInfo().simplex_iteration_count)
            if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                return Relaxed(
                    node_price=self.focus, orders=np.zeros(self.columns.count),
                    iterations=iterations, solved=False,
                )  # fmt: skip
            solution = highs.getSolution()
            price = self._node_prices(np.asarray(solution.row_dual))
            basis = highs.getBasis()
            self._basis = (lens, list(basis.col_status), list(basis.row_status))
            self.focus = price
            if not out_of_focus(lens, price).any():
                break
        values = np.asarray(solution.col_value)
        return Relaxed(
            node_price=price,
            orders=values[len(values) - self.columns.count :],
            iterations=iterations,
            solved=True,
        )

    def _node_prices(self, duals: Floats) -> Floats:
        """Read node prices off the rows; a price a hair from a whole micro-yuan is that."""
        nodes = self.market.case.nodes
        per_slot = nodes // self.market.case.slots
        price = duals[:nodes] * MICRO / np.repeat(self.hours, per_slot)
        whole = np.rint(price)
        return np.where(np.abs(price - whole) < _HAIR, whole, price)

    def _program(self, lens: Lens, asked: _Asked) -> highspy.HighsLp:
        case, network, columns = self.market.case, self.market.network, self.columns
        quantum, slots = float(case.quantum), case.slots
        per_slot = case.nodes // slots
        hour = np.repeat(self.hours, per_slot)
        first, index, entry = self._flow_entries()
        lensed = len(lens.node)
        flows = len(first) - 1
        cost = np.concatenate([
            lens.price / MICRO * hour[lens.node],
            np.repeat(network.cost / MICRO, network.classes * slots)
            * np.tile(self.hours, flows // slots),
            columns.cost - asked.favour,
        ])  # fmt: skip
        model = highspy.HighsLp()
        model.num_col_ = len(cost)
        model.num_row_ = case.nodes + network.cost.size * slots + columns.rows
        model.col_cost_ = cost
        model.col_lower_ = np.zeros(len(cost))
        model.col_upper_ = np.concatenate(
            [lens.width / quantum, np.full(flows, np.inf), asked.upper]
        )
        bottom = self.market.curves.start[
            self.market.curves.first[:-1] + np.arange(case.nodes)
        ].astype(np.float64)
        balance = asked.taken - bottom / quantum
        over = np.full(network.cost.size * slots, -np.inf)
        model.row_lower_ = np.concatenate([balance, over, np.full(columns.rows, -np.inf)])
        model.row_upper_ = np.concatenate(
            [balance, (network.capacity / quantum - asked.load).ravel(), columns.row_high]
        )
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = np.concatenate(
            [np.arange(lensed), lensed + first[:-1], lensed + first[-1] + columns.first]
        ).astype(np.int32)
        model.a_matrix_.index_ = np.concatenate([lens.node, index, columns.row]).astype(np.int32)
        model.a_matrix_.value_ = np.concatenate([np.ones(lensed), entry, columns.entry])
        return model

    def _flow_entries(self) -> tuple[Ints, Ints, Floats]:
        """Return the columns of flows (link, class, slot): from here, to there, over the link."""
        network, slots = self.market.network, self.market.case.slots
        links = network.cost.size
        j, k, t = (
            x.ravel()
            for x in np.meshgrid(
                np.arange(links), np.arange(network.classes), np.arange(slots), indexing="ij"
            )
        )
        here = (t * network.classes + k) * network.zones
        rows = np.stack(
            [
                here + network.source[j],
                here + network.target[j],
                self.market.case.nodes + j * slots + t,
            ],
            axis=1,
        )
        ones = np.ones(len(j))
        entries = np.stack([-ones, ones, network.weight[j, k]], axis=1)
        first = 3 * np.arange(len(j) + 1)
        return first, rows.ravel(), entries.ravel()

    def _moved_basis(self, lens: Lens) -> highspy.HighsBasis:
        """Carry the last basis over: a node's basic steps are now those nearest to its price."""
        assert self._basis is not None, "there is no basis yet"
        old, column_status, row_status = self._basis
        basic = np.array([s == _BASIC for s in column_status[: len(old.node)]], np.bool_)
        count = np.bincount(old.node[basic], minlength=self.market.case.nodes)
        focus = self.focus[lens.node]
        status = [_UPPER if below else _LOWER for below in (lens.price < focus - 0.5).tolist()]
        begin = np.searchsorted(lens.node, np.arange(self.market.case.nodes + 1))
        short = 0
        for n in np.nonzero(count)[0].tolist():
            a, b = int(begin[n]), int(begin[n + 1])
            near = np.argsort(np.abs(lens.price[a:b] - self.focus[n]), kind="stable")
            chosen = near[: count[n]].tolist()
            short += int(count[n]) - len(chosen)
            for i in chosen:
                status[a + i] = _BASIC
        basis = highspy.HighsBasis()
        basis.col_status = status + column_status[len(old.node) :]
        basis.row_status = row_status
        basis.valid = short == 0
        return basis

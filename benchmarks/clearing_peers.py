"""One general solver on one linear program, in an interpreter of its own.

    PYTHON benchmarks/clearing_peers.py SOLVER PROGRAM.npz       prints one JSON object

Needs numpy, scipy and the solver, nothing of ours: the parent hands the arrays over in a file.
Each gets them in the fastest way that its interface has, with tolerances of 1e-9 and its own
defaults otherwise. `build` is handing over, `solve` the solver; reading the file is not counted.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

TOLERANCE = 1e-9
SECONDS_MAX = 280.0
NOT_INSTALLED = 3  # exit status
Answer = tuple[Callable[[], Any], Callable[[], float], Callable[[], str]]


def load(path: str) -> dict[str, Any]:
    """Return the arrays, with the matrix in columns."""
    with np.load(path) as found:
        arrays = dict(found)
    shape = (len(arrays["row_low"]), len(arrays["cost"]))
    parts = (arrays.pop("value"), arrays.pop("index"), arrays.pop("start"))
    return arrays | {"matrix": sparse.csc_matrix(parts, shape=shape)}


def highs(p: dict[str, Any]) -> Answer:
    """HiGHS, dual simplex."""
    import highspy  # noqa: PLC0415 - each interpreter has only some of the solvers

    solver, lp = highspy.Highs(), highspy.HighsLp()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("time_limit", SECONDS_MAX)
    solver.setOptionValue("solver", "simplex")
    for name in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
        solver.setOptionValue(name, TOLERANCE)
    lp.num_row_, lp.num_col_ = p["matrix"].shape
    lp.col_cost_, lp.col_upper_ = p["cost"], p["upper"]
    lp.col_lower_ = np.zeros(lp.num_col_)
    lp.row_lower_, lp.row_upper_ = p["row_low"], p["row_high"]
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = p["matrix"].indptr, p["matrix"].indices
    lp.a_matrix_.value_ = p["matrix"].data
    solver.passModel(lp)
    return solver.run, solver.getObjectiveValue, lambda: solver.getModelStatus().name[1:]


def clp(p: dict[str, Any]) -> Answer:
    """CLP through cylp, dual simplex."""
    from cylp.cy import CyClpSimplex  # noqa: PLC0415 - as above
    from cylp.cy.CyCoinPackedMatrix import CyCoinPackedMatrix  # noqa: PLC0415 - as above

    solver = CyClpSimplex()
    solver.logLevel = 0
    solver.primalTolerance = solver.dualTolerance = TOLERANCE
    cells = p["matrix"].tocoo()
    packed = CyCoinPackedMatrix(
        True, cells.row.astype(np.int32), cells.col.astype(np.int32), cells.data
    )
    # CLP's infinity is the largest double, and 1e30 counts as such.
    bounds = [np.clip(p[k], -1e30, 1e30) for k in ("upper", "row_low", "row_high")]
    zero = np.zeros(len(p["cost"]))
    solver.loadProblem(packed, zero, bounds[0], p["cost"], bounds[1], bounds[2])
    return solver.dual, lambda: solver.objectiveValue, solver.getStatusString


def glop(p: dict[str, Any]) -> Answer:
    """GLOP of OR-tools."""
    from ortools.linear_solver.python import model_builder_helper  # noqa: PLC0415 - as above

    model = model_builder_helper.ModelBuilderHelper()
    zero = np.zeros(len(p["cost"]))
    rows = p["matrix"].tocsr()
    model.fill_model_from_sparse_data(
        zero, p["upper"], p["cost"], p["row_low"], p["row_high"], rows
    )
    solver = model_builder_helper.ModelSolverHelper("glop")
    solver.set_time_limit_in_seconds(SECONDS_MAX)
    solver.set_solver_specific_parameters(
        f"primal_feasibility_tolerance: {TOLERANCE} dual_feasibility_tolerance: {TOLERANCE}"
    )
    return lambda: solver.solve(model), solver.objective_value, lambda: str(solver.status())


def linopy(p: dict[str, Any]) -> Answer:
    """Linopy on HiGHS: one variable array, one matrix of terms."""
    import linopy as library  # noqa: PLC0415 - as above
    import xarray  # noqa: PLC0415 - as above

    model = library.Model()
    cells = p["matrix"].tocoo()
    upper = xarray.DataArray(p["upper"], dims="column")
    x = model.add_variables(lower=0, upper=upper, name="x")
    terms = x.isel(column=cells.col).rename({"column": "term"})
    row = xarray.DataArray(cells.row, dims="term", name="row")
    value = xarray.DataArray(cells.data, dims="term", coords={"term": terms.coords["term"]})
    left = (terms * value).groupby(row).sum()
    equal = p["row_low"] == p["row_high"]
    right = xarray.DataArray(p["row_high"], dims="row", coords={"row": np.arange(len(equal))})
    used = left.coords["row"].to_numpy()
    for name, keep in (("equal", equal[used]), ("limit", ~equal[used])):
        part, bound = left.isel(row=np.flatnonzero(keep)), right.sel(row=used[keep])
        model.add_constraints(part == bound if name == "equal" else part <= bound, name=name)
    model.add_objective((x * xarray.DataArray(p["cost"], dims="column")).sum())

    def run() -> None:
        model.solve(
            solver_name="highs", io_api="direct", output_flag=False, time_limit=SECONDS_MAX,
            primal_feasibility_tolerance=TOLERANCE, dual_feasibility_tolerance=TOLERANCE,
        )  # fmt: skip

    return run, lambda: float(model.objective.value), lambda: str(model.termination_condition)


def pyomo(p: dict[str, Any]) -> Answer:
    """Pyomo on HiGHS."""
    import pyomo.environ as pyo  # noqa: PLC0415 - as above
    from pyomo.contrib.appsi.solvers import Highs  # noqa: PLC0415 - as above
    from pyomo.core.expr.numeric_expr import LinearExpression  # noqa: PLC0415 - as above

    model, rows, cost = pyo.ConcreteModel(), p["matrix"].tocsr(), p["cost"].tolist()
    top = [None if u == np.inf else u for u in p["upper"].tolist()]
    model.x = pyo.Var(range(len(cost)), bounds=lambda _m, i: (0, top[i]))
    x = list(model.x.values())

    def rule(_model: Any, i: int) -> Any:  # noqa: ANN401 - the library's own types
        part = slice(rows.indptr[i], rows.indptr[i + 1])
        if part.start == part.stop:
            return pyo.Constraint.Skip
        left = LinearExpression(
            linear_coefs=rows.data[part].tolist(), linear_vars=[x[j] for j in rows.indices[part]]
        )
        right = float(p["row_high"][i])
        return left == right if p["row_low"][i] == right else left <= right

    model.rows = pyo.Constraint(range(rows.shape[0]), rule=rule)
    model.cost = pyo.Objective(expr=LinearExpression(linear_coefs=cost, linear_vars=x))
    solver = Highs()
    solver.config.time_limit = SECONDS_MAX
    solver.highs_options = {
        "primal_feasibility_tolerance": TOLERANCE, "dual_feasibility_tolerance": TOLERANCE,
    }  # fmt: skip
    found = []
    return (
        lambda: found.append(solver.solve(model)),
        lambda: pyo.value(model.cost),
        lambda: found[0].termination_condition.name,
    )


SOLVERS = {"highs": highs, "clp": clp, "glop": glop, "linopy": linopy, "pyomo": pyomo}


def main() -> None:
    """Solve and print what was seen."""
    name, path = sys.argv[1:]
    arrays = load(path)
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        run, objective, status = SOLVERS[name](arrays)
    except ImportError as error:
        print(error, file=sys.stderr)
        raise SystemExit(NOT_INSTALLED) from None
    built, built_cpu = time.perf_counter(), time.process_time()
    run()
    found = {
        "build": round(built - wall, 3),
        "solve": round(time.perf_counter() - built, 3),
        "build_cpu": round(built_cpu - cpu, 3),
        "solve_cpu": round(time.process_time() - built_cpu, 3),
        "objective": objective(),
        "status": status(),
        "mb": peak_mb(),
        "version": version(name),
    }
    print(json.dumps(found))


def peak_mb() -> int:
    """Return the most memory this process has held; getrusage would count the parent's as well."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return round(int(line.split()[1]) / 1024)
    raise AssertionError("no VmHWM")


def version(name: str) -> str:
    """Return the version of what was measured."""
    from importlib.metadata import version as of  # noqa: PLC0415 - only for the report

    packages = {"highs": "highspy", "clp": "cylp", "glop": "ortools"}
    return f"{packages.get(name, name)} {of(packages.get(name, name))}"


if __name__ == "__main__":
    main()

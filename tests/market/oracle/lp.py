"""The welfare optimum of simple steps, links and divisible jobs: the linear programme, given directly."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array
from tests.market.oracle.reading import cell_cost, read, value_at

GAIN_MAX = 1e6


def optimum(document) -> float:
    """The most welfare that simple orders, flows and divisible jobs can make, in yuan."""
    case = read(document)
    lumpy = case["blocks"] or case["offers"] or any(s["lot"] for s in case["asks"] + case["bids"])
    assert not lumpy, "not a linear programme"
    columns = [*_steps(case), *_flows(case), *_widths(case)]
    if not columns:
        return 0.0
    return -_solve(columns, case)


# A column: (gain per card, most cards, {equality row: factor}, {limit row: factor}).
def _steps(case):
    for sign, side in ((1, "asks"), (-1, "bids")):
        for step in case[side]:
            gain = -sign * step["price"] * case["hours"][step["node"][2]]
            yield gain, step["quantity"], {step["node"]: sign}, {}


def _flows(case):
    for link in case["links"]:
        source, target = link["ends"]
        for slot, hour in enumerate(case["hours"]):
            for k, weight in link["weights"].items():
                nodes = {(source, k, slot): -1, (target, k, slot): 1}
                yield -link["cost"] * hour, np.inf, nodes, {(*link["ends"], slot): weight}


def _widths(case):
    for job in case["jobs"]:
        assert job["shape"] == "divisible", "not a linear programme"
        assert job["gb"] == {"in": 0, "out": 0}, "data is left to the other oracle"
        for slot in range(job["start"], job["end"]):
            value, hour = value_at(job, slot), case["hours"][slot]
            if value is None:
                continue
            for zone in job["zones"]:
                for k, speed in job["classes"].items():
                    cost = cell_cost(case, job, zone=zone, card_class=k, slot=slot)
                    gain = (value * speed / job["work"] - cost) * hour
                    limits = {(job["id"], slot): 1, job["id"]: speed * hour}
                    yield gain, np.inf, {(zone, k, slot): -1}, limits


def _limits(case):
    for link in case["links"]:
        yield from (((*link["ends"], t), room) for t, room in enumerate(link["capacity"]))
    for job in case["jobs"]:
        yield job["id"], job["work"]
        yield from (
            ((job["id"], slot), job["cards_max"]) for slot in range(job["start"], job["end"])
        )


def _solve(columns, case):
    limits = dict(_limits(case))
    used = {row for column in columns for row in column[3]}
    limits = {row: room for row, room in limits.items() if row in used}
    balance = {row for column in columns for row in column[2]}
    gains = np.array([gain for gain, *_ in columns])
    # The solver gives up on gains of 10¹².
    scale = max(1.0, np.abs(gains).max() / GAIN_MAX)
    found = linprog(
        -gains / scale,
        A_eq=_matrix([c[2] for c in columns], list(balance)),
        b_eq=[0.0] * len(balance),
        A_ub=_matrix([c[3] for c in columns], list(limits)) if limits else None,
        b_ub=list(limits.values()) if limits else None,
        bounds=[(0, high) for _, high, *_ in columns],
        method="highs",
    )
    assert found.status == 0, found.message
    return found.fun * scale


def _matrix(entries, rows):
    index = {row: i for i, row in enumerate(rows)}
    merged: dict[tuple[int, int], float] = defaultdict(float)
    for column, entry in enumerate(entries):
        for row, factor in entry.items():
            merged[index[row], column] += factor
    at = np.array(list(merged), dtype=int).reshape(-1, 2).T
    return coo_array((list(merged.values()), (at[0], at[1])), shape=(len(rows), len(entries)))

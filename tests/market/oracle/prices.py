"""Prices that support an outcome: whether there are any, and which are nearest to the midpoints.

    row = ({node or link way: factor}, least)    Σ factor × price ≥ least

A node is (zone, class, slot), a link way ("link", from, to, slot).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.linalg import null_space
from scipy.optimize import linprog, nnls
from tests.market.oracle.outcome import block_gain, job_worth, offer_cost
from tests.market.oracle.reading import read

LOSS_MAX = 1e-6  # yuan; the rules let nobody lose more
SLACK = 1e-7  # of a quantity; what a solver may have left of a full order


LEEWAY = 1e-12  # of the scale; rounding must not empty a region that is a single point


@dataclass(frozen=True, slots=True)
class Support:
    """All vectors of node and link prices that support an outcome."""

    intervals: dict  # node → (lowest, highest)
    equal: list  # rows that hold exactly
    least: list  # rows that hold at least
    free: dict  # way of a full link without flow → the rows that its price must reach
    ways: list  # every way whose link price is not 0 by rule


def prices_exist(document, outcome) -> bool:
    """Whether some prices support the outcome (and, in `no_loss`, let nobody lose)."""
    return published(document, outcome) is not None


def published(document, outcome):
    """Some supporting node prices as {node: price}; None where there are none."""
    support = _support(read(document), outcome)
    nodes, ways = list(support.intervals), support.ways
    if any(low > high for low, high in support.intervals.values()):
        return None
    least = [*support.least, *(row for rows in support.free.values() for row in rows)]
    found = linprog(
        np.zeros(len(nodes) + len(ways)),
        bounds=[*support.intervals.values(), *[(0, None)] * len(ways)],
        method="highs",
        **_matrices([*nodes, *ways], equal=support.equal, least=least),
    )
    assert found.status in (0, 2), found.message
    return dict(zip(nodes, found.x, strict=False)) if found.status == 0 else None


def nearest_prices(document, outcome):
    """The supporting vector nearest to the midpoints as {node: price}; None where there is none."""
    support = _support(read(document), outcome)
    intervals = support.intervals
    if any(low > high for low, high in intervals.values()):
        return None
    fixed = [({node: 1.0}, low) for node, (low, high) in intervals.items() if low == high]
    rows = [({node: 1.0}, low) for node, (low, high) in intervals.items() if low < high]
    rows += [({node: -1.0}, -high) for node, (low, high) in intervals.items() if low < high]
    rows += [row for given in support.least for row in _without_links(given, support)]
    middle = np.array([(low + high) / 2 for low, high in intervals.values()])
    equal = [row for given in support.equal for row in _without_links(given, support)] + fixed
    found = nearest(
        middle, equal=_dense(list(intervals), equal), least=_dense(list(intervals), rows)
    )
    return None if found is None else dict(zip(intervals, found, strict=True))


def misfit(document, outcome, vector) -> float:
    """How far these node prices are from supporting the outcome: 0 where they do."""
    support = _support(read(document), outcome)
    outside = [
        max(low - vector[n], vector[n] - high) for n, (low, high) in support.intervals.items()
    ]

    def falls_short(row):
        return row[1] - sum(factor * vector[node] for node, factor in row[0].items())

    equal = [one for row in support.equal for one in _without_links(row, support)]
    least = [one for row in support.least for one in _without_links(row, support)]
    off = [*(abs(falls_short(row)) for row in equal), *(falls_short(row) for row in least)]
    return max([0.0, *outside, *off])


def midpoints(document, outcome):
    """The midpoints of the nodes' own intervals as {node: price}."""
    intervals = _intervals(read(document), outcome)
    return {node: (low + high) / 2 for node, (low, high) in intervals.items()}


def nearest(middle, *, equal, least):
    """The point nearest to `middle` with E x = e and G x ≥ g; None where there is none.

    Least-distance programming by non-negative least squares (Lawson and Hanson, ch. 23): finite and
    exact to rounding, after the equations have been solved away.
    """
    scale = max(1.0, float(np.abs(middle).max(initial=0.0)))
    (left, right), (matrix, bound) = _even(*equal), _even(*least)
    basis, start = np.eye(len(middle)), middle / scale
    if len(right):
        shift, *_ = np.linalg.lstsq(left, right / scale - left @ start, rcond=None)
        start = start + shift
        basis = null_space(left)
        if np.abs(left @ start - right / scale).max() > 1e-9:
            return None
    inner, gap = matrix @ basis, bound / scale - matrix @ start - LEEWAY
    if gap.max(initial=0.0) <= 0:
        return start * scale
    stacked = np.vstack([inner.T, gap])
    goal = np.append(np.zeros(basis.shape[1]), 1.0)
    multipliers, norm = nnls(stacked, goal, maxiter=10_000)
    if norm < 1e-9:
        return None
    rest = stacked @ multipliers - goal
    return (start + basis @ (-rest[:-1] / rest[-1])) * scale


def _even(matrix, bound):
    """The same rows, each of length 1."""
    size = np.linalg.norm(matrix, axis=1)
    size[size == 0] = 1.0
    return matrix / size[:, None], bound / size


def _support(case, outcome) -> Support:
    support = Support(_intervals(case, outcome), [], [], {}, [])
    room = _room(case, outcome)
    for link in case["links"]:
        for slot in range(len(case["hours"])):
            _link_rows(link, outcome, support, slot=slot, room=room[*link["ends"], slot])
    if case["no_loss"]:
        support.least.extend(_no_loss(case, outcome, ways=set(support.ways)))
    return support


def _intervals(case, outcome):
    """Each node's own interval, from its simple orders."""
    slots = range(len(case["hours"]))
    low = {
        (z, k, t): case["price_min"] for t in slots for k in case["classes"] for z in case["zones"]
    }
    high = dict.fromkeys(low, case["price_max"])
    for side in ("asks", "bids"):
        for step in case[side]:
            cards, whole, node = outcome.steps.get(step["id"], 0.0), step["quantity"], step["node"]
            # An order in lots may be cut short however good its price: it shows no interval.
            if whole == 0 or step["lot"]:
                continue
            partly = cards < whole * (1 - SLACK)
            if partly if side == "bids" else cards > SLACK * whole:
                low[node] = max(low[node], step["price"])
            if partly if side == "asks" else cards > SLACK * whole:
                high[node] = min(high[node], step["price"])
    return {node: (low[node], high[node]) for node in low}


def _room(case, outcome):
    """What is left of each link in each slot."""
    room, weights = {}, {}
    for link in case["links"]:
        weights[link["ends"]] = link["weights"]
        for slot, capacity in enumerate(link["capacity"]):
            room[*link["ends"], slot] = capacity * (1 - SLACK) - SLACK
    for (source, target, k, slot), cards in outcome.flows.items():
        room[source, target, slot] -= cards * weights[source, target][k]
    for ways in outcome.data.values():
        for way, gb in ways.items():
            room[way] -= gb
    return room


def _link_rows(link, outcome, support, *, slot, room) -> None:
    """weight × link price − (price there − price here) ≥ −cost, with equality where there is flow."""
    source, target = link["ends"]
    way, full = ("link", source, target, slot), room <= 0
    rows, carries = [], False
    for k, weight in link["weights"].items():
        row = {(source, k, slot): 1.0, (target, k, slot): -1.0}
        if full:
            row[way] = weight
        if outcome.flows.get((source, target, k, slot), 0.0) > SLACK:
            support.equal.append((row, -link["cost"]))
            carries = True
        else:
            rows.append((row, -link["cost"]))
    if full:
        support.ways.append(way)
        rows.append(({way: 1.0}, 0.0))
    if full and not carries:
        support.free[way] = rows
    else:
        support.least.extend(rows)


def _no_loss(case, outcome, *, ways):
    """What every accepted order of lots, block, job and offer gains is at least −LOSS_MAX."""
    yield from _no_loss_of_lots(case, outcome)
    yield from _no_loss_of_blocks(case, outcome)
    yield from _no_loss_of_offers(case, outcome)
    yield from _no_loss_of_jobs(case, outcome, ways=ways)


def _no_loss_of_lots(case, outcome):
    for sign, side in ((1.0, "asks"), (-1.0, "bids")):
        for step in case[side]:
            cards = outcome.steps.get(step["id"], 0.0)
            if step["lot"] and cards:
                amount = sign * cards * case["hours"][step["node"][2]]
                yield {step["node"]: amount}, amount * step["price"] - LOSS_MAX


def _no_loss_of_blocks(case, outcome):
    for block in case["blocks"]:
        ratio = outcome.blocks.get(block["id"], 0.0)
        if ratio:
            share = ratio if block["side"] == "ask" else -ratio
            cells = {c: share * q * case["hours"][c[2]] for c, q in block["cells"].items()}
            yield cells, -LOSS_MAX - ratio * block_gain(case, block)


def _no_loss_of_offers(case, outcome):
    for offer in case["offers"]:
        cards = outcome.offers.get(offer["id"], [])
        if any(cards):
            place = (offer["zone"], offer["class"])
            cells = {(*place, t): q * case["hours"][t] for t, q in enumerate(cards)}
            yield cells, offer_cost(case, offer, cards) - LOSS_MAX


def _no_loss_of_jobs(case, outcome, *, ways):
    hours = case["hours"]
    for job in case["jobs"]:
        cells = outcome.jobs.get(job["id"], {})
        if cells:
            row = {cell: -q * hours[cell[2]] for cell, q in cells.items()}
            for way, gb in outcome.data.get(job["id"], {}).items():
                if ("link", *way) in ways:
                    row["link", *way] = -gb * hours[way[2]]
            yield row, -LOSS_MAX - job_worth(case, job, cells)


def _without_links(row, support):
    """The row with each link price put as what it must be in terms of node prices."""
    terms, least = row
    links = [key for key in terms if key[0] == "link"]
    if not links:
        return [row]
    rows = []
    # A price that no flow pins down is the largest of several; the row must hold for each of them.
    for choice in product(*(_price_of(way, support) for way in links)):
        total, bound = defaultdict(float), least
        for node in terms.keys() - set(links):
            total[node] += terms[node]
        for way, (nodes, constant) in zip(links, choice, strict=True):
            bound -= terms[way] * constant
            for node, factor in nodes.items():
                total[node] += terms[way] * factor
        rows.append((dict(total), bound))
    return rows


def _price_of(way, support):
    """Ways to write a link's price as (node factors, constant)."""
    pinned = [row for row in support.equal if way in row[0]]
    rows = pinned[:1] or support.free[way]
    for terms, least in rows:
        weight = terms[way]
        yield {n: -f / weight for n, f in terms.items() if n != way}, least / weight


def _dense(keys, rows):
    index = {key: i for i, key in enumerate(keys)}
    matrix = np.zeros((len(rows), len(keys)))
    for i, (terms, _) in enumerate(rows):
        for key, factor in terms.items():
            matrix[i, index[key]] += factor
    return matrix, np.array([least for _, least in rows])


def _matrices(keys, *, equal, least):
    left, right = _dense(keys, equal)
    matrix, bound = _dense(keys, least)
    return {"A_eq": left, "b_eq": right, "A_ub": -matrix, "b_ub": -bound}

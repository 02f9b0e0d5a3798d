"""The relaxation of a case and the multipliers that it yields, by program or by ascent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import MICRO, Case, Shape
from suanwang.market.clearing.ascent import ascend
from suanwang.market.clearing.candidate import zero_load
from suanwang.market.clearing.columns import OrderColumns, order_columns
from suanwang.market.clearing.master import Master, Relaxed
from suanwang.market.clearing.response import Crowd
from suanwang.market.clearing.slots import clear_slots
from suanwang.market.clearing.work import Work

Floats = NDArray[np.float64]
CELLS_MAX = 200_000  # of the linear program; beyond it multipliers come from ascent alone
_POLISH_STEPS = 12
_ASCENT_STEPS, _WARM_STEPS = 30, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The linear program of a relaxation, and its optimum."""

    columns: OrderColumns
    master: Master
    relaxed: Relaxed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relaxation:
    """Multipliers, yuan per card-hour, and the program they come from if there is one."""

    nodes: Floats
    program: Program | None


def relax(crowd: Crowd, work: Work, warm: Floats | None) -> Relaxation:
    """Relax a case; `warm` are node multipliers of the round before, yuan."""
    case = crowd.market.case
    start = _autarky(crowd, work) if warm is None else warm
    cells = sum((job.end - job.start) * len(job.zones) * len(job.classes) for job in case.jobs)
    if cells > CELLS_MAX:
        steps = _ASCENT_STEPS if warm is None else _WARM_STEPS
        stride = 0.5 if warm is None else 0.15
        found = ascend(crowd, start, steps=steps, stride=stride, decay=0.88)
        work.spend(steps * len(case.jobs) / 400)
        return Relaxation(nodes=found.nodes, program=None)
    columns = order_columns(case, crowd.jobs)
    hours = np.array([float(h) for h in case.hours])
    master = Master(market=crowd.market, columns=columns, hours=hours, focus=start * MICRO)
    relaxed = master.solve(columns.upper)
    work.spend(relaxed.iterations / 10)
    nodes = np.clip(relaxed.node_price / MICRO, crowd.low, crowd.high)
    program = Program(columns=columns, master=master, relaxed=relaxed)
    if is_convex(case):
        return Relaxation(nodes=nodes, program=program)
    found = ascend(crowd, nodes, steps=_POLISH_STEPS, stride=0.02, decay=0.8)
    work.spend(_POLISH_STEPS)
    return Relaxation(nodes=found.nodes, program=program)


def is_convex(case: Case) -> bool:
    """Say whether the linear program says all there is to say."""
    lots = case.asks.lot.any() or case.bids.lot.any()
    divisible = all(job.shape is Shape.DIVISIBLE and job.data is None for job in case.jobs)
    return divisible and not (case.blocks or case.offers or lots)


def _autarky(crowd: Crowd, work: Work) -> Floats:
    case = crowd.market.case
    cleared = clear_slots(crowd.market, np.zeros(case.nodes, np.int64), zero_load(case))
    work.spend(case.slots)
    return np.clip(cleared.node_price / MICRO, crowd.low, crowd.high)

"""Flexible jobs as flat arrays, compiled once from a CASE.

An *alternative* of a job is one (zone, class), with one pool of it if the job is a gang; `place` is
class × zones + zone, so that node = slot × places + place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from suanwang.market.case.model import Case, FlexibleJob, Shape

Floats = NDArray[np.float64]
Indices = NDArray[np.int32]
Records: TypeAlias = NDArray[Any]
Record: TypeAlias = Any

DIVISIBLE: Final = 0
PREEMPTIBLE: Final = 1
CONTIGUOUS: Final = 2
_SHAPES = {
    Shape.DIVISIBLE: DIVISIBLE,
    Shape.PREEMPTIBLE: PREEMPTIBLE,
    Shape.CONTIGUOUS: CONTIGUOUS,
}
NOWHERE: Final = -1  # no pool, no data, no alternative
_NO_POOL: Final = (NOWHERE,)
UNLIMITED: Final = 2**30  # pauses of a job that names no most


# One record a job. Compiled code gets few arrays of records rather than many plain arrays: it
# compiles ten times as fast that way, and a job's numbers lie in one place in memory.
JOB: Final = np.dtype(
    [
        ("work", "f8"),  # card-hours of speed 1
        ("cards_min", "f8"),
        ("cards_max", "f8"),
        ("setup", "f8"),
        ("gb_in", "f8"),
        ("gb_out", "f8"),
        ("carbon_weight", "f8"),  # yuan per kg
        ("shape", "i4"),
        ("start", "i4"),
        ("end", "i4"),  # exclusive, cut to the last deadline
        ("home_end", "i4"),  # exclusive: data must be home before this slot
        ("pauses_max", "i4"),
        ("hub", "i4"),  # index of the zone where its data lies, or NOWHERE
        ("hub_zone", "i4"),  # that zone
        ("falling", "i4"),  # 1 if its value never rises with time
        ("step_first", "i4"),
        ("step_after", "i4"),
        ("alternative_first", "i4"),
        ("alternative_after", "i4"),
        ("cell_first", "i4"),  # where the cells of its plan lie
    ],
    align=True,
)
STEP: Final = np.dtype([("value", "f8"), ("end", "i4")], align=True)
ALTERNATIVE: Final = np.dtype(
    [("speed", "f8"), ("transfer", "f8"), ("place", "i4"), ("zone", "i4"), ("pool", "i4")],
    align=True,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JobArrays:
    """Records of jobs in the order of the CASE, and what they share."""

    jobs: Records  # JOB
    steps: Records  # STEP
    alternatives: Records  # ALTERNATIVE
    cells: int  # room for the cells of all plans
    zones: int
    hours: Floats  # [slots]
    elapsed: Floats  # [slots + 1], hours of all slots before
    kg: Floats  # [places, slots] per card-hour
    link_source: Indices  # [links], zone
    link_target: Indices
    hub_zone: Indices  # [hubs]: the zones where some job's data lies

    @classmethod
    def of(cls, case: Case) -> JobArrays:
        """Compile the jobs of a case."""
        hubs = sorted({job.data.at for job in case.jobs if job.data and _moves_data(job)})
        pools = _pools_by_place(case)
        rows: list[tuple[float, ...]] = []
        steps: list[tuple[float, int]] = []
        alternatives: list[tuple[float, float, int, int, int]] = []
        cells = 0
        for job in case.jobs:
            own = _alternatives(case, job, pools)
            spans = (len(steps), len(steps) + len(job.values))
            places = (len(alternatives), len(alternatives) + len(own), cells)
            rows.append((*_numbers(job), *_data_place(job, hubs), _falls(job), *spans, *places))
            steps += [(real(value), end) for end, value in job.values]
            alternatives += own
            cells += _cells(job, len(own))
        return cls(
            jobs=np.array(rows, JOB),
            steps=np.array(steps, STEP),
            alternatives=np.array(alternatives, ALTERNATIVE),
            cells=cells,
            zones=len(case.zones),
            hours=floats(case.hours),
            elapsed=np.concatenate([[0.0], np.cumsum(floats(case.hours))]),
            kg=_kg(case),
            link_source=indices([link.source for link in case.links]),
            link_target=indices([link.target for link in case.links]),
            hub_zone=indices(hubs),
        )


def real(number: Fraction) -> float:
    """Turn an exact number into the float nearest to it, at half the price of float()."""
    return number.numerator / number.denominator


def floats(numbers: Iterable[Fraction | float]) -> Floats:
    """Turn exact numbers into float64."""
    return np.array([float(each) for each in numbers], dtype=np.float64)


def indices(numbers: ArrayLike) -> Indices:
    """Turn whole numbers into int32."""
    return np.array(numbers, dtype=np.int32)


def _numbers(job: FlexibleJob) -> tuple[float, ...]:
    data = job.data
    return (
        real(job.work),
        real(job.cards_min),
        real(job.cards_max),
        real(job.setup),
        real(data.gb_in) if data else 0.0,
        real(data.gb_out) if data else 0.0,
        real(job.carbon_weight),
        _SHAPES[job.shape],
        job.start,
        max(job.start, min(job.end, job.values[-1][0])),
        job.end,
        UNLIMITED if job.max_pauses is None else min(job.max_pauses, UNLIMITED),
    )


def _data_place(job: FlexibleJob, hubs: list[int]) -> tuple[int, int]:
    if job.data is None or not _moves_data(job):
        return NOWHERE, NOWHERE
    return hubs.index(job.data.at), job.data.at


def _kg(case: Case) -> Floats:
    kg = np.zeros((len(case.classes) * len(case.zones), case.slots))
    for (slot, card_class, zone), amount in case.kg.items():
        kg[card_class * len(case.zones) + zone, slot] = float(amount)
    return kg


def _moves_data(job: FlexibleJob) -> bool:
    return job.data is not None and (job.data.gb_in > 0 or job.data.gb_out > 0)


def _falls(job: FlexibleJob) -> bool:
    worth = [value for _, value in job.values]
    return len(worth) == 1 or worth == sorted(worth, reverse=True)


def _alternatives(
    case: Case, job: FlexibleJob, pools: Mapping[tuple[int, int], list[int]]
) -> list[tuple[float, float, int, int, int]]:
    zones = [(zone, real(transfer)) for zone, transfer in sorted(job.zones.items())]
    # A gang without a pool at a place has no alternative there.
    return [
        (speed, transfer, card_class * len(case.zones) + zone, zone, pool)
        for card_class, speed in [(k, real(speed)) for k, speed in sorted(job.classes.items())]
        for zone, transfer in zones
        for pool in (pools.get((zone, card_class), ()) if job.gang else _NO_POOL)
    ]


def _pools_by_place(case: Case) -> dict[tuple[int, int], list[int]]:
    found: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for pool, place in enumerate(case.pool_places):
        found[place].append(pool)
    return found


def _cells(job: FlexibleJob, alternatives: int) -> int:
    if job.shape is Shape.CONTIGUOUS:
        return 0
    return (job.end - job.start) * (alternatives if job.shape is Shape.DIVISIBLE else 1)

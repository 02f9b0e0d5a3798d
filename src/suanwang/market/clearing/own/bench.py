"""The work bench of the kernels: one alternative of one job laid out slot by slot.

Slots run over the job's window; `first` is a plan's first slot, `after` the slot after its last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from suanwang.market.clearing.own.arrays import Floats, JobArrays, Record, Records
from suanwang.market.clearing.own.compiled import bare
from suanwang.market.clearing.own.prices import Prices

LAYERS: Final = 16  # pauses that a limited plan looks at; more are allowed and never needed in life
# Float sums of exact fractions miss equality by an ulp or two; work this near is done.
SLACK: Final = 1e-12
# A card width that keeps a run unbroken where no least width is named: the coarsest quantum.
WIDTH_LEAST: Final = 1e-6
PLAN: Final = np.dtype(
    [
        ("gain", "f8"),  # yuan; 0 is staying out
        ("width", "f8"),  # cards; the widest where widths differ
        ("alternative", "i4"),  # index into the job arrays' alternatives, or NOWHERE
        ("first", "i4"),
        ("after", "i4"),
        ("cell_count", "i4"),  # cells lie from the job's cell_first on
    ],
    align=True,
)
CELL: Final = np.dtype([("cards", "f8"), ("node", "i4")], align=True)
_SLOT: Final = np.dtype(
    [
        ("value", "f8"),  # of finishing with this slot
        ("cost", "f8"),  # yuan per card
        ("done", "f8"),  # work per card
        ("cap", "f8"),  # most cards
        ("cost_sum", "f8"),  # of all slots before
        ("done_sum", "f8"),
        ("data_in", "f8"),  # yuan, if this is the first slot
        ("data_out", "f8"),  # yuan, if this is the slot after the last
        ("cards", "f8"),  # the plan being tried
        ("best", "f8"),  # the best plan so far of this job
        ("ranked", "i4"),  # slots by cost per work, from the window's first place on
        ("on", "i4"),
    ],
    align=True,
)


class Terms(NamedTuple):
    """What jobs are asked under. An empty room limits nothing."""

    jobs: Records
    steps: Records
    alternatives: Records
    hours: Floats
    kg: Floats
    elapsed: Floats  # [slots + 1], hours of all slots before
    rate: Floats
    rate_sum: Floats
    rate_least: Floats
    pool_rate: Floats
    pool_sum: Floats
    away: Floats
    home: Floats
    room: Floats  # [nodes] cards still free
    pool_room: Floats  # [pools × slots]


class Bench(NamedTuple):
    """Scratch of one alternative; one more row than slots, for what comes after the last."""

    slots: Records
    step: NDArray[np.int8]  # [slots, 2 × LAYERS]: how the best way came here
    grid: Floats  # [alternatives of one job, slots]: gain per unit of work


@dataclass(frozen=True, slots=True, eq=False)
class Plans:
    """The best plan of every job.

    A contiguous job's plan is (alternative, first, after, width); the others list cells too. A
    divisible job may mix places: it has no alternative then.
    """

    jobs: Records  # PLAN
    cells: Records  # CELL


def terms_of(
    jobs: JobArrays,
    prices: Prices,
    *,
    room: Floats | None = None,
    pool_room: Floats | None = None,
) -> Terms:
    """Put jobs under prices, and under room[nodes] and pool_room[pools, slots] where given."""
    return Terms(
        jobs=jobs.jobs,
        steps=jobs.steps,
        alternatives=jobs.alternatives,
        hours=jobs.hours,
        kg=jobs.kg,
        elapsed=jobs.elapsed,
        rate=prices.rate,
        rate_sum=prices.rate_sum,
        rate_least=prices.rate_least,
        pool_rate=prices.pool_rate,
        pool_sum=prices.pool_sum,
        away=prices.away,
        home=prices.home,
        room=np.empty(0) if room is None else room,
        pool_room=np.empty(0) if pool_room is None else pool_room.reshape(-1),
    )


def empty_plans(jobs: JobArrays) -> Plans:
    """Return plans with every job out."""
    plans = Plans(np.zeros(len(jobs.jobs), PLAN), np.zeros(jobs.cells, CELL))
    plans.jobs["alternative"] = -1
    return plans


def make_bench(jobs: JobArrays) -> Bench:
    """Allocate the scratch for any of these jobs."""
    rows, slots = jobs.jobs, len(jobs.hours) + 1
    most = int((rows["alternative_after"] - rows["alternative_first"]).max(initial=0))
    step = np.zeros((slots, 2 * LAYERS), np.int8)
    return Bench(np.zeros(slots, _SLOT), step, np.zeros((most, slots)))


@bare
def clear_plan(plan: Record) -> None:
    """Take a job out."""
    plan.gain = 0.0
    plan.width = 0.0
    plan.alternative = -1
    plan.first = 0
    plan.after = 0
    plan.cell_count = 0


@bare
def lay_values(steps: Records, slots: Records, job: Record) -> None:
    """Write down what finishing with each slot is worth."""
    step = job.step_first
    for slot in range(job.start, job.end):
        while steps[step].end <= slot:
            step += 1
        slots[slot].value = steps[step].value


@bare
def lay_out(terms: Terms, slots: Records, job: Record, alternative: Record) -> bool:
    """Write down an alternative's slots; say whether every slot costs at least nothing."""
    rate, hours = terms.rate[alternative.place], terms.hours
    transfer, speed, cap = alternative.transfer, alternative.speed, job.cards_max
    cost_sum, done_sum, all_cost = 0.0, 0.0, True
    for slot in range(job.start, job.end):
        row = slots[slot]
        row.cost = (rate[slot] + transfer) * hours[slot]
        row.done = speed * hours[slot]
        row.cap = cap
    _lay_extras(terms, slots, job, alternative)
    for slot in range(job.start, job.end):
        row = slots[slot]
        row.cost_sum = cost_sum
        row.done_sum = done_sum
        cost_sum += row.cost
        done_sum += row.done
        all_cost &= row.cost >= 0.0
    slots[job.end].cost_sum = cost_sum
    slots[job.end].done_sum = done_sum
    _lay_data(terms, slots, job, alternative.zone)
    return all_cost


@bare
def _lay_extras(terms: Terms, slots: Records, job: Record, alternative: Record) -> None:
    # What only some jobs have: a pool's price, carbon, room.
    place, pool, hours, kg = alternative.place, alternative.pool, terms.hours, terms.kg
    room, pool_room, count = terms.room, terms.pool_room, len(hours)
    for slot in range(job.start, job.end if pool >= 0 else job.start):
        slots[slot].cost += terms.pool_rate[pool, slot] * hours[slot]
    for slot in range(job.start, job.end if job.carbon_weight != 0.0 else job.start):
        slots[slot].cost += job.carbon_weight * kg[place, slot] * hours[slot]
    for slot in range(job.start, job.end if len(room) > 0 else job.start):
        slots[slot].cap = min(slots[slot].cap, room[slot * len(kg) + place])
    for slot in range(job.start, job.end if pool >= 0 and len(pool_room) > 0 else job.start):
        slots[slot].cap = min(slots[slot].cap, pool_room[pool * count + slot])


@bare
def _lay_data(terms: Terms, slots: Records, job: Record, zone: int) -> None:
    # The cheapest slot before the first, and after the last, as running least from either end.
    hub, moves = job.hub, job.hub >= 0 and job.hub_zone != zone
    for slot in range(job.start, job.end + 1):
        slots[slot].data_in = 0.0
        slots[slot].data_out = 0.0
    least = np.inf
    for slot in range(job.start, job.end + 1 if moves and job.gb_in > 0.0 else job.start):
        slots[slot].data_in = least * job.gb_in
        if slot < job.end:
            least = min(least, terms.away[hub, slot, zone])
    least = np.inf
    last = job.home_end if moves and job.gb_out > 0.0 else job.start - 1
    for slot in range(last, job.start - 1, -1):
        if slot < job.home_end:
            least = min(least, terms.home[hub, slot, zone])
        if slot <= job.end:
            slots[slot].data_out = least * job.gb_out

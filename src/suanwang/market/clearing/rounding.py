"""From the relaxation's shares to decisions on blocks, lots and jobs that may take any share."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Case, FlexibleJob, Shape, Side
from suanwang.market.clearing.decide import block_quanta, lot_quanta
from suanwang.market.clearing.master import Relaxed
from suanwang.market.clearing.own.families import family_gains
from suanwang.market.clearing.plans import JobPlan, Plans, demand_of, load_of
from suanwang.market.clearing.relaxing import Program, Relaxation
from suanwang.market.clearing.response import Crowd
from suanwang.market.clearing.snap import at_a_step
from suanwang.market.clearing.whole_jobs import divisible_plan
from suanwang.market.clearing.work import Work

Floats = NDArray[np.float64]
Share = tuple[int, int, int, float]  # zone, class, slot, cards
_SHARE_MIN = 1e-9
_TAKEN = 0.5  # shares from here on are rounded up
# Left free at every node, so that widths rounded up to whole quanta still fit.
_SPARE, _SPARE_QUANTA = 1e-7, 50
_FAVOUR = 3.0  # spans of all prices, for each unit of work of a job that is decided


def mixes(job: FlexibleJob) -> bool:
    """Say whether the linear program's own shares of a job's cells can be carried out."""
    if job.data is not None or job.gang:
        return False
    if job.shape is Shape.DIVISIBLE:
        return True
    free = job.cards_min == 0 and job.setup == 0 and job.max_pauses is None
    return job.shape is Shape.PREEMPTIBLE and free and len(job.values) == 1


def round_blocks(crowd: Crowd, relaxation: Relaxation) -> dict[int, tuple[int, ...]]:
    """Take the blocks that are nearly taken, the surest of each group, children with parents."""
    case = crowd.market.case
    if not case.blocks:
        return {}
    if relaxation.program is None:
        ratio = family_gains(crowd.families, nodes=relaxation.nodes).ratio
    else:
        program = relaxation.program
        ratio = program.relaxed.orders[program.columns.count - program.columns.blocks :]
    taken: set[int] = set()
    groups: set[str] = set()
    for i in sorted(np.nonzero(ratio >= _TAKEN)[0].tolist(), key=lambda i: -ratio[i]):
        group = case.blocks[i].group
        if group is None or group not in groups:
            taken.add(i)
            if group is not None:
                groups.add(group)
    kept = _with_parents(case, taken)
    return {i: block_quanta(case, i, 1.0) for i in sorted(kept)}


def _with_parents(case: Case, taken: set[int]) -> set[int]:
    number = {block.id: i for i, block in enumerate(case.blocks)}
    while True:
        parents = {i: case.blocks[i].parent for i in taken}
        orphans = {i for i, p in parents.items() if p is not None and number[p] not in taken}
        if not orphans:
            return taken
        taken = taken - orphans


def round_lots(case: Case, relaxation: Relaxation) -> dict[tuple[Side, int], int]:
    """Take whole lots."""
    program = relaxation.program
    if program is None or not program.columns.lots:
        return {}
    begin = len(program.columns.cells.job) + len(program.columns.offer_slots)
    shares = program.relaxed.orders[begin : begin + len(program.columns.lots)].tolist()
    return lot_quanta(case, relaxation.nodes, dict(zip(program.columns.lots, shares, strict=True)))


def mixed_jobs(crowd: Crowd, program: Program, relaxed: Relaxed) -> dict[int, JobPlan]:
    """Read the plans of jobs whose shares stand as they are."""
    case = crowd.market.case
    tied = at_a_step(crowd.market, relaxed.node_price)

    def bends(zone: int, k: int, slot: int) -> bool:
        return bool(tied[case.node(zone, k, slot)])

    plans = {}
    for index, own in _shares(case, program, relaxed).items():
        job = case.jobs[index]
        if not mixes(job):
            continue
        if job.shape is Shape.PREEMPTIBLE:
            plan = _all_or_nothing(case, job, own)
        else:
            plan = divisible_plan(case, job, own, bends=bends)
        if plan is not None:
            plans[index] = plan
    return plans


def _shares(case: Case, program: Program, relaxed: Relaxed) -> dict[int, list[Share]]:
    cells = program.columns.cells
    shares: defaultdict[int, list[Share]] = defaultdict(list)
    zones, classes = len(case.zones), len(case.classes)
    values = relaxed.orders[: len(cells.job)]
    taken = np.nonzero(values > _SHARE_MIN)[0]
    for job, node, cards in zip(
        cells.job[taken].tolist(), cells.node[taken].tolist(), values[taken].tolist(), strict=True
    ):
        place = (node % zones, node // zones % classes, node // (zones * classes))
        shares[job].append((*place, cards))
    return dict(shares)


def _all_or_nothing(case: Case, job: FlexibleJob, shares: list[Share]) -> JobPlan | None:
    """Take a preemptible job with most of its work done, in the place that does most of it."""
    done: defaultdict[tuple[int, int], float] = defaultdict(float)
    for zone, k, slot, cards in shares:
        done[zone, k] += cards * float(job.classes[k] * case.hours[slot])
    if sum(done.values()) < float(job.work) * _TAKEN:
        return None
    place = max(done, key=lambda p: (done[p], p))
    own = [share for share in shares if share[:2] == place]
    return divisible_plan(case, job, own, whole=True)


def mixed_again(
    crowd: Crowd, program: Program, *, decided: Plans, mixed: dict[int, JobPlan], work: Work
) -> dict[int, JobPlan]:
    """Solve again for the mixed jobs around what is decided; preemptible ones do all or nothing."""
    case, columns = crowd.market.case, program.columns
    job_of = columns.cells.job
    whole = np.zeros(len(case.jobs), np.bool_)
    is_open = np.zeros(len(case.jobs), np.bool_)
    chosen = np.full(len(case.jobs), -1, np.int64)
    for index, job in enumerate(case.jobs):
        if mixes(job) and job.shape is Shape.DIVISIBLE:
            is_open[index] = True
        elif index in mixed:
            is_open[index] = True
            whole[index] = True
            place = mixed[index].cells[0]
            chosen[index] = place.card_class * len(case.zones) + place.zone
    per_slot = len(case.zones) * len(case.classes)
    elsewhere = (chosen[job_of] >= 0) & (columns.cells.node % per_slot != chosen[job_of])
    upper = np.zeros(columns.count)
    upper[: len(job_of)] = np.where(is_open[job_of] & ~elsewhere, columns.upper[: len(job_of)], 0.0)
    # Worth far more than anything else, so that they do all their work if it can be done at all.
    favour = np.zeros(columns.count)
    bonus = _FAVOUR * (crowd.high - crowd.low)
    favour[: len(job_of)] = np.where(whole[job_of], bonus * columns.cells.done, 0.0)
    relaxed = program.master.solve(
        upper,
        favour=favour,
        taken=demand_of(case, decided) / case.quantum + max(_SPARE, _SPARE_QUANTA / case.quantum),
        load=load_of(case, decided) / case.quantum,
    )
    work.spend(relaxed.iterations / 10)
    found = mixed_jobs(crowd, program, relaxed) if relaxed.solved else mixed
    return {i: plan for i, plan in found.items() if _is_finished(case, case.jobs[i], plan)}


def _is_finished(case: Case, job: FlexibleJob, plan: JobPlan) -> bool:
    """Say whether a job that takes all the work or nothing does all of it."""
    if job.shape is Shape.DIVISIBLE:
        return True
    each = (job.classes[c.card_class] * case.hours[c.slot] * c.cards for c in plan.cells)
    return sum(each, Fraction(0)) >= job.work * case.quantum

"""All runs of a contiguous job that gain anything, best first: laid out once, asked many times.

While jobs are placed again and again only the room changes, not what a run gains. So a job's runs
are tried and sorted once; the best one with room for it is the first in the list that fits.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from suanwang.market.clearing.own.arrays import CONTIGUOUS, Record, Records
from suanwang.market.clearing.own.bench import SLACK, Bench, Terms, clear_plan, lay_out, lay_values
from suanwang.market.clearing.own.compiled import bare, kernel
from suanwang.market.clearing.own.contiguous import plan_contiguous
from suanwang.market.clearing.own.ranks import ranked

RUNS_MAX: Final = 512  # of one job; who has more is planned slot by slot each time
RUNS_IN_ALL: Final = 2_000_000  # 64 MB
RUN: Final = np.dtype(
    [("gain", "f8"), ("width", "f8"), ("alternative", "i4"), ("first", "i4"), ("after", "i4")],
    align=True,
)


class Choices(NamedTuple):
    """Runs of every job, gains falling; equal gains in the order in which they would be tried."""

    first: NDArray[np.int64]  # [jobs + 1]
    runs: Records  # RUN
    listed: NDArray[np.bool_]  # [jobs]: whether the job's runs are all there


def list_choices(terms: Terms, bench: Bench) -> Choices:
    """List the runs of all contiguous jobs without data under these terms, whatever the room."""
    own = terms.jobs["alternative_after"] - terms.jobs["alternative_first"]
    window = terms.jobs["end"] - terms.jobs["start"]
    likely = int((own * window * (terms.jobs["shape"] == CONTIGUOUS)).sum()) + RUNS_MAX
    found, first, listed = _list(
        terms._replace(room=np.empty(0), pool_room=np.empty(0)), bench,
        np.empty(RUNS_MAX, RUN), np.empty(min(likely, RUNS_IN_ALL), RUN),
    )  # fmt: skip
    return Choices(first, found, listed)


@kernel
def _list(
    terms: Terms, bench: Bench, own: Records, runs: Records
) -> tuple[Records, NDArray[np.int64], NDArray[np.bool_]]:
    jobs = len(terms.jobs)
    first, listed = np.zeros(jobs + 1, np.int64), np.zeros(jobs, np.bool_)
    used = 0
    for index in range(jobs):
        job = terms.jobs[index]
        if job.shape == CONTIGUOUS and job.hub < 0:
            count = _runs_of(terms, bench, job, own)
            if 0 <= count <= len(runs) - used:
                listed[index] = True
                order = ranked(-own["gain"][:count])
                for i in range(count):
                    runs[used + i] = own[order[i]]
                used += count
        first[index + 1] = used
    return runs[:used], first, listed


@bare
def _runs_of(terms: Terms, bench: Bench, job: Record, own: Records) -> int:
    """Write down the runs that gain anything; −1 where they are too many."""
    slots, count = bench.slots, 0
    lay_values(terms.steps, slots, job)
    for alternative in range(job.alternative_first, job.alternative_after):
        all_cost = lay_out(terms, slots, job, terms.alternatives[alternative])
        short = job.falling == 1 and all_cost
        count = _add_runs(slots, job, (own, alternative, short), count)
        if count < 0:
            return -1
    return count


@bare
def _add_runs(slots: Records, job: Record, to: tuple[Records, int, bool], count: int) -> int:
    # The same runs in the same order, with the same numbers, as `_improve` in `contiguous`.
    own, alternative, short = to
    end, work, least, most = job.end, job.work, job.cards_min, job.cards_max
    needed = work * (1.0 - SLACK) / most
    soonest = job.start + 1
    for first in range(job.start, end):
        done, cost = slots[first].done_sum, slots[first].cost_sum
        soonest = max(soonest, first + 1)
        while soonest <= end and slots[soonest].done_sum - done < needed:
            soonest += 1
        if soonest > end:
            break
        for after in range(soonest, end + 1):
            width = min(max(least, work / (slots[after].done_sum - done)), most)
            gain = slots[after - 1].value - width * (slots[after].cost_sum - cost)
            if gain > 0.0:
                if count == len(own):
                    return -1
                run = own[count]
                run.gain, run.width, run.alternative = gain, width, alternative
                run.first, run.after = first, after
                count += 1
            if short and width <= least:
                break
    return count


@bare
def choose(terms: Terms, bench: Bench, choices: Choices, who: tuple[int, Record]) -> None:
    """Write a job's best plan within the room; `who` is its index and its plan."""
    index, plan = who
    if not choices.listed[index]:
        plan_contiguous(terms, bench, terms.jobs[index], plan)
        return
    clear_plan(plan)
    for at in range(choices.first[index], choices.first[index + 1]):
        run = choices.runs[at]
        if _fits(terms, run):
            plan.gain, plan.width, plan.alternative = run.gain, run.width, run.alternative
            plan.first, plan.after = run.first, run.after
            return


@bare
def _fits(terms: Terms, run: Record) -> bool:
    option, places, slots = terms.alternatives[run.alternative], len(terms.kg), len(terms.hours)
    # Room is a sum of floats, so what is missing by an ulp or two is there.
    width = run.width * (1.0 - SLACK)
    for at in range(run.first * places + option.place, run.after * places, places):
        if terms.room[at] < width:
            return False
    if option.pool >= 0 and len(terms.pool_room) > 0:
        for at in range(option.pool * slots + run.first, option.pool * slots + run.after):
            if terms.pool_room[at] < width:
                return False
    return True

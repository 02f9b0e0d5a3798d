"""Contiguous jobs: the best unbroken run of constant width, exact.

    gain(first, after) = value − width × (cost_sum[after] − cost_sum[first]) − data
    width              = the least that does the work, and at least cards_min

Runs of every length are tried, unless no slot costs less than nothing and the value never rises:
then a run longer than the least width needs only costs more. Most jobs of a live round have neither
room nor data nor carbon to look at: their sums are ready for all jobs, and a run is a few lookups.
"""

from __future__ import annotations

from suanwang.market.clearing.own.arrays import Floats, Record, Records
from suanwang.market.clearing.own.bench import SLACK, Bench, Terms, clear_plan, lay_out, lay_values
from suanwang.market.clearing.own.compiled import bare


@bare
def plan_contiguous(terms: Terms, bench: Bench, job: Record, plan: Record) -> None:
    """Write the best plan of a contiguous job, within the room if there is one."""
    slots = bench.slots
    clear_plan(plan)
    lay_values(terms.steps, slots, job)
    for alternative in range(job.alternative_first, job.alternative_after):
        option = terms.alternatives[alternative]
        if job.hub < 0 and job.carbon_weight == 0.0 and len(terms.room) == 0:
            place, pool = option.place, option.pool
            short = job.falling if terms.rate_least[place] + option.transfer >= 0.0 else 0
            sums = (terms.elapsed, terms.rate_sum[place], terms.pool_sum[max(pool, 0)])
            better = _improve_plainly(sums, slots, (job, option, plan), short)
        else:
            all_cost = lay_out(terms, slots, job, option)
            better = _improve(slots, job, plan, job.falling if all_cost else 0)
        if better:
            plan.alternative = alternative


@bare
def _improve_plainly(
    sums: tuple[Floats, Floats, Floats],
    slots: Records,
    who: tuple[Record, Record, Record],
    short: int,
) -> bool:
    job, option, plan = who
    elapsed, rates, pool_rates = sums  # row 0 of no pools is never read
    pool, transfer, speed = option.pool, option.transfer, option.speed
    end, work, least, most = job.end, job.work, job.cards_min, job.cards_max
    needed = work * (1.0 - SLACK) / (most * speed)  # hours that the widest run must last
    best, best_first, best_after, best_width = plan.gain, -1, 0, 0.0
    soonest = job.start + 1
    for first in range(job.start, end):
        since = elapsed[first]
        soonest = max(soonest, first + 1)
        while soonest <= end and elapsed[soonest] - since < needed:
            soonest += 1
        if soonest > end:
            break
        for after in range(soonest, end + 1):
            hours = elapsed[after] - since
            done = speed * hours
            width = least if least * done >= work else min(most, max(least, work / done))
            cost = rates[after] - rates[first] + transfer * hours
            if pool >= 0:
                cost += pool_rates[after] - pool_rates[first]
            gain = slots[after - 1].value - width * cost
            if gain > best:
                best, best_first, best_after, best_width = gain, first, after, width
            if short == 1 and width <= least:
                break
    if best_first >= 0:
        plan.gain, plan.width = best, best_width
        plan.first, plan.after = best_first, best_after
    return best_first >= 0


@bare
def _improve(slots: Records, job: Record, plan: Record, short: int) -> bool:
    end, work, least, most = job.end, job.work, job.cards_min, job.cards_max
    needed = work * (1.0 - SLACK) / most  # work per card that the widest run must do
    best, soonest = plan.gain, job.start + 1
    for first in range(job.start, end):
        done, cost, data_in = slots[first].done_sum, slots[first].cost_sum, slots[first].data_in
        soonest = max(soonest, first + 1)
        while soonest <= end and slots[soonest].done_sum - done < needed:
            soonest += 1
        if soonest > end:
            break
        cap = most
        for slot in range(first, soonest - 1):
            cap = min(cap, slots[slot].cap)
        for after in range(soonest, end + 1):
            cap = min(cap, slots[after - 1].cap)
            if cap < least or cap <= 0.0:
                break
            width = max(least, work / (slots[after].done_sum - done))
            if width > cap * (1.0 + SLACK):
                continue
            width = min(width, cap)
            gain = slots[after - 1].value - width * (slots[after].cost_sum - cost)
            gain -= data_in + slots[after].data_out
            if gain > plan.gain:
                plan.gain, plan.width = gain, width
                plan.first, plan.after = first, after
            if short == 1 and width <= least:
                break
    return bool(plan.gain > best)

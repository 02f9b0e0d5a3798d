"""From shares of cells to a job's whole quanta: never more work than it has, nor a quantum less."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from math import floor, lcm

from suanwang.market.case.model import Case, FlexibleJob
from suanwang.market.clearing.plans import Cell, JobPlan

_PRECISION = 10**9  # parts of a card that a float solution can tell apart
_NEARLY = 1 - Fraction(1e-7)  # a job this near to all its work has all of it


def divisible_plan(
    case: Case,
    job: FlexibleJob,
    shares: Iterable[tuple[int, int, int, float]],
    *,
    whole: bool = False,
    bends: Callable[[int, int, int], bool] = lambda zone, k, slot: True,  # noqa: ARG005
) -> JobPlan | None:
    """Cut shares (zone, class, slot, cards) of a job that may take any to whole quanta.

    Where nearly all its work is done, the cell that bends most takes exactly what is left: cut
    down, or up where the job must do all its work (`whole`). `bends` says at which (zone, class,
    slot) other orders can make room; elsewhere the cards there are all taken.
    """
    quantum = case.quantum
    most = floor(job.cards_max * quantum)
    quanta = {
        (zone, k, slot): min(_cut(cards, quantum), most)
        for zone, k, slot, cards in shares
        if cards * quantum >= 1
    }
    if not quanta:
        return None
    rates, parts = _rates(case, job, quanta)
    done = sum([rates[key] * count for key, count in quanta.items()])
    # Whole numbers, in parts of a work unit × quantum × what the work is divided by.
    work, divided = job.work.numerator * quantum * parts, job.work.denominator
    if done * divided * _NEARLY.denominator > work * _NEARLY.numerator:
        chosen = max(quanta, key=lambda key: (bends(*key), min(quanta[key], most - quanta[key])))
        others = done - rates[chosen] * quanta[chosen]
        rest, each = work - others * divided, rates[chosen] * divided
        # What may mix cells shares its width in a slot with its other cells there.
        room = most - sum(q for key, q in quanta.items() if key[2] == chosen[2] and key != chosen)
        quanta[chosen] = min(-(-rest // each) if whole else rest // each, room)
        if quanta[chosen] < 0 or (whole and quanta[chosen] * each < rest):
            return None
    cells = tuple(Cell(*key, count) for key, count in sorted(quanta.items()) if count > 0)
    return JobPlan(cells=cells) if cells else None


def _rates(
    case: Case, job: FlexibleJob, cells: Iterable[tuple[int, int, int]]
) -> tuple[dict[tuple[int, int, int], int], int]:
    """Return the work of a card in each cell in whole parts, and how many parts make a unit."""
    pairs = {key: (job.classes[key[1]], case.hours[key[2]]) for key in cells}
    parts = lcm(*(speed.denominator * hours.denominator for speed, hours in pairs.values()))
    rates = {
        key: speed.numerator * hours.numerator * (parts // (speed.denominator * hours.denominator))
        for key, (speed, hours) in pairs.items()
    }
    return rates, parts


def _cut(cards: float, quantum: int) -> int:
    """Cut a float of the linear program to quanta: what lies beyond its precision is not meant."""
    grain = max(1, quantum // _PRECISION)
    return floor(cards * min(quantum, _PRECISION) + 0.1) * grain

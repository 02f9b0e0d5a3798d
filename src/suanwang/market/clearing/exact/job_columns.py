"""Columns of jobs: one function a shape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from suanwang.market.case.model import Case, FlexibleJob, Shape
from suanwang.market.clearing.exact.data_columns import Moved, add_data, add_parts_data
from suanwang.market.clearing.exact.model import Amount, Model, OpenTerms, Terms
from suanwang.market.clearing.exact.programme import Term
from suanwang.market.clearing.plans import Cell

SLIVER = 1e-6  # cards that stand for a quantum: next to nothing, but not to the solver
Place = tuple[int, int, int]  # zone, class, and pool of a gang or −1


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One way to run a contiguous job: all is fixed but whether."""

    on: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A preemptible job at one place: which slots are on, and how wide."""

    here: int
    place: Place
    on: dict[int, int]  # slot → column
    width: dict[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobColumns:
    """A job's columns; which of these are there depends on its shape."""

    runs: tuple[Run, ...] = ()
    spreads: tuple[Spread, ...] = ()
    parts: tuple[tuple[tuple[int, int, int], int], ...] = ()  # (zone, class, slot), column
    moved: tuple[Moved, ...] = ()


def add_jobs(model: Model) -> list[JobColumns]:
    """Write all jobs into the model."""
    add = {
        Shape.CONTIGUOUS: _contiguous,
        Shape.PREEMPTIBLE: _preemptible,
        Shape.DIVISIBLE: _divisible,
    }
    return [add[job.shape](model, job) for job in model.market.case.jobs]


def pauses_count(job: FlexibleJob) -> bool:
    """Say whether a preemptible job has a reason not to pause."""
    return job.setup > 0 or job.max_pauses is not None


def places_of(case: Case, job: FlexibleJob) -> list[Place]:
    """Return where a job of one place may run; for a gang each pool is a place of its own."""
    places = [(zone, k) for zone in job.zones for k in job.classes]
    if not job.gang:
        return [(zone, k, -1) for zone, k in places]
    return [(*at, pool) for pool, at in enumerate(case.pool_places) if at in places]


def run_cells(case: Case, job: FlexibleJob, place: Place) -> Iterator[tuple[Cell, ...]]:
    """Go through every run of slots, at the least whole width that does the work."""
    zone, k, pool = place
    least, most = ceil(job.cards_min * case.quantum), floor(job.cards_max * case.quantum)
    for first in range(job.start, job.end):
        hours = Fraction(0)
        for after in range(first + 1, job.end + 1):
            if job.value_at(after - 1) is None:
                break
            hours += case.hours[after - 1]
            width = max(least, ceil(job.work * case.quantum / (job.classes[k] * hours)))
            if width <= most:
                yield tuple(Cell(zone, k, t, width, pool) for t in range(first, after))


def _card_cost(model: Model, job: FlexibleJob, place: Place, slot: int) -> float:
    """Return the yuan that a card in a cell costs the welfare for the whole slot."""
    case = model.market.case
    kg = case.kg.get((slot, place[1], place[0]), Fraction(0))
    return float((job.zones[place[0]] + job.carbon_weight * kg) * case.hours[slot])


def _contiguous(model: Model, job: FlexibleJob) -> JobColumns:
    case, runs = model.market.case, []
    for place in places_of(case, job):
        costs = [_card_cost(model, job, place, t) for t in range(case.slots)]
        for cells in run_cells(case, job, place):
            value, width = job.value_at(cells[-1].slot), cells[0].cards / case.quantum
            assert value is not None, "a run after the deadline"
            worth = float(value) - width * sum(costs[cell.slot] for cell in cells)
            on, hours = model.choice(worth), dict[int, float]()
            for cell in cells:
                node = case.node(cell.zone, cell.card_class, cell.slot)
                model.give(on, -width, node=node, pool=cell.pool)
                hours[node] = -width * model.hours[cell.slot]
            model.terms.append(Terms(on=on, worth=worth, card_hours=hours))
            runs.append(Run(on=on, cells=cells))
    model.programme.row([(run.on, 1.0) for run in runs], high=1.0)
    by_zone: defaultdict[int, list[Run]] = defaultdict(list)
    for run in runs:
        by_zone[run.cells[0].zone].append(run)
    moved = [
        add_data(
            model, job, zone,
            all_of_it=[run.on for run in of_zone],
            busy={t: [r.on for r in of_zone if r.cells[0].slot <= t] for t in _window(job)},
            later={t: [r.on for r in of_zone if r.cells[-1].slot >= t] for t in _window(job)},
        )
        for zone, of_zone in by_zone.items()
    ]  # fmt: skip
    return JobColumns(runs=tuple(runs), moved=tuple(m for each in moved for m in each))


def _window(job: FlexibleJob) -> range:
    return range(job.start, job.end)


def _preemptible(model: Model, job: FlexibleJob) -> JobColumns:
    spreads, moved = [], list[Moved]()
    for place in places_of(model.market.case, job):
        spread = _spread(model, job, place)
        spreads.append(spread)
        on = spread.on
        moved += add_data(
            model, job, place[0],
            all_of_it=[spread.here],
            busy={t: [on[u] for u in on if u <= t] for t in _window(job)},
            later={t: [on[u] for u in on if u >= t] for t in _window(job)},
        )  # fmt: skip
    model.programme.row([(spread.here, 1.0) for spread in spreads], high=1.0)
    return JobColumns(spreads=tuple(spreads), moved=tuple(moved))


def _spread(model: Model, job: FlexibleJob, place: Place) -> Spread:
    programme, case = model.programme, model.market.case
    window = [t for t in _window(job) if job.value_at(t) is not None]
    here, starts, least = model.loose_choice(), list[Term](), _least_width(job)
    on, width = dict[int, int](), dict[int, int]()
    for t in window:
        on[t] = model.loose_choice()
        width[t] = model.amount(-_card_cost(model, job, place, t))
        model.give(width[t], -1.0, node=case.node(place[0], place[1], t), pool=place[2])
        programme.row([(on[t], 1.0), (here, -1.0)], high=0.0)
        programme.row([(width[t], 1.0), (on[t], -float(job.cards_max))], high=0.0)
        programme.row([(width[t], 1.0), (on[t], -least)], low=0.0)
        start = programme.switch()
        before = [(on[t - 1], 1.0)] if t - 1 in on else []
        programme.row([(start, 1.0), (on[t], -1.0), *before], low=0.0)
        # Each start but the first is a pause to make up for: none that is not one.
        programme.row([(start, 1.0), *before], high=1.0)
        programme.row([(start, 1.0), (on[t], -1.0)], high=0.0)
        starts.append((start, 1.0))
    if job.max_pauses is not None:
        programme.row([*starts, (here, -1.0 - job.max_pauses)], high=0.0)
    spread = Spread(here=here, place=place, on=on, width=width)
    _add_work(model, job, spread, starts)
    finish = _add_finish(model, job, spread)
    amounts = [
        Amount(
            column=width[t], node=case.node(place[0], place[1], t), sign=-1.0,
            least=least, most=float(job.cards_max), on=on[t],
        )
        for t in window
    ]  # fmt: skip
    columns = (*finish, *width.values())
    model.open_terms.append(OpenTerms(columns=columns, amounts=tuple(amounts)))
    return spread


def _least_width(job: FlexibleJob) -> float:
    # A slot of no width is a pause; where pauses count, a slot that is on must have some.
    return max(float(job.cards_min), SLIVER if pauses_count(job) else 0.0)


def _add_work(model: Model, job: FlexibleJob, spread: Spread, starts: list[Term]) -> None:
    """All the work and what pauses cost; more only where every width is the least already."""
    programme, case = model.programme, model.market.case
    speed, least, most = job.classes[spread.place[1]], _least_width(job), float(job.cards_max)
    rate = {t: float(speed * case.hours[t]) for t in spread.on}
    done = [(spread.width[t], rate[t]) for t in spread.on]
    needed = [(start, -float(job.setup)) for start, _ in starts]
    needed.append((spread.here, float(job.setup - job.work)))
    programme.row([*done, *needed], low=0.0)
    more = programme.switch()
    last_bit = least * max(rate.values(), default=0.0)
    programme.row([*done, *needed, (more, -last_bit)], high=0.0)
    for t, on in spread.on.items():
        terms = [(spread.width[t], 1.0), (on, -least), (more, most)]
        programme.row(terms, high=most)


def _add_finish(model: Model, job: FlexibleJob, spread: Spread) -> list[int]:
    """Of the value steps take the one in which the last slot falls."""
    programme, before, steps = model.programme, 0, list[Term]()
    for end, value in job.values:
        step = programme.switch(float(value))
        steps.append((step, 1.0))
        for t, on in spread.on.items():
            if t >= end:
                programme.row([(on, 1.0), (step, 1.0)], high=1.0)
        last = [(on, 1.0) for t, on in spread.on.items() if before <= t < end]
        programme.row([*last, (step, -1.0)], low=0.0)
        before = end
    programme.row([*steps, (spread.here, -1.0)], low=0.0, high=0.0)
    return [step for step, _ in steps]


def _divisible(model: Model, job: FlexibleJob) -> JobColumns:
    case, programme, parts, done = model.market.case, model.programme, [], list[Term]()
    shares: defaultdict[int, defaultdict[int, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for t in _window(job):
        value, widths = job.value_at(t), list[Term]()
        if value is None:
            break
        for zone, k, pool in places_of(case, job):
            work = job.classes[k] * case.hours[t]
            cost = _card_cost(model, job, (zone, k, pool), t)
            column = model.amount(float(value * work / job.work) - cost)
            model.give(column, -1.0, node=case.node(zone, k, t))
            widths.append((column, 1.0))
            done.append((column, float(work)))
            parts.append(((zone, k, t), column))
            shares[zone][t].append((column, float(work / job.work)))
        programme.row(widths, high=float(job.cards_max))
    programme.row(done, high=float(job.work))
    moved = [m for zone, of in shares.items() for m in add_parts_data(model, job, zone, of)]
    return JobColumns(parts=tuple(parts), moved=tuple(moved))

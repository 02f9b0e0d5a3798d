"""From the solver's floats to plans in whole quanta that keep every order's own conditions."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

from suanwang.market.case.model import Case, FlexibleJob, Offer, Side
from suanwang.market.clearing.exact.block_reading import block_quantities
from suanwang.market.clearing.exact.columns import Columns
from suanwang.market.clearing.exact.job_columns import SLIVER, JobColumns, Spread, pauses_count
from suanwang.market.clearing.exact.moves import moves_of
from suanwang.market.clearing.exact.order_columns import OfferColumns, without_runs
from suanwang.market.clearing.exact.reader import Reader, Rounding
from suanwang.market.clearing.plans import Cell, JobPlan, Plans
from suanwang.market.clearing.whole_jobs import divisible_plan


def plans_of(case: Case, columns: Columns, reader: Reader) -> Plans:
    """Read the plans that an answer tells."""
    jobs = {
        j: plan
        for j, each in enumerate(columns.jobs)
        if (plan := _job_plan(case, case.jobs[j], each, reader)) is not None
    }
    offers = {
        o: cards
        for o, each in enumerate(columns.offers)
        if any(cards := _offer_cards(case, case.offers[o], each, reader))
    }
    blocks = block_quantities(case, columns.blocks, reader)
    return Plans(jobs=jobs, blocks=blocks, offers=offers, lots=_lots(case, columns, reader))


def _lots(case: Case, columns: Columns, reader: Reader) -> dict[tuple[Side, int], int]:
    found = {}
    for (side, index), bits in columns.lots.items():
        count = sum(1 << b for b, column in enumerate(bits) if reader.is_on(column))
        if count:
            steps = case.bids if side is Side.BID else case.asks
            found[side, index] = count * int(steps.lot[index])
    return found


def _offer_cards(
    case: Case, offer: Offer, columns: OfferColumns, reader: Reader
) -> tuple[int, ...]:
    """Return quanta of every slot of the case."""
    quanta, least = [0] * case.slots, ceil(offer.quantity_min * case.quantum)
    free = without_runs(offer)
    for i, column in enumerate(columns.cards):
        if free or reader.is_on(columns.on[i]):
            slot = offer.start + i
            most = floor(offer.quantity[slot] * case.quantum)
            quanta[slot] = reader.quanta(column, least=least, most=most)
    if offer.ramp is not None:
        _keep_ramp(quanta, floor(offer.ramp * case.quantum))
    return tuple(quanta)


def _keep_ramp(quanta: list[int], ramp: int) -> None:
    # What is a hair too steep is cut down from above: forwards, then backwards.
    for order, step in ((range(1, len(quanta)), -1), (range(len(quanta) - 2, -1, -1), 1)):
        for slot in order:
            beside = quanta[slot + step]
            if beside:
                quanta[slot] = min(quanta[slot], beside + ramp)


def _job_plan(case: Case, job: FlexibleJob, columns: JobColumns, reader: Reader) -> JobPlan | None:
    if columns.parts:
        cells = _part_cells(case, job, columns, reader)
    else:
        cells = next((run.cells for run in columns.runs if reader.is_on(run.on)), ())
        for spread in columns.spreads:
            if reader.is_on(spread.here):
                cells = _spread_cells(case, job, spread, reader)
    if not cells:
        return None
    moves = moves_of(case, job, cells, moved=columns.moved, values=reader.values)
    return JobPlan(cells=cells, moves=moves)


def _part_cells(
    case: Case, job: FlexibleJob, columns: JobColumns, reader: Reader
) -> tuple[Cell, ...]:
    """Return a divisible job's cells: all its work to the quantum, or each cell as it was."""
    shares = [(*at, float(reader.values[column])) for at, column in columns.parts]
    # Where a cell must be just what it is, none may take what rounding has left.
    cut = [Cell(z, k, t, floor(cards * case.quantum + 1e-3)) for z, k, t, cards in sorted(shares)]
    done = (job.classes[c.card_class] * case.hours[c.slot] * c.cards for c in cut)
    if reader.rounding is Rounding.UP and sum(done) <= job.work * case.quantum:
        return tuple(cell for cell in cut if cell.cards > 0)
    plan = divisible_plan(case, job, shares)
    return () if plan is None else plan.cells


def _spread_cells(case: Case, job: FlexibleJob, spread: Spread, reader: Reader) -> tuple[Cell, ...]:
    zone, k, pool = spread.place
    least, most = ceil(job.cards_min * case.quantum), floor(job.cards_max * case.quantum)
    widths = {}
    for t, on in spread.on.items():
        cards = reader.quanta(spread.width[t], least=least, most=most) if reader.is_on(on) else 0
        if least == 0 and cards <= 2 * SLIVER * case.quantum:
            cards = 1 if reader.is_on(on) and pauses_count(job) else 0
        if cards:
            widths[t] = cards
    pauses = sum(after > before + 1 for before, after in pairwise(widths))
    rates = {t: job.classes[k] * case.hours[t] for t in widths}
    needed = (job.work + job.setup * pauses) * case.quantum
    fit_work(widths, rates, needed=needed, limits=(max(least, 1), most))
    return tuple(Cell(zone, k, t, cards, pool) for t, cards in widths.items())


def fit_work(
    widths: dict[int, int],
    rates: Mapping[int, Fraction],
    *,
    needed: Fraction,
    limits: tuple[int, int],
) -> None:
    """Bend whole widths, in place, until they do the work needed and no more than they must.

    Args:
        widths: slot → quanta.
        rates: slot → work of a card.
        needed: work × quanta in a card.
        limits: the least and the most quanta of a width.
    """
    least, most = limits
    # The slot with most room both ways bends first: it is the one that nothing else has fixed.
    for slot in sorted(rates, key=lambda t: max(least - widths[t], widths[t] - most)):
        done = sum((rates[t] * widths[t] for t in rates), Fraction(0))
        rest = needed - done + rates[slot] * widths[slot]
        widths[slot] = min(max(ceil(rest / rates[slot]), least), most)

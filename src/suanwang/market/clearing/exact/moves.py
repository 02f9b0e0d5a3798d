"""From flows of data in floats to whole quanta along paths, so that nothing is lost underway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from suanwang.market.case.model import Case, FlexibleJob, Shape
from suanwang.market.clearing.exact.data_columns import Moved
from suanwang.market.clearing.exact.programme import Floats
from suanwang.market.clearing.plans import Cell, Move

_NOTHING = 1e-7  # GB; less is what is left of rounding
Path = tuple[tuple[int, ...], int, float]  # links, slot, GB


def moves_of(
    case: Case, job: FlexibleJob, cells: Sequence[Cell], *, moved: Sequence[Moved], values: Floats
) -> tuple[Move, ...]:
    """Return the moves of a job that runs in these cells, all of their GB to the quantum."""
    moves: dict[tuple[int, int, bool], int] = {}
    for way in moved:
        paths = [path for t in range(case.slots) for path in _paths(case, way, t, values)]
        if not paths:
            continue
        amounts = [round(gb * case.quantum) for _, _, gb in paths]
        # The widest path takes what rounding has left.
        widest = max(range(len(paths)), key=lambda i: amounts[i])
        amounts[widest] += _needed(case, job, cells, way) - sum(amounts)
        for (links, slot, _), gb in zip(paths, amounts, strict=True):
            for link in links:
                key = (link, slot, way.inwards)
                moves[key] = moves.get(key, 0) + gb
    return tuple(
        Move(link, slot, gb, inwards) for (link, slot, inwards), gb in sorted(moves.items()) if gb
    )


def _needed(case: Case, job: FlexibleJob, cells: Sequence[Cell], way: Moved) -> int:
    """Return the quanta of GB that must go one way: the share of the parts in its zone."""
    assert job.data is not None, "moves of no data"
    zone = way.target if way.inwards else way.source
    done = {True: Fraction(0), False: Fraction(0)}
    for cell in cells:
        work = job.classes[cell.card_class] * case.hours[cell.slot] * cell.cards
        done[cell.zone == zone] += work
    if job.shape is Shape.DIVISIBLE:
        share = done[True] / (job.work * case.quantum)
    else:
        share = done[True] / (done[True] + done[False])
    return round(share * (job.data.gb_in if way.inwards else job.data.gb_out) * case.quantum)


def _paths(case: Case, way: Moved, slot: int, values: Floats) -> Iterator[Path]:
    """Take paths off one slot's flow until nothing is left."""
    left = {link: float(values[c]) for (link, t), c in way.gb.items() if t == slot}
    while True:
        links = _path(case, way, {link for link, gb in left.items() if gb > _NOTHING})
        if not links:
            return
        gb = min(left[link] for link in links)
        for link in links:
            left[link] -= gb
        yield links, slot, gb


def _path(case: Case, way: Moved, links: set[int]) -> tuple[int, ...]:
    """Return links that lead from the one end to the other, as few as can be; none if none do."""
    known: dict[int, tuple[int, ...]] = {way.source: ()}
    queue = [way.source]
    for zone in queue:
        for link in sorted(links):
            target = case.links[link].target
            if case.links[link].source == zone and target not in known:
                known[target] = (*known[zone], link)
                queue.append(target)
    return known.get(way.target, ())

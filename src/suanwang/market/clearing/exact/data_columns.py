"""Columns of a job's data: GB over links in the slots before it runs, and after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from suanwang.market.case.model import FlexibleJob
from suanwang.market.clearing.exact.model import Model
from suanwang.market.clearing.exact.programme import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """GB that go one way between a job's data and a zone."""

    source: int  # zone
    target: int
    inwards: bool
    gb: dict[tuple[int, int], int]  # (link, slot) → column


def add_data(
    model: Model,
    job: FlexibleJob,
    zone: int,
    *,
    all_of_it: Sequence[int],
    busy: Mapping[int, Sequence[int]],
    later: Mapping[int, Sequence[int]],
) -> list[Moved]:
    """Write the moves of a job that takes all or nothing.

    Args:
        zone: where it runs.
        all_of_it: switches of which at most one is on, and then all data moves.
        busy: slot → switches that show that the job has begun by then.
        later: slot → switches that show that it is not over before then.
    """
    data = job.data
    if data is None or zone == data.at:
        return []
    there = Way(ends=(data.at, zone), gb=float(data.gb_in), inwards=True, barred=busy)
    back = Way(ends=(zone, data.at), gb=float(data.gb_out), inwards=False, barred=later)
    return [_move_all(model, job, way, all_of_it) for way in (there, back) if way.gb]


def add_parts_data(
    model: Model, job: FlexibleJob, zone: int, shares: Mapping[int, Sequence[Term]]
) -> list[Moved]:
    """Write the moves of a divisible job: what parts in a zone need, before or after them.

    Takes slot → terms that sum up to the share of the work done there in that slot.
    """
    data = job.data
    if data is None or zone == data.at:
        return []
    there = ((data.at, zone), data.gb_in, True)
    back = ((zone, data.at), data.gb_out, False)
    return [_move_parts(model, job, way, shares) for way in (there, back) if way[1]]


def _move_parts(
    model: Model,
    job: FlexibleJob,
    way: tuple[tuple[int, int], Fraction, bool],
    shares: Mapping[int, Sequence[Term]],
) -> Moved:
    (ends, gb, inwards), columns = way, dict[tuple[int, int], int]()
    window = range(job.start, job.end)
    sent = {t: _move(model, ends, slot=t, into=columns) for t in window}
    used = {t: [(c, share * float(gb)) for c, share in terms] for t, terms in shares.items()}
    for t in used:
        # What has been used by now has come before; what comes out from now on goes after.
        parts = [u for u in used if (u <= t if inwards else u >= t)]
        moves = [u for u in window if (u < t if inwards else u > t)]
        terms = [*(x for u in parts for x in used[u]), *((sent[u], -1.0) for u in moves)]
        model.programme.row(terms, high=0.0)
    total = [*(x for terms in used.values() for x in terms), *((c, -1.0) for c in sent.values())]
    model.programme.row(total, low=0.0, high=0.0)
    return Moved(source=ends[0], target=ends[1], inwards=inwards, gb=columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How much goes from where to where, and what bars it from a slot."""

    ends: tuple[int, int]
    gb: float
    inwards: bool
    barred: Mapping[int, Sequence[int]]


def _move_all(model: Model, job: FlexibleJob, way: Way, all_of_it: Sequence[int]) -> Moved:
    programme = model.programme
    columns, sent = dict[tuple[int, int], int](), list[Term]()
    for t in range(job.start, job.end):
        column = _move(model, way.ends, slot=t, into=columns)
        sent.append((column, 1.0))
        # Runs exclude each other, so they share a row; slots of one job each need their own.
        exclusive = set(way.barred[t]) <= set(all_of_it)
        for rows in [way.barred[t]] if exclusive else [[on] for on in way.barred[t]]:
            programme.row([(column, 1.0), *((on, way.gb) for on in rows)], high=way.gb)
    programme.row([*sent, *((on, -way.gb) for on in all_of_it)], low=0.0, high=0.0)
    return Moved(source=way.ends[0], target=way.ends[1], inwards=way.inwards, gb=columns)


def _move(
    model: Model, ends: tuple[int, int], *, slot: int, into: dict[tuple[int, int], int]
) -> int:
    """Add what goes all the way in one slot; it may pass through zones."""
    programme, case = model.programme, model.market.case
    sent = programme.column()
    net: defaultdict[int, list[Term]] = defaultdict(list)
    net[ends[0]].append((sent, -1.0))
    net[ends[1]].append((sent, 1.0))
    for j, link in enumerate(case.links):
        column = into[j, slot] = programme.column()
        net[link.source].append((column, 1.0))
        net[link.target].append((column, -1.0))
        programme.enter(model.link_row[j, slot], column, 1.0)
    for terms in net.values():
        programme.row(terms, low=0.0, high=0.0)
    return sent

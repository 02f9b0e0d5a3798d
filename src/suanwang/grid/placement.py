"""Where and when a job should go: every pool with its start, figures and reason, best first.

For each pool the earliest start with its cards free for data and the whole time limit, within two
days. A job that has a deadline may also start later, at a whole hour, where that is cheaper or
greener and still in time; without a deadline it starts as soon as it can. Scores are relative to
the best (see `score.py`); ties go to the cheaper, then the sooner, then the smaller pool id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from suanwang.basics.money import Money
from suanwang.basics.slots import Instant, format_instant, from_micros, to_micros
from suanwang.grid.catalogue import City, city
from suanwang.grid.centre import PoolState
from suanwang.grid.demand import Demand, Option, Preference, WhyNot
from suanwang.grid.explain import explain
from suanwang.grid.fees import TAKE_RATES, TakeRates
from suanwang.grid.fitting import Misfit, misfit
from suanwang.grid.list_price import HOUR_MICROS
from suanwang.grid.offer import Terms, latency_between, terms
from suanwang.grid.row import Verdict, bare_row, row
from suanwang.grid.score import (
    EQUAL,
    Figures,
    Yardstick,
    normalised,
    why_behind,
    why_chosen,
    yardstick,
)

HORIZON = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The demand with everything that is the same at every pool worked out once."""

    demand: Demand
    now: int
    not_before: int
    horizon: int
    deadline: int | None
    home: City | None
    weights: Mapping[Preference, float]
    take: TakeRates

    @classmethod
    def of(cls, demand: Demand, *, now: Instant, take: TakeRates, horizon: timedelta) -> _Asked:
        earliest = max(now, demand.earliest or now)
        return cls(
            demand=demand,
            now=to_micros(now),
            not_before=to_micros(earliest),
            horizon=to_micros(earliest + horizon),
            deadline=None if demand.deadline is None else to_micros(demand.deadline),
            home=None if demand.home is None else city(demand.home),
            weights=normalised(demand.weights),
            take=take,
        )


@dataclass(frozen=True, slots=True)
class _Start:
    """One start at one pool, with the figures that decide."""

    micros: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class _Possible:
    """A pool that can take the job, with every start worth weighing; `first` is the earliest."""

    known: Terms
    first: int
    starts: list[_Start]


@dataclass(frozen=True, slots=True)
class _Best:
    """A pool's best start with its score."""

    known: Terms
    first: int
    start: _Start
    score: float


def plan(
    demand: Demand,
    states: Sequence[PoolState],
    *,
    now: Instant,
    take: TakeRates = TAKE_RATES,
    horizon: timedelta = HORIZON,
) -> list[Option]:
    """Return an option for every pool: feasible ones best first, then the others with why not.

    The first feasible one is `chosen`. Deterministic: the order of `states` does not matter.
    Raises PlaceUnknown for a home that the catalogue does not know.
    """
    asked = _Asked.of(demand, now=now, take=take, horizon=horizon)
    possible: list[_Possible] = []
    refused: list[Option] = []
    for state in states:
        latency_ms = latency_between(asked.home, state.centre)
        wrong = misfit(demand, state, latency_ms)
        if wrong is not None:
            refused.append(
                bare_row(demand, state, wrong, at=asked.not_before, latency_ms=latency_ms)
            )
            continue
        known = terms(demand, state, latency_ms=latency_ms, take=take)
        first = _earliest(asked, known)
        late = _too_late(asked, known, first)
        starts = [] if late else _starts(asked, known, first)
        late = late or (None if starts else _too_dear(asked, known, first))
        if late is not None:
            refused.append(row(known, first, Verdict(misfit=late, first=first)))
        else:
            possible.append(_Possible(known, first, starts))
    refused.sort(key=_closeness)
    return _ranked(asked, possible) + refused


# The nearer to feasible, the higher in the list: a budget can be raised, a class cannot.
_CLOSENESS = {
    why: -i
    for i, why in enumerate(
        (
            WhyNot.ELSEWHERE, WhyNot.FAILED_THERE, WhyNot.SILENT, WhyNot.CLASS, WhyNot.CARDS,
            WhyNot.CORES, WhyNot.MEMORY, WhyNot.DISK, WhyNot.CAPABILITY, WhyNot.NO_STORE,
            WhyNot.LATENCY, WhyNot.TOO_SLOW, WhyNot.FULL, WhyNot.DEADLINE, WhyNot.COST,
        )
    )
}  # fmt: skip


def _closeness(option: Option) -> tuple[int, str]:
    assert option.why_not is not None, "only infeasible rows are sorted by how far they are off"
    return _CLOSENESS[option.why_not], option.pool_id


def _earliest(asked: _Asked, known: Terms) -> int:
    free = known.state.pool.cards - known.cards
    return known.state.profile.earliest(asked.not_before, known.kept_micros, at_most=free)


def _too_late(asked: _Asked, known: Terms, first: int) -> Misfit | None:
    if known.run_micros > known.limit_micros:
        detail = {
            "needed": str(known.run_micros // 10**6),
            "found": str(known.limit_micros // 10**6),
        }
        return Misfit(WhyNot.TOO_SLOW, detail)
    finish = first + known.whole_micros
    if asked.deadline is not None and finish > asked.deadline:
        detail = {"needed": _instant(asked.deadline), "found": _instant(finish)}
        return Misfit(WhyNot.DEADLINE, detail)
    if first > asked.horizon:
        return Misfit(WhyNot.FULL, {"needed": _instant(asked.horizon), "found": _instant(first)})
    return None


def _too_dear(asked: _Asked, known: Terms, first: int) -> Misfit:
    # `_starts` is only empty when every start costs more than the buyer's limit.
    assert asked.demand.cost_max is not None, "no start, and nothing that forbids one"
    found = Money(known.most_units(first), asked.demand.cost_max.asset)
    return Misfit(WhyNot.COST, {"needed": str(asked.demand.cost_max), "found": str(found)})


def _starts(asked: _Asked, known: Terms, first: int) -> list[_Start]:
    """Return the earliest start and, where waiting may pay, every whole hour that still fits."""
    limit = None if asked.demand.cost_max is None else asked.demand.cost_max.units
    return [
        _Start(start, _figures(asked, known, start))
        for start in (first, *_later(asked, known, first))
        if limit is None or known.most_units(start) <= limit
    ]


def _figures(asked: _Asked, known: Terms, start: int) -> Figures:
    carbon = known.carbon_g(start) if Preference.GREEN in asked.weights else 0.0
    finish = start + known.whole_micros - asked.now
    return Figures(known.cost_units(start), finish, known.latency_ms or 0.0, carbon)


def _later(asked: _Asked, known: Terms, first: int) -> list[int]:
    """Return the whole hours after `first` at which a start may be cheaper or greener."""
    cheaper = Preference.COST in asked.weights and not known.state.pool.price.is_flat
    greener = Preference.GREEN in asked.weights
    if asked.deadline is None or not known.cards or not (cheaper or greener):
        return []
    last = min(asked.horizon, asked.deadline - known.whole_micros)
    hour = (first // HOUR_MICROS + 1) * HOUR_MICROS
    free, profile = known.state.pool.cards - known.cards, known.state.profile
    return [
        start
        for start in range(hour, last + 1, HOUR_MICROS)
        if profile.is_free(start, known.kept_micros, at_most=free)
    ]


def _ranked(asked: _Asked, possible: list[_Possible]) -> list[Option]:
    """Choose each pool's best start, order the pools, and say why."""
    if not possible:
        return []
    measure = yardstick(asked.weights, (s.figures for each in possible for s in each.starts))
    ranked = sorted((_best(measure, each) for each in possible), key=_order)
    rows = [each.start.figures for each in ranked]
    options = []
    for i, each in enumerate(ranked):
        why, detail = _why(asked, measure, rows, index=i)
        verdict = Verdict(score=each.score, chosen=i == 0, why=why, detail=detail, first=each.first)
        options.append(row(each.known, each.start.micros, verdict))
    return options


def _why(
    asked: _Asked, measure: Yardstick, rows: list[Figures], *, index: int
) -> tuple[str, dict[str, str]]:
    if index == 0:
        return why_chosen(asked.weights, rows[0], rows), {}
    why, by = why_behind(measure, rows[index], rows[0])
    return why, {"by": f"{by:.12g}"} if why != EQUAL else {}


def _best(measure: Yardstick, possible: _Possible) -> _Best:
    """Return a pool's best start; on equal scores the cheaper, then the sooner."""
    score, start = min(
        ((measure.score(each.figures), each) for each in possible.starts),
        key=lambda pair: (pair[0], pair[1].figures.cost, pair[1].figures.time),
    )
    return _Best(possible.known, possible.first, start, score)


def _order(best: _Best) -> tuple[float, int, int, str]:
    figures = best.start.figures
    return best.score, figures.cost, figures.time, best.known.state.pool.id


def _instant(micros: int) -> str:
    return format_instant(from_micros(micros))


__all__ = ["HORIZON", "explain", "plan"]

"""Where and when a job should go: every pool with its start, figures and reason, best first.

For each pool the earliest start with its cards free for data and the whole time limit, within two
days. A job that has a deadline may also start later, at a whole hour, where that is cheaper or
greener and still in time; without a deadline it starts as soon as it can. Scores are relative to
the best (see `score.py`); ties go to the cheaper, then the sooner, then the smaller pool id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import repeat

from suanwang.basics.money import Money
from suanwang.basics.slots import Instant, format_instant, from_micros, to_micros
from suanwang.grid.catalogue import City, city
from suanwang.grid.centre import PoolState
from suanwang.grid.demand import Demand, Option, Preference, WhyNot
from suanwang.grid.explain import explain
from suanwang.grid.fees import TakeRates
from suanwang.grid.fitting import Misfit, misfit
from suanwang.grid.hourly import HOUR_MICROS
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
_FAR = 2**200  # above any cost × µs


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
    take: TakeRates | None = None,
    horizon: timedelta = HORIZON,
) -> list[Option]:
    """Return an option for every pool: feasible ones best first, then the others with why not.

    The first feasible one is `chosen`. Deterministic: the order of `states` does not matter.
    Raises PlaceUnknown for a home that the catalogue does not know.
    """
    take = take or demand.take
    asked = _Asked.of(demand, now=now, take=take, horizon=horizon)
    possible: list[_Possible] = []
    refused: list[Option] = []
    for state in (_as_sold(demand, each) for each in states):
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
            WhyNot.NOT_SOLD, WhyNot.ELSEWHERE, WhyNot.FAILED_THERE, WhyNot.SILENT, WhyNot.CLASS,
            WhyNot.CARDS,
            WhyNot.CORES, WhyNot.MEMORY, WhyNot.DISK, WhyNot.CAPABILITY, WhyNot.NO_STORE,
            WhyNot.LATENCY, WhyNot.TOO_SLOW, WhyNot.FULL, WhyNot.DEADLINE,
            WhyNot.BROKER_SHORT, WhyNot.COST,
        )
    )
}  # fmt: skip


def _closeness(option: Option) -> tuple[int, str]:
    assert option.why_not is not None, "only infeasible rows are sorted by how far they are off"
    return _CLOSENESS[option.why_not], option.pool_id


def _as_sold(demand: Demand, state: PoolState) -> PoolState:
    """Return a pool at the price that a broker sells it at, if one does."""
    sale = demand.sold.get(state.pool.id)
    if sale is None or sale.price is None:
        return state
    return replace(state, pool=replace(state.pool, price=sale.price))


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
    """Return the starts worth weighing: the earliest, and later hours that beat all before.

    Any other is later and neither cheaper nor greener, so it cannot win.
    """
    least_cost, least_carbon = _FAR, float(_FAR)
    starts = []
    for start, cost, carbon in _weighed(asked, known, first):
        if cost >= least_cost and carbon >= least_carbon:
            continue
        if _is_free(known, start) and _affords(asked, known, start):
            least_cost, least_carbon = min(cost, least_cost), min(carbon, least_carbon)
            starts.append(_Start(start, _figures(asked, known, start)))
    return starts


def _weighed(asked: _Asked, known: Terms, first: int) -> Iterator[tuple[int, int, float]]:
    """Yield starts with the cards' cost and carbon, each zero where it is not weighed."""
    hour = (first // HOUR_MICROS + 1) * HOUR_MICROS
    later = (_last_start(asked, known, first) - hour) // HOUR_MICROS + 1
    for begin, count in ((first, 1), (hour, later)):
        if count <= 0:
            continue
        costs: Iterable[int] = repeat(0, count)
        if Preference.COST in asked.weights:
            costs = known.compute_raw_each_hour(begin, count)
        carbons: Iterable[float] = repeat(0.0, count)
        if Preference.GREEN in asked.weights:
            carbons = known.carbon_each_hour(begin, count)
        starts = range(begin, begin + count * HOUR_MICROS, HOUR_MICROS)
        yield from zip(starts, costs, carbons, strict=True)


def _last_start(asked: _Asked, known: Terms, first: int) -> int:
    """Return the latest start worth a look: only a deadline gives the freedom to wait."""
    cheaper = Preference.COST in asked.weights and not known.state.pool.price.is_flat
    greener = Preference.GREEN in asked.weights
    if asked.deadline is None or not known.cards or not (cheaper or greener):
        return first
    return min(asked.horizon, asked.deadline - known.whole_micros)


def _is_free(known: Terms, start: int) -> bool:
    free = known.state.pool.cards - known.cards
    return known.state.profile.is_free(start, known.kept_micros, at_most=free)


def _affords(asked: _Asked, known: Terms, start: int) -> bool:
    limit = asked.demand.cost_max
    return limit is None or known.most_units(start) <= limit.units


def _figures(asked: _Asked, known: Terms, start: int) -> Figures:
    carbon = known.carbon_g(start) if Preference.GREEN in asked.weights else 0.0
    finish = start + known.whole_micros - asked.now
    return Figures(known.cost_units(start), finish, known.latency_ms or 0.0, carbon)


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

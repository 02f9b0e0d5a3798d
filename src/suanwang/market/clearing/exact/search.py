"""The search itself: the best set of orders, judged, and cut off if it is refused.

A set is what the choices say: which run of a job, which blocks, when an offer is on. Sets come in
falling order of welfare, so the first one accepted is the best. Where a refused set S fixes all
that it takes, whatever holds all of S and has prices would be worth at least as much as S (at its
prices it could drop any order and not gain), so the cut takes all of those off:

    Σ over S of (1 − y) ≥ 1     in place of     Σ over S of (1 − y) + Σ over the others of y ≥ 1

After the first refusal the programme is told of prices (`merit`, `supporting_rows`), so that few of
the sets that still come up have none.

M. Madani and M. Van Vyve, Computationally efficient MIP formulation and algorithms for European
day-ahead electricity market auctions, European Journal of Operational Research 242 (2015).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from suanwang.market.case.model import Case, Pricing, Shape
from suanwang.market.clearing.candidate import Candidate
from suanwang.market.clearing.exact.columns import Columns, whole_model
from suanwang.market.clearing.exact.merit import add_merit_rows
from suanwang.market.clearing.exact.model import Model
from suanwang.market.clearing.exact.order_columns import without_runs
from suanwang.market.clearing.exact.programme import Answer, Floats
from suanwang.market.clearing.exact.reader import Reader, Rounding
from suanwang.market.clearing.exact.reading import plans_of
from suanwang.market.clearing.exact.supporting_rows import add_price_rows, has_few_steps
from suanwang.market.clearing.plans import Plans
from suanwang.market.clearing.slots import Market

Judge = Callable[[Plans], Candidate | None]
_SAME = 1e-9  # of the welfare: what the solver's tolerances leave open


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What the search came to."""

    best: Candidate | None
    bound: float  # yuan; the solver's own, before any set was refused
    proven: bool  # no set that might be better was left untried
    work_used: int  # nodes of the solver's trees, one at least for each set


def search_exact(market: Market, *, judge: Judge, pricing: Pricing, work: int) -> Found:
    """Find the best outcome that the judge accepts.

    Args:
        market: a case that `fits`.
        judge: weighs plans; None refuses them.
        pricing: in `no_loss` a refused set may take others off that need not be tried.
        work: the most nodes that may be spent; never the clock.
    """
    model, columns = whole_model(market)
    search = _Search(market=market, model=model, columns=columns, judge=judge, left=max(work, 1))
    supersets = pricing is Pricing.NO_LOSS and _all_firm(market.case)
    bound, proven = search.run(supersets=supersets)
    return Found(best=search.best, bound=bound, proven=proven, work_used=max(work, 1) - search.left)


def _all_firm(case: Case) -> bool:
    """Say whether nothing but choices and simple orders is to be decided."""
    jobs = (job.shape is Shape.DIVISIBLE or job.gang or bool(job.data) for job in case.jobs)
    return not any(jobs) and not any(without_runs(offer) for offer in case.offers)


@dataclass(slots=True, kw_only=True, eq=False)
class _Search:
    market: Market
    model: Model
    columns: Columns
    judge: Judge
    left: int
    best: Candidate | None = None

    def run(self, *, supersets: bool) -> tuple[float, bool]:
        """Go through the sets; return the first bound and whether the best is proven."""
        first, ordered = None, False
        while self.left > 0:
            answer = self._solve()
            first = answer.bound if first is None else first
            if answer.values is None or self._is_best(answer.bound):
                return first, answer.complete or self._is_best(answer.bound)
            accepted = self._judge(answer.values)
            if self._is_best(answer.bound):
                return first, True
            if not answer.complete or not (self.model.firm or self.model.loose):
                return first, False
            if accepted or ordered or not self._ask_for_prices(answer.values):
                self._cut_off(answer.values, supersets=supersets and not accepted)
            ordered = ordered or not accepted
        return 0.0 if first is None else first, False

    def _solve(self) -> Answer:
        answer = self.model.programme.solve(nodes=self.left)
        self.left = max(self.left - max(answer.nodes, 1), 0)
        return answer

    def _ask_for_prices(self, values: Floats) -> bool:
        """Add rows about prices; say whether the same set may now come with better amounts."""
        add_merit_rows(self.model)
        if not has_few_steps(self.model):
            return False
        add_price_rows(self.model, self.market.case.pricing)
        return any(values[column] > 0 for column in self.model.amounts)

    def _judge(self, values: Floats) -> bool:
        """Keep the outcome if it is the best so far; say whether it was accepted."""
        refused: list[Plans] = []
        for plans in self._readings(values):
            if plans in refused:
                continue
            tried = self.judge(plans)
            if tried is not None:
                if self.best is None or tried.welfare > self.best.welfare:
                    self.best = tried
                return True
            refused.append(plans)
        return False

    def _readings(self, values: Floats) -> Iterator[Plans]:
        """Go through the plans that a point may mean, and equally good points of the same set."""
        yield from self._rounded(values)
        amounts = self.model.amounts
        if any(values[column] > 0 for column in amounts):
            for other in self.model.programme.equally_good(values, amounts):
                yield from self._rounded(other)

    def _rounded(self, values: Floats) -> Iterator[Plans]:
        case = self.market.case
        for rounding in Rounding:
            reader = Reader(values=values, quantum=case.quantum, rounding=rounding)
            yield plans_of(case, self.columns, reader)

    def _is_best(self, worth: float) -> bool:
        """Say whether nothing worth this much would be better than the best so far."""
        if self.best is None:
            return False
        return worth - self.best.welfare <= _SAME * max(1.0, abs(worth))

    def _cut_off(self, values: Floats, *, supersets: bool) -> None:
        """Ask for another set than this one."""
        firm_on, firm_off = _parted(self.model.firm, values)
        loose_on, loose_off = _parted(self.model.loose, values)
        on, off = firm_on + loose_on, firm_off + loose_off
        if supersets and firm_on and not loose_on:
            off = loose_off
        terms = [(column, 1.0) for column in off] + [(column, -1.0) for column in on]
        self.model.programme.row(terms, low=1.0 - len(on))


def _parted(columns: list[int], values: Floats) -> tuple[list[int], list[int]]:
    return (
        [column for column in columns if values[column] > 1 / 2],
        [column for column in columns if values[column] <= 1 / 2],
    )

"""Orders with conditions, decided: relax → round → price → repair → improve, within counted work.

    relax     a linear program (or steps of ascent, where it would be too large) gives multipliers
    round     what is mostly taken is taken wholly; jobs are placed in turn into the room left
    repair    who cannot be served, or would lose at every supporting price, is let go
    improve   who would have gained is tried again; better outcomes are kept

Small cases are searched exactly instead (`exact`). Same case, same work limit: same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TypeVar

import highspy
import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import MICRO, Case, Shape
from suanwang.market.clearing.candidate import (
    Candidate,
    Memo,
    OrderKey,
    judge,
    node_prices,
    weigh,
)
from suanwang.market.clearing.decide import block_quanta, offer_quanta
from suanwang.market.clearing.exact.columns import SWITCHES_MAX, fits
from suanwang.market.clearing.exact.search import Found, search_exact
from suanwang.market.clearing.own.families import block_gains
from suanwang.market.clearing.own.offers import offer_plans
from suanwang.market.clearing.placing import job_regrets, place
from suanwang.market.clearing.plans import Plans
from suanwang.market.clearing.relaxing import Program, Relaxation, is_convex, relax
from suanwang.market.clearing.response import Crowd, no_pools
from suanwang.market.clearing.result import Claim
from suanwang.market.clearing.rounding import (
    mixed_again,
    mixed_jobs,
    mixes,
    round_blocks,
    round_lots,
)
from suanwang.market.clearing.snap import snapped
from suanwang.market.clearing.supporting import Wanted
from suanwang.market.clearing.work import Work

Floats = NDArray[np.float64]
Regret = tuple[float, OrderKey, Plans]  # yuan it would gain, who, the plans with it
K = TypeVar("K")
V = TypeVar("V")
EXACT_NODES = 400  # of the exact search's trees; a node takes a few milliseconds
_GAIN_MIN = 1e-6  # yuan
_SNAPS_MAX = 3
_SMALL = 400  # nodes: up to here the exact prices cost next to nothing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Searched:
    """The best outcome found, and the multipliers that bound all."""

    best: Candidate
    nodes: Floats  # multipliers, yuan per card-hour
    claim: Claim | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search of one case; the work is spent in place."""

    crowd: Crowd
    work: Work
    memo: Memo = field(default_factory=Memo)

    def run(self, warm: Floats | None) -> Searched:
        """Search; `warm` are node multipliers of the round before, yuan."""
        case = self.crowd.market.case
        relaxation = relax(self.crowd, self.work, warm)
        found: Found | None = None
        if not is_convex(case) and fits(case, SWITCHES_MAX):
            found = self._exactly()
        best = found.best if found is not None and found.proven else None
        if best is None:
            best = self._anyhow(relaxation)
            if found is not None and found.best is not None:
                best = max(best, found.best, key=lambda candidate: candidate.welfare)
        claim = None if found is None else _claim(found.bound)
        return Searched(best=best, nodes=relaxation.nodes, claim=claim)

    def _anyhow(self, relaxation: Relaxation) -> Candidate:
        """Round, repair and improve within the work that is left."""
        best = self._repair(self._first_plans(relaxation))
        if relaxation.program is not None:
            best = self._resettle(best, relaxation.program)
            best = self._improve(best)
        # Searched with any prices that support; published are the nearest.
        nearest = weigh(self.crowd.market, best.plans, self.memo, best)
        return nearest if nearest is not None and nearest.supported.found else best

    def _exactly(self) -> Found:
        """Try sets of orders in falling order of welfare."""
        market = self.crowd.market
        found = search_exact(
            market,
            judge=lambda plans: judge(market, plans, self.memo),
            pricing=market.case.pricing,
            work=min(EXACT_NODES, max(self.work.limit - self.work.used, 1)),
        )
        self.work.spend(found.work_used)
        return found

    def _first_plans(self, relaxation: Relaxation) -> Plans:
        """Round what the relaxation says, and place jobs that run as a whole."""
        case = self.crowd.market.case
        plans = Plans(
            blocks=round_blocks(self.crowd, relaxation),
            lots=round_lots(case, relaxation),
            offers=self._offers(relaxation.nodes),
        )
        program = relaxation.program
        mixed = {} if program is None else mixed_jobs(self.crowd, program, program.relaxed)
        jobs = [i for i, job in enumerate(case.jobs) if program is None or not mixes(job)]
        decided = replace(plans, jobs=mixed)
        placed = place(self.crowd, relaxation.nodes, decided=decided, jobs=jobs, work=self.work)
        plans = replace(plans, jobs=placed)
        whole = any(case.jobs[i].shape is Shape.PREEMPTIBLE for i in mixed)
        if program is not None and mixed and (whole or plans != Plans()):
            mixed = mixed_again(self.crowd, program, decided=plans, mixed=mixed, work=self.work)
        return replace(plans, jobs={**placed, **mixed})

    def _offers(self, nodes: Floats) -> dict[int, tuple[int, ...]]:
        case = self.crowd.market.case
        if not case.offers:
            return {}
        run = offer_plans(self.crowd.offers, nodes=nodes, pools=no_pools(case))
        gaining = np.nonzero(run.gain > _GAIN_MIN)[0].tolist()
        return {i: offer_quanta(case, i, run.cards[i].tolist()) for i in gaining}

    def _weigh(self, plans: Plans, near: Candidate | None) -> Candidate | None:
        market = self.crowd.market
        wanted = Wanted.ANY if market.case.nodes > _SMALL else Wanted.NEAREST
        found = weigh(market, plans, self.memo, near, wanted=wanted)
        slots = self.crowd.market.case.slots
        self.work.spend(slots if found is None else int(np.count_nonzero(found.cleared.pivots)))
        return found

    def _repair(self, plans: Plans) -> Candidate:
        """Let go, half at a time, of whom cannot be served or would lose at every price."""
        near: Candidate | None = None
        case = self.crowd.market.case
        for turn in count():
            tried = self._weigh(plans, near)
            near = tried or near
            if tried is not None and turn < _SNAPS_MAX:
                bends = {i for i in plans.jobs if mixes(case.jobs[i])}
                better = snapped(self.crowd.market, tried, bends)
                if better is not None:
                    plans = better
                    continue
            if tried is not None and tried.supported.found:
                return tried
            blamed = () if tried is None else _worst(tried.supported.to_blame)
            fewer = _without(case, plans, blamed)
            if fewer == plans:
                # Nobody can be blamed: orders in lots may leave a node without a price.
                assert plans != Plans(), "nothing at all can always be carried out"
                fewer = _without_last(plans)
            plans = fewer
        raise AssertionError("counting has no end")

    def _resettle(self, best: Candidate, program: Program) -> Candidate:
        """Let jobs that mix cells settle anew around those that stayed; keep it if it is better."""
        case, plans = self.crowd.market.case, best.plans
        mixed = {i: plan for i, plan in plans.jobs.items() if mixes(case.jobs[i])}
        if not any(case.jobs[i].shape is Shape.PREEMPTIBLE for i in mixed):
            return best
        placed = {i: plan for i, plan in plans.jobs.items() if i not in mixed}
        decided = replace(plans, jobs=placed)
        again = mixed_again(self.crowd, program, decided=decided, mixed=mixed, work=self.work)
        found = self._repair(replace(plans, jobs={**placed, **again}))
        return found if found.welfare > best.welfare else best

    def _improve(self, best: Candidate) -> Candidate:
        """Try who would have gained at the prices found, the largest first."""
        tried: set[OrderKey] = set()
        while self.work.left:
            queue = [regret for regret in self._regrets(best) if regret[1] not in tried]
            better = self._first_better(best, queue, tried)
            if better is None:
                return best
            best = better
        return best

    def _first_better(
        self, best: Candidate, queue: Iterable[Regret], tried: set[OrderKey]
    ) -> Candidate | None:
        for _, key, more in queue:
            if not self.work.left:
                return None
            tried.add(key)
            found = self._weigh(more, best)
            if found is not None and found.supported.found and found.welfare > best.welfare:
                return found
        return None

    def _regrets(self, best: Candidate) -> list[Regret]:
        """Return rejected orders that gain at the prices found, the largest first."""
        case, plans = self.crowd.market.case, best.plans
        prices = node_prices(best) / MICRO
        found = self._block_regrets(prices, plans)
        for gain, i, plan in job_regrets(self.crowd, prices, plans, self.work):
            found.append((gain, ("job", i), replace(plans, jobs={**plans.jobs, i: plan})))
        if case.offers:
            run = offer_plans(self.crowd.offers, nodes=prices, pools=no_pools(case))
            for i, quanta in self._offers(prices).items():
                if i not in plans.offers:
                    more = replace(plans, offers={**plans.offers, i: quanta})
                    found.append((float(run.gain[i]), ("offer", i), more))
        return sorted(found, key=lambda regret: -regret[0])

    def _block_regrets(self, prices: Floats, plans: Plans) -> list[Regret]:
        case = self.crowd.market.case
        if not case.blocks:
            return []
        gain = block_gains(self.crowd.families, nodes=prices)
        number = {block.id: i for i, block in enumerate(case.blocks)}
        busy = {case.blocks[i].group for i in plans.blocks} - {None}
        found: list[Regret] = []
        for i in np.nonzero(gain > _GAIN_MIN)[0].tolist():
            block = case.blocks[i]
            orphan = block.parent is not None and number[block.parent] not in plans.blocks
            if i in plans.blocks or block.group in busy or orphan:
                continue
            more = replace(plans, blocks={**plans.blocks, i: block_quanta(case, i, 1.0)})
            found.append((float(gain[i]), ("block", i), more))
        return found


def _claim(bound: float) -> Claim:
    return Claim(solver="HiGHS", version=highspy.Highs().version(), bound=bound)


def _worst(to_blame: tuple[OrderKey, ...]) -> list[OrderKey]:
    """Return the first half of whom to blame, at least one."""
    return list(to_blame[: max(1, (len(to_blame) + 1) // 2)])


def _without(case: Case, plans: Plans, blamed: Iterable[OrderKey]) -> Plans:
    """Let orders go, and with a block its children."""
    number = {block.id: i for i, block in enumerate(case.blocks)}
    lots = list(plans.lots)
    for kind, index in blamed:
        if kind == "lot":
            plans = plans.without_lot(lots[index])
        elif kind == "job":
            plans = plans.without_job(index)
        elif kind == "offer":
            plans = plans.without_offer(index)
        elif kind == "block":
            plans = plans.without_block(index)
            children = [i for i, b in enumerate(case.blocks) if number.get(b.parent or "") == index]
            kept = [("block", i) for i in children if i in plans.blocks]
            plans = _without(case, plans, kept) if kept else plans
    return plans


def _without_last(plans: Plans) -> Plans:
    """Leave out the last tenth of each kind, at least one."""
    return Plans(
        jobs=_cut(plans.jobs),
        blocks=_cut(plans.blocks),
        offers=_cut(plans.offers),
        lots=_cut(plans.lots),
    )


def _cut(items: Mapping[K, V]) -> dict[K, V]:
    keep = len(items) - max(1, len(items) // 10) if items else 0
    return dict(list(items.items())[:keep])


def has_conditions(case: Case) -> bool:
    """Say whether a case has orders with conditions at all."""
    lots = bool(case.asks.lot.any() or case.bids.lot.any())
    return bool(case.blocks or case.jobs or case.offers or lots)

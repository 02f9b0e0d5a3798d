"""A search with its judge, and what it came to in yuan."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.market.builders import a_case
from tests.market.oracle import random_cases

from suanwang.market.case.model import Pricing, Side
from suanwang.market.case.read import case_from_document
from suanwang.market.clearing.candidate import judge
from suanwang.market.clearing.exact.search import search_exact
from suanwang.market.clearing.slots import Market

LIMITS = {"price_min": -100, "price_max": 100}
QUANTUM = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a search came to; `tried` are the ids of each set that was judged, in turn."""

    welfare: float | None
    bound: float
    proven: bool
    work_used: int
    taken: str
    tried: list[str]


def searched(case, *, work=1000, refuse=frozenset()) -> Report:
    """Search a case; sets named in `refuse` find no favour whatever they are."""
    market, tried = Market.of(case), []

    def judged(plans):
        tried.append(names(case, plans))
        return None if tried[-1] in refuse else judge(market, plans)

    found = search_exact(market, judge=judged, pricing=case.pricing, work=work)
    best = found.best
    return Report(
        welfare=None if best is None else best.welfare,
        bound=found.bound,
        proven=found.proven,
        work_used=found.work_used,
        taken="" if best is None else names(case, best.plans),
        tried=tried,
    )


def plans_found(case, *, work=1000):
    """The plans of the best outcome."""
    market = Market.of(case)
    found = search_exact(
        market, judge=lambda plans: judge(market, plans), pricing=case.pricing, work=work
    )
    assert found.best is not None
    return found.best.plans


def all_plans(case, *, sets):
    """All plans that come up for the first few sets, as if each were refused."""
    market, tried = Market.of(case), []
    search_exact(market, judge=tried.append, pricing=Pricing.UPLIFT, work=sets)
    return tried


def names(case, plans) -> str:
    """The ids of all orders in plans."""
    ids = [case.blocks[b].id for b in plans.blocks] + [case.jobs[j].id for j in plans.jobs]
    ids += [case.offers[o].id for o in plans.offers]
    ids += [(case.bids if side is Side.BID else case.asks).ids[i] for side, i in plans.lots]
    return " ".join(sorted(ids))


def market_case(**keys):
    """A case within wide price limits."""
    return a_case(**(LIMITS | keys))


def random_document(kind, seed, *, pricing="no_loss"):
    """The random document of this kind and seed."""
    return random_cases.case(seed, replace(getattr(random_cases, kind), pricing=pricing))


def random_case(kind, seed, **keys):
    return case_from_document(random_document(kind, seed, **keys))

"""Clearing one round: outcome, prices and certificate of a CASE, at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from suanwang.market.case.model import MICRO, Block, Case, FlexibleJob, Offer, Pricing, Steps
from suanwang.market.clearing.candidate import exact_welfare, weigh
from suanwang.market.clearing.certificate import GapParts, link_parts, simple_parts
from suanwang.market.clearing.gains import gap_parts, missed
from suanwang.market.clearing.outcome import Outcome, filled, welfare_units
from suanwang.market.clearing.plans import Plans
from suanwang.market.clearing.published import Prices, publish
from suanwang.market.clearing.response import Crowd
from suanwang.market.clearing.result import FEASIBLE, OPTIMAL, Result
from suanwang.market.clearing.scale import PICO, Scale
from suanwang.market.clearing.search import Search, Searched, has_conditions
from suanwang.market.clearing.slots import Market
from suanwang.market.clearing.uplift import uplift_lines
from suanwang.market.clearing.work import DEFAULT, Work

_PROVEN = 1e-9  # of the bound, or of a yuan if that is more: a gap this small is an optimum


def clear(case: Case, *, work: int = DEFAULT, warm: Prices | None = None) -> Result:
    """Clear a case.

    Args:
        work: how much may be spent on orders with conditions; never the clock.
        warm: multipliers of the round before, if its nodes are the same.
    """
    if not has_conditions(case):
        return _simple(Market.of(case), work)
    # Searched in the order of ids, so that the order of a file's lines changes nothing.
    mixed = bool(case.pools) or bool(case.asks.lot.any() or case.bids.lot.any())
    market = Market.of(
        replace(
            case,
            asks=_sorted(case.asks) if mixed else case.asks,
            bids=_sorted(case.bids) if mixed else case.bids,
            blocks=tuple(sorted(case.blocks, key=_id)),
            jobs=tuple(sorted(case.jobs, key=_id)),
            offers=tuple(sorted(case.offers, key=_id)),
        )
    )
    budget = Work(limit=work)
    crowd = Crowd.of(market, order=case)
    start = None if warm is None else warm.node_yuan()
    found = Search(crowd=crowd, work=budget).run(start)
    return _result(crowd, found, budget)


def _id(order: Block | FlexibleJob | Offer) -> str:
    return order.id


def _sorted(steps: Steps) -> Steps:
    order = sorted(range(len(steps)), key=steps.ids.__getitem__)
    return Steps(
        ids=[steps.ids[i] for i in order],
        node=steps.node[order], price=steps.price[order], quantity=steps.quantity[order],
        lot=steps.lot[order], pool=steps.pool[order],
    )  # fmt: skip


def _simple(market: Market, work: int) -> Result:
    """Clear a case of simple orders: exact, and its prices are its multipliers."""
    case = market.case
    candidate = weigh(market, Plans())
    assert candidate is not None, "simple orders alone always clear"
    assert candidate.supported.found, "an outcome of simple orders has prices"
    prices = publish(
        case, candidate.supported.base, candidate.supported.above,
        (candidate.outcome.low, candidate.outcome.high),
    )  # fmt: skip
    scale = Scale.of(case)
    outcome = filled(market, candidate.outcome)
    parts = GapParts(
        orders=simple_parts(case, outcome, prices, scale),
        links=link_parts(case, outcome, prices, scale),
    )
    return Result(
        case=case, scale=scale, outcome=outcome, prices=prices, multipliers=None,
        welfare=_pico(case, outcome, scale), parts=parts, missed={}, uplift={}, status=OPTIMAL,
        work={"limit": work, "used": int(candidate.cleared.pivots.sum())}, claim=None,
    )  # fmt: skip


def _pico(case: Case, outcome: Outcome, scale: Scale) -> int:
    return int(welfare_units(case, outcome, scale) // (scale.quantum * scale.hour_parts))


def _result(crowd: Crowd, found: Searched, work: Work) -> Result:
    """Publish the best candidate with the multipliers that prove most."""
    case, candidate = crowd.market.case, found.best
    outcome = filled(crowd.market, candidate.outcome)
    scale = Scale.of(case)
    prices = publish(
        case, candidate.supported.base, candidate.supported.above,
        (candidate.outcome.low, candidate.outcome.high),
    )  # fmt: skip
    own = gap_parts(crowd, candidate, outcome, prices)
    relaxed = publish(case, found.nodes * MICRO, np.zeros(case.nodes, np.int64))
    others = gap_parts(crowd, candidate, outcome, relaxed)
    multipliers, parts = (relaxed, others) if others.total < own.total else (None, own)
    exact = exact_welfare(case, candidate, outcome, scale)
    welfare = int(exact // (scale.quantum * scale.hour_parts))
    assert parts.total >= 0, "an outcome above its bound"
    proven = parts.total <= _PROVEN * max(PICO, abs(welfare + parts.total))
    return Result(
        case=case, scale=scale, outcome=outcome, prices=prices, multipliers=multipliers,
        welfare=welfare, parts=parts, missed=missed(crowd, outcome, prices, scale),
        uplift=uplift_lines(case, outcome, prices, scale) if case.pricing is Pricing.UPLIFT else {},
        status=OPTIMAL if proven else FEASIBLE,
        work={"limit": work.limit, "used": work.used}, claim=found.claim,
    )  # fmt: skip

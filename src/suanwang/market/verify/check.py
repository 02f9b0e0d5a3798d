"""Verifies a RESULT against its CASE: everything the rules page says, computed anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from suanwang.market.verify.best import best_of_job, best_of_offer
from suanwang.market.verify.bound import check_multipliers, check_welfare, gap_lines, welfare_of
from suanwang.market.verify.case import case_from_document
from suanwang.market.verify.families import check_blocks, missed_by_blocks
from suanwang.market.verify.feasible import (
    check_balance,
    check_capacity,
    check_offer,
    check_pools,
    check_simple,
    gang_need,
    link_use,
    pool_supply,
)
from suanwang.market.verify.money import check_money, check_uplift, unique
from suanwang.market.verify.nearest import check_nearest
from suanwang.market.verify.numbers import MICRO, ONE, written
from suanwang.market.verify.orders import Case
from suanwang.market.verify.outcome import Outcome, outcome_of
from suanwang.market.verify.prices import (
    check_link_prices,
    check_losses,
    check_node_prices,
    losses,
)
from suanwang.market.verify.result import Result, result_from_document
from suanwang.market.verify.shapes import check_job
from suanwang.market.verify.ties import check_ties
from suanwang.market.verify.verdict import Faults, GapLine, GapSum, Verdict

RULES = "1"
TOP_LINES = 10
MISSED_SLACK = 2 * MICRO  # 2·10⁻⁶ yuan
BOUND_PART = 10**9  # a bound may be too low by this part of itself
KINDS = ("ask", "bid", "block", "job", "offer", "link", "pool")


def verify(
    document: Mapping[str, Any],
    result: Mapping[str, Any],
    *,
    case_sha256: str,
    top: int | None = TOP_LINES,
) -> Verdict:
    """Check RESULT against the CASE in `document`, whose file has this hash.

    The verdict keeps the `top` greatest parts of the gap, or all of them where `top` is None.

    Raises:
        CaseUnreadable: CASE is none, with the place of what is wrong.
        ResultUnreadable: RESULT has not the shape of one, with the place.
    """
    case, told = case_from_document(document), result_from_document(result)
    faults = Faults()
    _check_names(case, told, case_sha256, faults)
    outcome = outcome_of(case, told, faults)
    used = link_use(case, outcome)
    supply, need = pool_supply(case, outcome), gang_need(case, outcome)
    _check_feasible(case, outcome, faults)
    check_capacity(case, used, faults)
    check_pools(supply, need, faults)
    check_node_prices(case, outcome, faults)
    check_link_prices(case, outcome, used, faults)
    lost = losses(case, outcome)
    if case.no_loss:
        check_losses(case, lost, faults)
        check_nearest(case, outcome, faults)
    check_uplift(case, outcome, told=told.uplift, lost=lost, faults=faults)
    check_money(case, outcome, told, faults)
    _check_missed(case, outcome, told, faults)
    check_ties(case, outcome, used=used, supply=supply, need=need, faults=faults)
    welfare = check_welfare(case, welfare_of(case, outcome), told.welfare, faults)
    check_multipliers(case, outcome.bounding, given=told.multipliers is not None, faults=faults)
    lines = list(gap_lines(case, outcome, supply=supply, need=need))
    lines.sort(key=lambda line: (-line.amount, line.name))
    bound = welfare + sum(line.amount for line in lines)
    _check_bound(told, bound, faults)
    _check_parts(told, lines, bound, faults)
    verdict = _verdict(case, told, lines, faults=faults, welfare=welfare, bound=bound)
    return replace(verdict, top=verdict.top[:top])


def _check_names(case: Case, told: Result, case_sha256: str, faults: Faults) -> None:
    if told.case_sha256 != case_sha256:
        faults.add("hash", "case_sha256", expected=case_sha256, found=told.case_sha256)
    if told.rules != RULES:
        faults.add("rules", "rules", expected=RULES, found=told.rules)
    if told.seed != str(case.seed):
        faults.add("seed", "seed", expected=case.seed, found=told.seed)


def _check_feasible(case: Case, outcome: Outcome, faults: Faults) -> None:
    check_simple(case.asks, outcome.asks, case, faults)
    check_simple(case.bids, outcome.bids, case, faults)
    check_blocks(case, outcome.blocks, faults)
    for offer, taken in zip(case.offers, outcome.offers, strict=True):
        if taken is not None:
            check_offer(offer, taken, faults)
    for job, placed in zip(case.jobs, outcome.jobs, strict=True):
        if placed.accepted:
            check_job(job, placed, case, faults)
    check_balance(case, outcome, faults)


def _check_missed(case: Case, outcome: Outcome, told: Result, faults: Faults) -> None:
    """Check that every rejected order that would have gained is listed, with what it missed."""
    quotes = outcome.published
    missed = missed_by_blocks(case, outcome.blocks, quotes)
    for job, placed in zip(case.jobs, outcome.jobs, strict=True):
        if not placed.accepted:
            missed[job.id] = best_of_job(job, quotes)
    for offer, taken in zip(case.offers, outcome.offers, strict=True):
        if taken is None:
            missed[offer.id] = best_of_offer(offer, quotes)
    listed = unique(told.missed, "rejected_profitable", faults)
    for name in listed.keys() - missed.keys():
        faults.add("missed", name, expected=0, found=written(listed[name]))
    for name, grains in missed.items():
        amount, found = Fraction(grains) / case.pico, listed.get(name)
        unlisted_wrongly = found is None and amount > MICRO + MISSED_SLACK
        listed_wrongly = found is not None and (found <= 0 or abs(amount - found) > MISSED_SLACK)
        if unlisted_wrongly or listed_wrongly:
            shown = "nothing" if found is None else written(found)
            faults.add("missed", name, expected=written(amount), found=shown)


def _check_bound(told: Result, bound: int, faults: Faults) -> None:
    if told.bound < bound - max(ONE, abs(bound)) // BOUND_PART:
        faults.add("bound", "bound", expected=written(bound), found=written(told.bound))
    parts = [amount for _, amount in told.order_parts] + [row[3] for row in told.link_parts]
    total = told.welfare + sum(parts)
    if told.bound != total:
        faults.add("bound-sum", "bound", expected=written(total), found=written(told.bound))
    gap = told.bound - told.welfare
    if told.gap != gap:
        faults.add("gap", "gap", expected=written(gap), found=written(told.gap))


def _check_parts(told: Result, lines: list[GapLine], bound: int, faults: Faults) -> None:
    """Check RESULT's lines; it may leave out what is below 10⁻⁹ of the bound."""
    rows = [(f"{a}→{b}/{slot}", amount) for a, b, slot, amount in told.link_parts]
    links = unique(rows, "gap_parts.links", faults)
    orders = unique(told.order_parts, "gap_parts.orders", faults)
    small = MICRO + max(ONE, abs(bound)) // BOUND_PART
    for line in lines:
        found = (links if line.kind == "link" else orders).pop(line.name, None)
        slack = small if found is None else MICRO + abs(line.amount) // BOUND_PART
        if abs(line.amount - (found or 0)) > slack:
            expected = written(line.amount)
            faults.add("gap-part", line.name, expected=expected, found=written(found or 0))
    for name, amount in [*links.items(), *orders.items()]:
        if abs(amount) > MICRO:
            faults.add("gap-part", name, expected=0, found=written(amount))


def _verdict(
    case: Case, told: Result, lines: list[GapLine], *, faults: Faults, welfare: int, bound: int
) -> Verdict:
    sums = []
    for kind in KINDS:
        amounts = [line.amount for line in lines if line.kind == kind]
        if amounts:
            sums.append(GapSum(kind=kind, lines=len(amounts), amount=sum(amounts)))
    orders = sum(map(len, (case.asks.ids, case.bids.ids, case.blocks, case.jobs, case.offers)))
    return Verdict(
        proven=not faults.count,
        faults=tuple(faults.found),
        fault_count=faults.count,
        status=told.status,
        welfare=welfare,
        bound=bound,
        gap=bound - welfare,
        sums=tuple(sums),
        top=tuple(lines),
        claims=told.claims,
        orders=orders,
        accepted=len(told.accepted) + sum(job.accepted for job in told.jobs),
    )

"""Judging an outcome: can it be done, what is it worth, and at which prices does nobody lose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import MICRO, Case, Ints, Pricing, Side
from suanwang.market.clearing.accept import GangsUnserved
from suanwang.market.clearing.data_dues import Condition, Due
from suanwang.market.clearing.lots import in_turn, supports, with_lots
from suanwang.market.clearing.outcome import (
    Outcome,
    block_worth,
    filled,
    job_worth,
    lots_worth,
    market_units,
    market_worth,
    offer_cost,
    outcome_of,
)
from suanwang.market.clearing.plans import JobPlan, Plans, demand_of, load_of, needs_of
from suanwang.market.clearing.scale import Scale
from suanwang.market.clearing.slots import Before, Cleared, Market, clear_slots
from suanwang.market.clearing.supporting import Supported, Wanted, support

Floats = NDArray[np.float64]
OrderKey = tuple[str, int]  # ("job" | "block" | "offer", index)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """What is known of one order's plan, whatever the others do."""

    worth: Fraction  # units of Scale, before prices
    worth_yuan: float
    condition: Condition
    quanta: Ints  # at the condition's nodes: taken (+) or given (−)


@dataclass(slots=True)
class Memo:
    """Plans that came up before: most of a candidate's are the last one's. Grows in place."""

    _known: dict[OrderKey, tuple[object, Known]] = field(default_factory=dict)

    def get(self, order: OrderKey, plan: object) -> Known | None:
        """Return what is known of this very plan object of an order."""
        entry = self._known.get(order)
        return entry[1] if entry is not None and entry[0] is plan else None

    def keep(self, order: OrderKey, plan: object, known: Known) -> Known:
        """Remember an order's last plan."""
        self._known[order] = (plan, known)
        return known


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """An outcome that can be carried out, with its prices."""

    plans: Plans
    cleared: Cleared
    outcome: Outcome
    load: Floats
    demand: Ints
    welfare: float  # yuan, nearly exact
    known: Sequence[Known]  # of every job, block and offer taken
    supported: Supported

    @property
    def before(self) -> Before:
        """Return what was cleared, for candidates near to this one."""
        return Before(demand=self.demand, load=self.load, cleared=self.cleared)


def judge(market: Market, plans: Plans, memo: Memo | None = None) -> Candidate | None:
    """Judge plans; None if they cannot be carried out or no prices support them."""
    tried = weigh(market, plans, memo)
    return tried if tried is not None and tried.supported.found else None


def weigh(
    market: Market,
    plans: Plans,
    memo: Memo | None = None,
    near: Candidate | None = None,
    *,
    wanted: Wanted = Wanted.NEAREST,
) -> Candidate | None:
    """Weigh plans, with whom to blame if there are no prices; None if they cannot be carried out.

    `near` is a candidate that asks for nearly the same: only slots that differ are solved again.
    """
    case = market.case
    plans = in_turn(case, plans) if plans.lots else plans
    load = load_of(case, plans)
    if (load > market.network.capacity * (1 + 1e-12)).any():
        return None
    scale = Scale.of(case)
    memo = Memo() if memo is None else memo
    known = _all_known(case, plans, scale, memo)
    demand = _demand(case, plans, known)
    before = None if near is None else near.before
    cleared = clear_slots(market, demand, load, before)
    if not cleared.feasible or (plans != Plans() and _is_overfull(market, cleared, load)):
        return None
    outcome = with_lots(case, outcome_of(market, cleared, plans))
    if needs_of(plans):
        try:
            outcome = filled(market, outcome)
        except GangsUnserved:
            return None
    if short_pools(case, outcome) or (outcome.low > outcome.high).any():
        return None
    every = [each.condition for each in known]
    asked = every if case.pricing is Pricing.NO_LOSS else []
    supported = support(market.network, outcome, load, asked, wanted=wanted)
    if plans.lots and supported.found:
        prices = supported.base + supported.above
        if not supports(market.network, outcome, load, prices):
            lots = tuple(("lot", i) for i in range(len(plans.lots)))
            supported = replace(supported, to_blame=lots)
    return Candidate(
        plans=plans, cleared=cleared, outcome=outcome, load=load, demand=demand, known=known,
        welfare=_welfare(market, outcome, scale, known), supported=supported,
    )  # fmt: skip


def _is_overfull(market: Market, cleared: Cleared, load: Floats) -> bool:
    """Say whether a link carries too much: where ties can hardly bend, sharing them may miss it."""
    network = market.network
    if not network.cost.size:
        return False
    carried = np.einsum("tlk,lk->lt", cleared.flow.astype(np.float64), network.weight) + load
    return bool((carried > network.capacity * (1 + 1e-12) + 1).any())


def _demand(case: Case, plans: Plans, known: Sequence[Known]) -> Ints:
    demand = demand_of(case, Plans(lots=plans.lots))
    if known:
        nodes = np.concatenate([each.condition.nodes for each in known])
        np.add.at(demand, nodes, np.concatenate([each.quanta for each in known]))
    return demand


def _welfare(market: Market, outcome: Outcome, scale: Scale, known: Sequence[Known]) -> float:
    case, plans = market.case, outcome.plans
    worth = sum(each.worth_yuan for each in known)
    lots = float(lots_worth(case, plans, scale) / scale.yuan) if plans.lots else 0.0
    return market_worth(market, outcome) + worth + lots


def short_pools(case: Case, outcome: Outcome) -> list[tuple[int, int]]:
    """Return (pool, slot) whose gangs need more than its asks and offers were given."""
    needs = needs_of(outcome.plans)
    if not needs:
        return []
    given = dict.fromkeys(needs, 0)
    per_slot = len(case.zones) * len(case.classes)
    pooled = np.nonzero((case.asks.pool >= 0) & (outcome.given.asks > 0))[0]
    for pool, node, quantity in zip(
        case.asks.pool[pooled].tolist(),
        case.asks.node[pooled].tolist(),
        outcome.given.asks[pooled].tolist(),
        strict=True,
    ):
        key = (pool, node // per_slot)
        if key in given:
            given[key] += quantity
    for (side, index), quantity in outcome.plans.lots.items():
        if side is Side.ASK:
            key = (int(case.asks.pool[index]), int(case.asks.node[index]) // per_slot)
            if key in given:
                given[key] += quantity
    for index, quantities in outcome.plans.offers.items():
        for slot, quantity in enumerate(quantities):
            if (case.offers[index].pool, slot) in given:
                given[case.offers[index].pool, slot] += quantity
    return [key for key, need in needs.items() if need > given[key]]


def _all_known(case: Case, plans: Plans, scale: Scale, memo: Memo) -> list[Known]:
    kinds: tuple[tuple[str, Mapping[int, object], Callable[..., Known]], ...] = (
        ("job", plans.jobs, _job_known),
        ("block", plans.blocks, _block_known),
        ("offer", plans.offers, _offer_known),
    )
    found = []
    for kind, own, learn in kinds:
        for index, plan in own.items():
            known = memo.get((kind, index), plan)
            if known is None:
                known = memo.keep((kind, index), plan, learn(case, index, plan, scale))
            found.append(known)
    return found


def _known(
    lines: Sequence[tuple[int, int, int]],
    *,
    worth: Fraction,
    scale: Scale,
    order: OrderKey,
    dues: tuple[Due, ...] = (),
) -> Known:
    """Remember a plan's worth and its condition: worth + Σ cards × price ≥ 0 (sellers' cards +).

    Lines are (node, quanta taken, parts of an hour).
    """
    node, taken, hours = (np.array(x, np.int64) for x in zip(*lines, strict=True))
    yuan = float(worth / scale.yuan)
    return Known(
        worth=worth,
        worth_yuan=yuan,
        condition=Condition(
            node, -(taken / scale.quantum) * (hours / scale.hour_parts), -yuan * MICRO, order, dues
        ),
        quanta=taken,
    )


def _job_known(case: Case, index: int, plan: JobPlan, scale: Scale) -> Known:
    classes, zones, hours = len(case.classes), len(case.zones), scale.hours
    lines = [
        ((c.slot * classes + c.card_class) * zones + c.zone, c.cards, hours[c.slot])
        for c in plan.cells
    ]
    worth = job_worth(case, case.jobs[index], plan, scale)
    gb_hour = scale.quantum * scale.hour_parts
    dues = tuple((m.link, m.slot, m.gb * hours[m.slot] / gb_hour) for m in plan.moves)
    return _known(lines, worth=worth, scale=scale, order=("job", index), dues=dues)


def _block_known(case: Case, index: int, quantities: tuple[int, ...], scale: Scale) -> Known:
    block = case.blocks[index]
    sign = 1 if block.side is Side.BID else -1
    lines = [
        (case.node(block.zone, block.card_class, slot), sign * q, scale.hours[slot])
        for slot, q in zip(block.slots, quantities, strict=True)
    ]
    worth = block_worth(case, block, quantities, scale)
    return _known(lines, worth=worth, scale=scale, order=("block", index))


def _offer_known(case: Case, index: int, quantities: tuple[int, ...], scale: Scale) -> Known:
    offer = case.offers[index]
    lines = [
        (case.node(offer.zone, offer.card_class, slot), -q, scale.hours[slot])
        for slot, q in enumerate(quantities)
        if q
    ]
    worth = -offer_cost(case, index, quantities, scale)
    return _known(lines, worth=worth, scale=scale, order=("offer", index))


def exact_welfare(case: Case, candidate: Candidate, outcome: Outcome, scale: Scale) -> Fraction:
    """Return the welfare in units of Scale, exactly; `outcome` is the candidate's, filled."""
    worth = [known.worth for known in candidate.known]
    # Whole numbers add up far faster than fractions, and nearly all of them are whole.
    whole = sum(each.numerator for each in worth if each.denominator == 1)
    rest = sum((each for each in worth if each.denominator != 1), Fraction(0))
    lots = lots_worth(case, candidate.plans, scale)
    return market_units(case, outcome, scale) + whole + rest + lots


def node_prices(candidate: Candidate) -> Floats:
    """Return the supporting prices, micro-yuan."""
    return candidate.supported.base + candidate.supported.above


def zero_load(case: Case) -> Floats:
    """Return a load of no data."""
    return np.zeros((len(case.links), case.slots))

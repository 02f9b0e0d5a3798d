"""One outcome of a round: who gets what, over which links, and what it is worth, exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import MICRO, Block, Case, FlexibleJob, Ints, Shape, Side
from suanwang.market.clearing.accept import Accepted, accept
from suanwang.market.clearing.curves import Curves, effective_ask_prices
from suanwang.market.clearing.intervals import own_intervals
from suanwang.market.clearing.own.compiled import kernel
from suanwang.market.clearing.plans import Cell, JobPlan, Plans, needs_of
from suanwang.market.clearing.scale import PICO, PICO_IN_MICRO, Scale
from suanwang.market.clearing.slots import Cleared, Market
from suanwang.market.clearing.sums import dot_by_slot

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What a round decided, in whole quanta."""

    plans: Plans
    flow: Ints  # [slots, links, classes]
    y: Ints  # [nodes], net supply of the simple orders
    step: Ints  # [nodes], the step of its curve that holds y
    low: Ints  # [nodes], micro-yuan: the nodes' own intervals
    high: Ints
    accepted: Accepted | None = None  # filled in for outcomes that are looked at more closely

    @property
    def given(self) -> Accepted:
        """Return the simple orders' quantities."""
        assert self.accepted is not None, "nobody has filled the orders yet"
        return self.accepted


def outcome_of(market: Market, cleared: Cleared, plans: Plans) -> Outcome:
    """Read where every node's curve was cut."""
    case, curves = market.case, market.curves
    low, high, step = own_intervals(curves, cleared.y, case.price_min, case.price_max)
    return Outcome(plans=plans, flow=cleared.flow, y=cleared.y, step=step, low=low, high=high)


def filled(market: Market, outcome: Outcome) -> Outcome:
    """Fill the simple orders."""
    if outcome.accepted is not None:
        return outcome
    accepted = accept(
        market.case, market.curves, y=outcome.y, step=outcome.step, needs=needs_of(outcome.plans)
    )
    return replace(outcome, accepted=accepted)


def market_worth(market: Market, outcome: Outcome) -> float:
    """Return what the simple orders (without lots) are worth, less what links cost, in yuan.

    Quick and nearly exact: search compares outcomes by it; what is published is `welfare_units`.
    """
    case, curves = market.case, market.curves
    hours = np.array([float(h) for h in case.hours])
    worth = _worth(curves, outcome.y, np.repeat(hours, case.nodes // case.slots))
    carried = outcome.flow.sum(axis=2) * market.network.cost * hours[:, None]
    return float(worth - carried.sum()) / MICRO / case.quantum


@kernel
def _worth(curves: Curves, y: Ints, hours: Floats) -> float:
    total = 0.0
    first, price, bids, start = curves.first, curves.price, curves.bids, curves.start
    for n in range(y.size):
        own = 0.0
        for s in range(first[n], first[n + 1]):
            own += float(price[s]) * float(bids[s])
            begin = start[s + n]
            if y[n] > begin:
                own -= float(price[s]) * float(min(y[n], start[s + n + 1]) - begin)
        total += own * hours[n]
    return total


def welfare_units(case: Case, outcome: Outcome, scale: Scale) -> Fraction:
    """Return the welfare of an outcome in units of `scale`, exactly."""
    return market_units(case, outcome, scale) + plans_worth(case, outcome.plans, scale)


def market_units(case: Case, outcome: Outcome, scale: Scale) -> Fraction:
    """Return what the simple orders (without lots) are worth, less what links cost, in units."""
    per_slot = len(case.zones) * len(case.classes)
    served = dot_by_slot(
        case.bids.node, case.bids.price, outcome.given.bids, per_slot=per_slot, slots=case.slots
    )
    spent = dot_by_slot(
        case.asks.node,
        effective_ask_prices(case),
        outcome.given.asks,
        per_slot=per_slot,
        slots=case.slots,
    )
    total = Fraction(0)
    for slot, hours in enumerate(scale.hours):
        carried = sum(
            link.cost * MICRO * int(quanta)
            for link, quanta in zip(case.links, outcome.flow[slot].sum(axis=1), strict=True)
            if quanta
        )
        total += (served[slot] - spent[slot] - carried) * hours
    return total * PICO_IN_MICRO


def plans_worth(case: Case, plans: Plans, scale: Scale) -> Fraction:
    """Return what the plans are worth before any price is paid, in units."""
    total = Fraction(0)
    for index, plan in plans.jobs.items():
        total += job_worth(case, case.jobs[index], plan, scale)
    for index, quantities in plans.blocks.items():
        total += block_worth(case, case.blocks[index], quantities, scale)
    for index, quantities in plans.offers.items():
        total -= offer_cost(case, index, quantities, scale)
    return total + lots_worth(case, plans, scale)


def lots_worth(case: Case, plans: Plans, scale: Scale) -> Fraction:
    """Return what the orders in lots are worth, in units."""
    total = Fraction(0)
    asks = effective_ask_prices(case) if plans.lots else case.asks.price
    for (side, index), quantity in plans.lots.items():
        steps, price = (case.bids, case.bids.price) if side is Side.BID else (case.asks, -asks)
        slot = int(steps.node[index]) // (len(case.zones) * len(case.classes))
        total += int(price[index]) * PICO_IN_MICRO * quantity * scale.hours[slot]
    return total


def job_worth(case: Case, job: FlexibleJob, plan: JobPlan, scale: Scale) -> Fraction:
    """Return a job's value less its transfer costs and what it thinks of its carbon, in units."""
    if job.shape is Shape.DIVISIBLE:
        return _cells_worth(case, job, plan, scale)
    values = job.values
    worth = values[0][1] if len(values) == 1 else job.value_at(max([c.slot for c in plan.cells]))
    assert worth is not None, "a job ends after its deadline"
    value = _whole(worth, scale.yuan)
    if job.carbon_weight:
        return value + _cells_worth(case, job, plan, scale)
    transfer = job.zones[plan.cells[0].zone]
    if not transfer:
        return Fraction(value)
    hours = scale.hours
    size = sum([cell.cards * hours[cell.slot] for cell in plan.cells])
    return Fraction(value - _whole(transfer, size * PICO))


def _whole(number: Fraction, units: int) -> Fraction | int:
    # Nearly always whole; then it need not be a fraction, which costs ten times as much to add.
    amount, rest = divmod(number.numerator * units, number.denominator)
    return number * units if rest else amount


def _cells_worth(case: Case, job: FlexibleJob, plan: JobPlan, scale: Scale) -> Fraction:
    """Return what a job's cells are worth, in units; a divisible job is worth nothing else."""
    divisible = job.shape is Shape.DIVISIBLE
    rates: dict[tuple[int, int, int], tuple[int, int]] = {}
    sums: dict[int, int] = {}
    for cell in plan.cells:
        place = (cell.zone, cell.card_class, _step_of(job, cell.slot) if divisible else 0)
        if job.carbon_weight:
            rate = _cell_rate(case, job, cell)
        elif place in rates:
            rate = rates[place]
        else:
            rate = rates[place] = _cell_rate(case, job, cell)
        if rate[0]:
            size = cell.cards * scale.hours[cell.slot]
            sums[rate[1]] = sums.get(rate[1], 0) + rate[0] * size
    return sum((Fraction(amount * PICO, parts) for parts, amount in sums.items()), Fraction(0))


def _step_of(job: FlexibleJob, slot: int) -> int:
    return next(i for i, (end, _) in enumerate(job.values) if slot < end)


def _cell_rate(case: Case, job: FlexibleJob, cell: Cell) -> tuple[int, int]:
    """Return what a card-hour in a cell is worth before node prices, yuan, as a ratio."""
    cost = job.zones[cell.zone]
    if job.carbon_weight:
        kg = case.kg.get((cell.slot, cell.card_class, cell.zone), Fraction(0))
        cost += job.carbon_weight * kg
    if job.shape is not Shape.DIVISIBLE:
        return -cost.numerator, cost.denominator
    worth = job.value_at(cell.slot)
    assert worth is not None, "a job runs after its deadline"
    speed, work = job.classes[cell.card_class], job.work
    above = worth.numerator * speed.numerator * work.denominator
    below = worth.denominator * speed.denominator * work.numerator
    if not cost:
        return above, below
    return above * cost.denominator - cost.numerator * below, below * cost.denominator


def block_worth(case: Case, block: Block, quantities: tuple[int, ...], scale: Scale) -> Fraction:
    """Return a bid block's value, or minus an ask block's cost with carbon, in units."""
    total = Fraction(0)
    price = int(block.price * MICRO)
    for slot, quantity in zip(block.slots, quantities, strict=True):
        carbon = int(case.carbon[slot, block.card_class, block.zone])
        each = price if block.side is Side.BID else -(price + carbon)
        total += each * quantity * scale.hours[slot]
    return total * PICO_IN_MICRO


def offer_cost(case: Case, index: int, quantities: tuple[int, ...], scale: Scale) -> Fraction:
    """Return what an offer's run costs it: its prices with carbon, and its starts, in units."""
    offer = case.offers[index]
    total = Fraction(0)
    running = False
    # With no least quantity and no ramp it may stay on with nothing: one start is enough.
    idles = offer.quantity_min == 0 and offer.ramp is None
    for slot, quantity in enumerate(quantities):
        if quantity and not running:
            total += offer.start_cost * scale.yuan
        running = quantity > 0 or (running and idles)
        if quantity:
            carbon = int(case.carbon[slot, offer.card_class, offer.zone])
            each = int(offer.price[slot] * MICRO) + carbon
            total += each * PICO_IN_MICRO * quantity * scale.hours[slot]
    return total


def quantities_of(outcome: Outcome, side: Side) -> Ints:
    """Return one side's accepted quanta, orders with a lot included."""
    quanta = (outcome.given.bids if side is Side.BID else outcome.given.asks).copy()
    for (where, index), quantity in outcome.plans.lots.items():
        if where is side:
            quanta[index] = quantity
    return np.ascontiguousarray(quanta)

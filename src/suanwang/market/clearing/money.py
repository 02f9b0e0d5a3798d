"""Who pays what: node prices, link prices, tariffs, and a sum that is 0 to the micro-yuan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from suanwang.market.case.model import MICRO, Case, FlexibleJob, Side
from suanwang.market.clearing.outcome import Outcome, quantities_of
from suanwang.market.clearing.plans import JobPlan
from suanwang.market.clearing.published import Prices
from suanwang.market.clearing.scale import PICO_IN_MICRO, Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Micro-yuan each order receives (+) or pays (−), and what the network and carriers get."""

    orders: dict[str, int]
    carriage: int
    rounding: int
    congestion_rent: int


def settle(case: Case, outcome: Outcome, prices: Prices, scale: Scale) -> Settlement:
    """Settle every order at the published prices; what rounding leaves goes to @rounding."""
    orders = dict(_simple(case, outcome, prices, scale))
    for index, units in plan_payments(case, outcome, prices, scale):
        orders[index] = -scale.micro_yuan(units)
    rent = scale.micro_yuan(rent_units(case, outcome, prices, scale))
    carriage = scale.micro_yuan(carriage_units(case, outcome, scale))
    rounding = -(sum(orders.values()) + carriage + rent)
    return Settlement(orders=orders, carriage=carriage, rounding=rounding, congestion_rent=rent)


def _simple(
    case: Case, outcome: Outcome, prices: Prices, scale: Scale
) -> Iterator[tuple[str, int]]:
    per_slot = len(case.zones) * len(case.classes)
    unit = PICO_IN_MICRO * scale.quantum * scale.hour_parts
    half = unit // 2
    rate = [p * scale.hours[n // per_slot] for n, p in enumerate(prices.node)]
    for side, steps, sign in ((Side.ASK, case.asks, 1), (Side.BID, case.bids, -1)):
        quanta = quantities_of(outcome, side)
        taken = quanta.nonzero()[0]
        ids = steps.ids
        for i, node, quantity in zip(
            taken.tolist(), steps.node[taken].tolist(), quanta[taken].tolist(), strict=True
        ):
            whole, rest = divmod(rate[node] * quantity, unit)
            if rest > half or (rest == half and whole & 1):
                whole += 1
            yield ids[i], sign * whole


def plan_payments(
    case: Case, outcome: Outcome, prices: Prices, scale: Scale
) -> Iterator[tuple[str, Fraction]]:
    """Yield (id, units paid) of every accepted job, block and offer; sellers pay less than 0."""
    plans = outcome.plans
    for index, plan in plans.jobs.items():
        yield (
            case.jobs[index].id,
            job_payment(case, case.jobs[index], plan, prices=prices, scale=scale),
        )
    for index, quantities in plans.blocks.items():
        block = case.blocks[index]
        sign = 1 if block.side is Side.BID else -1
        place = (block.zone, block.card_class)
        pairs = zip(block.slots, quantities, strict=True)
        yield block.id, sign * at_node_prices(case, place, pairs, prices=prices, scale=scale)
    for index, quantities in plans.offers.items():
        offer = case.offers[index]
        place = (offer.zone, offer.card_class)
        yield (
            offer.id,
            -at_node_prices(case, place, enumerate(quantities), prices=prices, scale=scale),
        )


def at_node_prices(
    case: Case,
    place: tuple[int, int],
    quantities: Iterator[tuple[int, int]] | enumerate[int],
    *,
    prices: Prices,
    scale: Scale,
) -> Fraction:
    """Return Σ price × quanta × hours at one (zone, class), in units."""
    zone, card_class = place
    total = sum(
        prices.node[case.node(zone, card_class, slot)] * quantity * scale.hours[slot]
        for slot, quantity in quantities
        if quantity
    )
    return Fraction(total)


def job_payment(
    case: Case, job: FlexibleJob, plan: JobPlan, *, prices: Prices, scale: Scale
) -> Fraction:
    """Return what a job pays: node and pool prices, transfer costs, link prices of its data."""
    total = 0
    transfers = Fraction(0)
    for cell in plan.cells:
        price = prices.node[case.node(cell.zone, cell.card_class, cell.slot)]
        if cell.pool >= 0:
            price += prices.pool.get((cell.pool, cell.slot), 0)
        size = cell.cards * scale.hours[cell.slot]
        total += price * size
        if transfer := job.zones[cell.zone]:
            transfers += transfer * size
    for move in plan.moves:
        total += prices.link[move.slot].get(move.link, 0) * move.gb * scale.hours[move.slot]
    return total + transfers * PICO_IN_MICRO * MICRO if transfers else Fraction(total)


def rent_units(case: Case, outcome: Outcome, prices: Prices, scale: Scale) -> Fraction:
    """Return Σ link price × (weight × flow + data) × hours, in units."""
    total = Fraction(0)
    for slot, links in enumerate(prices.link):
        for j, price in links.items():
            flows = outcome.flow[slot, j].tolist()
            used = sum(
                (w * f for w, f in zip(case.links[j].weights, flows, strict=True) if f), Fraction(0)
            )
            total += price * used * scale.hours[slot]
    for plan in outcome.plans.jobs.values():
        for move in plan.moves:
            total += prices.link[move.slot].get(move.link, 0) * move.gb * scale.hours[move.slot]
    return total


def carriage_units(case: Case, outcome: Outcome, scale: Scale) -> Fraction:
    """Return link costs of flows and transfer costs of jobs, in units."""
    yuan = PICO_IN_MICRO * MICRO
    total = Fraction(0)
    for slot, hours in enumerate(scale.hours):
        carried = outcome.flow[slot].sum(axis=1).tolist()
        total += sum(
            (link.cost * q * hours for link, q in zip(case.links, carried, strict=True) if q),
            Fraction(0),
        )
    for index, plan in outcome.plans.jobs.items():
        zones = case.jobs[index].zones
        total += sum(
            (zones[cell.zone] * cell.cards * scale.hours[cell.slot] for cell in plan.cells),
            Fraction(0),
        )
    return total * yuan

"""Whether every yuan is right: settlements, paid, rent and uplift, and that all sums to 0."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from suanwang.market.verify.gains import job_price, job_transfer, offer_income
from suanwang.market.verify.numbers import MICRO, Exact, distance, half_even, written
from suanwang.market.verify.orders import Case, Steps
from suanwang.market.verify.outcome import Outcome
from suanwang.market.verify.result import Amount, Result
from suanwang.market.verify.verdict import Faults

CARRIAGE, ROUNDING = "@carriage", "@rounding"
UPLIFT_SLACK = 2 * MICRO  # each line is rounded, and so are the losses it is made of


def check_money(case: Case, outcome: Outcome, result: Result, faults: Faults) -> None:
    """Check every settlement to the micro-yuan, the rent, and that they sum to 0."""
    told = unique(result.settlements, "settlements", faults)
    for name, micro in _expected(case, outcome):
        found = told.pop(name, 0)
        if found != micro * MICRO:
            expected = written(micro * MICRO)
            faults.add("settlement", name, expected=expected, found=written(found))
    told.pop(ROUNDING, None)  # what is left over; the sum below tells whether it is right
    for name, left in told.items():
        if left:
            faults.add("settlement", name, expected=0, found=written(left))
    _refuse_unknown(case, told, "settlements", faults)
    _check_paid(case, outcome, faults)
    rent = half_even(_rent(case, outcome), case.micro) * MICRO
    if result.congestion_rent != rent:
        paid = written(result.congestion_rent)
        faults.add("rent", "congestion_rent", expected=written(rent), found=paid)
    total = sum(amount for _, amount in result.settlements) + result.congestion_rent
    if total:
        faults.add("money-sum", "settlements", found=written(total))


def unique(rows: list[Amount], place: str, faults: Faults) -> dict[str, int]:
    """Return amounts by id; an id listed twice is a fault."""
    found = dict(rows)
    if len(found) < len(rows):
        seen: set[str] = set()
        for name, _ in rows:
            if name in seen:
                faults.add("twice", f"{place} {name}")
            seen.add(name)
    return found


def _refuse_unknown(case: Case, names: dict[str, int], place: str, faults: Faults) -> None:
    if not names:
        return
    known = {*case.asks.ids, *case.bids.ids, CARRIAGE, ROUNDING}
    known.update(order.id for orders in (case.blocks, case.jobs, case.offers) for order in orders)
    for name in names.keys() - known:
        faults.add("unknown", place, found=name)


def _expected(case: Case, outcome: Outcome) -> Iterator[tuple[str, int]]:
    """Walk the micro-yuan that each accepted order receives, or pays below 0."""
    yield from _of_steps(case, case.asks, outcome.asks, outcome)
    for name, amount in _of_steps(case, case.bids, outcome.bids, outcome):
        yield name, -amount
    quotes, micro = outcome.published, case.micro
    for block, cards in zip(case.blocks, outcome.blocks, strict=True):
        if cards is not None:
            places = zip(block.nodes, block.slots, cards, strict=True)
            amount = half_even(
                sum(quotes.nodes[n] * c * case.hours[t] for n, t, c in places), micro
            )
            yield block.id, -amount if block.buys else amount
    for offer, taken in zip(case.offers, outcome.offers, strict=True):
        if taken is not None:
            yield offer.id, half_even(offer_income(offer, taken, quotes), micro)
    carriage = sum(
        case.links[link].cost * cards * case.hours[slot]
        for (link, _, slot), cards in outcome.flows.items()
    )
    for job, placed in zip(case.jobs, outcome.jobs, strict=True):
        if placed.accepted:
            transfer = job_transfer(job, placed, case)
            carriage += transfer
            yield job.id, -half_even(job_price(placed, quotes) + transfer, micro)
    yield CARRIAGE, half_even(carriage, micro)


def _of_steps(
    case: Case, steps: Steps, taken: list[int], outcome: Outcome
) -> Iterator[tuple[str, int]]:
    prices, hours, slots, micro = outcome.published.nodes, case.hours, case.slots, case.micro
    for name, node, cards in zip(steps.ids, steps.node, taken, strict=True):
        if cards:
            yield name, half_even(prices[node] * cards * hours[node % slots], micro)


def _check_paid(case: Case, outcome: Outcome, faults: Faults) -> None:
    for job, placed in zip(case.jobs, outcome.jobs, strict=True):
        cost = job_price(placed, outcome.published) + job_transfer(job, placed, case)
        paid = half_even(cost, case.micro) * MICRO
        if placed.paid != paid:
            faults.add("paid", job.id, expected=written(paid), found=written(placed.paid))


def _rent(case: Case, outcome: Outcome) -> Exact:
    prices, hours = outcome.published.links, case.hours
    flows = sum(
        prices[link][slot] * case.links[link].weights[k] * cards * hours[slot]
        for (link, k, slot), cards in outcome.flows.items()
    )
    return flows + sum(
        prices[link][slot] * gb * hours[slot] for (link, slot), gb in outcome.gb.items()
    )


def check_uplift(
    case: Case, outcome: Outcome, *, told: list[Amount], lost: dict[str, Exact], faults: Faults
) -> None:
    """Check that losers are paid their losses and buyers charged for it by card-hours."""
    lines = unique(told, "uplift", faults)
    _refuse_unknown(case, lines, "uplift", faults)
    total = sum(lines.values())
    if total:
        faults.add("uplift-sum", "uplift", found=written(total))
    expected = dict[str, Exact]() if case.no_loss else _uplift(case, outcome, lost)
    slack = 0 if case.no_loss else UPLIFT_SLACK + (len(lost) * MICRO if lost else 0)
    for name in lines.keys() | expected.keys():
        amount: Exact = expected.get(name, 0)
        found = lines.get(name, 0)
        if distance(amount, found) > slack:
            faults.add("uplift", name, expected=written(amount), found=written(found))


def _uplift(case: Case, outcome: Outcome, lost: dict[str, Exact]) -> dict[str, Exact]:
    """Return each line in 10⁻¹² yuan: losses, less the share in them by card-hours bought."""
    if not lost:
        return {}
    bought = _card_hours(case, outcome)
    total, hours = sum(lost.values()), sum(bought.values())
    lines = {name: Fraction(loss) / case.pico for name, loss in lost.items()}
    for name, share in bought.items():
        lines[name] = lines.get(name, Fraction(0)) - Fraction(total) * share / hours / case.pico
    return dict(lines)


def _card_hours(case: Case, outcome: Outcome) -> dict[str, int]:
    hours, slots, bids = case.hours, case.slots, case.bids
    bought = {
        name: cards * hours[node % slots]
        for name, node, cards in zip(bids.ids, bids.node, outcome.bids, strict=True)
        if cards
    }
    for block, taken in zip(case.blocks, outcome.blocks, strict=True):
        if block.buys and taken is not None:
            bought[block.id] = sum(c * hours[t] for c, t in zip(taken, block.slots, strict=True))
    for job, placed in zip(case.jobs, outcome.jobs, strict=True):
        if placed.accepted:
            bought[job.id] = sum(c * hours[node % slots] for node, c, _ in placed.cells)
    return bought

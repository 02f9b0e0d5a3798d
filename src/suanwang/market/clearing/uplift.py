"""Uplift: who loses at the published prices is paid its loss, and buyers share it by card-hours."""

from __future__ import annotations

from fractions import Fraction

from suanwang.market.case.model import Case, Side
from suanwang.market.clearing.gains import plan_gains
from suanwang.market.clearing.outcome import Outcome, quantities_of
from suanwang.market.clearing.published import Prices
from suanwang.market.clearing.scale import Scale


def uplift_lines(case: Case, outcome: Outcome, prices: Prices, scale: Scale) -> dict[str, int]:
    """Return micro-yuan that each order gets (+) or pays (−) on top; they sum to 0."""
    gains = plan_gains(case, outcome, prices, scale)
    losses = {name: lost for name, gain in gains.items() if (lost := -scale.micro_yuan(gain)) > 0}
    if not losses:
        return {}
    shares = _shares(sum(losses.values()), _card_hours(case, outcome, scale))
    lines = dict(losses)
    for name, share in shares.items():
        lines[name] = lines.get(name, 0) - share
    return {name: amount for name, amount in lines.items() if amount}


def _card_hours(case: Case, outcome: Outcome, scale: Scale) -> dict[str, int]:
    """Return what each buyer buys, in quanta × hour parts."""
    per_slot = len(case.zones) * len(case.classes)
    quanta = quantities_of(outcome, Side.BID)
    bought: dict[str, int] = {}
    for i in quanta.nonzero()[0].tolist():
        hours = scale.hours[int(case.bids.node[i]) // per_slot]
        bought[case.bids.ids[i]] = int(quanta[i]) * hours
    for index, plan in outcome.plans.jobs.items():
        bought[case.jobs[index].id] = sum(c.cards * scale.hours[c.slot] for c in plan.cells)
    for index, quantities in outcome.plans.blocks.items():
        block = case.blocks[index]
        if block.side is Side.BID:
            pairs = zip(block.slots, quantities, strict=True)
            bought[block.id] = sum(q * scale.hours[slot] for slot, q in pairs)
    return {name: amount for name, amount in bought.items() if amount}


def _shares(total: int, bought: dict[str, int]) -> dict[str, int]:
    """Share micro-yuan by card-hours, cut down; what is left goes to the largest remainders."""
    whole = sum(bought.values())
    if not whole:
        return {}
    exact = {name: Fraction(total * amount, whole) for name, amount in bought.items()}
    shares = {name: int(part) for name, part in exact.items()}
    rest = total - sum(shares.values())
    for name in sorted(exact, key=lambda n: (shares[n] - exact[n], n))[:rest]:
        shares[name] += 1
    return shares

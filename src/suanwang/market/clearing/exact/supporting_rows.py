"""Rows that say that there are prices: own intervals, links, and nobody loses.

    some of a step taken  ⇒  price ≥ its own      some of it left  ⇒  price ≤ its own

Every outcome that the judge accepts keeps them; what they leave out (cards × price is exact only at
the ends of both, data is not paid for) is the judge's to say. Each step needs two switches.
"""

from __future__ import annotations

import numpy as np

from suanwang.market.case.model import MICRO, Pricing, Side
from suanwang.market.clearing.curves import effective_ask_prices
from suanwang.market.clearing.exact.model import Amount, Flow, Model, OpenTerms, Step, Terms
from suanwang.market.clearing.slot_prices import ROUNDING_QUANTA

STEPS_MAX = 200
_LOSS_MAX = 1e-6  # yuan, of the rules
_RATIOS = 100.0  # a hundredth of a block loses that much less
_LEEWAY = 1e-7  # yuan per card-hour: floats must not bar what the judge would take


def has_few_steps(model: Model) -> bool:
    """Say whether price rows are worth their switches."""
    return len(model.steps) + len(model.flows) <= STEPS_MAX


def add_price_rows(model: Model, pricing: Pricing) -> None:
    """Ask for prices that support the outcome; in `no_loss` at which nobody loses."""
    low, high = _price_range(model)
    price = [model.programme.column(low=low, high=high) for _ in range(model.market.case.nodes)]
    span = high - low
    for step in model.steps:
        _hold_step(model, step, price[step.node], span)
    rents = {at: _add_rent(model, at, span) for at in model.link_row}
    for flow in model.flows:
        _hold_flow(model, flow, price, rents[flow.link, flow.slot])
    _hold_lots(model, price, span)
    if pricing is Pricing.NO_LOSS:
        for terms in model.terms:
            _hold_gain(model, terms, price, max(abs(low), abs(high)))
        for open_terms in model.open_terms:
            _hold_open_gain(model, open_terms, price)


def _price_range(model: Model) -> tuple[float, float]:
    # Carbon may lift an ask above the highest price that is published.
    case = model.market.case
    own = [step.price for step in model.steps]
    prices = [case.price_min, case.price_max, *own, *effective_ask_prices(case).tolist()]
    return min(prices) / MICRO - _LEEWAY, max(prices) / MICRO + _LEEWAY


def _hold_step(model: Model, step: Step, price: int, span: float) -> None:
    programme, own = model.programme, step.price / MICRO
    some, full = programme.switch(), programme.switch()
    programme.row([(step.column, 1.0), (some, -step.cards)], high=0.0)
    programme.row([(step.column, 1.0), (full, -step.cards)], low=0.0)
    programme.row([(some, 1.0), (full, -1.0)], low=0.0)
    programme.row([(price, 1.0), (some, -span)], low=own - span - _LEEWAY)
    programme.row([(price, 1.0), (full, -span)], high=own + _LEEWAY)


def _add_rent(model: Model, at: tuple[int, int], span: float) -> int:
    """Add a link's price in a slot, which is 0 where there is room."""
    programme, (j, slot) = model.programme, at
    link = model.market.case.links[j]
    quanta = ROUNDING_QUANTA / model.market.case.quantum * float(sum(link.weights))
    no_room = float(link.capacity[slot]) * (1 - _LEEWAY) - quanta
    rent, full = programme.column(), programme.switch()
    most = (span + float(link.cost)) / float(min(link.weights))
    programme.row([(rent, 1.0), (full, -most)], high=0.0)
    carried = programme.rows[model.link_row[at]]
    programme.row([*carried.items(), (full, -no_room)], low=0.0)
    return rent


def _hold_flow(model: Model, flow: Flow, price: list[int], rent: int) -> None:
    programme, case = model.programme, model.market.case
    link = case.links[flow.link]
    weight, cost = float(link.weights[flow.card_class]), float(link.cost)
    there = price[case.node(link.target, flow.card_class, flow.slot)]
    here = price[case.node(link.source, flow.card_class, flow.slot)]
    span = programme.upper[here] - programme.lower[here] + cost
    rise = [(there, 1.0), (here, -1.0), (rent, -weight)]
    programme.row(rise, high=cost + _LEEWAY)
    some = programme.switch()
    most = float(link.capacity[flow.slot]) / weight
    programme.row([(flow.column, 1.0), (some, -most)], high=0.0)
    # Where nothing flows the rise may be as low as the rent at its highest makes it.
    deep = span + weight * (span + cost) / float(min(link.weights))
    programme.row([*rise, (some, -deep)], low=cost - deep - _LEEWAY)


def _hold_lots(model: Model, price: list[int], span: float) -> None:
    case, asks = model.market.case, effective_ask_prices(model.market.case)
    for (side, i), bits in model.lots.items():
        selling = side is Side.ASK
        node = int((case.asks if selling else case.bids).node[i])
        own = int(asks[i] if selling else case.bids.price[i]) / MICRO
        for bit in bits:
            if selling:
                model.programme.row([(price[node], 1.0), (bit, -span)], low=own - span - _LEEWAY)
            else:
                model.programme.row([(price[node], 1.0), (bit, span)], high=own + span + _LEEWAY)


def _hold_gain(model: Model, terms: Terms, price: list[int], most: float) -> None:
    sold = [(price[node], hours) for node, hours in terms.card_hours.items()]
    worst = sum(abs(hours) for hours in terms.card_hours.values()) * most + abs(terms.worth)
    slack = _LOSS_MAX * _RATIOS
    model.programme.row([*sold, (terms.on, -worst)], low=-terms.worth - slack - worst)


def _hold_open_gain(model: Model, terms: OpenTerms, price: list[int]) -> None:
    programme = model.programme
    traded = [
        (_add_trade(model, amount, price[amount.node]), 1.0)
        for amount in terms.amounts
        if amount.most >= amount.least
    ]
    gains = [(column, programme.gains[column]) for column in terms.columns]
    programme.row([*traded, *gains], low=-_LOSS_MAX - _LEEWAY)


def _add_trade(model: Model, amount: Amount, price: int) -> int:
    """Add what an amount brings, at most: McCormick's envelope of cards × price."""
    programme, case = model.programme, model.market.case
    low, high = programme.lower[price], programme.upper[price]
    hours = amount.sign * model.hours[amount.node * case.slots // case.nodes]
    at_least, at_most = (high, low) if amount.sign > 0 else (low, high)
    trade = programme.column(low=-np.inf)
    ends = ((amount.least, at_least), (amount.most, at_most))
    for cards, other in ends:
        terms = [(trade, 1.0), (price, -hours * cards), (amount.column, -hours * other)]
        spare = 0.0
        if cards == amount.least and amount.on >= 0:
            spare = abs(hours) * cards * (high - low)
            terms.append((amount.on, spare))
        programme.row(terms, high=spare - hours * cards * other)
    return trade

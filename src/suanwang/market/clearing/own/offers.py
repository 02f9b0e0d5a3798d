"""Offers with conditions: on and off over the slots, by dynamic programming.

    off[t]  the best of slots before t, with whatever has run
    on[t]   the best of slots before t with a run that may end at t

A run lasts at least min_run slots or to the offer's end. The bound leaves the ramp out and sells
all where the price is above the offer's own, else the least; `ramps` plans with the ramp.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from suanwang.market.case.model import MICRO, Case, Offer
from suanwang.market.clearing.own.arrays import Floats, Indices, Record, Records
from suanwang.market.clearing.own.compiled import inner, kernel
from suanwang.market.clearing.own.ramps import plan_ramped

OFFER = np.dtype(
    [
        ("quantity_min", "f8"),
        ("start_cost", "f8"),
        ("ramp", "f8"),  # inf where none
        ("min_run", "i4"),
        ("start", "i4"),
        ("end", "i4"),
        ("place", "i4"),
        ("pool", "i4"),
    ],
    align=True,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OfferArrays:
    """Offers in the order of the CASE."""

    offers: Records  # OFFER
    quantity: Floats  # [offers, slots]
    price: Floats  # [offers, slots], yuan per card-hour with carbon
    hours: Floats  # [slots]

    @classmethod
    def of(cls, case: Case) -> OfferArrays:
        """Compile the offers of a case."""
        shape = (len(case.offers), case.slots)
        own = [[float(each) for each in offer.price] for offer in case.offers]
        carbon = [case.carbon[:, offer.card_class, offer.zone] / MICRO for offer in case.offers]
        quantity = [[float(each) for each in offer.quantity] for offer in case.offers]
        return cls(
            offers=np.array([_row(case, offer) for offer in case.offers], OFFER),
            quantity=np.array(quantity, dtype=np.float64).reshape(shape),
            price=(np.array(own) + np.array(carbon)).reshape(shape),
            hours=np.array(case.hours, dtype=np.float64),
        )


class OfferGains(NamedTuple):
    """What offers gain alone, and the cards of each slot that reach it (0 is off)."""

    gain: Floats  # [offers], yuan
    cards: Floats  # [offers, slots]


def offer_bounds(offers: OfferArrays, *, nodes: Floats, pools: Floats) -> OfferGains:
    """Return the most that each offer gains alone, its ramp left out.

    Takes nodes[nodes] and pools[pools, slots] in yuan per card-hour.
    """
    found = OfferGains(np.zeros(len(offers.offers)), np.zeros(offers.quantity.shape))
    margin = _margins(offers, nodes=nodes, pools=pools)
    _bound_all(offers.offers, (offers.quantity, margin), found.gain, found.cards)
    return found


def offer_plans(offers: OfferArrays, *, nodes: Floats, pools: Floats) -> OfferGains:
    """Return the best that each offer can really run, its ramp kept."""
    found = offer_bounds(offers, nodes=nodes, pools=pools)
    ramped = np.flatnonzero(np.isfinite(offers.offers["ramp"]) & (found.gain > 0)).astype(np.int32)
    if len(ramped) > 0:
        margin = _margins(offers, nodes=nodes, pools=pools)
        plan_ramped(offers.offers, (offers.quantity, margin, found.gain, found.cards), ramped)
    return found


def add_offer_demand(
    offers: OfferArrays, found: OfferGains, *, cards: Floats, pools: Floats
) -> None:
    """Take what the offers give off the demand cards[nodes] and pools[pools, slots]."""
    places = len(cards) // len(offers.hours)
    for index, offer in enumerate(offers.offers):
        cards[offer["place"] :: places] -= found.cards[index]
        if offer["pool"] >= 0:
            pools[offer["pool"]] -= found.cards[index]


def _row(case: Case, offer: Offer) -> tuple[float, ...]:
    place = offer.card_class * len(case.zones) + offer.zone
    ramp = np.inf if offer.ramp is None else float(offer.ramp)
    numbers = (float(offer.quantity_min), float(offer.start_cost), ramp)
    return (*numbers, max(offer.min_run, 1), offer.start, offer.end, place, offer.pool)


def _margins(offers: OfferArrays, *, nodes: Floats, pools: Floats) -> Floats:
    # Yuan per card sold in each slot; an offer of a pool gains at node + pool.
    rate = nodes.reshape(len(offers.hours), -1).T[offers.offers["place"]]
    pooled = offers.offers["pool"] >= 0
    rate[pooled] += pools[offers.offers["pool"][pooled]]
    return np.ascontiguousarray((rate - offers.price) * offers.hours)


@kernel
def _bound_all(offers: Records, terms: tuple[Floats, Floats], gain: Floats, cards: Floats) -> None:
    quantity, margin = terms
    size = quantity.shape[1] + 1
    sums = (np.empty(size), np.empty(size, np.int32))
    best = (np.empty(size), np.empty(size), np.empty(size, np.int32))
    for index in range(len(offers)):
        offer, own = offers[index], (quantity[index], margin[index])
        _add_up(offer, own, sums)
        gain[index] = _switch(offer, sums, best)
        _sell(offer, own, best, cards[index])


@inner
def _add_up(offer: Record, own: tuple[Floats, Floats], sums: tuple[Floats, Indices]) -> None:
    # What running brings up to each slot, and how many slots cannot run at all.
    (quantity, margin), (total, barred) = own, sums
    total[offer.start], barred[offer.start] = 0.0, 0
    for t in range(offer.start, offer.end):
        sold = quantity[t] if margin[t] > 0.0 else offer.quantity_min
        total[t + 1] = total[t] + sold * margin[t]
        barred[t + 1] = barred[t] + (1 if quantity[t] < offer.quantity_min else 0)


@inner
def _switch(
    offer: Record, sums: tuple[Floats, Indices], best: tuple[Floats, Floats, Indices]
) -> float:
    (total, barred), (off, on, since) = sums, best
    off[offer.start : offer.end + 1] = 0.0
    on[offer.start : offer.end + 1] = -np.inf
    for t in range(offer.start, offer.end):
        if t > offer.start:
            off[t] = max(off[t - 1], on[t])
        if on[t] > -np.inf and barred[t + 1] == barred[t]:
            longer = on[t] + total[t + 1] - total[t]
            if longer > on[t + 1]:
                on[t + 1], since[t + 1] = longer, since[t]
        until = min(t + offer.min_run, offer.end)
        begun = off[t] - offer.start_cost + total[until] - total[t]
        if barred[until] == barred[t] and begun > on[until]:
            on[until], since[until] = begun, t
    off[offer.end] = max(off[offer.end - 1], on[offer.end])
    return float(off[offer.end])


@inner
def _sell(
    offer: Record,
    own: tuple[Floats, Floats],
    best: tuple[Floats, Floats, Indices],
    cards: Floats,
) -> None:
    (quantity, margin), (off, on, since) = own, best
    t = offer.end
    while t > offer.start:
        if on[t] <= off[t - 1]:
            t -= 1
            continue
        for slot in range(since[t], t):
            cards[slot] = quantity[slot] if margin[slot] > 0.0 else offer.quantity_min
        t = since[t]

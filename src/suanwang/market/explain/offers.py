"""Why an offer with conditions stands as it does: its best run against its costs."""

from __future__ import annotations

from dataclasses import replace

from suanwang.market.explain.links import link_in_the_way
from suanwang.market.explain.parts import (
    Answer,
    Kind,
    Reason,
    Scene,
    Taken,
    reason,
    runs_text,
    shown,
    yuan,
)
from suanwang.market.verify.best import best_of_offer
from suanwang.market.verify.gains import offer_cost, offer_income
from suanwang.market.verify.orders import Offer


def explain_offer(scene: Scene, index: int) -> Answer:
    """Explain the offer at `index`."""
    case, offer, cards = scene.case, scene.case.offers[index], scene.outcome.offers[index]
    whole = sum(offer.quantity[offer.start : offer.end])
    part = sum(cards or ())
    best = best_of_offer(offer, scene.quotes)
    taken = Taken.REJECTED if not part else Taken.ACCEPTED if part >= whole else Taken.PARTLY
    reasons = [_not_on(scene, offer, best)] if cards is None else [_on(scene, offer, cards)]
    if cards is None and best <= 0:
        window = [offer.node + t for t in range(offer.start, offer.end)]
        reasons += link_in_the_way(case, scene.quotes, window, buys=False)
    return Answer(
        id=offer.id, kind=Kind.OFFER, taken=taken, part=shown(part), whole=shown(whole),
        reasons=tuple(reasons), turning=() if cards or best > 0 else _turning(scene, offer),
    )  # fmt: skip


def _on(scene: Scene, offer: Offer, cards: tuple[int, ...]) -> Reason:
    cost = offer_cost(offer, cards, scene.case)
    income = offer_income(offer, cards, scene.quotes)
    slots = runs_text([slot for slot, given in enumerate(cards) if given])
    facts = {"income": yuan(income, scene.case), "cost": yuan(cost, scene.case), "slots": slots}
    if income < cost - scene.case.micro:
        return reason("offer-uplifted", **facts)
    return reason("offer-on", **facts)


def _not_on(scene: Scene, offer: Offer, best: int) -> Reason:
    if best > 0:
        return reason("moves-prices", gain=yuan(best, scene.case))
    if offer.start_cost:
        return reason("offer-dear-start", start=yuan(offer.start_cost, scene.case))
    return reason("offer-dear")


def _turning(scene: Scene, offer: Offer) -> tuple[Reason, ...]:
    """Say by how many ticks its prices must fall at these prices until it is worth being on."""
    dearest = max(map(abs, [*offer.price, *scene.quotes.nodes])) + offer.start_cost + 1
    low, high = 0, 2 * dearest // scene.tick + 2
    if not _gains(scene, offer, high):
        return ()
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _gains(scene, offer, middle) else (middle, high)
    return (reason("offer-lower", less=shown(high * scene.tick)),)


def _gains(scene: Scene, offer: Offer, ticks: int) -> bool:
    prices = tuple(price - ticks * scene.tick for price in offer.price)
    return best_of_offer(replace(offer, price=prices), scene.quotes) > 0

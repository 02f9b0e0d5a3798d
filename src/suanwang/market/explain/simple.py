"""Why a simple ask or bid stands as it does: its limit against the price of its node."""

from __future__ import annotations

from suanwang.market.explain.links import link_in_the_way
from suanwang.market.explain.parts import (
    Answer,
    Kind,
    Reason,
    Scene,
    Taken,
    above,
    reason,
    shown,
    taken_of,
)


def explain_simple(scene: Scene, kind: Kind, index: int) -> Answer:
    """Explain the simple order at `index` of its side."""
    case, outcome, buys = scene.case, scene.outcome, kind is Kind.BID
    steps = case.bids if buys else case.asks
    cards = (outcome.bids if buys else outcome.asks)[index]
    node, limit, quantity = steps.node[index], steps.price[index], steps.quantity[index]
    price = outcome.published.nodes[node]
    # From here on a higher number is the better one for getting taken, on both sides.
    edge = limit - price if buys else price - limit
    taken = taken_of(cards, quantity)
    reasons = []
    if quantity:
        reasons += [_against_price(scene, kind, node=node, limit=limit, price=price, edge=edge)]
    reasons += _what_held_it(edge, quantity, steps.lot[index], taken, pool=steps.pool[index])
    if taken is not Taken.ACCEPTED and quantity and edge <= 0:
        reasons += link_in_the_way(case, outcome.published, [node], buys=buys)
    turning = _turning(scene, kind, taken, price=price, node=node, edge=edge) if quantity else ()
    return Answer(
        id=steps.ids[index], kind=kind, taken=taken, part=shown(cards), whole=shown(quantity),
        reasons=tuple(reasons), turning=turning,
    )  # fmt: skip


def _against_price(
    scene: Scene, kind: Kind, *, node: int, limit: int, price: int, edge: int
) -> Reason:
    side = "bid" if kind is Kind.BID else "ask"
    code = f"{side}-at" if not edge else f"{side}-good" if edge > 0 else f"{side}-bad"
    carbon = 0 if kind is Kind.BID else scene.carbon.get(node, 0)
    if carbon:
        return reason(
            code + "-carbon", limit=shown(limit - carbon), carbon=shown(carbon),
            price=shown(price), node=scene.case.name(node),
        )  # fmt: skip
    return reason(code, limit=shown(limit), price=shown(price), node=scene.case.name(node))


def _what_held_it(
    edge: int, quantity: int, lot: int, taken: Taken, *, pool: str | None
) -> list[Reason]:
    if not quantity:
        return [reason("nothing")]
    if taken is Taken.ACCEPTED:
        return []
    if edge >= 0 and lot:
        return [reason("lot", lot=shown(lot))]
    if not edge:
        return [reason("shares")]
    if edge > 0 and pool is not None:
        return [reason("pool-ask", pool=pool)]
    return []


def _turning(
    scene: Scene, kind: Kind, taken: Taken, *, price: int, node: int, edge: int
) -> tuple[Reason, ...]:
    """Say which limit is surely taken in full: one tick better than the price."""
    if not edge and taken is Taken.ACCEPTED:
        return ()
    if kind is Kind.BID:
        limit = above(price, scene.tick)
        inside = limit <= scene.case.price_max
    else:
        limit = -above(-(price - scene.carbon.get(node, 0)), scene.tick)
        inside = limit >= scene.case.price_min
    if taken is Taken.ACCEPTED:
        return (reason("limit-kept", limit=shown(limit)),) if inside else ()
    if edge > 0:
        return ()
    if not inside:
        return (reason("limit-none", limit=shown(price)),)
    return (reason("limit", limit=shown(limit)),)

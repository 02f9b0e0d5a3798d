"""Which full link stands between an order and a better price."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from suanwang.market.explain.parts import Reason, reason, shown
from suanwang.market.verify.numbers import Exact
from suanwang.market.verify.orders import Case
from suanwang.market.verify.quotes import Quotes


def link_in_the_way(
    case: Case, quotes: Quotes, nodes: Iterable[int], *, buys: bool
) -> tuple[Reason, ...]:
    """Name the full link that costs most at these nodes: into them who buys, else out of them."""
    found: list[tuple[Exact, int, int, int]] = []
    for node in nodes:
        place, slot = divmod(node, case.slots)
        zone, card_class = divmod(place, len(case.classes))
        for index, link in enumerate(case.links):
            here, far = (link.target, link.source) if buys else (link.source, link.target)
            rent = link.weights[card_class] * quotes.links[index][slot]
            other = case.base(far, card_class) + slot
            fall = quotes.nodes[node] - quotes.nodes[other]
            if here == zone and rent and (fall if buys else -fall) > link.cost:
                found.append((Fraction(rent), -index, slot, other))
    if not found:
        return ()
    rent, index, slot, other = max(found)
    code = "link-in" if buys else "link-out"
    far_zone = case.zones[other // case.slots // len(case.classes)]
    return (
        reason(
            code, link=_name(case, -index), slot=slot, rent=shown(rent),
            zone=far_zone, price=shown(quotes.nodes[other]),
        ),
    )  # fmt: skip


def data_link_in_the_way(
    case: Case, quotes: Quotes, slots: range, ends: set[int]
) -> tuple[Reason, ...]:
    """Name the dearest full link that touches one of these zones in these slots."""
    found = [
        (quotes.links[index][slot], -index, slot)
        for index, link in enumerate(case.links)
        if link.source in ends or link.target in ends
        for slot in slots
        if quotes.links[index][slot]
    ]
    if not found:
        return ()
    price, index, slot = max(found)
    return (reason("link-data", link=_name(case, -index), slot=slot, price=shown(price)),)


def _name(case: Case, index: int) -> str:
    link = case.links[index]
    return f"{case.zones[link.source]}→{case.zones[link.target]}"

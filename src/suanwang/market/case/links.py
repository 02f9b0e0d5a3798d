"""Reads the links of a case."""

from __future__ import annotations

from fractions import Fraction

from suanwang.market.case.fields import Fields, Misfit, cut, number_at
from suanwang.market.case.frame import CLASS, Frame
from suanwang.market.case.model import MICRO, Link

CAPACITIES_MAX = 1 << 23  # links × (slots + classes): one number each


def read_links(fields: Fields, frame: Frame) -> tuple[Link, ...]:
    """Read the links, at most one from one zone to another."""
    entries = list(fields.items("links"))
    numbers = len(entries) * (frame.slots + len(frame.classes))
    if numbers > CAPACITIES_MAX:
        expected = f"links × (slots + classes) ≤ {CAPACITIES_MAX}"
        raise Misfit(fields.at("links"), expected, numbers)
    links: dict[tuple[int, int], Link] = {}
    for place, value in entries:
        link = _link(value, place, frame)
        if (link.source, link.target) in links:
            raise Misfit(place, "one link from a zone to another", "a second one")
        links[link.source, link.target] = link
    return tuple(links.values())


def _link(value: object, place: str, frame: Frame) -> Link:
    entry = Fields(value, place, needs="from to capacity", may="cost weights")
    source, target = frame.zone(entry, "from"), frame.zone(entry, "to")
    if source == target:
        raise Misfit(entry.at("to"), "another zone than from", entry.raw("to"))
    return Link(
        source=source,
        target=target,
        capacity=tuple(
            number_at(v, at, least=0) for at, v in entry.series("capacity", frame.slots)
        ),
        cost=cost_up(entry.number("cost", least=0)),
        weights=_weights(entry, frame),
    )


def _weights(entry: Fields, frame: Frame) -> tuple[Fraction, ...]:
    weights = [Fraction(1)] * len(frame.classes)
    for name, value in entry.mapping("weights", "weights of classes").items():
        place = entry.at("weights")
        if name not in frame.classes:
            raise Misfit(place, CLASS, name)
        weights[frame.classes[name]] = number_at(value, f"{place}.{name}", above=0)
    return tuple(weights)


def cost_up(cost: Fraction) -> Fraction:
    """Cut a cost to micro-yuan: up."""
    return -cut(-cost, parts=MICRO)

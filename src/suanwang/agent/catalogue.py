"""The agent's questions to the grid's catalogue: is this place or chip known, what does it draw."""

from __future__ import annotations

from suanwang.agent.config import CentreFacts
from suanwang.grid.catalogue import ChipKind, chip, chips, city, is_zone, province, zone
from suanwang.grid.errors import ZoneNotOfCentre

_TRADEMARKS = ("(R)", "(r)", "(TM)", "(tm)")


def check_places(centre: CentreFacts) -> None:
    """Refuse a centre whose zone, city, province or chips the grid does not know, by name.

    A centre is in one of the ten zones, or its zone is its city.
    """
    if is_zone(centre.zone):
        zone(centre.zone)
    elif centre.zone != centre.city:
        # A misspelt zone is the likelier mistake: `zone` names the nearest.
        zone(centre.zone)
        raise ZoneNotOfCentre(zone=centre.zone, city=centre.city)
    else:
        city(centre.city)
    province(centre.province)
    for pool in centre.pools:
        chip(pool.chip)


def watts_of(card_class: str) -> float:
    """Return the rated power of one card."""
    return chip(card_class).power_w


def is_cpu(card_class: str) -> bool:
    """Say whether a card of this class is a processor socket."""
    return chip(card_class).kind is ChipKind.CPU


def processor_named(model: str, *, otherwise: str) -> str:
    """Return the class of the processor that /proc/cpuinfo calls `model`, or `otherwise`."""
    for mark in _TRADEMARKS:
        model = model.replace(mark, "")
    words = f" {' '.join(model.split())} ".lower()
    known = [each for each in chips() if each.kind is ChipKind.CPU]
    named = [each for each in known if f" {each.name.lower()} " in words]
    return str(named[0].id) if named else otherwise

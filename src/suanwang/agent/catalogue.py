"""The agent's questions to the grid's catalogue: is this place or chip known, what does it draw."""

from __future__ import annotations

from suanwang.agent.config import CentreFacts
from suanwang.basics.ids import CentreId, PoolId
from suanwang.grid.catalogue import ChipKind, chip, chips
from suanwang.grid.centre import Centre, Pool

_TRADEMARKS = ("(R)", "(r)", "(TM)", "(tm)")


def check_places(centre: CentreFacts) -> None:
    """Refuse a centre whose zone, city, province, chips or prices the grid cannot use, by name."""
    # Read exactly as the server will read it; only the ids are not known yet.
    Centre.from_wire(centre.to_wire(), centre_id=CentreId("ctr_new"))
    for pool in centre.pools:
        Pool.from_wire(pool.to_wire(), pool_id=PoolId("pool_new"), centre_id=CentreId("ctr_new"))


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

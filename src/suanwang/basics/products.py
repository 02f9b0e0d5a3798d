"""What can be bought: a class of card, in a zone, in an hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from suanwang.basics.slots import Slot

ZoneId = NewType("ZoneId", str)  # "zhongwei", or outside the ten zones the city: "beijing"
CardClass = NewType("CardClass", str)  # a chip of the catalogue with its bin: "a100-80g-sxm"


@dataclass(frozen=True, slots=True, order=True)
class ProductId:
    """class × zone × slot, the unit of every market here."""

    card_class: CardClass
    zone: ZoneId
    slot: Slot

    def __str__(self) -> str:
        return f"{self.card_class}@{self.zone}/{self.slot.start:%Y%m%dT%H%MZ}"

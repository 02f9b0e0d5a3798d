"""Reads the blocks of a case, their groups and their parents."""

from __future__ import annotations

from fractions import Fraction

from suanwang.market.case.fields import Fields, Misfit, list_at, quantity_at
from suanwang.market.case.frame import Frame
from suanwang.market.case.model import MICRO, Block, Side

_NEEDS = "id side zone class slots quantity price"
_MAY = "min_fraction group parent lot"


def read_blocks(fields: Fields, frame: Frame) -> tuple[Block, ...]:
    """Read the blocks; parents exist and lead up to a block without one, groups have one parent."""
    places = dict[str, str]()
    blocks = []
    for place, value in fields.items("blocks"):
        block = _block(Fields(value, place, needs=_NEEDS, may=_MAY), frame)
        places[block.id] = place
        blocks.append(block)
    _check_parents(blocks, places)
    _check_groups(blocks, places)
    return tuple(blocks)


def _block(entry: Fields, frame: Frame) -> Block:
    slots = _slots(entry, frame)
    return Block(
        id=entry.text("id"),
        side=entry.choice("side", Side),
        zone=frame.zone(entry),
        card_class=frame.card_class(entry),
        slots=slots,
        quantity=tuple(quantity_at(v, at) for at, v in entry.series("quantity", len(slots))),
        price=Fraction(frame.price(entry.raw("price"), entry.at("price")), MICRO),
        min_fraction=entry.number("min_fraction", default=1, above=0, most=1),
        group=entry.text_or_none("group"),
        parent=entry.text_or_none("parent"),
        lot=entry.quantity("lot", above=0) if "lot" in entry else None,
    )


def _slots(entry: Fields, frame: Frame) -> tuple[int, ...]:
    list_at(entry.raw("slots"), entry.at("slots"))
    slots = dict[int, None]()
    for place, value in entry.items("slots"):
        slot = frame.slot(value, place)
        if slot in slots:
            raise Misfit(place, "each slot once", value)
        slots[slot] = None
    if not slots:
        raise Misfit(entry.at("slots"), "at least one slot", "none")
    return tuple(slots)


def _check_parents(blocks: list[Block], places: dict[str, str]) -> None:
    parents = {block.id: block.parent for block in blocks}
    rooted = set[str]()
    for block in blocks:
        path: dict[str, None] = {}
        at: str | None = block.id
        while at is not None and at not in rooted:
            if at in path:
                raise Misfit(f"{places[at]}.parent", "parents without a cycle", parents[at])
            path[at] = None
            parent = parents[at]
            if parent is not None and parent not in parents:
                raise Misfit(f"{places[at]}.parent", "the id of a block", parent)
            at = parent
        rooted |= path.keys()


def _check_groups(blocks: list[Block], places: dict[str, str]) -> None:
    parents = dict[str, str | None]()
    for block in blocks:
        if block.group is None:
            continue
        expected = parents.setdefault(block.group, block.parent)
        if expected != block.parent:
            what = f"the parent of the group's first block ({expected or 'none'})"
            raise Misfit(f"{places[block.id]}.parent", what, block.parent or "none")

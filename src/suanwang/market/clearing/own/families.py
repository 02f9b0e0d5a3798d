"""Families of blocks: each ratio 0 or 1, of a group the best member, a child only with its parent.

A *choice* is a group, or a block alone: of its members at most one is taken. From the deepest
choices up, a member is worth its own gain and what its children's choices are worth:

    worth(block) = own gain + Σ over choices under it of max(0, its best member's worth)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from suanwang.market.case.model import MICRO, Block, Case, Side
from suanwang.market.clearing.own.arrays import Floats, Indices, floats, indices
from suanwang.market.clearing.own.compiled import kernel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FamilyArrays:
    """Blocks in the order of the CASE; families in the order of their first blocks."""

    sign: Floats  # [blocks]: 1 takes cards (bid), -1 gives them (ask)
    price: Floats  # [cells], yuan per card-hour, an ask's with carbon
    cell_block: Indices  # [cells]
    cell_node: Indices  # [cells]
    cell_cards: Floats  # [cells]
    cell_hours: Floats  # [cells]
    family: Indices  # [blocks]
    first_block: Indices  # [families]: the block that names it
    choice_parent: Indices  # [choices], block or -1; the deepest choices come first
    member_first: Indices  # [choices + 1]
    member: Indices  # [blocks]: block indices, choice by choice

    @classmethod
    def of(cls, case: Case) -> FamilyArrays:
        """Compile the blocks of a case."""
        blocks = case.blocks
        family = _families(blocks)
        choices = _choices(blocks)
        number = {block.id: at for at, block in enumerate(blocks)}
        parents = [blocks[members[0]].parent for members in choices]
        cells = [(block, at) for block in blocks for at in range(len(block.slots))]
        return cls(
            sign=floats([1 if block.side is Side.BID else -1 for block in blocks]),
            price=floats([_price(case, block, slot=block.slots[at]) for block, at in cells]),
            cell_block=indices([at for at, block in enumerate(blocks) for _ in block.slots]),
            cell_node=indices([case.node(b.zone, b.card_class, b.slots[at]) for b, at in cells]),
            cell_cards=floats([block.quantity[at] for block, at in cells]),
            cell_hours=floats([case.hours[block.slots[at]] for block, at in cells]),
            family=indices(family),
            first_block=indices([family.index(each) for each in range(len(set(family)))]),
            choice_parent=indices([-1 if name is None else number[name] for name in parents]),
            member_first=_starts([len(members) for members in choices]),
            member=indices([at for members in choices for at in members]),
        )


class FamilyGains(NamedTuple):
    """What families gain alone, and which blocks that takes."""

    gain: Floats  # [families], yuan
    ratio: Floats  # [blocks], 0 or 1


def family_gains(families: FamilyArrays, *, nodes: Floats) -> FamilyGains:
    """Return the most that each family gains alone at node multipliers nodes[nodes]."""
    gain, ratio = np.zeros(len(families.first_block)), np.zeros(len(families.sign))
    worth = block_gains(families, nodes=nodes)
    tree = (families.choice_parent, families.member_first, families.member, families.family)
    _choose(tree, worth, gain, ratio)
    return FamilyGains(gain, ratio)


def block_gains(families: FamilyArrays, *, nodes: Floats) -> Floats:
    """Return what each block gains at ratio 1 by itself, yuan; less than 0 where it loses."""
    margin = (families.price - nodes[families.cell_node]) * families.cell_cards
    margin *= families.sign[families.cell_block] * families.cell_hours
    worth = np.zeros(len(families.sign))
    np.add.at(worth, families.cell_block, margin)
    return worth


def add_family_demand(families: FamilyArrays, ratio: Floats, *, cards: Floats) -> None:
    """Add to cards[nodes] what the taken blocks ask for, less what they give."""
    each = (families.sign * ratio)[families.cell_block]
    np.add.at(cards, families.cell_node, each * families.cell_cards)


@kernel
def _choose(
    tree: tuple[Indices, Indices, Indices, Indices], worth: Floats, gain: Floats, ratio: Floats
) -> None:
    # Upwards the best of each choice, then downwards what hangs on a taken parent.
    parent, first, member, family = tree
    chosen = np.full(len(parent), -1, np.int32)
    for choice in range(len(parent)):
        best = 0.0
        for at in range(first[choice], first[choice + 1]):
            if worth[member[at]] > best:
                best, chosen[choice] = worth[member[at]], member[at]
        if parent[choice] >= 0:
            worth[parent[choice]] += best
        else:
            gain[family[member[first[choice]]]] += best
    for choice in range(len(parent) - 1, -1, -1):
        open_ = parent[choice] < 0 or ratio[parent[choice]] == 1.0
        if chosen[choice] >= 0 and open_:
            ratio[chosen[choice]] = 1.0


def _price(case: Case, block: Block, *, slot: int) -> float:
    carbon = int(case.carbon[slot, block.card_class, block.zone]) if block.side is Side.ASK else 0
    return float(block.price) + carbon / MICRO


def _starts(lengths: list[int]) -> Indices:
    return indices(np.concatenate([[0], np.cumsum(lengths)]))


def _families(blocks: tuple[Block, ...]) -> list[int]:
    # Union by parent and group; families are numbered by their first blocks.
    number = {block.id: at for at, block in enumerate(blocks)}
    root = list(range(len(blocks)))
    groups: dict[str, int] = {}
    for at, block in enumerate(blocks):
        if block.parent is not None:
            _join(root, at, number[block.parent])
        if block.group is not None:
            _join(root, at, groups.setdefault(block.group, at))
    seen: dict[int, int] = {}
    return [seen.setdefault(_root(root, at), len(seen)) for at in range(len(blocks))]


def _root(root: list[int], at: int) -> int:
    while root[at] != at:
        root[at] = root[root[at]]
        at = root[at]
    return at


def _join(root: list[int], one: int, other: int) -> None:
    root[_root(root, one)] = _root(root, other)


def _choices(blocks: tuple[Block, ...]) -> list[list[int]]:
    depths = _depths(blocks)
    groups: dict[str, list[int]] = {}
    choices: list[list[int]] = []
    for at, block in enumerate(blocks):
        if block.group is not None and block.group in groups:
            groups[block.group].append(at)
            continue
        choices.append([at])
        if block.group is not None:
            groups[block.group] = choices[-1]
    return sorted(choices, key=lambda members: -depths[members[0]])


def _depths(blocks: tuple[Block, ...]) -> list[int]:
    parent = {block.id: block.parent for block in blocks}
    known: dict[str | None, int] = {None: -1}
    for block in blocks:
        way: list[str] = []
        name: str | None = block.id
        while name not in known:
            assert name is not None, "no parent is always known"
            way.append(name)
            name = parent[name]
        known |= {each: known[name] + up for up, each in enumerate(reversed(way), start=1)}
    return [known[block.id] for block in blocks]

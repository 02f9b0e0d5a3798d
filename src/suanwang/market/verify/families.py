"""Blocks: their ratios, the conditions between them, and the most that a family could gain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from suanwang.market.verify.numbers import ONE, Exact, ceil, written
from suanwang.market.verify.orders import Block, Case
from suanwang.market.verify.quotes import Quotes
from suanwang.market.verify.verdict import Faults

Taken = Sequence[tuple[int, ...] | None]
Ratio = tuple[Fraction, Fraction]  # the least and the greatest that the whole quanta allow


def check_blocks(case: Case, taken: Taken, faults: Faults) -> None:
    """Check every block's ratio, least fraction and lot, its group and its parent."""
    ratios = {
        block.id: _ratio(block, cards, case, faults)
        for block, cards in zip(case.blocks, taken, strict=True)
    }
    groups: dict[str, Fraction] = {}
    for block in case.blocks:
        low, _ = ratios[block.id]
        if block.group is not None:
            groups[block.group] = groups.get(block.group, Fraction(0)) + low
        if block.parent is not None and low > ratios[block.parent][1]:
            most = ratios[block.parent][1]
            faults.add("parent", block.id, expected=written(most * ONE), found=written(low * ONE))
    for group, total in groups.items():
        if total > 1:
            faults.add("group", group, found=written(total * ONE))


def _ratio(block: Block, cards: tuple[int, ...] | None, case: Case, faults: Faults) -> Ratio:
    if cards is None:
        return Fraction(0), Fraction(0)
    pairs = list(zip(cards, block.quantity, strict=True))
    if any(c < 0 or c > q for c, q in pairs):
        worst = max(pairs, key=lambda pair: pair[0] - pair[1])
        expected = f"0 to {written(worst[1])}"
        faults.add("quantity", block.id, expected=expected, found=written(worst[0]))
    if block.lot and any(c % block.lot for c in cards):
        faults.add("lot", block.id, expected=written(block.lot), found=written(max(cards)))
    # A ratio times a quantity is cut down to whole quanta, so they leave it a little room.
    low = max((Fraction(c, q) for c, q in pairs if q), default=Fraction(0))
    high = min((Fraction(c + case.quantum, q) for c, q in pairs if q), default=Fraction(1))
    if low >= high:
        faults.add("ratio", block.id)
    if all(c == q for c, q in pairs):
        high = low = Fraction(1)
    if max(low, high) < block.min_fraction:
        least, found = written(block.min_fraction * ONE), written(low * ONE)
        faults.add("min-fraction", block.id, expected=least, found=found)
    return low, min(high, Fraction(1))


def block_gain(block: Block, cards: Sequence[int], quotes: Quotes) -> int:
    """Return the grains that a block gains with these cards at these prices."""
    prices, hours = quotes.nodes, quotes.case.hours
    worth = sum(
        (value - prices[node]) * taken * hours[slot]
        for value, node, taken, slot in zip(
            block.price, block.nodes, cards, block.slots, strict=True
        )
    )
    return worth if block.buys else -worth


def families_of(blocks: Sequence[Block]) -> list[list[Block]]:
    """Return the blocks in connected sets, by parent and group, each in the order of the file."""
    root = {block.id: block.id for block in blocks}

    def find(name: str) -> str:
        while root[name] != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    first_of_group: dict[str, str] = {}
    for block in blocks:
        if block.parent is not None:
            root[find(block.id)] = find(block.parent)
        if block.group is not None:
            root[find(block.id)] = find(first_of_group.setdefault(block.group, block.id))
    sets: dict[str, list[Block]] = {}
    for block in blocks:
        sets.setdefault(find(block.id), []).append(block)
    return list(sets.values())


def best_of_family(family: Sequence[Block], quotes: Quotes) -> int:
    """Return an upper bound of the grains that a family could gain at these prices.

    It is exact where each parent with a group below it is all or nothing. Where such a parent may
    be taken at a fraction f, its group's ratios may sum to 1 ÷ f of its own: the best fill that.
    """
    worth: dict[str, Exact] = {}
    children: dict[str | None, list[Block]] = {}
    for block in family:
        children.setdefault(block.parent, []).append(block)
    order = list(children.get(None, ()))
    for block in order:
        order.extend(children.get(block.id, ()))
    for block in reversed(order):
        below = _best_below(children.get(block.id, ()), worth, block.min_fraction)
        worth[block.id] = max(block_gain(block, block.quantity, quotes) + below, 0)
    return ceil(_best_below(children.get(None, ()), worth, 1))


def _best_below(blocks: Sequence[Block], worth: Mapping[str, Exact], fraction: Exact) -> Exact:
    total: Exact = 0
    groups: dict[str, list[Exact]] = {}
    for block in blocks:
        if block.group is None:
            total += worth[block.id]
        else:
            groups.setdefault(block.group, []).append(worth[block.id])
    for members in groups.values():
        left: Exact = 1 / Fraction(fraction)
        for gain in sorted(members, reverse=True):
            total += gain * min(left, 1)
            left = max(left - 1, 0)
    return total


def missed_by_blocks(case: Case, taken: Taken, quotes: Quotes) -> dict[str, int]:
    """Return what each rejected block would have gained at these prices, in grains."""
    accepted = {b.id: c for b, c in zip(case.blocks, taken, strict=True) if c is not None}
    by_id = {block.id: block for block in case.blocks}
    in_group: dict[str, int] = {}
    for name, cards in accepted.items():
        group = by_id[name].group
        if group is not None:
            in_group[group] = in_group.get(group, 0) + block_gain(by_id[name], cards, quotes)
    missed = {}
    for block in case.blocks:
        if block.id in accepted:
            continue
        parent = block.parent
        if parent is not None and accepted.get(parent) != by_id[parent].quantity:
            continue
        other = in_group.get(block.group, 0) if block.group is not None else 0
        missed[block.id] = block_gain(block, block.quantity, quotes) - other
    return missed

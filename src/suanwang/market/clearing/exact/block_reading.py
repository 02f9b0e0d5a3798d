"""From ratios in floats to blocks in whole quanta: families keep their conditions exactly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from math import floor

from suanwang.market.case.model import Block, Case
from suanwang.market.clearing.exact.order_columns import BlockColumns
from suanwang.market.clearing.exact.reader import Reader


def block_quantities(
    case: Case, columns: Sequence[BlockColumns], reader: Reader
) -> dict[int, tuple[int, ...]]:
    """Return the accepted blocks' quanta, {index: per listed slot}."""
    ratios = _ratios(case, columns, reader)
    found = {}
    for b, (block, each) in enumerate(zip(case.blocks, columns, strict=True)):
        quanta = _quanta(case, block, each, (ratios[block.id], reader))
        if any(quanta):
            found[b] = quanta
    return found


def _quanta(
    case: Case, block: Block, columns: BlockColumns, taken: tuple[Fraction, Reader]
) -> tuple[int, ...]:
    ratio, reader = taken
    if not columns.lots or block.lot is None or not ratio:
        return tuple(floor(ratio * quantity * case.quantum) for quantity in block.quantity)
    counts = [round(float(reader.values[column])) for column in columns.lots]
    return tuple(floor(count * block.lot * case.quantum) for count in counts)


def _ratios(case: Case, columns: Sequence[BlockColumns], reader: Reader) -> dict[str, Fraction]:
    """Return exact ratios: within their own limits, below their parents', of a group at most 1."""
    ratios = {}
    groups: defaultdict[str, list[Block]] = defaultdict(list)
    for block, each in zip(case.blocks, columns, strict=True):
        quanta = floor(max(block.quantity) * case.quantum)
        ratios[block.id] = reader.ratio(each.ratio, least=block.min_fraction, quanta=quanta)
        if block.group is not None:
            groups[block.group].append(block)
    for members in groups.values():
        _cut_to_one(members, ratios)
    for _ in case.blocks:
        for block in case.blocks:
            if block.parent is not None:
                ratios[block.id] = min(ratios[block.id], ratios[block.parent])
    return ratios


def _cut_to_one(members: Sequence[Block], ratios: dict[str, Fraction]) -> None:
    # The solver may overstep by a hair; who has most above its least gives it back.
    over = sum(ratios[block.id] for block in members) - 1
    if over > 0:
        chosen = max(members, key=lambda block: ratios[block.id] - block.min_fraction)
        ratios[chosen.id] -= over

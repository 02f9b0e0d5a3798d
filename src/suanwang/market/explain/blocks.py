"""Why a block stands as it does: its limit against the average price of its slots, its kin."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from suanwang.market.explain.links import link_in_the_way
from suanwang.market.explain.parts import (
    Answer,
    Kind,
    Reason,
    Scene,
    Taken,
    at_least,
    reason,
    shown,
    taken_of,
    yuan,
)
from suanwang.market.verify.families import block_gain
from suanwang.market.verify.orders import Block


def explain_block(scene: Scene, index: int) -> Answer:
    """Explain the block at `index`."""
    block, cards = scene.case.blocks[index], scene.outcome.blocks[index]
    part, whole = sum(cards or ()), sum(block.quantity)
    taken = taken_of(part, whole)
    gain = block_gain(block, block.quantity, scene.quotes)
    reasons = [_against_average(scene, block)] if whole else [reason("nothing")]
    if taken is Taken.REJECTED:
        reasons += _why_rejected(scene, block, gain)
    else:
        reasons += _why_taken(scene, block, cards or (), taken)
    if taken is not Taken.ACCEPTED and gain < 0:
        reasons += link_in_the_way(scene.case, scene.quotes, block.nodes, buys=block.buys)
    return Answer(
        id=block.id,
        kind=Kind.BLOCK_BID if block.buys else Kind.BLOCK_ASK,
        taken=taken, part=shown(part), whole=shown(whole),
        reasons=tuple(reasons), turning=_turning(scene, block, taken, gain),
    )  # fmt: skip


def _average(scene: Scene, block: Block, prices: Sequence[int]) -> Fraction:
    """Return the average of prices, one a listed slot, by card-hours."""
    hours = scene.case.hours
    weights = [q * hours[t] for q, t in zip(block.quantity, block.slots, strict=True)]
    total = sum(p * w for p, w in zip(prices, weights, strict=True))
    return Fraction(total, sum(weights))


def _against_average(scene: Scene, block: Block) -> Reason:
    nodes = scene.quotes.nodes
    average = _average(scene, block, [nodes[node] for node in block.nodes])
    facts = {"limit": shown(block.ordered), "price": shown(average)}
    carbon = _carbon(scene, block)
    if carbon:
        return reason("block-average-carbon", **facts, carbon=shown(carbon))
    return reason("block-average", **facts)


def _carbon(scene: Scene, block: Block) -> Fraction:
    return _average(scene, block, block.price) - block.ordered


def _why_rejected(scene: Scene, block: Block, gain: int) -> list[Reason]:
    kin = _kin(scene, block)
    if kin or not gain:
        return kin or [reason("block-even")]
    if gain > 0:
        return [reason("moves-prices", gain=yuan(gain, scene.case))]
    return [reason("would-lose", loss=yuan(-gain, scene.case))]


def _kin(scene: Scene, block: Block) -> list[Reason]:
    """Name a parent that was not taken whole, or the member of its group that was."""
    found = []
    for other, cards in zip(scene.case.blocks, scene.outcome.blocks, strict=True):
        if other.id == block.parent and cards is None:
            found.append(reason("parent-left", parent=other.id))
        elif other.id == block.parent and cards != other.quantity:
            share = Fraction(sum(cards or ()), sum(other.quantity) or 1)
            found.append(reason("parent-part", parent=other.id, share=_percent(share)))
        elif cards is not None and other is not block and None is not block.group == other.group:
            found.append(reason("group-other", other=other.id, group=block.group))
    return found


def _percent(share: Fraction) -> str:
    return f"{float(share * 100):.4g} %"


def _why_taken(scene: Scene, block: Block, cards: tuple[int, ...], taken: Taken) -> list[Reason]:
    gained = block_gain(block, cards, scene.quotes)
    if gained < -scene.case.micro:
        return [reason("uplifted", loss=yuan(-gained, scene.case))]
    found = [reason("gains", gain=yuan(gained, scene.case))]
    return found + (_kin(scene, block) if taken is Taken.PARTLY else [])


def _turning(scene: Scene, block: Block, taken: Taken, gain: int) -> tuple[Reason, ...]:
    """Say at which limit the block breaks even at these prices."""
    if not sum(block.quantity):
        return ()
    average = _average(scene, block, [scene.quotes.nodes[node] for node in block.nodes])
    if block.buys:
        limit = at_least(average, scene.tick)
    else:
        limit = -at_least(-(average - _carbon(scene, block)), scene.tick)
    if taken is Taken.ACCEPTED:
        return (reason("limit-kept", limit=shown(limit)),) if gain >= 0 else ()
    if gain > 0:
        return ()
    return (reason("limit-even", limit=shown(limit)),)

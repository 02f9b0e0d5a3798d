"""Columns of blocks and offers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from suanwang.market.case.model import MICRO, Block, Offer, Side
from suanwang.market.clearing.exact.model import Amount, Model, OpenTerms, Terms, has_gangs
from suanwang.market.clearing.exact.programme import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockColumns:
    """A block's ratio; `lots` counts lots of each listed slot."""

    ratio: int
    lots: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferColumns:
    """An offer's switches and cards, from its first slot on; no switches where it needs none."""

    on: tuple[int, ...]
    cards: tuple[int, ...]


def add_blocks(model: Model) -> list[BlockColumns]:
    """Write all blocks with their parents and groups into the model."""
    blocks = model.market.case.blocks
    columns = [_block(model, block) for block in blocks]
    ratio = {block.id: each.ratio for block, each in zip(blocks, columns, strict=True)}
    groups: defaultdict[str, list[Term]] = defaultdict(list)
    for block in blocks:
        if block.parent is not None:
            terms = [(ratio[block.id], 1.0), (ratio[block.parent], -1.0)]
            model.programme.row(terms, high=0.0)
        if block.group is not None:
            groups[block.group].append((ratio[block.id], 1.0))
    for terms in groups.values():
        model.programme.row(terms, high=1.0)
    return columns


def _block(model: Model, block: Block) -> BlockColumns:
    programme, gain = model.programme, _block_gain(model, block)
    if block.min_fraction == 1:
        ratio = on = model.choice(gain)
    else:
        ratio, on = model.amount(gain, high=1.0), model.loose_choice()
        programme.row([(ratio, 1.0), (on, -1.0)], high=0.0)
        programme.row([(ratio, 1.0), (on, -float(block.min_fraction))], low=0.0)
    sign, hours = 1.0 if block.side is Side.ASK else -1.0, dict[int, float]()
    for slot, quantity in zip(block.slots, block.quantity, strict=True):
        node = model.market.case.node(block.zone, block.card_class, slot)
        model.give(ratio, sign * float(quantity), node=node)
        hours[node] = sign * float(quantity) * model.hours[slot]
    model.terms.append(Terms(on=on, worth=gain, card_hours=hours))
    if not any(block.quantity) or not _fits_lots(block):
        programme.upper[ratio] = 0.0
    return BlockColumns(ratio=ratio, lots=_block_lots(model, block, ratio))


def _block_gain(model: Model, block: Block) -> float:
    total = Fraction(0)
    case = model.market.case
    for slot, quantity in zip(block.slots, block.quantity, strict=True):
        carbon = Fraction(int(case.carbon[slot, block.card_class, block.zone]), MICRO)
        each = block.price if block.side is Side.BID else -(block.price + carbon)
        total += each * quantity * case.hours[slot]
    return float(total)


def _fits_lots(block: Block) -> bool:
    """Say whether a block that is all or nothing comes in whole lots."""
    lot = block.lot
    return lot is None or block.min_fraction < 1 or not any(q % lot for q in block.quantity)


def _block_lots(model: Model, block: Block, ratio: int) -> tuple[int, ...]:
    if block.lot is None or block.min_fraction == 1:
        return ()
    counts = []
    for quantity in block.quantity:
        count = model.programme.count(high=float(quantity // block.lot))
        model.programme.row([(ratio, float(quantity)), (count, -float(block.lot))], low=0, high=0)
        counts.append(count)
    return tuple(counts)


def add_offers(model: Model) -> list[OfferColumns]:
    """Write all offers into the model."""
    return [_offer(model, offer) for offer in model.market.case.offers]


def without_runs(offer: Offer) -> bool:
    """Say whether only a start ties an offer's slots: on at 0 cards costs nothing."""
    return offer.quantity_min == 0 and offer.ramp is None


def _offer(model: Model, offer: Offer) -> OfferColumns:
    case, window = model.market.case, range(offer.start, offer.end)
    pool = offer.pool if has_gangs(model.market) else -1
    cards = []
    for t in window:
        carbon = Fraction(int(case.carbon[t, offer.card_class, offer.zone]), MICRO)
        gain = -float((offer.price[t] + carbon) * case.hours[t])
        column = model.amount(gain, high=float(offer.quantity[t]))
        model.give(column, 1.0, node=case.node(offer.zone, offer.card_class, t), pool=pool)
        cards.append(column)
    if without_runs(offer):
        on = _one_start(model, offer, cards) if offer.start_cost else ()
        switches, starts = on * len(cards), on
    else:
        on, starts = _runs(model, offer, cards)
        switches = on
    amounts = [
        Amount(
            column=column, node=case.node(offer.zone, offer.card_class, t), sign=1.0,
            least=float(offer.quantity_min), most=float(offer.quantity[t]), on=each,
        )
        for column, t, each in zip(cards, window, switches or [-1] * len(cards), strict=True)
    ]  # fmt: skip
    model.open_terms.append(OpenTerms(columns=(*starts, *cards), amounts=tuple(amounts)))
    return OfferColumns(on=on, cards=tuple(cards))


def _one_start(model: Model, offer: Offer, cards: list[int]) -> tuple[int, ...]:
    on = model.loose_choice(-float(offer.start_cost))
    for t, column in zip(range(offer.start, offer.end), cards, strict=True):
        model.programme.row([(column, 1.0), (on, -float(offer.quantity[t]))], high=0.0)
    return (on,)


def _runs(model: Model, offer: Offer, cards: list[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the switches that say on, and those that say started."""
    programme, size = model.programme, len(cards)
    on = [model.loose_choice() for _ in cards]
    start = [programme.switch(-float(offer.start_cost)) for _ in cards]
    run = offer.min_run if offer.quantity_min else 1
    for i in range(size):
        most = float(offer.quantity[offer.start + i])
        programme.row([(cards[i], 1.0), (on[i], -most)], high=0.0)
        programme.row([(cards[i], 1.0), (on[i], -float(offer.quantity_min))], low=0.0)
        before = [(on[i - 1], 1.0)] if i else []
        programme.row([(start[i], 1.0), (on[i], -1.0), *before], low=0.0)
        # A start follows an off slot; else starting anew would lift the ramp.
        programme.row([(start[i], 1.0), *before], high=1.0)
        for later in range(i + 1, min(i + run, size)):
            programme.row([(on[later], 1.0), (start[i], -1.0)], low=0.0)
        if i and offer.ramp is not None:
            _add_ramp(model, offer, (cards[i], on[i]), (cards[i - 1], on[i - 1]))
    return tuple(on), tuple(start)


def _add_ramp(model: Model, offer: Offer, now: tuple[int, int], before: tuple[int, int]) -> None:
    assert offer.ramp is not None, "a ramp without a number"
    ramp, most = float(offer.ramp), float(max(offer.quantity))
    for (cards, _), (other, other_on) in ((now, before), (before, now)):
        # Where the other slot is off there is no run to be smooth within.
        terms = [(cards, 1.0), (other, -1.0), (other_on, most)]
        model.programme.row(terms, high=ramp + most)

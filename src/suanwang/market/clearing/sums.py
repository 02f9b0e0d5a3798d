"""Exact sums of products of whole numbers too large for 64 bits, fast."""

from __future__ import annotations

from typing import Final

import numpy as np

from suanwang.market.case.model import Ints, Nodes
from suanwang.market.clearing.own.compiled import kernel

_PRICE_BITS: Final = 27  # most prices have at most 54 bits: two limbs; a few need a third
_QUANTITY_BITS: Final = 16  # a quantity has at most 62 bits: four limbs
_QUANTITY_LIMBS: Final = 4
# 27 + 16 bits a product leave 20 bits: a million summands for each slot before a carry is needed.
SUMMANDS_MAX: Final = 1 << 19


def dot_by_slot(
    node: Nodes, price: Ints, quantity: Ints, *, per_slot: int, slots: int
) -> list[int]:
    """Return Σ price × quantity of each slot, exactly; node // per_slot is the slot.

    |price| and quantity < 2⁶³, quantity ≥ 0.
    """
    totals = [0] * slots
    largest = max(abs(int(price.min())), abs(int(price.max()))) if len(price) else 0
    price_limbs = 2 if largest < 1 << (2 * _PRICE_BITS) else 3
    for begin in range(0, len(node), SUMMANDS_MAX):
        part = slice(begin, begin + SUMMANDS_MAX)
        shape = (slots, price_limbs)
        limbs = _limbs(node[part] // per_slot, price[part], quantity[part], shape).tolist()
        for t in range(slots):
            for p in range(price_limbs):
                for q in range(_QUANTITY_LIMBS):
                    totals[t] += limbs[t][p][q] << (_PRICE_BITS * p + _QUANTITY_BITS * q)
    return totals


@kernel
def _limbs(slot: Nodes, price: Ints, quantity: Ints, shape: tuple[int, int]) -> Ints:
    slots, price_limbs = shape
    out = np.zeros((slots, price_limbs, _QUANTITY_LIMBS), np.int64)
    price_mask = (1 << _PRICE_BITS) - 1
    quantity_mask = (1 << _QUANTITY_BITS) - 1
    for i in range(slot.size):
        if quantity[i] == 0 or price[i] == 0:
            continue
        sign = 1 if price[i] > 0 else -1
        size = abs(price[i])
        for p in range(price_limbs):
            limb = sign * ((size >> (_PRICE_BITS * p)) & price_mask)
            for q in range(_QUANTITY_LIMBS):
                out[slot[i], p, q] += limb * ((quantity[i] >> (_QUANTITY_BITS * q)) & quantity_mask)
    return out

"""Offers whose quantity may change by at most `ramp` from slot to slot within a run.

Within a run, the best sale that ends at quantity q is a concave, piecewise linear function of q:

    f ┤    ╭──╮          a slot later the peak is `ramp` wider to both sides, then the slot's
      │  ╭─╯  ╰─╮        margin tilts it and [quantity_min, quantity] cuts it
      └──┴──────┴── q

It is kept as its value and slope at the left end and the places where the slope drops. Walking
back, each quantity is the slot's peak, or as near to it as the next slot's quantity allows.
"""

from __future__ import annotations

import numpy as np

from suanwang.market.clearing.own.arrays import Floats, Indices, Record, Records
from suanwang.market.clearing.own.compiled import inner, kernel

EXACT_SLOTS = 200  # a longer window tries runs only from where a run without ramp would begin


@kernel
def plan_ramped(
    offers: Records, terms: tuple[Floats, Floats, Floats, Floats], order: Indices
) -> None:
    """Replace gain[offers] and cards[offers, slots] of these offers by plans that keep the ramp.

    `terms` are quantity, margin per card, gain and cards.
    """
    quantity, margin, gain, cards = terms
    slots = quantity.shape[1]
    bends = np.empty((2, 2 * slots + 2))
    for index in order:
        gain[index] = _plan(offers[index], (quantity[index], margin[index]), cards[index], bends)


@inner
def _plan(offer: Record, terms: tuple[Floats, Floats], cards: Floats, bends: Floats) -> float:
    # off[t], on[t] as in `offers`; a run begins only after an off slot, else it could jump.
    start, end = offer.start, offer.end
    off, on = np.zeros(end + 1), np.full(end + 1, -np.inf)
    since = np.zeros(end + 1, np.int32)
    sold, peaks = np.zeros(end + 1), np.zeros(end + 1)
    rested = 0.0  # the best of slots before t with slot t - 1 off
    for t in range(start, end):
        if t > start:
            rested = off[t - 1]
            off[t] = max(off[t - 1], on[t])
        begins = cards[t] > 0.0 and (t == start or cards[t - 1] == 0.0)
        if end - start > EXACT_SLOTS and not begins:
            continue
        until = _sell(offer, terms, (t, end), (sold, peaks, bends))
        for stop in range(min(t + offer.min_run, end), until + 1):
            if rested - offer.start_cost + sold[stop] > on[stop]:
                on[stop], since[stop] = rested - offer.start_cost + sold[stop], t
    off[end] = max(off[end - 1], on[end])
    cards[:] = 0.0
    t = end
    while t > start:
        if on[t] > off[t - 1]:
            _sell(offer, terms, (since[t], t), (sold, peaks, bends))
            _walk_back(offer, terms[0], (since[t], t), (peaks, cards))
            t = since[t] - 1  # the slot before a run is off
        else:
            t -= 1
    return float(off[end])


@inner
def _sell(
    offer: Record,
    terms: tuple[Floats, Floats],
    run: tuple[int, int],
    out: tuple[Floats, Floats, Floats],
) -> int:
    # The best sale of run [begin, t) for every t, and each slot's peak; stops at a barred slot.
    (quantity, margin), (begin, end), (sold, peaks, bends) = terms, run, out
    low, high, slope, value, count = offer.quantity_min, np.inf, 0.0, 0.0, 0
    for t in range(begin, end):
        if quantity[t] < low:
            return t
        if t > begin:
            # The part before the peak moves left by the ramp and is cut at the least quantity.
            value, slope, count, high = _widen(offer, (value, slope, high), bends, count)
        high = min(high, quantity[t])
        while count > 0 and bends[0, count - 1] >= high:
            count -= 1
        value += margin[t] * low
        slope += margin[t]
        peaks[t], sold[t + 1] = _peak((low, high), (value, slope), bends, count)
    return end


@inner
def _peak(
    ends: tuple[float, float], left: tuple[float, float], bends: Floats, count: int
) -> tuple[float, float]:
    at, (value, slope) = ends[0], left
    for bend in range(count):
        if slope <= 0.0:
            return at, value
        value += slope * (bends[0, bend] - at)
        at = bends[0, bend]
        slope -= bends[1, bend]
    if slope > 0.0:
        return ends[1], value + slope * (ends[1] - at)
    return at, value


@inner
def _widen(
    offer: Record, left: tuple[float, float, float], bends: Floats, count: int
) -> tuple[float, float, int, float]:
    # max over |q' - q| <= ramp: rising parts move left, falling ones right, a flat top between.
    low, ramp, (value, slope, high) = offer.quantity_min, offer.ramp, left
    new_value, new_at, new = value, low - ramp, 0
    rising, steep = 0, slope
    while steep > 0.0 and rising < count:
        steep -= bends[1, rising]
        rising += 1
    # `rising` bends lie at or before the peak; the last of them may drop through 0.
    top = high if steep > 0.0 else (bends[0, rising - 1] if rising > 0 else low)
    drops_up = max(slope, 0.0)
    shifted = np.empty((2, count + 2))
    for bend in range(rising):
        drop = min(bends[1, bend], drops_up)
        shifted[0, new], shifted[1, new] = bends[0, bend] - ramp, drop
        drops_up -= drop
        new += 1
    if drops_up > 0.0:
        shifted[0, new], shifted[1, new] = top - ramp, drops_up
        new += 1
    if steep < 0.0:
        shifted[0, new], shifted[1, new] = top + ramp, -steep
        new += 1
    for bend in range(rising, count):
        shifted[0, new], shifted[1, new] = bends[0, bend] + ramp, bends[1, bend]
        new += 1
    # Cut at the least quantity: what lies left of it is walked over.
    new_slope = max(slope, 0.0)
    kept = 0
    for bend in range(new):
        if shifted[0, bend] <= low:
            new_value += new_slope * (shifted[0, bend] - new_at)
            new_at = shifted[0, bend]
            new_slope -= shifted[1, bend]
        else:
            bends[0, kept], bends[1, kept] = shifted[0, bend], shifted[1, bend]
            kept += 1
    new_value += new_slope * (low - new_at)
    return new_value, new_slope, kept, high + ramp


@inner
def _walk_back(
    offer: Record, quantity: Floats, run: tuple[int, int], out: tuple[Floats, Floats]
) -> None:
    peaks, cards = out
    for t in range(run[1] - 1, run[0] - 1, -1):
        cards[t] = peaks[t]
        if t + 1 < run[1]:
            least = max(offer.quantity_min, cards[t + 1] - offer.ramp)
            cards[t] = min(max(peaks[t], least), quantity[t], cards[t + 1] + offer.ramp)

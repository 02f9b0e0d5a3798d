"""Reads the offers with conditions of a case."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from suanwang.market.case.fields import Fields, Misfit, quantity_at
from suanwang.market.case.frame import Frame
from suanwang.market.case.links import cost_up
from suanwang.market.case.model import MICRO, Offer

_NEEDS = "id zone class quantity price"
_MAY = "quantity_min start_cost min_run ramp start end pool"
RUN_MAX = 2**31 - 1
CELLS_MAX = 1 << 23  # offers × slots: a quantity and a price each


def read_offers(fields: Fields, frame: Frame, pools: Mapping[str, int]) -> tuple[Offer, ...]:
    """Read the offers; `pools` has the index of every pool."""
    entries = list(fields.items("offers"))
    if len(entries) * frame.slots > CELLS_MAX:
        expected = f"offers × slots ≤ {CELLS_MAX}"
        raise Misfit(fields.at("offers"), expected, len(entries) * frame.slots)
    return tuple(
        _offer(Fields(value, place, needs=_NEEDS, may=_MAY), frame, pools)
        for place, value in entries
    )


def _offer(entry: Fields, frame: Frame, pools: Mapping[str, int]) -> Offer:
    start, end = frame.window(entry, end=frame.slots)
    pool = entry.text_or_none("pool")
    return Offer(
        id=entry.text("id"),
        zone=frame.zone(entry),
        card_class=frame.card_class(entry),
        quantity=tuple(quantity_at(v, at) for at, v in entry.series("quantity", frame.slots)),
        price=tuple(
            Fraction(frame.price(v, at), MICRO) for at, v in entry.series("price", frame.slots)
        ),
        quantity_min=entry.quantity("quantity_min"),
        start_cost=cost_up(entry.number("start_cost", least=0)),
        min_run=entry.whole("min_run", default=1, least=1, most=RUN_MAX),
        ramp=entry.quantity("ramp") if "ramp" in entry else None,
        start=start,
        end=end,
        pool=-1 if pool is None else pools[pool],
    )

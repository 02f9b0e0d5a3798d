"""Finds an order in a CASE and says why it stands as it does in its RESULT."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suanwang.market.errors import OrderUnknown
from suanwang.market.explain.blocks import explain_block
from suanwang.market.explain.jobs import explain_job
from suanwang.market.explain.offers import explain_offer
from suanwang.market.explain.parts import Answer, Kind, Scene
from suanwang.market.explain.simple import explain_simple
from suanwang.market.verify.case import case_from_document
from suanwang.market.verify.fields import Fields
from suanwang.market.verify.frame import CASE_KEYS, read_frame
from suanwang.market.verify.orders import Case
from suanwang.market.verify.outcome import outcome_of
from suanwang.market.verify.result import Result
from suanwang.market.verify.verdict import Faults


def explain(
    document: Mapping[str, Any], result: Result, order: str, *, file: str = "CASE"
) -> Answer:
    """Explain one order; `file` names the CASE in messages. RESULT is believed, not verified.

    Raises:
        CaseUnreadable: with the place of what is wrong.
        OrderUnknown: CASE has no such order.
    """
    case = case_from_document(document, file=file)
    kind, index = find_order(case, order, file=file)
    frame = read_frame(Fields(document, "", CASE_KEYS))
    scene = Scene(
        case=case,
        outcome=outcome_of(case, result, Faults()),
        tick=frame.tick,
        carbon=frame.carbon,
    )
    if kind in (Kind.ASK, Kind.BID):
        return explain_simple(scene, kind, index)
    if kind is Kind.JOB:
        return explain_job(scene, index)
    return explain_offer(scene, index) if kind is Kind.OFFER else explain_block(scene, index)


def find_order(case: Case, order: str, *, file: str) -> tuple[Kind, int]:
    """Return what an order is, and its place in its list; raise OrderUnknown."""
    lists = (
        (Kind.BID, case.bids.ids),
        (Kind.ASK, case.asks.ids),
        (Kind.JOB, [job.id for job in case.jobs]),
        (Kind.BLOCK_BID, [block.id for block in case.blocks]),
        (Kind.OFFER, [offer.id for offer in case.offers]),
    )
    for kind, ids in lists:
        if order in ids:
            index = ids.index(order)
            if kind is Kind.BLOCK_BID and not case.blocks[index].buys:
                return Kind.BLOCK_ASK, index
            return kind, index
    raise OrderUnknown(id=order, file=file)

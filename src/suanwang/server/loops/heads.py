"""Publishes heads: whenever the log has grown, at fixed intervals, by one server."""

from __future__ import annotations

from suanwang.flows.publish_head import publish_head
from suanwang.server.loops.leading import Leader
from suanwang.server.parts import Parts
from suanwang.store import leadership
from suanwang.store.errors import NotLeading
from suanwang.store.tx import Tx

NAME = "publish head"


async def sign_head(parts: Parts, leader: Leader) -> int:
    """Sign a head if this server leads and the log has grown; return how many."""
    lead = await leader.leads(NAME)
    if lead is None:
        return 0
    act, signer = parts.act(), parts.log_key.signer

    def work(tx: Tx) -> int:
        leadership.check_leads(tx, lead)
        return int(publish_head(tx, signer=signer, act=act) is not None)

    try:
        return await parts.store.run(work)
    except NotLeading:
        leader.lost(NAME)
        return 0

"""Heartbeat: an agent says what it works on, and is told what to go on with, stop, or drop.

    go_on   the lease lives for another `lease` seconds
    stop    its buyer has cancelled: stop it, then report its return
    drop    the job is no longer this agent's: kill it, report nothing

The server lists what it thinks is live there and the agent did not name; those leases run out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from suanwang.basics.ids import LeaseId
from suanwang.flows.act import Act
from suanwang.flows.reports import centre_of
from suanwang.flows.timing import Timing
from suanwang.store import centres, leases
from suanwang.store.leases import LiveLease
from suanwang.store.tx import Tx


class Order(StrEnum):
    """What an agent is to do with a lease."""

    GO_ON = "go_on"
    STOP = "stop"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Beat:
    """One lease as an agent names it."""

    lease_id: LeaseId
    token: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of one lease."""

    lease_id: LeaseId
    order: Order
    expires_in: timedelta


@dataclass(frozen=True, slots=True)
class Answers:
    """The reply to a heartbeat."""

    leases: tuple[Answer, ...]
    unknown: tuple[LeaseId, ...]


def heartbeat(tx: Tx, beats: Sequence[Beat], *, act: Act, timing: Timing) -> Answers:
    """Let the named leases live on, and answer for each; the centre counts as heard."""
    centre_id = centre_of(act)
    centres.seen(tx, centre_id, at=act.now)
    live = {each.lease.id: each for each in leases.live_of_centre(tx, centre_id)}
    answers = [_answer(beat, live.get(beat.lease_id), timing) for beat in beats]
    named = {beat.lease_id for beat in beats}
    going = [live[each.lease_id].lease for each in answers if each.order is not Order.DROP]
    leases.extend(tx, going, until=act.now + timing.lease)
    # A lease that is just on its way to the agent is not yet named by it.
    settled = act.now - timing.heartbeat
    unknown = [i for i, each in live.items() if i not in named and each.lease.taken_at < settled]
    return Answers(tuple(answers), tuple(unknown))


def _answer(beat: Beat, live: LiveLease | None, timing: Timing) -> Answer:
    if live is None or live.lease.token != beat.token:
        return Answer(beat.lease_id, Order.DROP, timedelta(0))
    order = Order.GO_ON if live.cancel_at is None else Order.STOP
    return Answer(beat.lease_id, order, timing.lease)

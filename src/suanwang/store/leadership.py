"""Which server leads a piece of work (rounds, settlement) when several share one database.

A lease row with an epoch. The epoch rises whenever the leadership changes hands; a leader checks
its epoch in the transaction that applies what it decided, so one that slept through its own
replacement finds its work refused, however its clock stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.store.errors import NotLeading
from suanwang.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Leadership:
    """The lead of one piece of work, good until it expires."""

    name: str
    holder: str
    epoch: int
    expires_at: Instant


def lead(tx: Tx, name: str, *, holder: str, now: Instant, good_for: timedelta) -> Leadership | None:
    """Take or prolong the lead; None while another holder has it."""
    tx.do("leader_row", name=name)
    expires_at = now + good_for
    row = tx.first(
        "leader_take",
        name=name,
        holder=holder,
        now=to_micros(now),
        expires_at=to_micros(expires_at),
    )
    if row is None:
        return None
    return Leadership(name=name, holder=holder, epoch=row.epoch, expires_at=expires_at)


def check_leads(tx: Tx, leadership: Leadership) -> None:
    """Refuse to go on, in this transaction, if somebody else has led since; keeps others out."""
    row = tx.one("leader_to_change", name=leadership.name)
    if (row.holder, row.epoch) != (leadership.holder, leadership.epoch):
        raise NotLeading(id=leadership.name)


def step_down(tx: Tx, leadership: Leadership) -> None:
    """Give the lead up at once, so that another server need not wait for it to expire."""
    tx.do(
        "leader_release",
        name=leadership.name,
        holder=leadership.holder,
        epoch=leadership.epoch,
    )


def leader_of(tx: Tx, name: str) -> Leadership | None:
    """Return who led last, expired or not; None if nobody ever did."""
    row = tx.first("leader_by_name", name=name)
    if row is None or not row.holder:
        return None
    return Leadership(
        name=name, holder=row.holder, epoch=row.epoch, expires_at=from_micros(row.expires_at)
    )

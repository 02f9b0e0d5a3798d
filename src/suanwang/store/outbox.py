"""Events: written with what they tell of, numbered afterwards, read by number.

    flow:       publish(tx, "job.placed", …)          seq is empty, the row commits with the flow
    publisher:  assign_sequence(tx)                    numbers what has become visible
    readers:    events_after(tx, seq, …)               SSE with resume, webhooks

Numbers are given under one lock, only to rows that are committed, and without gaps. So whoever has
read up to a number has missed nothing below it, also when transactions end in another order than
they began.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from suanwang.basics.ids import EventId, IdMaker, OrganisationId
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.store.tx import Row, Tx

SEQUENCE_LOCK = "outbox-sequence"
ASSIGN_MAX = 5_000  # at once: the lock is not held for long
EVENTS_MAX = 1_000


class Moment(Protocol):
    """The part of an act that an event needs."""

    @property
    def now(self) -> Instant:
        """When it happens."""

    @property
    def new_id(self) -> IdMaker:
        """How new things are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that has happened. `seq` is None until it is published."""

    id: EventId
    organisation_id: OrganisationId | None  # None: concerns everybody
    kind: str
    subject: str
    body: dict[str, Any]
    at: Instant
    seq: int | None = None


def publish(
    tx: Tx,
    kind: str,
    *,
    subject: str,
    organisation_id: OrganisationId | None,
    body: dict[str, Any],
    act: Moment,
) -> EventId:
    """Write an event in the transaction of what it tells of; both happen or neither."""
    event = Event(
        id=act.new_id(EventId),
        organisation_id=organisation_id,
        kind=kind,
        subject=subject,
        body=body,
        at=act.now,
    )
    publish_all(tx, [event])
    return event.id


def publish_all(tx: Tx, events: Iterable[Event]) -> None:
    """Write several events at once, in this order."""
    tx.many("event_add", map(_event_row, events))


def assign_sequence(tx: Tx, *, limit: int = ASSIGN_MAX) -> int:
    """Give visible events their numbers, in the order written; return how many."""
    lock_sequence(tx)
    return tx.do("events_number", limit=limit)


def lock_sequence(tx: Tx) -> int:
    """Keep other servers from numbering until this transaction ends; return the newest number."""
    tx.do("leader_row", name=SEQUENCE_LOCK)
    tx.one("leader_to_change", name=SEQUENCE_LOCK)
    return last_sequence(tx)


def last_sequence(tx: Tx) -> int:
    """Return the number of the newest published event; 0 if there is none."""
    return int(tx.one("events_last").seq)


def events_after(
    tx: Tx, seq: int, *, organisation_id: OrganisationId | None, limit: int = EVENTS_MAX
) -> list[Event]:
    """Return published events after a number, in order: an organisation's own, or (None) all."""
    limit = min(limit, EVENTS_MAX)
    if organisation_id is None:
        rows = tx.all("events_after", seq=seq, limit=limit)
    else:
        rows = tx.all("events_after_of", seq=seq, organisation_id=organisation_id, limit=limit)
    return [_event(row) for row in rows]


def event(tx: Tx, event_id: str) -> Event | None:
    """Return one event, or None when it has been pruned."""
    row = tx.first("event_by_id", id=event_id)
    return _event(row) if row else None


def prune_events(tx: Tx, *, before: Instant, limit: int = ASSIGN_MAX) -> int:
    """Forget published events from before an instant, but never the newest; return how many."""
    return tx.do("events_prune", before=to_micros(before), limit=limit)


def _event(row: Row) -> Event:
    return Event(
        id=EventId(row.id),
        seq=row.seq,
        organisation_id=OrganisationId(row.organisation_id) if row.organisation_id else None,
        kind=row.kind,
        subject=row.subject,
        body=json.loads(row.body),
        at=from_micros(row.at),
    )


def _event_row(event: Event) -> dict[str, object]:
    return {
        "id": event.id,
        "organisation_id": event.organisation_id,
        "kind": event.kind,
        "subject": event.subject,
        "body": json.dumps(event.body, ensure_ascii=False),
        "at": to_micros(event.at),
    }

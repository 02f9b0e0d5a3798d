"""Cards kept for jobs, and whether a pool has room for one more.

Occupancy of a pool of 8 cards          fits(4 cards, 09:30–10:30)?
09:00 ─ 10:00   4 cards                 peak over that time: 4 + 4 = 8 ≤ 8, yes
10:00 ─ 11:00   4 cards
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from suanwang.basics.ids import CentreId, JobId, PoolId
from suanwang.basics.slots import Instant, Slot, from_micros, to_micros
from suanwang.store.tx import Row, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Cards of one pool, kept for one job over a slot; `leased` once an agent has taken it."""

    job_id: JobId
    pool_id: PoolId
    cards: int
    slot: Slot
    leased: bool = False


class Occupancy:
    """Who keeps which cards, pool by pool; grows as a decision gives cards away."""

    def __init__(self, reservations: Iterable[Reservation]) -> None:
        self._by_pool: dict[PoolId, dict[JobId, Reservation]] = defaultdict(dict)
        for each in reservations:
            self.add(each)

    def add(self, reservation: Reservation) -> None:
        """Keep cards for a job; what it kept in this pool before is given back."""
        self._by_pool[reservation.pool_id][reservation.job_id] = reservation

    def of_pool(self, pool_id: PoolId) -> list[Reservation]:
        """Return what is kept in one pool."""
        return list(self._by_pool[pool_id].values())

    def fits(self, wanted: Reservation, *, cards_in_all: int) -> bool:
        """Say whether the pool has room over the whole slot, besides what others keep."""
        return self._peak(wanted) + wanted.cards <= cards_in_all

    def leased_cards(self, pool_id: PoolId) -> int:
        """Say how many cards of a pool are at work under a lease."""
        return sum(each.cards for each in self._by_pool[pool_id].values() if each.leased)

    def _peak(self, wanted: Reservation) -> int:
        others = [
            each
            for each in self._by_pool[wanted.pool_id].values()
            if each.job_id != wanted.job_id and each.slot.overlaps(wanted.slot)
        ]
        # Use rises only where a reservation starts, so the peak is at one of those instants.
        starts = {max(each.slot.start, wanted.slot.start) for each in others}
        return max((sum(e.cards for e in others if at in e.slot) for at in starts), default=0)


def open_ones(tx: Tx, *, now: Instant) -> list[Reservation]:
    """Return every reservation that still counts."""
    return [_reservation(row, now) for row in tx.all("reservations_open", now=to_micros(now))]


def of_centre(tx: Tx, centre_id: CentreId, *, now: Instant) -> list[Reservation]:
    """Return the reservations of one centre's pools that still count."""
    rows = tx.all("reservations_of_centre", centre_id=centre_id, now=to_micros(now))
    return [_reservation(row, now) for row in rows]


def save(tx: Tx, reservations: Iterable[Reservation]) -> None:
    """Keep cards; a job keeps them in one place only."""
    tx.many(
        "reservation_save",
        [
            {
                "job_id": each.job_id,
                "pool_id": each.pool_id,
                "cards": each.cards,
                "start_at": to_micros(each.slot.start),
                "end_at": to_micros(each.slot.end),
            }
            for each in reservations
        ],
    )


def drop(tx: Tx, job_ids: Iterable[JobId]) -> None:
    """Give the cards of jobs back."""
    tx.many("reservation_drop", [{"job_id": each} for each in job_ids])


def _reservation(row: Row, now: Instant) -> Reservation:
    start, end = from_micros(row["start_at"]), from_micros(row["end_at"])
    return Reservation(
        job_id=JobId(row["job_id"]),
        pool_id=PoolId(row["pool_id"]),
        cards=row["cards"],
        # A lease that outlives its reservation keeps its cards until it ends.
        slot=Slot(start, max(end, now + (end - start)) if row["leased"] and end <= now else end),
        leased=bool(row["leased"]),
    )

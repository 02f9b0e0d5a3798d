"""Centres and pools as rows and back, and the grid as placement sees it at one moment."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import CentreId, OrganisationId, PoolId
from suanwang.basics.slots import Instant, Slot, from_micros, to_micros
from suanwang.grid.centre import Centre, Pool, PoolState
from suanwang.store import reservations
from suanwang.store.tx import Row, Tx
from suanwang.store.values import instant, micros, write

JOINED = "joined"
DRAINING = "draining"  # finishes what it has, gets nothing new
OPEN = "open"
CLOSED = "closed"  # no longer reported by its agent
PAGE_MAX = 1_000
FACTS_KEPT = 4_096  # read wires are kept: they change rarely and are read every second


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCentre:
    """A centre, whose it is, and when it was last heard."""

    id: CentreId
    organisation_id: OrganisationId
    centre: Centre
    public_key: str | None = None
    state: str = JOINED
    last_seen_at: Instant | None = None
    created_at: Instant
    price_version: int = 0  # of its data prices on record; 0: none yet

    @property
    def name(self) -> str:
        """The centre's name."""
        return self.centre.name

    def is_silent(self, now: Instant, *, silent_after: timedelta) -> bool:
        """Say whether the centre has not been heard for too long."""
        return self.last_seen_at is None or now - self.last_seen_at > silent_after

    def takes_work(self, now: Instant, *, silent_after: timedelta) -> bool:
        """Say whether new work may be sent there."""
        return self.state == JOINED and not self.is_silent(now, silent_after=silent_after)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPool:
    """A pool, whose it is, and whether its agent still reports it."""

    id: PoolId
    centre_id: CentreId
    organisation_id: OrganisationId
    pool: Pool
    state: str = OPEN
    created_at: Instant
    price_version: int = 0  # of its list price on record; 0: none yet

    @property
    def name(self) -> str:
        """The pool's name at its centre."""
        return self.pool.name

    @property
    def cards(self) -> int:
        """All cards of the pool."""
        return self.pool.cards


def add(tx: Tx, centre: StoredCentre) -> None:
    """Remember a new centre."""
    where = centre.centre
    tx.do(
        "centre_add",
        id=centre.id,
        organisation_id=centre.organisation_id,
        name=where.name,
        zone=where.zone,
        city=where.city,
        province=where.province,
        facts=write(where.to_wire()),
        state=centre.state,
        created_at=to_micros(centre.created_at),
        price_version=centre.price_version,
    )


def save(tx: Tx, centre: StoredCentre) -> None:
    """Write what has changed about a centre."""
    tx.do(
        "centre_save",
        id=centre.id,
        public_key=centre.public_key,
        facts=write(centre.centre.to_wire()),
        state=centre.state,
        last_seen_at=micros(centre.last_seen_at),
        price_version=centre.price_version,
    )


def seen(tx: Tx, centre_id: CentreId, *, at: Instant) -> None:
    """Note that a centre was heard."""
    tx.do("centre_seen", id=centre_id, last_seen_at=to_micros(at))


def centre(tx: Tx, centre_id: str) -> StoredCentre:
    """Return a centre; what is for sale is public. NotFound if there is none."""
    return _found(tx.first("centre_by_id", id=centre_id), centre_id)


def centre_for_update(tx: Tx, centre_id: str) -> StoredCentre:
    """Return a centre, locked until the transaction ends."""
    return _found(tx.first("centre_for_update", id=centre_id), centre_id)


def centre_named(tx: Tx, name: str) -> StoredCentre | None:
    """Return a centre by its name, or None."""
    row = tx.first("centre_named", name=name)
    return _centre(row) if row else None


def page(tx: Tx, *, after: tuple[int, str] = (-1, ""), limit: int = 100) -> list[StoredCentre]:
    """List centres, oldest first, after (creation in microseconds, id)."""
    rows = tx.all("centres_page", created_at=after[0], id=after[1], limit=min(limit, PAGE_MAX))
    return [_centre(row) for row in rows]


def all_centres(tx: Tx) -> dict[CentreId, StoredCentre]:
    """Return every centre that takes part, oldest first."""
    return {CentreId(row["id"]): _centre(row) for row in tx.all("centres_all")}


def save_pools(tx: Tx, pools: Iterable[StoredPool]) -> None:
    """Write pools as their agent reports them; a known one keeps its id."""
    tx.many(
        "pool_save",
        [
            {
                "id": each.id,
                "centre_id": each.centre_id,
                "organisation_id": each.organisation_id,
                "name": each.pool.name,
                "chip": each.pool.chip,
                "facts": write(each.pool.to_wire()),
                "state": each.state,
                "created_at": to_micros(each.created_at),
                "price_version": each.price_version,
            }
            for each in pools
        ],
    )


def pools_of_centre(tx: Tx, centre_id: CentreId) -> list[StoredPool]:
    """Return the pools of a centre, by name, closed ones too."""
    return [_pool(row) for row in tx.all("pools_of_centre", centre_id=centre_id)]


def pools_of_centre_for_update(tx: Tx, centre_id: CentreId) -> list[StoredPool]:
    """Return the pools of a centre, locked in the order in which every flow locks pools."""
    return [_pool(row) for row in tx.all("pools_of_centre_for_update", centre_id=centre_id)]


def pools_for_update(tx: Tx) -> list[StoredPool]:
    """Return every open pool, locked in one order, so that no cards are sold twice."""
    return [_pool(row) for row in tx.all("pools_for_update")]


def pool(tx: Tx, pool_id: str) -> StoredPool:
    """Return a pool; NotFound if there is none."""
    row = tx.first("pool_by_id", id=pool_id)
    if row is None:
        raise NotFound(kind="pool", id=pool_id)
    return _pool(row)


def open_pools(tx: Tx) -> list[StoredPool]:
    """Return every open pool."""
    return [_pool(row) for row in tx.all("pools_open")]


def pool_states(tx: Tx, *, now: Instant, silent_after: timedelta) -> list[PoolState]:
    """Return every open pool with what is kept of it, as placement sees the grid now."""
    known = all_centres(tx)
    busy: dict[PoolId, list[tuple[Slot, int]]] = defaultdict(list)
    for each in reservations.open_ones(tx, now=now):
        busy[each.pool_id].append((each.slot, each.cards))
    return [
        PoolState(
            pool=found.pool,
            centre=known[found.centre_id].centre,
            busy=tuple(busy[found.id]),
            price_version=found.price_version,
            data_price_version=known[found.centre_id].price_version,
            silent=not known[found.centre_id].takes_work(now, silent_after=silent_after),
        )
        for found in (_pool(row) for row in tx.all("pools_open"))
    ]


def _found(row: Row | None, centre_id: str) -> StoredCentre:
    if row is None:
        raise NotFound(kind="centre", id=centre_id)
    return _centre(row)


def _centre(row: Row) -> StoredCentre:
    return StoredCentre(
        id=CentreId(row["id"]),
        organisation_id=OrganisationId(row["organisation_id"]),
        centre=_read_centre(row["facts"]),
        public_key=row["public_key"],
        state=row["state"],
        last_seen_at=instant(row["last_seen_at"]),
        created_at=from_micros(row["created_at"]),
        price_version=row["price_version"],
    )


def _pool(row: Row) -> StoredPool:
    return StoredPool(
        id=PoolId(row["id"]),
        centre_id=CentreId(row["centre_id"]),
        organisation_id=OrganisationId(row["organisation_id"]),
        pool=_read_pool(row["facts"]),
        state=row["state"],
        created_at=from_micros(row["created_at"]),
        price_version=row["price_version"],
    )


@lru_cache(FACTS_KEPT)
def _read_centre(facts: str) -> Centre:
    return Centre.from_wire(_mapping(facts))


@lru_cache(FACTS_KEPT)
def _read_pool(facts: str) -> Pool:
    return Pool.from_wire(_mapping(facts))


def _mapping(facts: str) -> Mapping[str, Any]:
    return dict(json.loads(facts))

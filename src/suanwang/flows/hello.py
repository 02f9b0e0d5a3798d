"""Hello: a centre's agent says what the centre is and has; differences to before are events.

Name and place stay as the operator registered them; everything else is the agent's to say. Pools
are known by name: one that is not reported any more is closed, and opens again when it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from suanwang.basics.canonical import Json
from suanwang.basics.ids import PoolId
from suanwang.flows.act import Act
from suanwang.flows.errors import PoolsMissing
from suanwang.flows.list_prices import price_centre, price_pool
from suanwang.flows.reports import centre_of
from suanwang.grid.centre import Centre, Pool
from suanwang.store import centres
from suanwang.store.centres import CLOSED, OPEN, StoredCentre, StoredPool
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx

POOLS_MAX = 500
# What the operator registered and an agent cannot change.
FIXED = ("id", "name", "zone", "city", "province", "latitude", "longitude")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What an agent says of its centre. Wires are those of `grid.centre`, without ids."""

    public_key: str
    facts: Mapping[str, Any]
    pools: Sequence[Mapping[str, Any]]
    version: str = ""


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the agent is told: its centre, and the ids of its pools by name."""

    centre: StoredCentre
    pools: Mapping[str, PoolId]


def hello(tx: Tx, said: Hello, *, act: Act) -> Welcome:
    """Take in what an agent says of its centre; the centre counts as heard.

    Raises: NotAllowed; PoolsMissing; what `Centre.from_wire` and `Pool.from_wire` refuse.
    """
    centre_id = centre_of(act)
    before = centres.centre_for_update(tx, centre_id)
    after = replace(
        before,
        centre=_facts(before.centre, said.facts),
        public_key=said.public_key,
        last_seen_at=act.now,
    )
    after = price_centre(tx, after, before=before, act=act)
    known = {each.name: each for each in centres.pools_of_centre(tx, centre_id)}
    reported = {
        name: price_pool(tx, each, before=known.get(name), act=act)
        for name, each in _pools(before, known, said.pools, act).items()
    }
    closed = [replace(p, state=CLOSED) for name, p in known.items() if name not in reported]
    centres.save(tx, after)
    centres.save_pools(tx, [*reported.values(), *closed])
    _tell_drift(tx, before, after, known={**known}, now={**reported}, act=act)
    return Welcome(after, {name: each.id for name, each in reported.items()})


def _facts(before: Centre, said: Mapping[str, Any]) -> Centre:
    fixed = {name: value for name, value in before.to_wire().items() if name in FIXED}
    free = {name: value for name, value in said.items() if name not in (*FIXED, "last_seen")}
    return Centre.from_wire({**free, **fixed})


def _pools(
    centre: StoredCentre,
    known: Mapping[str, StoredPool],
    said: Sequence[Mapping[str, Any]],
    act: Act,
) -> dict[str, StoredPool]:
    found: dict[str, StoredPool] = {}
    for wire in said[:POOLS_MAX]:
        old = known.get(str(wire.get("name")))
        pool_id = old.id if old else act.new_id(PoolId)
        bare = {name: value for name, value in wire.items() if name not in ("id", "centre")}
        pool = Pool.from_wire(bare, pool_id=pool_id, centre_id=centre.id)
        found[pool.name] = StoredPool(
            id=pool_id,
            centre_id=centre.id,
            organisation_id=centre.organisation_id,
            pool=pool,
            state=OPEN,
            created_at=old.created_at if old else act.now,
        )
    if not found or len(found) != len(said):
        raise PoolsMissing(found=f"{len(said)} with {len(found)} names")
    return found


def _tell_drift(
    tx: Tx,
    before: StoredCentre,
    after: StoredCentre,
    *,
    known: Mapping[str, StoredPool],
    now: Mapping[str, StoredPool],
    act: Act,
) -> None:
    drift = _differences(before.centre.to_wire(), after.centre.to_wire())
    if before.public_key not in (None, after.public_key):
        drift["public_key"] = {"before": before.public_key, "after": after.public_key}
    for name in sorted({*known, *now}):
        old, new = _wire_of(known.get(name)), _wire_of(now.get(name))
        if known and old != new:
            drift[f"pool {name}"] = _differences(old, new)
    told: dict[str, Any] = {
        "subject": after.id,
        "organisation_id": after.organisation_id,
        "body": {"centre_id": after.id, "name": after.name, "drift": drift},
        "act": act,
    }
    if before.last_seen_at is None:
        publish(tx, "centre.joined", **told)
    elif drift:
        publish(tx, "centre.drifted", **told)


def _wire_of(pool: StoredPool | None) -> Mapping[str, Json]:
    return pool.pool.to_wire() if pool is not None and pool.state == OPEN else {}


def _differences(before: Mapping[str, Json], after: Mapping[str, Json]) -> dict[str, Json]:
    return {
        name: {"before": before.get(name), "after": after.get(name)}
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    }

"""List prices on record: each is a word of evidence, and bills name the word that they go by.

    pool_01JB…      the first price of a pool
    pool_01JB…#3    the third; a centre's data and cold prices likewise, as ctr_01JB…

A pool that is older than these words gets its first as "#2": what bills named before was none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from suanwang.basics.canonical import Json
from suanwang.basics.slots import format_instant
from suanwang.flows.act import Act
from suanwang.grid.centre import Centre
from suanwang.store import evidence
from suanwang.store.centres import StoredCentre, StoredPool
from suanwang.store.evidence import Evidence
from suanwang.store.tx import Tx

KIND = "list_price"


def price_pool(tx: Tx, pool: StoredPool, *, before: StoredPool | None, act: Act) -> StoredPool:
    """Put a pool's list price on record where it is new; return the pool with its version.

    The caller holds the centre's row, so that two prices at once do not take one number.
    """
    if before is not None and before.price_version and before.pool.price == pool.pool.price:
        return replace(pool, price_version=before.price_version)
    version = _next(None if before is None else before.price_version)
    said: dict[str, Json] = {
        "pool_id": str(pool.id),
        "centre_id": str(pool.centre_id),
        "price": pool.pool.price.to_wire(),
    }
    _say(tx, pool.id, version, said, act=act)
    return replace(pool, price_version=version)


def price_centre(
    tx: Tx, centre: StoredCentre, *, before: StoredCentre | None, act: Act
) -> StoredCentre:
    """Put a centre's data and cold prices on record where they are new."""
    prices = _data_prices(centre.centre)
    if before is not None and before.price_version and _data_prices(before.centre) == prices:
        return centre
    version = _next(None if before is None else before.price_version)
    _say(tx, centre.id, version, {"centre_id": str(centre.id), **prices}, act=act)
    return replace(centre, price_version=version)


def _next(version: int | None) -> int:
    return 1 if version is None else max(version, 1) + 1


def _data_prices(centre: Centre) -> dict[str, Json]:
    cold = centre.cold_price_gb_month
    return {
        "data_price_gb": str(centre.data_price_gb),
        "cold_price_gb_month": None if cold is None else str(cold),
    }


def _say(tx: Tx, of: str, version: int, said: Mapping[str, Json], *, act: Act) -> None:
    word = Evidence(
        kind=KIND,
        id=of if version == 1 else f"{of}#{version}",
        record={**said, "from": format_instant(act.now)},
        at=act.now,
    )
    evidence.add(tx, [word])

"""Names of centres and pools, looked up for the jobs of one answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from typing_extensions import TypedDict

from suanwang.store.jobs import Job
from suanwang.store.tx import Tx


class CentreName(TypedDict):
    """Which centre."""

    id: str
    name: str
    zone: str


PoolName = TypedDict("PoolName", {"id": str, "name": str, "class": str})


@dataclass(slots=True)
class PlaceNames:
    """Centres and pools by id; one that is gone is shown by its id alone."""

    centres: dict[str, CentreName] = field(default_factory=dict)
    pools: dict[str, PoolName] = field(default_factory=dict)

    def centre(self, centre_id: str | None) -> CentreName | None:
        """Return a centre's name, or None for no centre."""
        if centre_id is None:
            return None
        return self.centres.get(centre_id) or {"id": centre_id, "name": "", "zone": ""}

    def pool(self, pool_id: str | None) -> PoolName | None:
        """Return a pool's name, or None for no pool."""
        if pool_id is None:
            return None
        return self.pools.get(pool_id) or {"id": pool_id, "name": "", "class": ""}


def names_for(tx: Tx, jobs: Iterable[Job]) -> PlaceNames:
    """Look up the centres and pools of jobs."""
    names = PlaceNames()
    for job in jobs:
        if job.centre_id is not None and job.centre_id not in names.centres:
            row = tx.first("centre_by_id", id=job.centre_id)
            if row is not None:
                names.centres[row["id"]] = {
                    "id": row["id"],
                    "name": row["name"],
                    "zone": row["zone"],
                }
        if job.pool_id is not None and job.pool_id not in names.pools:
            row = tx.first("pool_by_id", id=job.pool_id)
            if row is not None:
                names.pools[row["id"]] = {
                    "id": row["id"],
                    "name": row["name"],
                    "class": row["chip"],
                }
    return names

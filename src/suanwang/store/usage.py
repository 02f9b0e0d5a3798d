"""Usage records as they came from centres: accepted once, refused with a reason, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from suanwang.basics.ids import CentreId, JobId, LeaseId
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.store.tx import Row, Tx
from suanwang.store.values import parse, write


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUsage:
    """One usage record as its centre signed it, with what we made of it."""

    id: str
    lease_id: LeaseId
    job_id: JobId
    centre_id: CentreId
    token: int
    record: Mapping[str, Any]
    signature: str
    received_at: Instant
    refusal: str | None = None  # the error's code; None: accepted

    @property
    def accepted(self) -> bool:
        """Say whether the lease is billed by this record."""
        return self.refusal is None


def add(tx: Tx, usage: StoredUsage) -> bool:
    """Remember a record; False if one with its id is here already."""
    return (
        tx.do(
            "usage_add",
            id=usage.id,
            lease_id=usage.lease_id,
            job_id=usage.job_id,
            centre_id=usage.centre_id,
            token=usage.token,
            record=write(dict(usage.record)),
            signature=usage.signature,
            received_at=to_micros(usage.received_at),
            accepted=int(usage.accepted),
            refusal=usage.refusal,
        )
        == 1
    )


def accepted_of_lease(tx: Tx, lease_id: LeaseId) -> StoredUsage | None:
    """Return the record that a lease is billed by, or None."""
    row = tx.first("usage_accepted_of_lease", lease_id=lease_id)
    return _usage(row) if row else None


def refused(usage: StoredUsage, *, as_id: str, refusal: str) -> StoredUsage:
    """Return the record as it is kept when it is refused: beside the accepted ones, by its code."""
    return replace(usage, id=as_id, refusal=refusal)


def of_job(tx: Tx, job_id: JobId) -> list[StoredUsage]:
    """Return every record that came for a job, in order, refused ones too."""
    return [_usage(row) for row in tx.all("usage_of_job", job_id=job_id)]


def _usage(row: Row) -> StoredUsage:
    return StoredUsage(
        id=row["id"],
        lease_id=LeaseId(row["lease_id"]),
        job_id=JobId(row["job_id"]),
        centre_id=CentreId(row["centre_id"]),
        token=row["token"],
        record=parse(row["record"]),
        signature=row["signature"],
        received_at=from_micros(row["received_at"]),
        refusal=row["refusal"],
    )

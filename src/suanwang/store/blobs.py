"""Which organisation has which blob: bytes lie in the data directory, rows say whose they are."""

from __future__ import annotations

from dataclasses import dataclass

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import OrganisationId
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """Some bytes by their SHA-256, as one organisation has them. `size` is in bytes."""

    sha256: str
    organisation_id: OrganisationId
    size: int
    created_at: Instant


def add_blob(tx: Tx, blob: Blob) -> None:
    """Remember that an organisation has a blob; once is enough."""
    tx.do(
        "blob_add",
        sha256=blob.sha256,
        organisation_id=blob.organisation_id,
        bytes=blob.size,
        created_at=to_micros(blob.created_at),
    )


def blob(tx: Tx, sha256: str, organisation_id: OrganisationId) -> Blob:
    """Return an organisation's blob; another's is NotFound, as if it were not there."""
    row = tx.first("blob_of", sha256=sha256, organisation_id=organisation_id)
    if row is None:
        raise NotFound(kind="blob", id=sha256)
    return Blob(
        sha256=row.sha256,
        organisation_id=OrganisationId(row.organisation_id),
        size=row.bytes,
        created_at=from_micros(row.created_at),
    )


def blobs_missing(tx: Tx, digests: list[str], organisation_id: OrganisationId) -> list[str]:
    """Return which of these blobs an organisation does not have, in the order asked."""
    rows = tx.all("blobs_of", digests=digests, organisation_id=organisation_id)
    there = {row.sha256 for row in rows}
    return [digest for digest in digests if digest not in there]

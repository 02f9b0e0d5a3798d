"""What jobs bring home: where each declared output lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import JobId
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.store.tx import Row, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One declared output of a job, and where it lies."""

    name: str
    kind: str  # "blob": at the server; "url": where the buyer said; "cold": in the centre's store
    location: str | None = None
    sha256: str | None = None
    bytes: int | None = None
    at: Instant


def save(tx: Tx, job_id: JobId, outputs: Iterable[Output]) -> None:
    """Write a job's outputs; a later run's replace an earlier one's."""
    tx.many(
        "output_save",
        [
            {
                "job_id": job_id,
                "name": each.name,
                "kind": each.kind,
                "location": each.location,
                "sha256": each.sha256,
                "bytes": each.bytes,
                "at": to_micros(each.at),
            }
            for each in outputs
        ],
    )


def of_job(tx: Tx, job_id: JobId) -> list[Output]:
    """Return a job's outputs by name."""
    return [_output(row) for row in tx.all("outputs_of", job_id=job_id)]


def output(tx: Tx, job_id: JobId, name: str) -> Output:
    """Return one output of a job; NotFound if there is none of that name."""
    row = tx.first("output_of", job_id=job_id, name=name)
    if row is None:
        raise NotFound(kind="output", id=name)
    return _output(row)


def _output(row: Row) -> Output:
    return Output(
        name=row["name"],
        kind=row["kind"],
        location=row["location"],
        sha256=row["sha256"],
        bytes=row["bytes"],
        at=from_micros(row["at"]),
    )

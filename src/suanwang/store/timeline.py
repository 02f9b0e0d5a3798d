"""A job's history: one line for everything that happened to it, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from suanwang.basics.ids import JobId, OrganisationId
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.store.tx import Tx
from suanwang.store.values import facts, write

LINES_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened to a job; `seq` is given by the store."""

    job_id: JobId
    organisation_id: OrganisationId
    at: Instant
    verb: str
    state: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0


def add(tx: Tx, lines: Iterable[Line]) -> None:
    """Write lines, in their order."""
    tx.many(
        "timeline_add",
        [
            {
                "job_id": line.job_id,
                "organisation_id": line.organisation_id,
                "at": to_micros(line.at),
                "verb": line.verb,
                "state": line.state,
                "detail": write(dict(line.detail)) if line.detail else None,
            }
            for line in lines
        ],
    )


def of_job(tx: Tx, job_id: JobId, *, after: int = 0, limit: int = LINES_MAX) -> list[Line]:
    """Return a job's lines in order, after line `after`."""
    rows = tx.all("timeline_of", job_id=job_id, seq=after, limit=min(limit, LINES_MAX))
    return [
        Line(
            job_id=JobId(row["job_id"]),
            organisation_id=OrganisationId(row["organisation_id"]),
            at=from_micros(row["at"]),
            verb=row["verb"],
            state=row["state"],
            detail=facts(row["detail"]),
            seq=row["seq"],
        )
        for row in rows
    ]


def count_of_verb(tx: Tx, job_id: JobId, verb: str) -> int:
    """Say how many lines of one verb a job has."""
    return int(tx.one("timeline_lines_of_verb", job_id=job_id, verb=verb)["lines"])

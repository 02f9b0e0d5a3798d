"""What jobs print: lines by run (token) and number; the same line sent twice stands once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from suanwang.basics.ids import JobId
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.store.tx import Tx

PAGE_MAX = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line that a job printed. `seq` counts from the start of its run."""

    token: int = 0
    seq: int
    at: Instant
    stream: str  # "out", "err" or "agent"
    text: str


def add(tx: Tx, job_id: JobId, lines: Iterable[LogLine]) -> int:
    """Write lines and say how many were new."""
    return tx.many(
        "log_add",
        [
            {
                "job_id": job_id,
                "token": line.token,
                "seq": line.seq,
                "at": to_micros(line.at),
                "stream": line.stream,
                "text": line.text,
            }
            for line in lines
        ],
    )


def of_job(
    tx: Tx, job_id: JobId, *, after: tuple[int, int] = (0, -1), limit: int = PAGE_MAX
) -> list[LogLine]:
    """Return lines in order, after (token, seq)."""
    rows = tx.all(
        "logs_of", job_id=job_id, token=after[0], seq=after[1], limit=min(limit, PAGE_MAX)
    )
    return [
        LogLine(
            token=row["token"],
            seq=row["seq"],
            at=from_micros(row["at"]),
            stream=row["stream"],
            text=row["text"],
        )
        for row in rows
    ]


def count(tx: Tx, job_id: JobId, token: int) -> int:
    """Say how many lines one run of a job has sent."""
    return int(tx.one("logs_size", job_id=job_id, token=token)["lines"])

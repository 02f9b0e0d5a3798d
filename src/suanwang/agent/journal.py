"""What this agent had in hand, on disk before the world is told, so that a restart knows.

One JSON object a line, fsynced. A lease's entries: `taken`, `starting` (with the cgroup's name),
`spawned` (pid and start time), `report` (the final report, whole, before it is sent), `over`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suanwang.agent.backends.order import Mark

COMPACT_BYTES = 4_000_000


@dataclass(slots=True)
class Unfinished:
    """A lease that an earlier agent had and whose end it did not record."""

    lease_id: str
    job_id: str = ""
    token: int = 0
    mark: Mark | None = None
    groups: tuple[str, ...] = ()
    report: tuple[str, dict[str, Any]] | None = None  # verb and body
    entries: list[dict[str, Any]] = field(default_factory=list)


class Journal:
    """An append-only file of what happened to leases."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unfinished: dict[str, Unfinished] = {}
        self._read()
        self._rewrite()
        self._file = path.open("ab", buffering=0)

    def unfinished(self) -> list[Unfinished]:
        """Return the leases without an end, oldest first."""
        return list(self._unfinished.values())

    def write(self, lease_id: str, event: str, **facts: Any) -> None:  # noqa: ANN401 - JSON
        """Append one entry and wait until the disk has it."""
        self._apply({"lease_id": lease_id, "event": event} | facts)
        line = json.dumps({"lease_id": lease_id, "event": event} | facts, ensure_ascii=False)
        self._file.write(line.encode() + b"\n")
        os.fsync(self._file.fileno())
        if event == "over" and self._file.tell() > COMPACT_BYTES:
            self._file.close()
            self._rewrite()
            self._file = self._path.open("ab", buffering=0)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read(self) -> None:
        if self._path.exists():
            for line in self._path.read_bytes().splitlines():
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue  # the last line of an agent that was killed while writing
                self._apply(entry)

    def _apply(self, entry: dict[str, Any]) -> None:
        lease_id, event = entry["lease_id"], entry["event"]
        if event == "over":
            self._unfinished.pop(lease_id, None)
            return
        known = self._unfinished.setdefault(lease_id, Unfinished(lease_id))
        known.entries.append(entry)
        if event == "taken":
            known.job_id, known.token = entry["job_id"], entry["token"]
        elif event == "spawned":
            known.mark = Mark(
                pid=entry["pid"], started=entry["started"], groups=tuple(entry["groups"])
            )
        elif event == "report":
            known.report = entry["verb"], entry["body"]

    def _rewrite(self) -> None:
        # Only what is still open: a journal of a busy year starts as small as a new one.
        partial = self._path.with_suffix(".partial")
        with partial.open("wb") as file:
            for known in self._unfinished.values():
                for entry in known.entries:
                    file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)

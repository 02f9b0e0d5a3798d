"""What any backend is asked to run, under which limits, and how it says that it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

MB = 1000**2
GB = 1000**3


class EndedBy(StrEnum):
    """Why a job's process is over, as the wire says it."""

    EXIT = "exit"
    TIME_LIMIT = "time_limit"
    MEMORY = "memory"
    DISK = "disk"
    CANCEL = "cancel"
    # Those below never reach the wire as "returned": the lease is over, or the centre failed.
    LEASE_LOST = "lease_lost"
    CENTRE_DISK = "centre_disk"
    NEVER_STARTED = "never_started"


# What a shell or a container engine would report for the same end.
EXIT_CODES: Mapping[EndedBy, int] = {
    EndedBy.TIME_LIMIT: 124,  # as timeout(1)
    EndedBy.MEMORY: 137,  # 128 + SIGKILL, as an OOM kill
    EndedBy.DISK: 153,  # 128 + SIGXFSZ, as a file-size limit
    EndedBy.CANCEL: 143,  # 128 + SIGTERM
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one job may use. Bytes are bytes, times are seconds."""

    cores: int
    memory_bytes: int
    disk_bytes: int
    seconds: float
    processes: int = 1024
    open_files: int = 4096
    tmp_bytes: int = 512 * MB  # /tmp and /dev/shm, each, in memory
    grace_seconds: float = 5.0  # between SIGTERM and SIGKILL


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A named Python environment of the centre: directories to show read-only, and its bin."""

    name: str
    bin: Path
    prefixes: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOrder:
    """One job's command, ready to start: everything is on this machine already."""

    lease_id: str
    work: Path  # private work directory, shown to the job as /work
    control: Path  # the agent's own directory for this job; the job cannot see it
    setup: str
    run: str
    variables: Mapping[str, str]
    limits: Limits
    environment: Environment | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """What a job's processes use at one moment."""

    cpu_seconds: float = 0.0
    memory_bytes: int = 0
    memory_peak_bytes: int = 0
    disk_bytes: int = 0
    processes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a job's process ended and what it used."""

    exit_code: int
    by: EndedBy
    wall_seconds: float
    sample: Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a restarted agent needs to find and kill what an earlier one left behind."""

    pid: int
    started: float  # seconds since 1970 by psutil, tells a reused pid apart
    groups: tuple[str, ...] = field(default=())  # cgroup directories of this job


class Running(Protocol):
    """A job that has been started."""

    @property
    def mark(self) -> Mark:
        """What to write into the journal."""
        ...

    def sample(self) -> Sample:
        """Return the newest measurement; never blocks."""
        ...

    def stop(self, by: EndedBy) -> None:
        """Ask the job to end, and kill it after its grace; the first reason given stays."""
        ...

    async def wait(self) -> Ended:
        """Wait until every process of the job is gone."""
        ...


LineSink = Callable[[str, bytes], None]  # stream name, raw bytes as they came


class Backend(Protocol):
    """One engine that runs jobs."""

    name: str

    async def start(self, order: JobOrder, sink: LineSink) -> Running:
        """Start a job; its output goes to `sink`. Raises LaunchFailed."""
        ...

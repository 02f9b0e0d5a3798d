# Made by tools/unasync.py from ../aio/job.py; change that file and run the tool.
"""One job with what can be done to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from suanwang.client.results import Fetched
from suanwang.client.wire import Bill, JobView, LogLine, Output, Quote, TimelineLine

if TYPE_CHECKING:
    from suanwang.client.sync.jobs import Jobs


@dataclass(frozen=True, kw_only=True)
class Job(JobView):
    """A job as it stood when it was fetched; `refresh` and `wait` return it as it stands now."""

    jobs: Jobs = field(repr=False, compare=False, metadata={"wire": False})

    def refresh(self) -> Job:
        """Return the job as it stands now."""
        return self.jobs.get(self.id)

    def quote(self) -> Quote:
        """Return the job's plan and price."""
        return self.jobs.quote_of(self.id)

    def accept(self) -> Job:
        """Accept the job's quote."""
        return self.jobs.accept_job(self.id)

    def cancel(self) -> Job:
        """End the job; what it has used is billed."""
        return self.jobs.cancel(self.id)

    def wait(
        self,
        *,
        timeout: float | None = None,
        settled: bool = False,
    ) -> Job:
        """Wait until the work is over, or until the bill is settled. Raises TimedOut."""
        return self.jobs.wait(self.id, timeout=timeout, settled=settled)

    def timeline(self) -> tuple[TimelineLine, ...]:
        """Return everything that has happened to the job, oldest first."""
        return self.jobs.timeline(self.id)

    def logs(self, *, follow: bool = False, after: str = "") -> Iterator[LogLine]:
        """Yield what the job prints; with `follow`, until it has ended."""
        yield from self.jobs.logs(self.id, follow=follow, after=after)

    def outputs(self) -> tuple[Output, ...]:
        """Return what the job has brought home, and where it lies."""
        return self.jobs.outputs(self.id)

    def results(self, folder: str | Path = ".") -> tuple[Fetched, ...]:
        """Fetch the outputs into a folder, each checked against its SHA-256."""
        return self.jobs.results(self.id, folder)

    def bill(self) -> Bill:
        """Return what the job cost. Raises NotFound until it is billed."""
        return self.jobs.bill(self.id)

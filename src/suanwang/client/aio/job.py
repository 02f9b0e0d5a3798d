"""One job with what can be done to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from suanwang.client.results import Fetched
from suanwang.client.wire import Bill, JobView, LogLine, Output, Quote, TimelineLine

if TYPE_CHECKING:
    from suanwang.client.aio.jobs import AsyncJobs


@dataclass(frozen=True, kw_only=True)
class AsyncJob(JobView):
    """A job as it stood when it was fetched; `refresh` and `wait` return it as it stands now."""

    jobs: AsyncJobs = field(repr=False, compare=False, metadata={"wire": False})

    async def refresh(self) -> AsyncJob:
        """Return the job as it stands now."""
        return await self.jobs.get(self.id)

    async def quote(self) -> Quote:
        """Return the job's plan and price."""
        return await self.jobs.quote_of(self.id)

    async def accept(self) -> AsyncJob:
        """Accept the job's quote."""
        return await self.jobs.accept_job(self.id)

    async def cancel(self) -> AsyncJob:
        """End the job; what it has used is billed."""
        return await self.jobs.cancel(self.id)

    async def wait(
        self,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - seconds; the sync twin has it too
        settled: bool = False,
    ) -> AsyncJob:
        """Wait until the work is over, or until the bill is settled. Raises TimedOut."""
        return await self.jobs.wait(self.id, timeout=timeout, settled=settled)

    async def timeline(self) -> tuple[TimelineLine, ...]:
        """Return everything that has happened to the job, oldest first."""
        return await self.jobs.timeline(self.id)

    async def logs(self, *, follow: bool = False, after: str = "") -> AsyncIterator[LogLine]:
        """Yield what the job prints; with `follow`, until it has ended."""
        async for line in self.jobs.logs(self.id, follow=follow, after=after):
            yield line

    async def outputs(self) -> tuple[Output, ...]:
        """Return what the job has brought home, and where it lies."""
        return await self.jobs.outputs(self.id)

    async def results(self, folder: str | Path = ".") -> tuple[Fetched, ...]:
        """Fetch the outputs into a folder, each checked against its SHA-256."""
        return await self.jobs.results(self.id, folder)

    async def bill(self) -> Bill:
        """Return what the job cost. Raises NotFound until it is billed."""
        return await self.jobs.bill(self.id)

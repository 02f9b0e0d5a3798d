"""Budgets: what an organisation, a project or a member may spend in a month."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence

from suanwang.client.aio.transport import AsyncTransport
from suanwang.client.wire_budgets import Budget, BudgetJob

_PATH = "/v1/budgets"


class AsyncBudgets:
    """Budgets of one's organisation."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def set(
        self,
        amount: str,
        *,
        project: str | None = None,
        member_id: str | None = None,
        organisation_id: str | None = None,
        stop: str = "hard",
        warn_at: Sequence[int] | None = None,
        job_max: str | None = None,
        hourly_max: str | None = None,
        since: str | None = None,
    ) -> Budget:
        """Set the monthly budget of a project, a member or the whole organisation.

        One that is there is replaced. `stop` is "hard" or "warn"; `warn_at` are per cent;
        `project` an id or a name; operators say whose by `organisation_id`.
        """
        said = {
            "amount": amount,
            "project": project,
            "member_id": member_id,
            "organisation_id": organisation_id,
            "stop": stop,
            "warn_at": None if warn_at is None else list(warn_at),
            "job_max": job_max,
            "hourly_max": hourly_max,
            "since": since,
        }
        body = {name: value for name, value in said.items() if value is not None}
        key = secrets.token_hex(16)
        document = await self._transport.post(_PATH, body, idempotency_key=key)
        return self._transport.read(Budget, document, _PATH)

    async def list(self, *, month: str | None = None) -> AsyncIterator[Budget]:
        """Yield one's budgets as they stand in a month, removed ones at the end."""
        async for document in self._transport.pages(_PATH, {"month": month}):
            yield self._transport.read(Budget, document, _PATH)

    async def get(self, budget_id: str, *, month: str | None = None) -> Budget:
        """Return a budget as it stands in a month."""
        return await self._transport.fetch(Budget, f"{_PATH}/{budget_id}", {"month": month})

    async def jobs(
        self, budget_id: str, *, month: str | None = None, most: int | None = None
    ) -> AsyncIterator[BudgetJob]:
        """Yield what jobs took of a budget in a month, newest first."""
        path = f"{_PATH}/{budget_id}/jobs"
        async for document in self._transport.pages(path, {"month": month}, most=most):
            yield self._transport.read(BudgetJob, document, path)

    async def remove(self, budget_id: str) -> None:
        """Remove a budget; what is held on it goes on."""
        await self._transport.delete(f"{_PATH}/{budget_id}")

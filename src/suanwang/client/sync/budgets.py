# Made by tools/unasync.py from ../aio/budgets.py; change that file and run the tool.
"""Budgets: what an organisation, a project or a member may spend in a month."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from suanwang.client.sync.transport import Transport
from suanwang.client.wire_budgets import Budget, BudgetJob

_PATH = "/v1/budgets"


class Budgets:
    """Budgets of one's organisation."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def set(
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
        document = self._transport.post(_PATH, body, idempotency_key=key)
        return self._transport.read(Budget, document, _PATH)

    def list(self, *, month: str | None = None) -> Iterator[Budget]:
        """Yield one's budgets as they stand in a month, removed ones at the end."""
        for document in self._transport.pages(_PATH, {"month": month}):
            yield self._transport.read(Budget, document, _PATH)

    def get(self, budget_id: str, *, month: str | None = None) -> Budget:
        """Return a budget as it stands in a month."""
        return self._transport.fetch(Budget, f"{_PATH}/{budget_id}", {"month": month})

    def jobs(
        self, budget_id: str, *, month: str | None = None, most: int | None = None
    ) -> Iterator[BudgetJob]:
        """Yield what jobs took of a budget in a month, newest first."""
        path = f"{_PATH}/{budget_id}/jobs"
        for document in self._transport.pages(path, {"month": month}, most=most):
            yield self._transport.read(BudgetJob, document, path)

    def remove(self, budget_id: str) -> None:
        """Remove a budget; what is held on it goes on."""
        self._transport.delete(f"{_PATH}/{budget_id}")

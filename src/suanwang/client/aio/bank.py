"""The bank desk, for operators: lines of the bank, whose they are, and whether all agrees."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from typing import Any

from suanwang.client import answers
from suanwang.client.aio.transport import AsyncTransport
from suanwang.client.reading import R
from suanwang.client.wire_bank import BankImport, BankLine, Reconciliation

_LINES = "/v1/bank/lines"


class AsyncBank:
    """Lines of the exchange's bank account."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def import_lines(self, data: bytes, *, account: str = "main") -> BankImport:
        """Import a CSV file of bank lines, whole or not at all; known lines count once."""
        path = "/v1/bank/imports"

        async def body() -> AsyncIterator[bytes]:
            yield data

        headers = {
            "Content-Length": str(len(data)),
            "Content-Type": "text/csv",
            "Idempotency-Key": secrets.token_hex(16),
        }
        answer = await self._transport.send(
            "POST", path, params={"account": account}, headers=headers, content=body
        )
        return self._transport.read(BankImport, answers.document(answer), path)

    async def lines(self, *, waiting: bool = False) -> AsyncIterator[BankLine]:
        """Yield bank lines, newest first; `waiting`: those that somebody has to look at."""
        params = {"waiting": "true" if waiting else None}
        async for document in self._transport.pages(_LINES, params):
            yield self._transport.read(BankLine, document, _LINES)

    async def assign(self, line_id: str, target: str, *, reason: str) -> BankLine:
        """Say what a line is: org_…, pay_…, bln_…, txf_… or "fees"."""
        body = {"target": target, "reason": reason}
        return await self._post(BankLine, f"{_LINES}/{line_id}/assign", body)

    async def send_back(self, line_id: str, *, reason: str) -> BankLine:
        """Mark a payment that came in by mistake; its line out quotes the return reference."""
        return await self._post(BankLine, f"{_LINES}/{line_id}/return", {"reason": reason})

    async def keep(self, line_id: str, *, reason: str) -> BankLine:
        """Take back that a payment is to be sent back."""
        return await self._post(BankLine, f"{_LINES}/{line_id}/keep", {"reason": reason})

    async def reconcile(self, *, day: str | None = None) -> Reconciliation:
        """Hold statements against the books at the end of a day (today), and put it on record."""
        return await self._post(Reconciliation, "/v1/bank/reconciliations", {"day": day})

    async def _post(self, cls: type[R], path: str, body: Mapping[str, Any]) -> R:
        key = secrets.token_hex(16)
        document = await self._transport.post(path, body, idempotency_key=key)
        return self._transport.read(cls, document, path)

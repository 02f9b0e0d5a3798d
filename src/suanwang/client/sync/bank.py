# Made by tools/unasync.py from ../aio/bank.py; change that file and run the tool.
"""The bank desk, for operators: lines of the bank, whose they are, and whether all agrees."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from suanwang.client import answers
from suanwang.client.reading import R
from suanwang.client.sync.transport import Transport
from suanwang.client.wire_bank import BankImport, BankLine, Reconciliation

_LINES = "/v1/bank/lines"


class Bank:
    """Lines of the exchange's bank account."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def import_lines(self, data: bytes, *, account: str = "main") -> BankImport:
        """Import a CSV file of bank lines, whole or not at all; known lines count once."""
        path = "/v1/bank/imports"

        def body() -> Iterator[bytes]:
            yield data

        headers = {
            "Content-Length": str(len(data)),
            "Content-Type": "text/csv",
            "Idempotency-Key": secrets.token_hex(16),
        }
        answer = self._transport.send(
            "POST", path, params={"account": account}, headers=headers, content=body
        )
        return self._transport.read(BankImport, answers.document(answer), path)

    def lines(self, *, waiting: bool = False) -> Iterator[BankLine]:
        """Yield bank lines, newest first; `waiting`: those that somebody has to look at."""
        params = {"waiting": "true" if waiting else None}
        for document in self._transport.pages(_LINES, params):
            yield self._transport.read(BankLine, document, _LINES)

    def assign(self, line_id: str, target: str, *, reason: str) -> BankLine:
        """Say what a line is: org_…, pay_…, bln_…, txf_… or "fees"."""
        body = {"target": target, "reason": reason}
        return self._post(BankLine, f"{_LINES}/{line_id}/assign", body)

    def send_back(self, line_id: str, *, reason: str) -> BankLine:
        """Mark a payment that came in by mistake; its line out quotes the return reference."""
        return self._post(BankLine, f"{_LINES}/{line_id}/return", {"reason": reason})

    def keep(self, line_id: str, *, reason: str) -> BankLine:
        """Take back that a payment is to be sent back."""
        return self._post(BankLine, f"{_LINES}/{line_id}/keep", {"reason": reason})

    def reconcile(self, *, day: str | None = None) -> Reconciliation:
        """Hold statements against the books at the end of a day (today), and put it on record."""
        return self._post(Reconciliation, "/v1/bank/reconciliations", {"day": day})

    def _post(self, cls: type[R], path: str, body: Mapping[str, Any]) -> R:
        key = secrets.token_hex(16)
        document = self._transport.post(path, body, idempotency_key=key)
        return self._transport.read(cls, document, path)

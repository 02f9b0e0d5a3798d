"""Disputes of bills, and credit notes."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from suanwang.client.aio.transport import AsyncTransport
from suanwang.client.reading import R
from suanwang.client.wire_disputes import CreditNote, Dispute

_DISPUTES = "/v1/disputes"
_NOTES = "/v1/credit-notes"


class AsyncDisputes:
    """Disputes that one opened, or is to answer as the seller."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def open(
        self, job_id: str, lines: Mapping[int, str | None], *, reason: str, text: str = ""
    ) -> Dispute:
        """Dispute lines of a job's bill, counted from 0; None: all that is left of a line.

        `reason`: not_delivered, wrong_quantity, wrong_price, quality or other.
        """
        body = {"job_id": job_id, "lines": _lines(lines), "reason": reason, "text": text}
        return await _post(self._transport, Dispute, _DISPUTES, body)

    async def list(self, *, most: int | None = None) -> AsyncIterator[Dispute]:
        """Yield one's disputes, newest first."""
        async for document in self._transport.pages(_DISPUTES, most=most):
            yield self._transport.read(Dispute, document, _DISPUTES)

    async def get(self, dispute_id: str) -> Dispute:
        """Return one dispute."""
        return await self._transport.fetch(Dispute, f"{_DISPUTES}/{dispute_id}")

    async def accept(self, dispute_id: str, *, text: str = "") -> Dispute:
        """Agree, as the seller: what is disputed is credited."""
        body = {"answer": "accept", "text": text}
        return await _post(self._transport, Dispute, f"{_DISPUTES}/{dispute_id}/answer", body)

    async def contest(
        self, dispute_id: str, *, text: str, evidence: Sequence[Mapping[str, str]] = ()
    ) -> Dispute:
        """Contradict, as the seller, with a text and documents: kind and sha256 of each."""
        pieces = [dict(each) for each in evidence]
        body = {"answer": "contest", "text": text, "evidence": pieces}
        return await _post(self._transport, Dispute, f"{_DISPUTES}/{dispute_id}/answer", body)

    async def rule(self, dispute_id: str, *, uphold: bool, text: str) -> Dispute:
        """Rule on what is contested, with reasons; operators only."""
        body = {"uphold": uphold, "text": text}
        return await _post(self._transport, Dispute, f"{_DISPUTES}/{dispute_id}/rule", body)

    async def withdraw(self, dispute_id: str) -> Dispute:
        """Take a dispute back; what it froze is let go."""
        return await _post(self._transport, Dispute, f"{_DISPUTES}/{dispute_id}/withdraw", {})


class AsyncCreditNotes:
    """Credit notes that one got or gave."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def issue(
        self, job_id: str, lines: Mapping[int, str | None], *, paid_by: str, text: str
    ) -> CreditNote:
        """Give a part of a bill back: `paid_by` "exchange" (operators) or "seller"."""
        body = {"job_id": job_id, "lines": _lines(lines), "paid_by": paid_by, "text": text}
        return await _post(self._transport, CreditNote, _NOTES, body)

    async def list(self, *, most: int | None = None) -> AsyncIterator[CreditNote]:
        """Yield one's credit notes, newest first."""
        async for document in self._transport.pages(_NOTES, most=most):
            yield self._transport.read(CreditNote, document, _NOTES)

    async def get(self, note_id: str) -> CreditNote:
        """Return one credit note."""
        return await self._transport.fetch(CreditNote, f"{_NOTES}/{note_id}")


def _lines(lines: Mapping[int, str | None]) -> list[dict[str, Any]]:
    return [{"line": line, "amount": amount} for line, amount in lines.items()]


async def _post(transport: AsyncTransport, cls: type[R], path: str, body: Mapping[str, Any]) -> R:
    document = await transport.post(path, body, idempotency_key=secrets.token_hex(16))
    return transport.read(cls, document, path)

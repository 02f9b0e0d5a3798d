"""Payouts: where money goes, what is asked for, and the batches that two operators approve."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Mapping
from typing import Any

from suanwang.client import answers
from suanwang.client.aio.transport import AsyncTransport
from suanwang.client.reading import R
from suanwang.client.wire_bank import Payout, PayoutAccount, PayoutBatch

_ACCOUNT = "/v1/payout-account"
_PAYOUTS = "/v1/payouts"
_BATCHES = "/v1/payout-batches"


class AsyncPayouts:
    """Money that leaves the exchange."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def set_account(self, *, name: str, bank: str, number: str) -> PayoutAccount:
        """Say where the organisation's money goes; the name must be the organisation's own."""
        data = json.dumps({"name": name, "bank": bank, "number": number}).encode()

        async def body() -> AsyncIterator[bytes]:
            yield data

        headers = {"Content-Length": str(len(data)), "Content-Type": "application/json"}
        answer = await self._transport.send("PUT", _ACCOUNT, headers=headers, content=body)
        return self._transport.read(PayoutAccount, answers.document(answer), _ACCOUNT)

    async def account(self) -> PayoutAccount:
        """Return where the organisation's money goes, the number masked."""
        return await self._transport.fetch(PayoutAccount, _ACCOUNT)

    async def request(self, amount: str | None) -> Payout:
        """Ask for yuan, or (None) for all that is available."""
        return await self._post(Payout, _PAYOUTS, {"amount": amount})

    async def list(self) -> AsyncIterator[Payout]:
        """Yield payouts, newest first."""
        async for document in self._transport.pages(_PAYOUTS):
            yield self._transport.read(Payout, document, _PAYOUTS)

    async def waiting(self) -> AsyncIterator[Payout]:
        """Yield payouts that are in no batch, each with what it waits for; operators."""
        path = f"{_PAYOUTS}/waiting"
        async for document in self._transport.pages(path):
            yield self._transport.read(Payout, document, path)

    async def cancel(self, payout_id: str, *, reason: str) -> Payout:
        """Let go what a payout holds, as long as it is in no batch."""
        return await self._post(Payout, f"{_PAYOUTS}/{payout_id}/cancel", {"reason": reason})

    async def fail(self, payout_id: str, *, reason: str) -> Payout:
        """Say that the bank refused an approved payout; operators."""
        return await self._post(Payout, f"{_PAYOUTS}/{payout_id}/fail", {"reason": reason})

    async def make_batch(self) -> PayoutBatch:
        """Put every payout up to the cut-off into one file for the next bank day; operators."""
        return await self._post(PayoutBatch, _BATCHES, {})

    async def batches(self) -> AsyncIterator[PayoutBatch]:
        """Yield batches, newest first, without their payouts."""
        async for document in self._transport.pages(_BATCHES):
            yield self._transport.read(PayoutBatch, document, _BATCHES)

    async def batch(self, batch_id: str) -> PayoutBatch:
        """Return a batch with its payouts."""
        return await self._transport.fetch(PayoutBatch, f"{_BATCHES}/{batch_id}")

    async def approve(self, batch_id: str, *, file_sha256: str) -> PayoutBatch:
        """Approve a batch's file by its hash; two operators must, neither who made it."""
        body = {"file_sha256": file_sha256}
        return await self._post(PayoutBatch, f"{_BATCHES}/{batch_id}/approve", body)

    async def discard(self, batch_id: str, *, reason: str) -> PayoutBatch:
        """Tear up a batch that is not approved."""
        return await self._post(PayoutBatch, f"{_BATCHES}/{batch_id}/discard", {"reason": reason})

    async def send(self, batch_id: str) -> PayoutBatch:
        """Say that an approved batch goes to the bank; its file can be fetched from then on."""
        return await self._post(PayoutBatch, f"{_BATCHES}/{batch_id}/send", {})

    async def file(self, batch_id: str) -> bytes:
        """Return the file of a batch that was sent: CSV, with whole account numbers."""
        answer = await self._transport.send("GET", f"{_BATCHES}/{batch_id}/file")
        return answer.content

    async def _post(self, cls: type[R], path: str, body: Mapping[str, Any]) -> R:
        key = secrets.token_hex(16)
        document = await self._transport.post(path, body, idempotency_key=key)
        return self._transport.read(cls, document, path)

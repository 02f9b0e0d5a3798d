# Made by tools/unasync.py from ../aio/payouts.py; change that file and run the tool.
"""Payouts: where money goes, what is asked for, and the batches that two operators approve."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from suanwang.client import answers
from suanwang.client.reading import R
from suanwang.client.sync.transport import Transport
from suanwang.client.wire_bank import Payout, PayoutAccount, PayoutBatch

_ACCOUNT = "/v1/payout-account"
_PAYOUTS = "/v1/payouts"
_BATCHES = "/v1/payout-batches"


class Payouts:
    """Money that leaves the exchange."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def set_account(self, *, name: str, bank: str, number: str) -> PayoutAccount:
        """Say where the organisation's money goes; the name must be the organisation's own."""
        data = json.dumps({"name": name, "bank": bank, "number": number}).encode()

        def body() -> Iterator[bytes]:
            yield data

        headers = {"Content-Length": str(len(data)), "Content-Type": "application/json"}
        answer = self._transport.send("PUT", _ACCOUNT, headers=headers, content=body)
        return self._transport.read(PayoutAccount, answers.document(answer), _ACCOUNT)

    def account(self) -> PayoutAccount:
        """Return where the organisation's money goes, the number masked."""
        return self._transport.fetch(PayoutAccount, _ACCOUNT)

    def request(self, amount: str | None) -> Payout:
        """Ask for yuan, or (None) for all that is available."""
        return self._post(Payout, _PAYOUTS, {"amount": amount})

    def list(self) -> Iterator[Payout]:
        """Yield payouts, newest first."""
        for document in self._transport.pages(_PAYOUTS):
            yield self._transport.read(Payout, document, _PAYOUTS)

    def waiting(self) -> Iterator[Payout]:
        """Yield payouts that are in no batch, each with what it waits for; operators."""
        path = f"{_PAYOUTS}/waiting"
        for document in self._transport.pages(path):
            yield self._transport.read(Payout, document, path)

    def cancel(self, payout_id: str, *, reason: str) -> Payout:
        """Let go what a payout holds, as long as it is in no batch."""
        return self._post(Payout, f"{_PAYOUTS}/{payout_id}/cancel", {"reason": reason})

    def fail(self, payout_id: str, *, reason: str) -> Payout:
        """Say that the bank refused an approved payout; operators."""
        return self._post(Payout, f"{_PAYOUTS}/{payout_id}/fail", {"reason": reason})

    def make_batch(self) -> PayoutBatch:
        """Put every payout up to the cut-off into one file for the next bank day; operators."""
        return self._post(PayoutBatch, _BATCHES, {})

    def batches(self) -> Iterator[PayoutBatch]:
        """Yield batches, newest first, without their payouts."""
        for document in self._transport.pages(_BATCHES):
            yield self._transport.read(PayoutBatch, document, _BATCHES)

    def batch(self, batch_id: str) -> PayoutBatch:
        """Return a batch with its payouts."""
        return self._transport.fetch(PayoutBatch, f"{_BATCHES}/{batch_id}")

    def approve(self, batch_id: str, *, file_sha256: str) -> PayoutBatch:
        """Approve a batch's file by its hash; two operators must, neither who made it."""
        body = {"file_sha256": file_sha256}
        return self._post(PayoutBatch, f"{_BATCHES}/{batch_id}/approve", body)

    def discard(self, batch_id: str, *, reason: str) -> PayoutBatch:
        """Tear up a batch that is not approved."""
        return self._post(PayoutBatch, f"{_BATCHES}/{batch_id}/discard", {"reason": reason})

    def send(self, batch_id: str) -> PayoutBatch:
        """Say that an approved batch goes to the bank; its file can be fetched from then on."""
        return self._post(PayoutBatch, f"{_BATCHES}/{batch_id}/send", {})

    def file(self, batch_id: str) -> bytes:
        """Return the file of a batch that was sent: CSV, with whole account numbers."""
        answer = self._transport.send("GET", f"{_BATCHES}/{batch_id}/file")
        return answer.content

    def _post(self, cls: type[R], path: str, body: Mapping[str, Any]) -> R:
        key = secrets.token_hex(16)
        document = self._transport.post(path, body, idempotency_key=key)
        return self._transport.read(cls, document, path)

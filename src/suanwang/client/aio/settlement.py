"""Market days, what members were paid for them, and corrections of meters."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from typing import Any

from suanwang.client.aio.transport import AsyncTransport
from suanwang.client.wire_settlement import Correction, MarketDay, MemberSettlement

_CORRECTIONS = "/v1/corrections"


class AsyncSettlement:
    """The settlement cycle, as members and centres see it."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def days(self) -> AsyncIterator[MarketDay]:
        """Yield market days, newest first, with the instants of their steps."""
        async for document in self._transport.pages("/v1/market-days"):
            yield self._transport.read(MarketDay, document, "/v1/market-days")

    async def statements(self) -> AsyncIterator[MemberSettlement]:
        """Yield the organisation's settlement statements, newest first."""
        async for document in self._transport.pages("/v1/settlements"):
            yield self._transport.read(MemberSettlement, document, "/v1/settlements")

    async def correct_usage(
        self, lease_id: str, usage: Mapping[str, Any], *, signature: str, reason: str = ""
    ) -> Correction:
        """Send another usage record, signed by its centre, for a lease that has a bill."""
        body = {
            "lease_id": lease_id,
            "usage": dict(usage),
            "signature": signature,
            "reason": reason,
        }
        document = await self._transport.post(
            _CORRECTIONS, body, idempotency_key=secrets.token_hex(16)
        )
        return self._transport.read(Correction, document, _CORRECTIONS)

    async def corrections(self) -> AsyncIterator[Correction]:
        """Yield corrections of the organisation's bills and centres, newest first."""
        async for document in self._transport.pages(_CORRECTIONS):
            yield self._transport.read(Correction, document, _CORRECTIONS)

"""The way in: one object with the API's nouns."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx

from suanwang.basics.languages import choose_language
from suanwang.client import answers
from suanwang.client.aio.bank import AsyncBank
from suanwang.client.aio.blobs import AsyncBlobs
from suanwang.client.aio.budgets import AsyncBudgets
from suanwang.client.aio.contracts import AsyncBrokers, AsyncContracts
from suanwang.client.aio.disputes import AsyncCreditNotes, AsyncDisputes
from suanwang.client.aio.events import AsyncEvents
from suanwang.client.aio.exports import AsyncExports
from suanwang.client.aio.invoices import AsyncInvoices
from suanwang.client.aio.jobs import AsyncJobs
from suanwang.client.aio.ledger import AsyncLedger
from suanwang.client.aio.nouns import (
    AsyncAccounts,
    AsyncCentres,
    AsyncOffers,
    AsyncWebhooks,
    who_am_i,
)
from suanwang.client.aio.operator import AsyncOperator
from suanwang.client.aio.payouts import AsyncPayouts
from suanwang.client.aio.secrets import AsyncSecrets
from suanwang.client.aio.settlement import AsyncSettlement
from suanwang.client.aio.transport import AsyncTransport
from suanwang.client.aio.vouchers import AsyncVouchers
from suanwang.client.profiles import find_access
from suanwang.client.wire_grid import Me


class AsyncClient:
    """An exchange, as one key sees it.

    Address and key come from the arguments, SUANWANG_URL and SUANWANG_KEY, or the profile that
    `suan login` wrote. `timeout` is in seconds and holds for each step of a request; lost
    connections and statuses 429, 502, 503, 504 are tried `retries` times more.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        profile: str | None = None,
        lang: str | None = None,
        timeout: float = answers.TIMEOUT_SECONDS,
        retries: int = answers.RETRIES,
        watch: Callable[[httpx.Request], None] | None = None,
        mount: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._transport = AsyncTransport(
            find_access(url, key, profile=profile),
            lang=choose_language(lang),
            timeout=timeout,
            retries=retries,
            watch=watch,
            mount=mount,
        )
        self.url = self._transport.url
        self.blobs = AsyncBlobs(self._transport)
        self.jobs = AsyncJobs(self._transport, self.blobs)
        self.centres = AsyncCentres(self._transport)
        self.offers = AsyncOffers(self._transport)
        self.accounts = AsyncAccounts(self._transport)
        self.events = AsyncEvents(self._transport)
        self.webhooks = AsyncWebhooks(self._transport)
        self.secrets = AsyncSecrets(self._transport)
        self.ledger = AsyncLedger(self._transport)
        self.vouchers = AsyncVouchers(self._transport)
        self.disputes = AsyncDisputes(self._transport)
        self.settlement = AsyncSettlement(self._transport)
        self.contracts = AsyncContracts(self._transport)
        self.brokers = AsyncBrokers(self._transport)
        self.credit_notes = AsyncCreditNotes(self._transport)
        self.invoices = AsyncInvoices(self._transport)
        self.budgets = AsyncBudgets(self._transport)
        self.exports = AsyncExports(self._transport)
        self.payouts = AsyncPayouts(self._transport)
        self.bank = AsyncBank(self._transport)
        self.operator = AsyncOperator(self._transport)

    async def me(self) -> Me:
        """Return whose the key is and what it may do."""
        return await who_am_i(self._transport)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

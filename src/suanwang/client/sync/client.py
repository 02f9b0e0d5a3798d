# Made by tools/unasync.py from ../aio/client.py; change that file and run the tool.
"""The way in: one object with the API's nouns."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx

from suanwang.basics.languages import choose_language
from suanwang.client import answers
from suanwang.client.profiles import find_access
from suanwang.client.sync.bank import Bank
from suanwang.client.sync.blobs import Blobs
from suanwang.client.sync.budgets import Budgets
from suanwang.client.sync.contracts import Brokers, Contracts
from suanwang.client.sync.disputes import CreditNotes, Disputes
from suanwang.client.sync.events import Events
from suanwang.client.sync.exports import Exports
from suanwang.client.sync.invoices import Invoices
from suanwang.client.sync.jobs import Jobs
from suanwang.client.sync.ledger import Ledger
from suanwang.client.sync.nouns import (
    Accounts,
    Centres,
    Offers,
    Webhooks,
    who_am_i,
)
from suanwang.client.sync.operator import Operator
from suanwang.client.sync.payouts import Payouts
from suanwang.client.sync.secrets import Secrets
from suanwang.client.sync.settlement import Settlement
from suanwang.client.sync.transport import Transport
from suanwang.client.sync.vouchers import Vouchers
from suanwang.client.wire_grid import Me


class Client:
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
        mount: httpx.BaseTransport | None = None,
    ) -> None:
        self._transport = Transport(
            find_access(url, key, profile=profile),
            lang=choose_language(lang),
            timeout=timeout,
            retries=retries,
            watch=watch,
            mount=mount,
        )
        self.url = self._transport.url
        self.blobs = Blobs(self._transport)
        self.jobs = Jobs(self._transport, self.blobs)
        self.centres = Centres(self._transport)
        self.offers = Offers(self._transport)
        self.accounts = Accounts(self._transport)
        self.events = Events(self._transport)
        self.webhooks = Webhooks(self._transport)
        self.secrets = Secrets(self._transport)
        self.ledger = Ledger(self._transport)
        self.vouchers = Vouchers(self._transport)
        self.disputes = Disputes(self._transport)
        self.settlement = Settlement(self._transport)
        self.contracts = Contracts(self._transport)
        self.brokers = Brokers(self._transport)
        self.credit_notes = CreditNotes(self._transport)
        self.invoices = Invoices(self._transport)
        self.budgets = Budgets(self._transport)
        self.exports = Exports(self._transport)
        self.payouts = Payouts(self._transport)
        self.bank = Bank(self._transport)
        self.operator = Operator(self._transport)

    def me(self) -> Me:
        """Return whose the key is and what it may do."""
        return who_am_i(self._transport)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

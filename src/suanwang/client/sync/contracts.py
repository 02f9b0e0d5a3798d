# Made by tools/unasync.py from ../aio/contracts.py; change that file and run the tool.
"""Contracts of brokers and carriers, and the prices that brokers sell at."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from suanwang.basics.slots import format_instant
from suanwang.client.reading import R
from suanwang.client.sync.transport import Transport
from suanwang.client.wire_contracts import BrokerPrices, Contract

_CONTRACTS = "/v1/contracts"
_BROKERS = "/v1/brokers"


class Contracts:
    """Contracts that one is party to."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def propose(
        self,
        kind: str,
        *,
        owner_id: str,
        partner_id: str,
        clauses: Mapping[str, Any],
        text_sha256: str,
        pools: Sequence[str] = (),
        from_at: datetime | None = None,
        until_at: datetime | None = None,
    ) -> Contract:
        """Propose a contract: `kind` agency, self_run or carriage; no pools: all of the owner's."""
        body = {
            "kind": kind,
            "owner_id": owner_id,
            "partner_id": partner_id,
            "clauses": dict(clauses),
            "text_sha256": text_sha256,
            "pools": [*pools],
            "from_at": from_at and format_instant(from_at),
            "until_at": until_at and format_instant(until_at),
        }
        return _post(self._transport, Contract, _CONTRACTS, body)

    def list(self, *, most: int | None = None) -> Iterator[Contract]:
        """Yield one's contracts, newest first."""
        for document in self._transport.pages(_CONTRACTS, most=most):
            yield self._transport.read(Contract, document, _CONTRACTS)

    def get(self, contract_id: str) -> Contract:
        """Return one contract."""
        return self._transport.fetch(Contract, f"{_CONTRACTS}/{contract_id}")

    def agree(self, contract_id: str) -> Contract:
        """Agree to what the other party proposed."""
        return self._step(contract_id, "agree")

    def refuse(self, contract_id: str) -> Contract:
        """Refuse what the other party proposed."""
        return self._step(contract_id, "refuse")

    def withdraw(self, contract_id: str) -> Contract:
        """Take back what one has proposed."""
        return self._step(contract_id, "withdraw")

    def end(self, contract_id: str) -> Contract:
        """End a contract, from now on."""
        return self._step(contract_id, "end")

    def _step(self, contract_id: str, verb: str) -> Contract:
        return _post(self._transport, Contract, f"{_CONTRACTS}/{contract_id}/{verb}", {})


class Brokers:
    """The prices that brokers sell at on their own account."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def prices(self, broker_id: str) -> tuple[BrokerPrices, ...]:
        """Return a broker's price lists, newest first."""
        path = f"{_BROKERS}/{broker_id}/prices"
        document = self._transport.get(path)
        return tuple(
            self._transport.read(BrokerPrices, each, path) for each in document.get("items", ())
        )

    def set_prices(
        self, prices: Mapping[str, Any], *, from_at: datetime | None = None
    ) -> BrokerPrices:
        """Set one's own price list as a broker, from now or a later instant."""
        body = {"prices": dict(prices), "from_at": from_at and format_instant(from_at)}
        return _post(self._transport, BrokerPrices, f"{_BROKERS}/prices", body)


def _post(transport: Transport, cls: type[R], path: str, body: Mapping[str, Any]) -> R:
    document = transport.post(path, body, idempotency_key=secrets.token_hex(16))
    return transport.read(cls, document, path)

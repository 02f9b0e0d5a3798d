"""Contracts and brokers' price lists, as the API shows them."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from suanwang.ledger.contracts import Contract
from suanwang.server.wire.texts import always, instant
from suanwang.store.contracts import BrokerPrices


class ContractOut(TypedDict):
    """One contract; `said`: which party did what, by which key, when."""

    id: str
    kind: str
    owner_id: str
    partner_id: str
    proposer_id: str
    pools: list[str]
    from_at: str
    until_at: str | None
    clauses: dict[str, Any]
    text_sha256: str
    state: str
    said: list[dict[str, Any]]
    created_at: str
    updated_at: str


class ContractsOut(TypedDict):
    """A page of contracts, newest first."""

    items: list[ContractOut]
    next_cursor: str | None


class BrokerPricesOut(TypedDict):
    """What a broker sells a card-hour at, by class, from an instant; `id` is its record's."""

    id: str
    broker_id: str
    from_at: str
    prices: dict[str, Any]
    created_at: str


class BrokerPriceListsOut(TypedDict):
    """A broker's price lists, newest first."""

    items: list[BrokerPricesOut]


def contract_out(contract: Contract) -> ContractOut:
    """Write a contract."""
    return {
        "id": contract.id,
        "kind": contract.kind.value,
        "owner_id": contract.owner_id,
        "partner_id": contract.partner_id,
        "proposer_id": contract.proposer_id,
        "pools": list(contract.pools),
        "from_at": always(contract.from_at),
        "until_at": instant(contract.until_at),
        "clauses": dict(contract.clauses),
        "text_sha256": contract.text_sha256,
        "state": contract.state.value,
        "said": [dict(each) for each in contract.said],
        "created_at": always(contract.created_at),
        "updated_at": always(contract.updated_at),
    }


def broker_prices_out(prices: BrokerPrices) -> BrokerPricesOut:
    """Write a broker's price list."""
    return {
        "id": prices.id,
        "broker_id": prices.broker_id,
        "from_at": always(prices.from_at),
        "prices": dict(prices.prices),
        "created_at": always(prices.created_at),
    }

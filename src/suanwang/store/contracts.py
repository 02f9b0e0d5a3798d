"""Contracts and brokers' price lists as rows and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import ContractId, OrganisationId
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.ledger.contracts import Contract, ContractKind, ContractState
from suanwang.store.tx import Row, Tx
from suanwang.store.values import NEWEST, instant, micros, parse, write

PAGE_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerPrices:
    """What a broker sells a card-hour at, by class, from an instant."""

    id: str
    broker_id: OrganisationId
    from_at: Instant
    prices: Mapping[str, Any]  # the wire of a PriceTable
    created_at: Instant


def add(tx: Tx, contract: Contract) -> None:
    """Remember a contract that was proposed."""
    tx.do(
        "contract_add",
        id=contract.id,
        kind=contract.kind.value,
        owner_id=contract.owner_id,
        partner_id=contract.partner_id,
        proposer_id=contract.proposer_id,
        from_at=to_micros(contract.from_at),
        until_at=micros(contract.until_at),
        state=contract.state.value,
        body=_body(contract),
        created_at=to_micros(contract.created_at),
        updated_at=to_micros(contract.updated_at),
    )


def save(tx: Tx, contract: Contract) -> None:
    """Write a contract after a step."""
    tx.do(
        "contract_save",
        id=contract.id,
        state=contract.state.value,
        body=_body(contract),
        updated_at=to_micros(contract.updated_at),
    )


def contract(tx: Tx, contract_id: str) -> Contract:
    """Return one contract; NotFound if there is none."""
    return _found(tx.first("contract_by_id", id=contract_id), contract_id)


def contract_for_update(tx: Tx, contract_id: str) -> Contract:
    """Return one contract, locked until the transaction ends."""
    return _found(tx.first("contract_for_update", id=contract_id), contract_id)


def page(
    tx: Tx, party: OrganisationId | None, *, before: str = NEWEST, limit: int = 100
) -> list[Contract]:
    """List the contracts of a party (None: everybody's), newest first."""
    rows = tx.all("contracts_of", party=party, before=before, limit=min(limit, PAGE_MAX))
    return [_contract(row) for row in rows]


def in_force(tx: Tx, *, now: Instant) -> list[Contract]:
    """Return the contracts that are in force, oldest first."""
    return [_contract(row) for row in tx.all("contracts_in_force", now=to_micros(now))]


def add_prices(tx: Tx, prices: BrokerPrices) -> None:
    """Remember a broker's price list."""
    tx.do(
        "broker_price_add",
        id=prices.id,
        broker_id=prices.broker_id,
        from_at=to_micros(prices.from_at),
        prices=write(dict(prices.prices)),
        created_at=to_micros(prices.created_at),
    )


def prices_of(tx: Tx, broker_id: OrganisationId, *, limit: int = 100) -> list[BrokerPrices]:
    """List a broker's price lists, the newest first."""
    rows = tx.all("broker_prices_of", broker_id=broker_id, limit=min(limit, PAGE_MAX))
    return [_prices(row) for row in rows]


def prices_in_force(tx: Tx, *, now: Instant) -> dict[OrganisationId, BrokerPrices]:
    """Return the price list of each broker that is in force."""
    rows = tx.all("broker_prices_in_force", now=to_micros(now))
    return {OrganisationId(row["broker_id"]): _prices(row) for row in rows}


def _found(row: Row | None, contract_id: str) -> Contract:
    if row is None:
        raise NotFound(kind="contract", id=contract_id)
    return _contract(row)


def _body(contract: Contract) -> str | None:
    return write(
        {
            "pools": list(contract.pools),
            "clauses": dict(contract.clauses),
            "text_sha256": contract.text_sha256,
            "said": [dict(each) for each in contract.said],
        }
    )


def _contract(row: Row) -> Contract:
    body = parse(row["body"])
    return Contract(
        id=ContractId(row["id"]),
        kind=ContractKind(row["kind"]),
        owner_id=OrganisationId(row["owner_id"]),
        partner_id=OrganisationId(row["partner_id"]),
        proposer_id=OrganisationId(row["proposer_id"]),
        pools=tuple(body["pools"]),
        from_at=from_micros(row["from_at"]),
        until_at=instant(row["until_at"]),
        clauses=body["clauses"],
        text_sha256=body["text_sha256"],
        state=ContractState(row["state"]),
        said=tuple(body["said"]),
        created_at=from_micros(row["created_at"]),
        updated_at=from_micros(row["updated_at"]),
    )


def _prices(row: Row) -> BrokerPrices:
    return BrokerPrices(
        id=row["id"],
        broker_id=OrganisationId(row["broker_id"]),
        from_at=from_micros(row["from_at"]),
        prices=parse(row["prices"]),
        created_at=from_micros(row["created_at"]),
    )

"""Contracts of brokers and carriers, and the prices that brokers sell at."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response

from suanwang.flows.act import Act
from suanwang.flows.set_broker_price import set_broker_price, show_broker_prices
from suanwang.flows.sign_contract import (
    NewContract,
    agree_contract,
    end_contract,
    list_contracts,
    propose_contract,
    refuse_contract,
    show_contract,
    withdraw_contract,
)
from suanwang.ledger.contracts import POOLS_MAX, ContractKind
from suanwang.server.http.call import Signed
from suanwang.server.http.cursors import PAGE_DEFAULT
from suanwang.server.http.routing import a_router
from suanwang.server.routes.paging import CursorText, Limit, before_of, cut
from suanwang.server.wire.contracts import (
    BrokerPriceListsOut,
    BrokerPricesOut,
    ContractOut,
    ContractsOut,
    broker_prices_out,
    contract_out,
)
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["contracts"])
Id = Annotated[str, Field(min_length=1, max_length=80)]


class ContractIn(BaseModel):
    """What is proposed to the other party; without `from_at` it begins when it is proposed."""

    model_config = ConfigDict(extra="forbid")
    kind: ContractKind
    owner_id: Id
    partner_id: Id
    clauses: dict[str, Any]
    text_sha256: Id
    pools: Annotated[list[Id], Field(max_length=POOLS_MAX)] = []
    from_at: AwareDatetime | None = None
    until_at: AwareDatetime | None = None


class BrokerPriceIn(BaseModel):
    """A price list by class, from now or a later instant."""

    model_config = ConfigDict(extra="forbid")
    prices: dict[str, Any]
    from_at: AwareDatetime | None = None


@router.get("/contracts", response_model=ContractsOut, summary="List contracts.")
async def list_my_contracts(
    call: Signed, limit: Limit = PAGE_DEFAULT, cursor: CursorText = None
) -> Response:
    """List the contracts that the caller is party to, newest first."""
    act = call.parts.act(call.actor)
    before = before_of(cursor)

    def read(tx: Tx) -> ContractsOut:
        found = list_contracts(tx, act=act, before=before, limit=limit + 1)
        items, more = cut(found, limit)
        return {"items": [contract_out(each) for each in items], "next_cursor": more}

    return await call.show(read)


@router.post("/contracts", status_code=201, response_model=ContractOut, summary="Propose one.")
async def propose(call: Signed, body: ContractIn) -> Response:
    """Propose a contract to its other party."""
    new = NewContract(
        kind=body.kind,
        owner_id=body.owner_id,
        partner_id=body.partner_id,
        clauses=body.clauses,
        text_sha256=body.text_sha256,
        pools=tuple(body.pools),
        from_at=body.from_at,
        until_at=body.until_at,
    )
    return await call.act(
        lambda tx, act: contract_out(propose_contract(tx, new, act=act)), status=201
    )


@router.get("/contracts/{contract_id}", response_model=ContractOut, summary="Show a contract.")
async def show_a_contract(call: Signed, contract_id: str) -> Response:
    """Show a contract to its parties, an operator or an auditor."""
    act = call.parts.act(call.actor)
    return await call.show(lambda tx: contract_out(show_contract(tx, contract_id, act=act)))


@router.post("/contracts/{contract_id}/agree", response_model=ContractOut, summary="Agree to it.")
async def agree(call: Signed, contract_id: str) -> Response:
    """Agree to what the other party proposed."""
    return await call.act(lambda tx, act: contract_out(agree_contract(tx, contract_id, act=act)))


@router.post("/contracts/{contract_id}/refuse", response_model=ContractOut, summary="Refuse it.")
async def refuse(call: Signed, contract_id: str) -> Response:
    """Refuse what the other party proposed."""
    return await call.act(lambda tx, act: contract_out(refuse_contract(tx, contract_id, act=act)))


@router.post(
    "/contracts/{contract_id}/withdraw", response_model=ContractOut, summary="Take it back."
)
async def withdraw_proposal(call: Signed, contract_id: str) -> Response:
    """Take back what one has proposed."""
    return await call.act(lambda tx, act: contract_out(withdraw_contract(tx, contract_id, act=act)))


@router.post("/contracts/{contract_id}/end", response_model=ContractOut, summary="End it.")
async def end(call: Signed, contract_id: str) -> Response:
    """End a contract; jobs that were cleared under it are still billed by it."""
    return await call.act(lambda tx, act: contract_out(end_contract(tx, contract_id, act=act)))


@router.get(
    "/brokers/{broker_id}/prices", response_model=BrokerPriceListsOut, summary="A broker's prices."
)
async def broker_prices(call: Signed, broker_id: str) -> Response:
    """Show what a broker sells at on its own account, newest first."""

    def read(tx: Tx) -> BrokerPriceListsOut:
        return {"items": [broker_prices_out(each) for each in show_broker_prices(tx, broker_id)]}

    return await call.show(read)


@router.post(
    "/brokers/prices", status_code=201, response_model=BrokerPricesOut, summary="Set prices."
)
async def set_prices(call: Signed, body: BrokerPriceIn) -> Response:
    """Set the caller's own price list as a broker, from now or a later instant."""
    begins: datetime | None = body.from_at

    def work(tx: Tx, act: Act) -> BrokerPricesOut:
        return broker_prices_out(set_broker_price(tx, body.prices, from_at=begins, act=act))

    return await call.act(work, status=201)

"""Money as the operator handles it: payments that arrive, the ledger's check."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from typing_extensions import TypedDict

from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import CNY, Money
from suanwang.flows.act import Act
from suanwang.flows.check_ledger import check_ledger
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.flows.set_credit_limit import CreditLimit, set_credit_limit
from suanwang.flows.settle_day import settle_before
from suanwang.flows.top_up import TopUp, top_up
from suanwang.ledger.accounts import AccountName
from suanwang.server.http.call import Signed, SignedOperator
from suanwang.server.http.routing import a_router
from suanwang.server.wire.accounts import AccountOut, LedgerCheckOut, account_out, check_out
from suanwang.server.wire.texts import always, shown
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["money"])
ID_MAX = 40
REFERENCE_MAX = 200
SETTLED_MAX = 10_000  # in one transaction


class TopUpOut(TypedDict):
    """A payment as it was booked."""

    transfer_id: str
    organisation_id: str
    amount: str
    currency: str
    reference: str


class SettledOut(TypedDict):
    """How many bills were settled. More than ten thousand are left to the next call or loop."""

    settled: int
    until: str


class TopUpIn(BaseModel):
    """A payment that arrived; the bank's reference makes it one, however often it is sent."""

    model_config = ConfigDict(extra="forbid")
    organisation_id: Annotated[str, Field(max_length=ID_MAX)]
    amount: Annotated[str, Field(max_length=40)]
    reference: Annotated[str, Field(min_length=1, max_length=REFERENCE_MAX)]


class CreditLimitIn(BaseModel):
    """How far below zero an account may go, in whole units of its currency."""

    model_config = ConfigDict(extra="forbid")
    organisation_id: Annotated[str, Field(max_length=ID_MAX)]
    amount: Annotated[str, Field(max_length=40)]
    currency: Annotated[str, Field(max_length=63)] = CNY.code
    account: AccountName = AccountName.AVAILABLE


@router.post("/top-ups", status_code=201, response_model=TopUpOut, summary="Book a payment.")
async def add_top_up(call: SignedOperator, body: TopUpIn) -> Response:
    """Make money that arrived at the bank available to the organisation that sent it."""
    request = TopUp(
        organisation_id=OrganisationId(body.organisation_id),
        amount=Money.parse(body.amount),
        reference=body.reference,
    )

    def work(tx: Tx, act: Act) -> TopUpOut:
        transfer = top_up(tx, request, act=act)
        return {
            "transfer_id": transfer.id,
            "organisation_id": request.organisation_id,
            "amount": shown(request.amount),
            "currency": request.amount.asset.code,
            "reference": request.reference,
        }

    return await call.act(work, status=201)


@router.post("/credit-limits", response_model=AccountOut, summary="Set a credit limit.")
async def add_credit_limit(call: SignedOperator, body: CreditLimitIn) -> Response:
    """Let an account of a member go so far below zero from now on; 0: not at all."""
    limit = CreditLimit(
        organisation_id=OrganisationId(body.organisation_id),
        amount=body.amount,
        currency=body.currency,
        account=body.account,
    )
    return await call.act(lambda tx, act: account_out(set_credit_limit(tx, limit, act=act)))


@router.post(
    "/settlements", status_code=202, response_model=SettledOut, summary="Settle bills now."
)
async def settle_now(call: SignedOperator) -> Response:
    """Pay providers for every bill written until now, without waiting for the day's end."""
    before = call.parts.clock()

    def work(tx: Tx, act: Act) -> SettledOut:
        record_operator_action(tx, "settle", {"until": always(before)}, act=act)
        settled = settle_before(tx, before, act=act, most=SETTLED_MAX)
        return {"settled": settled, "until": always(before)}

    return await call.act(work, status=202)


@router.get("/ledger/check", response_model=LedgerCheckOut, summary="Check the ledger.")
async def show_ledger_check(call: Signed) -> Response:
    """Add everything up again: accounts against transfers and holds, each asset against zero."""
    act = call.parts.act(call.actor)
    return await call.show(lambda tx: check_out(check_ledger(tx, act=act)))

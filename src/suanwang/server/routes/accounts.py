"""Money, as its owner sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from suanwang.basics.slots import Instant, Slot, day_slot, market_day, parse_instant
from suanwang.ledger.accounts import AccountName
from suanwang.server.http.call import Signed
from suanwang.server.http.routing import a_router
from suanwang.server.routes.paging import Whose
from suanwang.server.wire.accounts import (
    AccountsOut,
    StatementOut,
    account_out,
    statement_out,
)
from suanwang.store import ledger
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["money"])
TEXT_MAX = 63
WhenText = Annotated[str | None, Query(alias="from", max_length=TEXT_MAX)]
UntilText = Annotated[str | None, Query(alias="to", max_length=TEXT_MAX)]


@router.get("/accounts", response_model=AccountsOut, summary="List accounts.")
async def list_accounts(call: Signed, organisation_id: Whose = None) -> Response:
    """List the organisation's accounts with balance, held and available."""
    owner = call.whose(organisation_id)
    return await call.show(
        lambda tx: {
            "items": [account_out(each) for each in ledger.accounts_of(tx, owner)],
            "next_cursor": None,
        }
    )


@router.get("/statement", response_model=StatementOut, summary="Show a statement.")
async def show_statement(
    call: Signed,
    *,
    account: AccountName = AccountName.AVAILABLE,
    since: WhenText = None,
    until: UntilText = None,
    organisation_id: Whose = None,
) -> Response:
    """Show what moved in and out of an account; without `from` and `to`, on today's market day."""
    owner, period = call.whose(organisation_id), _period(since, until, now=call.parts.clock())

    def read(tx: Tx) -> StatementOut:
        found = ledger.account_of(tx, owner, account.value)
        return statement_out(ledger.statement(tx, found.id, period))

    return await call.show(read)


def _period(since: str | None, until: str | None, *, now: Instant) -> Slot:
    today = day_slot(market_day(now))
    start = today.start if since is None else _read(since)
    end = max(today.end, start) if until is None else _read(until)
    return Slot(start, end)


def _read(text: str) -> datetime:
    # A plus sign in a query string arrives as a space.
    return parse_instant(text.replace(" ", "+"))

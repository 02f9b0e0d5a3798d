"""Money, as its owner sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import AccountId
from suanwang.basics.money import CNY, Asset
from suanwang.basics.slots import (
    Instant,
    Slot,
    day_slot,
    from_micros,
    market_day,
    parse_instant,
    to_micros,
)
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.closing import Month, statement_id
from suanwang.server.errors import CursorUnreadable
from suanwang.server.http.call import Signed
from suanwang.server.http.cursors import PAGE_DEFAULT, read_cursor, write_cursor
from suanwang.server.http.routing import a_router
from suanwang.server.routes.paging import CursorText, Limit, Whose
from suanwang.server.wire.accounts import (
    AccountsOut,
    ClosedMonthsOut,
    ClosedStatementOut,
    ClosedStatementsOut,
    StatementOut,
    account_out,
    closed_month_out,
    closed_statement_out,
    statement_out,
)
from suanwang.store import closings, ledger, past
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["money"])
TEXT_MAX = 63
WhenText = Annotated[str | None, Query(alias="from", max_length=TEXT_MAX)]
UntilText = Annotated[str | None, Query(alias="to", max_length=TEXT_MAX)]
AtText = Annotated[str | None, Query(max_length=TEXT_MAX, description="An instant gone by.")]
MonthText = Annotated[str | None, Query(max_length=TEXT_MAX, description="Such as 2026-11.")]
CurrencyText = Annotated[str, Query(max_length=TEXT_MAX, description="The account's asset.")]
EntriesLimit = Annotated[int, Query(ge=1, le=past.ENTRIES_MAX, description="Entries on a page.")]


@router.get("/accounts", response_model=AccountsOut, summary="List accounts.")
async def list_accounts(call: Signed, at: AtText = None, organisation_id: Whose = None) -> Response:
    """List the organisation's accounts; with `at`, as they stood just before that instant."""
    owner = call.whose(organisation_id)
    instant = None if at is None else _read(at)

    def read(tx: Tx) -> AccountsOut:
        found = (
            ledger.accounts_of(tx, owner)
            if instant is None
            else past.accounts_at(tx, owner, instant)
        )
        return {"items": [account_out(each) for each in found], "next_cursor": None}

    return await call.show(read)


@router.get("/statement", response_model=StatementOut, summary="Show a statement.")
async def show_statement(
    call: Signed,
    *,
    account: AccountName = AccountName.AVAILABLE,
    currency: CurrencyText = CNY.code,
    since: WhenText = None,
    until: UntilText = None,
    limit: EntriesLimit = past.ENTRIES_MAX,
    cursor: CursorText = None,
    organisation_id: Whose = None,
) -> Response:
    """Show what moved in and out of an account; without `from` and `to`, on today's market day.

    `opening` and `closing` are those of the whole period, on every page.
    """
    owner, period = call.whose(organisation_id), _period(since, until, now=call.parts.clock())
    after = read_cursor(cursor, int, int)
    place = None if after is None else past.Place(int(after[0]), int(after[1]))

    def read(tx: Tx) -> StatementOut:
        found = ledger.account_of(tx, owner, account.value, asset=Asset(currency))
        page, more = past.statement(tx, found.id, period, after=place, limit=limit)
        onward = None if more is None else write_cursor([more.seq, more.balance_units])
        return statement_out(page, next_cursor=onward)

    return await call.show(read)


@router.get(
    "/statements", response_model=ClosedStatementsOut, summary="List statements of closed months."
)
async def list_statements(
    call: Signed,
    *,
    month: MonthText = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: CursorText = None,
    organisation_id: Whose = None,
) -> Response:
    """List the organisation's frozen statements, newest first; each is on record as evidence."""
    owner, before = call.whose(organisation_id), read_cursor(cursor, int)
    wanted = None if month is None else Month.parse(month)

    def read(tx: Tx) -> ClosedStatementsOut:
        found = closings.statements_of(
            tx, owner, month=wanted, before=int(before[0]) if before else None, limit=limit
        )
        full = len(found) == limit
        return {
            "items": [closed_statement_out(each) for _, each in found],
            "next_cursor": write_cursor([found[-1][0]]) if full else None,
        }

    return await call.show(read)


@router.get(
    "/statements/{account_id}/{month}",
    response_model=ClosedStatementOut,
    summary="Show the statement of a closed month.",
)
async def show_closed_statement(call: Signed, account_id: str, month: str) -> Response:
    """Show one account's frozen statement; NotFound while its month is open."""
    wanted = Month.parse(month)

    def read(tx: Tx) -> ClosedStatementOut:
        found = closings.statements(tx, [account_id], wanted).get(AccountId(account_id))
        if found is None or call.sees not in (None, found.organisation_id):
            raise NotFound(kind="statement", id=statement_id(account_id, wanted))
        return closed_statement_out(found)

    return await call.show(read)


@router.get("/closings", response_model=ClosedMonthsOut, summary="List closed months.")
async def list_closings(
    call: Signed, limit: Limit = PAGE_DEFAULT, cursor: CursorText = None
) -> Response:
    """List the months whose books are closed, newest first."""
    after = read_cursor(cursor, int)
    before = None if after is None else _from_micros(int(after[0]))

    def read(tx: Tx) -> ClosedMonthsOut:
        found = closings.closed_months(tx, before=before, limit=limit)
        full = len(found) == limit
        last = to_micros(found[-1].month.slot.end) if full else None
        return {
            "items": [closed_month_out(each) for each in found],
            "next_cursor": None if last is None else write_cursor([last]),
        }

    return await call.show(read)


def _from_micros(micros: int) -> Instant:
    try:
        return from_micros(micros)
    except OverflowError:
        raise CursorUnreadable(reason="not ours") from None


def _period(since: str | None, until: str | None, *, now: Instant) -> Slot:
    today = day_slot(market_day(now))
    start = today.start if since is None else _read(since)
    end = max(today.end, start) if until is None else _read(until)
    return Slot(start, end)


def _read(text: str) -> datetime:
    # A plus sign in a query string arrives as a space.
    return parse_instant(text.replace(" ", "+"))

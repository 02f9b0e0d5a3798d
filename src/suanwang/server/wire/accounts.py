"""Accounts, statements and the ledger's check, as the API shows them."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from suanwang.basics.money import Money
from suanwang.ledger.accounts import Account
from suanwang.ledger.check import LedgerCheck
from suanwang.ledger.closing import MonthStatement
from suanwang.ledger.statement import Statement, StatementLine
from suanwang.server.wire.texts import always, shown
from suanwang.store.closings import ClosedMonth


class AccountOut(TypedDict):
    """One account. `available` is the balance less what is held for accepted jobs."""

    id: str
    organisation_id: str
    name: str
    currency: str
    balance: str
    held: str
    available: str
    credit_limit: str | None  # how far below zero it may go; null: as far as it likes


class AccountsOut(TypedDict):
    """An organisation's accounts."""

    items: list[AccountOut]
    next_cursor: str | None


class EntryOut(TypedDict):
    """One movement, as the account sees it: `amount` below zero goes out."""

    transfer_id: str
    at: str
    amount: str
    balance: str
    other_account_id: str
    group_id: str | None
    memo: dict[str, str]


StatementOut = TypedDict(
    "StatementOut",
    {
        "account": AccountOut,
        "from": str,
        "to": str,
        "opening": str,
        "closing": str,
        "currency": str,
        "items": list[EntryOut],
        "next_cursor": str | None,
    },
)


class ClosedStatementOut(TypedDict):
    """One account over one closed month, as it is on record: it never changes."""

    id: str
    account_id: str
    organisation_id: str
    name: str
    month: str
    currency: str
    opening: str
    credits: str
    debits: str
    closing: str
    held: str
    entries: int
    entries_sha256: str


class ClosedStatementsOut(TypedDict):
    """A page of frozen statements, newest first."""

    items: list[ClosedStatementOut]
    next_cursor: str | None


class ClosedMonthOut(TypedDict):
    """A month whose books are closed; `statements` is null while they are drawn up."""

    month: str
    until: str
    closed_at: str
    statements: int | None
    statements_sha256: str | None


class ClosedMonthsOut(TypedDict):
    """A page of closed months, newest first."""

    items: list[ClosedMonthOut]
    next_cursor: str | None


class ProblemOut(TypedDict):
    """One thing that does not add up, in smallest units."""

    rule: str
    subject: str
    expected: int
    found: int


class LedgerCheckOut(TypedDict):
    """Whether everything adds up."""

    balanced: bool
    accounts: int
    transfers: int
    problems: list[ProblemOut]


def account_out(account: Account) -> AccountOut:
    """Write an account."""
    return {
        "id": account.id,
        "organisation_id": account.organisation_id,
        "name": account.name,
        "currency": account.asset.code,
        "balance": shown(account.balance),
        "held": shown(account.held),
        "available": shown(account.available),
        "credit_limit": None
        if account.floor_units is None
        else shown(Money(-account.floor_units, account.asset)),
    }


def closed_statement_out(statement: MonthStatement) -> ClosedStatementOut:
    """Write a frozen statement, as people read amounts."""
    return {
        "id": statement.id,
        "account_id": statement.account_id,
        "organisation_id": statement.organisation_id,
        "name": statement.name,
        "month": str(statement.month),
        "currency": statement.opening.asset.code,
        "opening": shown(statement.opening),
        "credits": shown(statement.credits),
        "debits": shown(statement.debits),
        "closing": shown(statement.closing),
        "held": shown(statement.held),
        "entries": statement.entries,
        "entries_sha256": statement.entries_sha256,
    }


def closed_month_out(closed: ClosedMonth) -> ClosedMonthOut:
    """Write a closed month."""
    done = closed.progress
    return {
        "month": str(closed.month),
        "until": always(closed.month.slot.end),
        "closed_at": always(closed.closed_at),
        "statements": None if done is None else done.statements,
        "statements_sha256": None if done is None else done.statements_sha256,
    }


def statement_out(statement: Statement, *, next_cursor: str | None = None) -> StatementOut:
    """Write a page of a statement."""
    return {
        "account": account_out(statement.account),
        "from": always(statement.period.start),
        "to": always(statement.period.end),
        "opening": shown(statement.opening),
        "closing": shown(statement.closing),
        "currency": statement.account.asset.code,
        "items": [_entry_out(line) for line in statement.lines],
        "next_cursor": next_cursor,
    }


def check_out(check: LedgerCheck) -> LedgerCheckOut:
    """Write what a check of the ledger found."""
    return {
        "balanced": check.balanced,
        "accounts": check.accounts,
        "transfers": check.transfers,
        "problems": [
            {"rule": p.rule, "subject": p.subject, "expected": p.expected, "found": p.found}
            for p in check.problems
        ],
    }


def _entry_out(line: StatementLine) -> EntryOut:
    entry = line.entry
    memo: dict[str, Any] = dict(entry.memo)
    return {
        "transfer_id": entry.transfer_id,
        "at": always(entry.at),
        "amount": shown(entry.amount),
        "balance": shown(line.balance),
        "other_account_id": entry.other_id,
        "group_id": entry.group_id,
        "memo": {key: str(value) for key, value in memo.items()},
    }

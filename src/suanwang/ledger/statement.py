"""A statement: what an account held when a period began, each entry, what it held at the end.

opening + entries = closing, or the statement is not made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from suanwang.basics.ids import AccountId, TransferId
from suanwang.basics.money import Money
from suanwang.basics.slots import Instant, Slot
from suanwang.ledger.accounts import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One side of a transfer as the account sees it: `amount` is signed, a debit below zero."""

    transfer_id: TransferId
    at: Instant
    amount: Money
    other_id: AccountId
    group_id: str | None
    memo: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """An entry and the balance after it."""

    entry: Entry
    balance: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One account over one period."""

    account: Account
    period: Slot
    opening: Money
    lines: tuple[StatementLine, ...]
    closing: Money


def make_statement(
    account: Account, period: Slot, *, opening: Money, entries: Sequence[Entry], closing: Money
) -> Statement:
    """Draw up a statement; `entries` are in the order in which they were made."""
    lines, balance = [], opening
    for entry in entries:
        balance += entry.amount
        lines.append(StatementLine(entry=entry, balance=balance))
    assert balance == closing, f"entries lead to {balance}, the account says {closing}"
    return Statement(
        account=account, period=period, opening=opening, lines=tuple(lines), closing=closing
    )

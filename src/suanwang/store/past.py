"""Accounts as they stood before an instant, and their entries a page at a time.

Told from the last frozen statement before the instant and from what moved since, so that a long
history costs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from suanwang.basics.ids import AccountId, OrganisationId, TransferId
from suanwang.basics.money import Money
from suanwang.basics.slots import Instant, Slot, from_micros, to_micros
from suanwang.ledger.accounts import Account
from suanwang.ledger.statement import Entry, Statement, make_statement
from suanwang.store import closings, ledger
from suanwang.store.tx import Row, Tx

ENTRIES_MAX = 10_000  # on one page of a statement
_EVER = -(2**62)  # before any instant that is written


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement goes on: the last entry that was shown, and the balance after it."""

    seq: int
    balance_units: int


def accounts_at(tx: Tx, organisation_id: OrganisationId, instant: Instant) -> list[Account]:
    """Return an organisation's accounts as they stood just before an instant."""
    return balances_at(tx, ledger.accounts_of(tx, organisation_id), instant)


def balances_at(tx: Tx, accounts: Sequence[Account], instant: Instant) -> list[Account]:
    """Return accounts with the balance and holds that they had just before an instant."""
    ids = [account.id for account in accounts]
    base = closings.frozen(tx, instant)
    asked: dict[str, Any] = {"ids": ids, "before": to_micros(instant), "since": _EVER, "first": 0}
    opening: dict[AccountId, tuple[int, int]] = {}
    if base is not None:
        asked |= {"since": base.span.until, "first": base.span.next_seq}
        said = closings.statements(tx, ids, base.span.month)
        opening = {each: (one.closing.units, one.held.units) for each, one in said.items()}
    moved = {row.account_id: row.units for row in tx.all("moved_between", **asked)}
    held = {row.account_id: row.units for row in tx.all("held_between", **asked)}
    return [
        replace(
            account,
            balance_units=opening.get(account.id, (0, 0))[0] + moved.get(account.id, 0),
            held_units=opening.get(account.id, (0, 0))[1] + held.get(account.id, 0),
        )
        for account in accounts
    ]


def statement(
    tx: Tx, account_id: str, period: Slot, *, after: Place | None = None, limit: int = ENTRIES_MAX
) -> tuple[Statement, Place | None]:
    """Draw up a page of an account's statement; return it and where the next one goes on.

    Opening and closing are those of the whole period on every page. One and the same read must
    serve a page: then opening + entries = closing, or the assertion fails.
    """
    whose = ledger.account(tx, account_id)
    (opening,) = balances_at(tx, [whose], period.start)
    (closing,) = balances_at(tx, [whose], period.end)
    base = closings.frozen(tx, period.start)
    first = 0 if base is None else base.span.next_seq or 0
    since, until = to_micros(period.start), to_micros(period.end)
    rows = tx.all(
        "entries_of",
        account_id=account_id,
        since=since,
        until=until,
        after=first - 1 if after is None else max(after.seq, first - 1),
        limit=limit + 1,
    )
    more = len(rows) > limit
    entries = [_entry(row, whose) for row in rows[:limit]]
    begin = opening.balance_units if after is None else after.balance_units
    end = begin + sum(entry.amount.units for entry in entries)
    assert more or end == closing.balance_units, (
        f"entries of {account_id} lead to {end}, the account to {closing.balance_units}"
    )
    page = make_statement(
        whose,
        period,
        opening=Money(begin, whose.asset),
        entries=entries,
        closing=Money(end, whose.asset),
    )
    page = replace(page, opening=opening.balance, closing=closing.balance)
    return page, Place(rows[limit - 1].seq, end) if more else None


def _entry(row: Row, account: Account) -> Entry:
    out = row.debit_id == account.id
    return Entry(
        transfer_id=TransferId(row.id),
        at=from_micros(row.at),
        amount=Money(-row.amount_units if out else row.amount_units, account.asset),
        other_id=AccountId(row.credit_id if out else row.debit_id),
        group_id=row.group_id,
        memo=json.loads(row.memo or "{}"),
    )

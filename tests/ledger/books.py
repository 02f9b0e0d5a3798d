"""The reader's notation for ledgers in tests.

accounts    "buyer 100, bank -100 (no floor), issuer 0 (floor -10), coins 5 CARD"
transfers   "move 30 a → b"   "hold 30 a → b until +60 as h"   "post 20 of h → c keeping"
            "post h"   "release 10 of h"   "expire h at +60"
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import count

from suanwang.basics.ids import AccountId, OrganisationId, TransferId
from suanwang.basics.money import CNY, Asset, Money
from suanwang.ledger.accounts import Account
from suanwang.ledger.book import AccountBook
from suanwang.ledger.transfers import Rest, Transfer, expire, hold, move, post, release

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
_ACCOUNT = re.compile(r"(\w+) (-?\d+)(?: ([A-Z]+))?(?: \((no floor|floor (-?\d+))\))?")
_TRANSFER = re.compile(
    r"(?P<verb>\w+)(?: (?P<amount>\d+)(?: (?P<asset>[A-Z]+))?(?: of)?)?"
    r"(?: (?P<subject>\w+))?(?: → (?P<credit>\w+))?(?: until \+(?P<until>\d+))?"
    r"(?P<keeping> keeping)?(?: at \+(?P<at>\d+))?(?: as (?P<name>\w+))?"
)
_numbers = count()


def a_book(text: str) -> AccountBook:
    extra = [_account("a 1"), _account("b 0")]  # for a harmless first transfer in refused batches
    return AccountBook([*map(_account, text.split(", ")), *extra])


def _account(text: str) -> Account:
    found = _ACCOUNT.fullmatch(text)
    assert found, text
    name, balance, asset, floor, floor_units = found.groups()
    return Account(
        id=AccountId(name),
        organisation_id=OrganisationId("org"),
        name=name,
        asset=Asset(asset) if asset else CNY,
        floor_units=None if floor == "no floor" else int(floor_units or 0),
        balance_units=int(balance),
    )


def state_of(book: AccountBook) -> str:
    parts = []
    for account in book.accounts.values():
        held = f" ({account.held_units} held)" if account.held_units else ""
        if account.id not in ("a", "b"):
            parts.append(f"{account.id} {account.balance_units}{held}")
    return ", ".join(parts)


def a_transfer(text: str, *, id: str | None = None) -> Transfer:  # noqa: A002 - the field's name
    found = _TRANSFER.fullmatch(text)
    assert found, text
    g = found.groupdict()
    transfer_id = TransferId(id or g["name"] or f"t{next(_numbers)}_")
    amount = (
        Money(int(g["amount"]), Asset(g["asset"]) if g["asset"] else CNY) if g["amount"] else None
    )
    at = NOW + timedelta(seconds=int(g["at"] or 0))
    credit = AccountId(g["credit"]) if g["credit"] else None
    match g["verb"]:
        case "move":
            return move(transfer_id, amount, debit=AccountId(g["subject"]), credit=credit, at=at)
        case "hold":
            until = None if g["until"] is None else NOW + timedelta(seconds=int(g["until"]))
            return hold(
                transfer_id, amount, debit=AccountId(g["subject"]), credit=credit, at=at,
                expires_at=until,
            )  # fmt: skip
        case "post":
            rest = Rest.KEEP if g["keeping"] else Rest.RELEASE
            return post(
                transfer_id,
                TransferId(g["subject"]),
                amount=amount,
                credit=credit,
                rest=rest,
                at=at,
            )
        case "release":
            return release(transfer_id, TransferId(g["subject"]), amount=amount, at=at)
        case "expire":
            return expire(transfer_id, TransferId(g["subject"]), at=at)
    raise AssertionError(text)

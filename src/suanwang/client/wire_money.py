"""Accounts, statements and what operators see, as the exchange shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from suanwang.client.reading import Resource


@dataclass(frozen=True, kw_only=True)
class Account(Resource):
    """One account. `available` is the balance less what is held for accepted jobs."""

    id: str
    name: str
    currency: str
    balance: Decimal
    held: Decimal
    available: Decimal
    organisation_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Entry(Resource):
    """One movement on an account, and the balance after it."""

    transfer_id: str
    at: datetime
    amount: Decimal
    balance: Decimal
    other_account_id: str | None = None
    group_id: str | None = None
    memo: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Statement(Resource):
    """What moved on an account in `[start, end)`: opening + entries = closing."""

    account: Account
    start: datetime = field(metadata={"key": "from"})
    end: datetime = field(metadata={"key": "to"})
    opening: Decimal
    closing: Decimal
    currency: str
    items: tuple[Entry, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NewKey(Resource):
    """A key as it is made. The secret is shown only this once."""

    id: str
    role: str
    secret: str | None = None
    centre_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Organisation(Resource):
    """An organisation, and its first key if it was just made."""

    id: str
    name: str
    state: str = "open"
    key: NewKey | None = None


@dataclass(frozen=True, kw_only=True)
class OperatorRecord(Resource):
    """Something that an operator did."""

    seq: int
    at: datetime
    action: str
    key_id: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LedgerProblem(Resource):
    """One thing that does not add up, in smallest units."""

    rule: str
    subject: str
    expected: int
    found: int


@dataclass(frozen=True, kw_only=True)
class LedgerCheck(Resource):
    """Whether everything adds up."""

    balanced: bool
    accounts: int
    transfers: int
    problems: tuple[LedgerProblem, ...] = ()

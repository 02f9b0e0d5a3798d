"""Accounts, statements and what operators see, as the exchange shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from suanwang.client.reading import Resource
from suanwang.client.wire_grid import Centre


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
    credit_limit: Decimal | None = None  # how far below zero it may go; None: no limit


@dataclass(frozen=True, kw_only=True)
class ClosedStatement(Resource):
    """One account over one closed month: on record, and never changed."""

    id: str
    account_id: str
    organisation_id: str
    name: str
    month: str
    currency: str
    opening: Decimal
    credits: Decimal
    debits: Decimal
    closing: Decimal
    held: Decimal
    entries: int
    entries_sha256: str


@dataclass(frozen=True, kw_only=True)
class ClosedMonth(Resource):
    """A month whose books are closed; `statements` is None while they are drawn up."""

    month: str
    until: datetime
    closed_at: datetime
    statements: int | None = None
    statements_sha256: str | None = None


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
class Key(Resource):
    """A key. `key` itself is shown once, in the answer that made it."""

    id: str
    role: str
    organisation_id: str | None = None
    project_id: str | None = None
    member_id: str | None = None
    centre_id: str | None = None
    created_at: datetime | None = None
    revoked_at: datetime | None = None
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Organisation(Resource):
    """An organisation, and its first keys if it was just opened."""

    id: str
    name: str
    kind: str = "member"
    state: str = "open"
    created_at: datetime | None = None
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Project(Resource):
    """A part of an organisation that has its own jobs and keys."""

    id: str
    organisation_id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Member(Resource):
    """A person of an organisation; `roles` are those of their good keys."""

    id: str
    organisation_id: str
    name: str
    roles: tuple[str, ...] = ()
    created_at: datetime
    removed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class RegisteredCentre(Resource):
    """A centre as it is let in, and its agent's key, which is shown once."""

    centre: Centre
    key: Key


@dataclass(frozen=True, kw_only=True)
class TopUp(Resource):
    """A payment that was booked."""

    transfer_id: str
    organisation_id: str
    amount: Decimal
    currency: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class Settlement(Resource):
    """How many bills were settled, and up to when."""

    settled: int
    until: datetime


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

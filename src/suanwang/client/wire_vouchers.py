"""Vouchers as the exchange shows them: programmes, grants, claims, the funder's report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from suanwang.client.reading import Resource


@dataclass(frozen=True, kw_only=True)
class VoucherRule(Resource):
    """One rule with its source. `value` None: the notice does not say."""

    rule: str
    value: Any
    source: str
    assumed: bool
    filled_by: str | None


@dataclass(frozen=True, kw_only=True)
class VoucherProgramme(Resource):
    """A programme. While `missing` names rules it is incomplete and pays nothing."""

    id: str
    version: int
    place: str
    name: str
    name_zh: str
    invented: bool
    status: str
    missing: tuple[str, ...]
    funder_id: str | None
    pledged: Decimal
    currency: str
    rules: tuple[VoucherRule, ...]


@dataclass(frozen=True, kw_only=True)
class VoucherGrant(Resource):
    """Vouchers that a firm was given."""

    id: str
    programme: str
    organisation_id: str
    amount: Decimal
    spent: Decimal
    lapsed: Decimal
    left: Decimal
    currency: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class VoucherClaim(Resource):
    """One claim: what it is for, what was decided, and what proves it."""

    id: str
    programme: str
    organisation_id: str
    supplier_id: str
    contract_id: str
    side: str
    state: str
    base: Decimal
    amount: Decimal
    currency: str
    bill_id: str | None
    usage_id: str | None
    lines: tuple[Any, ...]
    evidence: tuple[Any, ...]
    reviews: tuple[Any, ...]
    transfers: tuple[str, ...]
    reason: Mapping[str, Any] | None
    clawed_back: Mapping[str, Any] | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class VoucherReportRow(Resource):
    """Who got how much, for what, and which records prove it."""

    firm: str
    supplier: str
    claim: VoucherClaim


@dataclass(frozen=True, kw_only=True)
class VoucherReport(Resource):
    """What became of a programme's money in `[start, end)`."""

    programme: VoucherProgramme
    start: datetime = field(metadata={"key": "from"})
    end: datetime = field(metadata={"key": "to"})
    currency: str
    pledged: Decimal
    granted: Decimal
    lapsed: Decimal
    paid: Decimal
    firms: int
    firms_granted: int
    items: tuple[VoucherReportRow, ...]


@dataclass(frozen=True, kw_only=True)
class VoucherParty(Resource):
    """What was put on record of an organisation."""

    organisation_id: str
    facts: Mapping[str, Any]

"""Voucher programmes, grants, claims and the funder's report, as the API shows them."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from suanwang.flows.show_vouchers import FunderReport, Reported
from suanwang.server.wire.texts import CURRENCY, always, shown
from suanwang.store.vouchers import Claim, Grant, Running


class RuleOut(TypedDict):
    """One rule of a programme. `value` null: empty. `filled_by`: an operator's key."""

    rule: str
    value: Any
    source: str
    assumed: bool
    filled_by: str | None


class ProgrammeOut(TypedDict):
    """A programme. While `missing` names rules it is incomplete and pays nothing."""

    id: str
    version: int
    place: str
    name: str
    name_zh: str
    invented: bool
    status: str
    missing: list[str]
    funder_id: str | None
    pledged: str
    currency: str
    rules: list[RuleOut]


class ProgrammesOut(TypedDict):
    """Every programme."""

    items: list[ProgrammeOut]
    next_cursor: str | None


class GrantOut(TypedDict):
    """Vouchers that a firm was given."""

    id: str
    programme: str
    organisation_id: str
    amount: str
    spent: str
    lapsed: str
    left: str
    currency: str
    issued_at: str
    expires_at: str


class GrantsOut(TypedDict):
    """A page of grants, newest first."""

    items: list[GrantOut]
    next_cursor: str | None


class ClaimOut(TypedDict):
    """One claim: what it is for, what was decided, and what proves it."""

    id: str
    programme: str
    organisation_id: str
    supplier_id: str
    contract_id: str
    side: str
    state: str
    base: str
    amount: str
    currency: str
    bill_id: str | None
    usage_id: str | None
    lines: list[dict[str, Any]]
    evidence: list[dict[str, str]]
    reviews: list[dict[str, Any]]
    transfers: list[str]
    reason: dict[str, Any] | None
    clawed_back: dict[str, str] | None
    created_at: str
    updated_at: str


class ClaimsOut(TypedDict):
    """A page of claims, newest first."""

    items: list[ClaimOut]
    next_cursor: str | None


class ReportRowOut(TypedDict):
    """Who got how much, for what, and which records prove it."""

    firm: str
    supplier: str
    claim: ClaimOut


ReportOut = TypedDict(
    "ReportOut",
    {
        "programme": ProgrammeOut,
        "from": str,
        "to": str,
        "currency": str,
        "pledged": str,
        "granted": str,
        "lapsed": str,
        "paid": str,
        "firms": int,
        "firms_granted": int,
        "items": list[ReportRowOut],
        "next_cursor": str | None,
    },
)


class PartyOut(TypedDict):
    """What was put on record of an organisation."""

    organisation_id: str
    facts: dict[str, Any]


def programme_out(running: Running) -> ProgrammeOut:
    """Write a programme."""
    programme = running.programme
    return {
        "id": programme.id,
        "version": programme.version,
        "place": programme.place,
        "name": programme.name_en,
        "name_zh": programme.name_zh,
        "invented": programme.invented,
        "status": programme.status.value,
        "missing": list(programme.missing),
        "funder_id": running.funder_id,
        "pledged": shown(running.pledged),
        "currency": CURRENCY,
        "rules": [
            {
                "rule": name,
                "value": rule.value,
                "source": rule.source,
                "assumed": rule.assumed,
                "filled_by": rule.filled_by,
            }
            for name, rule in programme.said.items()
        ],
    }


def grant_out(grant: Grant) -> GrantOut:
    """Write a grant."""
    return {
        "id": grant.id,
        "programme": grant.programme_id,
        "organisation_id": grant.organisation_id,
        "amount": shown(grant.amount),
        "spent": shown(grant.spent),
        "lapsed": shown(grant.lapsed),
        "left": shown(grant.left),
        "currency": CURRENCY,
        "issued_at": always(grant.issued_at),
        "expires_at": always(grant.expires_at),
    }


def claim_out(claim: Claim) -> ClaimOut:
    """Write a claim."""
    body = claim.body
    return {
        "id": claim.id,
        "programme": claim.programme_id,
        "organisation_id": claim.organisation_id,
        "supplier_id": claim.supplier_id,
        "contract_id": claim.contract_id,
        "side": claim.side,
        "state": claim.state.value,
        "base": shown(claim.base),
        "amount": shown(claim.amount),
        "currency": CURRENCY,
        "bill_id": claim.bill_id,
        "usage_id": body.get("usage_id"),
        "lines": list(body.get("lines", ())),
        "evidence": list(body["evidence"]),
        "reviews": list(body["reviews"]),
        "transfers": list(body["transfers"]),
        "reason": body.get("reason"),
        "clawed_back": body.get("clawed_back"),
        "created_at": always(claim.created_at),
        "updated_at": always(claim.updated_at),
    }


def report_out(report: FunderReport) -> ReportOut:
    """Write a funder's report."""
    return {
        "programme": programme_out(report.running),
        "from": always(report.period.start),
        "to": always(report.period.end),
        "currency": CURRENCY,
        "pledged": shown(report.running.pledged),
        "granted": shown(report.granted),
        "lapsed": shown(report.lapsed),
        "paid": shown(report.paid),
        "firms": report.firms,
        "firms_granted": report.firms_granted,
        "items": [_row(each) for each in report.rows],
        "next_cursor": None,
    }


def _row(row: Reported) -> ReportRowOut:
    return {"firm": row.firm, "supplier": row.supplier, "claim": claim_out(row.claim)}

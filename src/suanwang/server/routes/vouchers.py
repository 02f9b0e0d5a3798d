"""Vouchers: programmes and what fills and funds them, grants, claims, reviews, the report."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import Money
from suanwang.basics.slots import Slot, parse_instant
from suanwang.flows import show_vouchers
from suanwang.flows.act import Act
from suanwang.flows.claim_voucher import (
    Contract,
    Review,
    claim_voucher,
    deliver_claim,
    pay_window,
    review_claim,
)
from suanwang.flows.claw_back import claw_back
from suanwang.flows.fill_programme import Filling, fill_programme, record_party
from suanwang.flows.fund_programme import fund_programme
from suanwang.flows.grant_voucher import grant_voucher
from suanwang.server.http.call import Signed, SignedOperator
from suanwang.server.http.cursors import PAGE_DEFAULT
from suanwang.server.http.routing import a_router
from suanwang.server.routes.paging import CursorText, Limit, before_of, cut
from suanwang.server.wire.vouchers import (
    ClaimOut,
    ClaimsOut,
    GrantOut,
    GrantsOut,
    PartyOut,
    ProgrammeOut,
    ProgrammesOut,
    ReportOut,
    claim_out,
    grant_out,
    programme_out,
    report_out,
)
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["vouchers"])
ID_MAX = 80
LIST_MAX = 200
SINCE_EVER = datetime(2000, 1, 1, tzinfo=UTC)
Id = Annotated[str, Field(min_length=1, max_length=ID_MAX)]
Amount = Annotated[str, Field(max_length=40)]
Word = Annotated[str, Field(min_length=1, max_length=80)]
Time = Annotated[str | None, Query(max_length=40, description="RFC 3339.")]


class In(BaseModel):
    """A body that has these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class FillIn(In):
    """A value for an empty rule, and where it comes from."""

    rule: Word
    value: Any
    source: Annotated[str, Field(min_length=1, max_length=500)]


class FundIn(In):
    """Yuan to pledge. A funder's key pledges its own; an operator names whose."""

    amount: Amount
    organisation_id: Id | None = None


class GrantIn(In):
    """Vouchers for a firm, good for so many days."""

    organisation_id: Id
    amount: Amount
    days: Annotated[int | None, Field(ge=1, le=3660)] = None


class PartyIn(In):
    """What eligibility and relations are judged by. `shares`: per cent by organisation."""

    region: Word | None = None
    kinds: Annotated[list[Word] | None, Field(max_length=50)] = None
    credit_years: Annotated[int | None, Field(ge=0, le=100)] = None
    legal_representative: Word | None = None
    shares: Annotated[dict[Id, Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,4})?$")]] | None,
                      Field(max_length=100)] = None  # fmt: skip


class ItemIn(In):
    """One line of a contract."""

    kind: Word
    amount: Amount


class ClaimIn(In):
    """A contract to claim for. A job's id needs nothing else: its bill says the rest."""

    programme: Id
    contract_id: Id
    supplier_id: Id | None = None
    items: Annotated[list[ItemIn], Field(max_length=LIST_MAX)] = []
    signed_on: date | None = None
    days: Annotated[int | None, Field(ge=1, le=36_525)] = None
    side: Literal["user", "supplier"] = "user"
    pflops: Annotated[int | None, Field(ge=0, le=10**9)] = None


class EvidenceIn(In):
    """One document, by its hash."""

    kind: Word
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class DeliverIn(In):
    """All the documents that the programme lists."""

    evidence: Annotated[list[EvidenceIn], Field(max_length=50)]


class ReviewIn(In):
    """A reviewer's word."""

    approve: bool
    note: Annotated[str, Field(max_length=500)] = ""


class ClawBackIn(In):
    """One of the programme's reasons."""

    reason: Word


@router.get("/voucher-programmes", response_model=ProgrammesOut, summary="List voucher programmes.")
async def list_programmes(call: Signed) -> Response:
    """List voucher programmes with every rule, its source, and what is missing."""
    return await call.show(
        lambda tx: {
            "items": [programme_out(each) for each in show_vouchers.list_programmes(tx)],
            "next_cursor": None,
        }
    )


@router.get(
    "/voucher-programmes/{programme_id}",
    response_model=ProgrammeOut,
    summary="Show a voucher programme.",
)
async def show_programme(call: Signed, programme_id: str) -> Response:
    """Show one programme."""
    return await call.show(lambda tx: programme_out(show_vouchers.show_programme(tx, programme_id)))


@router.post(
    "/voucher-programmes/{programme_id}/fill",
    response_model=ProgrammeOut,
    summary="Fill a rule that a programme leaves empty.",
)
async def fill_a_rule(call: SignedOperator, programme_id: str, body: FillIn) -> Response:
    """Fill a rule that the notice leaves empty; value, source and key go on record."""
    filling = Filling(rule=body.rule, value=body.value, source=body.source)
    return await call.act(
        lambda tx, act: programme_out(fill_programme(tx, programme_id, filling, act=act))
    )


@router.post(
    "/voucher-programmes/{programme_id}/fund",
    response_model=ProgrammeOut,
    summary="Pledge money to a programme.",
)
async def fund(call: Signed, programme_id: str, body: FundIn) -> Response:
    """Pledge a funder's yuan to a programme; it may then grant vouchers for as much."""
    amount = Money.parse(body.amount)
    funder = OrganisationId(body.organisation_id or call.actor.organisation_id)
    return await call.act(
        lambda tx, act: programme_out(
            fund_programme(tx, programme_id, amount, funder=funder, act=act)
        )
    )


@router.post(
    "/voucher-programmes/{programme_id}/grants",
    status_code=201,
    response_model=GrantOut,
    summary="Grant vouchers to a firm.",
)
async def grant(call: Signed, programme_id: str, body: GrantIn) -> Response:
    """Give a firm vouchers, out of what the programme has pledged."""
    amount, firm = Money.parse(body.amount), OrganisationId(body.organisation_id)
    return await call.act(
        lambda tx, act: grant_out(
            grant_voucher(tx, programme_id, firm, amount, days=body.days, act=act)
        ),
        status=201,
    )


@router.post(
    "/voucher-programmes/{programme_id}/pay",
    response_model=ClaimsOut,
    summary="Pay the claims of a window.",
)
async def pay(call: Signed, programme_id: str) -> Response:
    """Pay all verified claims their share of the pool, where the programme shares pro rata."""
    return await call.act(
        lambda tx, act: {
            "items": [claim_out(each) for each in pay_window(tx, programme_id, act=act)],
            "next_cursor": None,
        }
    )


@router.get(
    "/voucher-programmes/{programme_id}/report",
    response_model=ReportOut,
    summary="Report what a programme paid.",
)
async def report(
    call: Signed,
    programme_id: str,
    since: Annotated[Time, Query(alias="from")] = None,
    until: Annotated[Time, Query(alias="to")] = None,
) -> Response:
    """Tell the funder, an operator or an auditor who got how much, for what, proven by what."""
    now = call.parts.clock()
    end = parse_instant(until) if until else now + timedelta(seconds=1)
    period = Slot(parse_instant(since) if since else SINCE_EVER, end)
    act = call.parts.act(call.actor)
    return await call.show(
        lambda tx: report_out(show_vouchers.report(tx, programme_id, period, act=act))
    )


@router.post(
    "/organisations/{organisation_id}/voucher-facts",
    response_model=PartyOut,
    summary="Record facts of a firm for vouchers.",
)
async def record_a_party(call: SignedOperator, organisation_id: str, body: PartyIn) -> Response:
    """Put on record what eligibility and relations are judged by; the newest counts."""
    facts = body.model_dump(exclude_none=True)
    owner = OrganisationId(organisation_id)

    def work(tx: Tx, act: Act) -> PartyOut:
        record_party(tx, owner, facts, act=act)
        return {"organisation_id": owner, "facts": facts}

    return await call.act(work)


@router.get("/vouchers", response_model=GrantsOut, summary="List vouchers.")
async def list_vouchers(
    call: Signed, limit: Limit = PAGE_DEFAULT, cursor: CursorText = None
) -> Response:
    """List the vouchers of the caller's organisation, newest first."""
    act, before = call.parts.act(call.actor), before_of(cursor)

    def read(tx: Tx) -> GrantsOut:
        found = show_vouchers.list_grants(tx, act=act, before=before, limit=limit + 1)
        items, more = cut(found, limit)
        return {"items": [grant_out(each) for each in items], "next_cursor": more}

    return await call.show(read)


@router.get("/voucher-claims", response_model=ClaimsOut, summary="List voucher claims.")
async def list_claims(
    call: Signed, limit: Limit = PAGE_DEFAULT, cursor: CursorText = None
) -> Response:
    """List the caller's claims, or a funder's programmes' claims, newest first."""
    act, before = call.parts.act(call.actor), before_of(cursor)

    def read(tx: Tx) -> ClaimsOut:
        found = show_vouchers.list_claims(tx, act=act, before=before, limit=limit + 1)
        items, more = cut(found, limit)
        return {"items": [claim_out(each) for each in items], "next_cursor": more}

    return await call.show(read)


@router.post(
    "/voucher-claims", status_code=201, response_model=ClaimOut, summary="Claim under a programme."
)
async def add_claim(call: Signed, body: ClaimIn) -> Response:
    """Claim for a contract, under a programme that reimburses; refused with its reason."""
    contract = Contract(
        contract_id=body.contract_id,
        supplier_id=OrganisationId(body.supplier_id) if body.supplier_id else None,
        items=[each.model_dump() for each in body.items],
        signed_on=body.signed_on,
        days=body.days,
        side=body.side,
        pflops=body.pflops,
    )
    return await call.act(
        lambda tx, act: claim_out(claim_voucher(tx, body.programme, contract, act=act)),
        status=201,
    )


@router.get("/voucher-claims/{claim_id}", response_model=ClaimOut, summary="Show a voucher claim.")
async def show_claim(call: Signed, claim_id: str) -> Response:
    """Show a claim to its firm, its funder, an operator or an auditor."""
    act = call.parts.act(call.actor)
    return await call.show(lambda tx: claim_out(show_vouchers.show_claim(tx, claim_id, act=act)))


@router.post(
    "/voucher-claims/{claim_id}/deliver",
    response_model=ClaimOut,
    summary="Hand in the evidence of a claim.",
)
async def deliver(call: Signed, claim_id: str, body: DeliverIn) -> Response:
    """Hand in the evidence of a locked claim: what each document is, and its SHA-256."""
    brought = [each.model_dump() for each in body.evidence]
    return await call.act(lambda tx, act: claim_out(deliver_claim(tx, claim_id, brought, act=act)))


@router.post(
    "/voucher-claims/{claim_id}/review", response_model=ClaimOut, summary="Review a claim."
)
async def review(call: Signed, claim_id: str, body: ReviewIn) -> Response:
    """Review a claim: first to lock its amount, then, by another key, to pay it."""
    said = Review(approve=body.approve, note=body.note)
    return await call.act(lambda tx, act: claim_out(review_claim(tx, claim_id, said, act=act)))


@router.post(
    "/voucher-claims/{claim_id}/claw-back",
    response_model=ClaimOut,
    summary="Claw back what a claim was paid.",
)
async def claw_back_claim(call: Signed, claim_id: str, body: ClawBackIn) -> Response:
    """Take back what was paid for a claim, by entries of its own."""
    return await call.act(lambda tx, act: claim_out(claw_back(tx, claim_id, body.reason, act=act)))

"""Vouchers: programmes, what is granted under them, claims, and the funder's report."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from suanwang.client.aio.transport import AsyncTransport
from suanwang.client.reading import R
from suanwang.client.wire_vouchers import (
    VoucherClaim,
    VoucherGrant,
    VoucherParty,
    VoucherProgramme,
    VoucherReport,
)

_PROGRAMMES = "/v1/voucher-programmes"
_CLAIMS = "/v1/voucher-claims"


class AsyncVouchers:
    """Voucher programmes and what is done under them."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def programmes(self) -> AsyncIterator[VoucherProgramme]:
        """Yield every programme with its rules, their sources, and what is missing."""
        async for document in self._transport.pages(_PROGRAMMES):
            yield self._transport.read(VoucherProgramme, document, _PROGRAMMES)

    async def programme(self, programme_id: str) -> VoucherProgramme:
        """Return one programme."""
        return await self._transport.fetch(VoucherProgramme, f"{_PROGRAMMES}/{programme_id}")

    async def fill(
        self,
        programme_id: str,
        rule: str,
        value: Any,  # noqa: ANN401 - each rule has its own type
        *,
        source: str,
    ) -> VoucherProgramme:
        """Fill a rule that the notice leaves empty; operators only."""
        body = {"rule": rule, "value": value, "source": source}
        return await self._post(VoucherProgramme, f"{_PROGRAMMES}/{programme_id}/fill", body)

    async def fund(
        self, programme_id: str, amount: str, *, organisation_id: str | None = None
    ) -> VoucherProgramme:
        """Pledge yuan to a programme: one's own, or as an operator an organisation's."""
        body = {"amount": amount, "organisation_id": organisation_id}
        return await self._post(VoucherProgramme, f"{_PROGRAMMES}/{programme_id}/fund", body)

    async def grant(
        self, programme_id: str, organisation_id: str, amount: str, *, days: int | None = None
    ) -> VoucherGrant:
        """Give a firm vouchers, good for so many days."""
        body = {"organisation_id": organisation_id, "amount": amount, "days": days}
        return await self._post(VoucherGrant, f"{_PROGRAMMES}/{programme_id}/grants", body)

    async def pay(self, programme_id: str) -> Sequence[VoucherClaim]:
        """Pay all verified claims of a programme that shares its pool pro rata."""
        path = f"{_PROGRAMMES}/{programme_id}/pay"
        key = secrets.token_hex(16)
        document = await self._transport.post(path, {}, idempotency_key=key)
        return [self._transport.read(VoucherClaim, each, path) for each in document["items"]]

    async def report(
        self, programme_id: str, *, start: str | None = None, end: str | None = None
    ) -> VoucherReport:
        """Return who got how much, for what, proven by what; funders, operators, auditors."""
        params = {"from": start, "to": end}
        return await self._transport.fetch(
            VoucherReport, f"{_PROGRAMMES}/{programme_id}/report", params
        )

    async def record_party(
        self,
        organisation_id: str,
        **facts: Any,  # noqa: ANN401 - region, kinds, credit_years, legal_representative, shares
    ) -> VoucherParty:
        """Put on record what eligibility and relations are judged by; operators only."""
        path = f"/v1/organisations/{organisation_id}/voucher-facts"
        return await self._post(VoucherParty, path, facts)

    async def list(self, *, most: int | None = None) -> AsyncIterator[VoucherGrant]:
        """Yield one's vouchers, newest first."""
        async for document in self._transport.pages("/v1/vouchers", most=most):
            yield self._transport.read(VoucherGrant, document, "/v1/vouchers")

    async def claims(self, *, most: int | None = None) -> AsyncIterator[VoucherClaim]:
        """Yield one's claims, or those under the programmes one funds, newest first."""
        async for document in self._transport.pages(_CLAIMS, most=most):
            yield self._transport.read(VoucherClaim, document, _CLAIMS)

    async def claim(self, programme_id: str, contract_id: str, **contract: Any) -> VoucherClaim:  # noqa: ANN401 - supplier_id, items, signed_on, days, side, pflops
        """Claim for a contract; a job's id needs nothing else."""
        body = {"programme": programme_id, "contract_id": contract_id, **contract}
        return await self._post(VoucherClaim, _CLAIMS, body)

    async def show_claim(self, claim_id: str) -> VoucherClaim:
        """Return one claim."""
        return await self._transport.fetch(VoucherClaim, f"{_CLAIMS}/{claim_id}")

    async def deliver(self, claim_id: str, evidence: Sequence[Mapping[str, str]]) -> VoucherClaim:
        """Hand in the evidence of a claim: kind and sha256 of each document."""
        body = {"evidence": [dict(each) for each in evidence]}
        return await self._post(VoucherClaim, f"{_CLAIMS}/{claim_id}/deliver", body)

    async def review(self, claim_id: str, *, approve: bool, note: str = "") -> VoucherClaim:
        """Review a claim: first to lock it, then, by another key, to pay it."""
        body = {"approve": approve, "note": note}
        return await self._post(VoucherClaim, f"{_CLAIMS}/{claim_id}/review", body)

    async def claw_back(self, claim_id: str, reason: str) -> VoucherClaim:
        """Take back what was paid for a claim."""
        return await self._post(VoucherClaim, f"{_CLAIMS}/{claim_id}/claw-back", {"reason": reason})

    async def _post(self, cls: type[R], path: str, body: Mapping[str, Any]) -> R:
        key = secrets.token_hex(16)
        document = await self._transport.post(path, body, idempotency_key=key)
        return self._transport.read(cls, document, path)

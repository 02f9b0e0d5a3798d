"""What operators and auditors do: organisations, keys, payments, centres, records, the check."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from suanwang.client.aio.transport import AsyncTransport
from suanwang.client.wire_grid import Centre
from suanwang.client.wire_money import (
    Account,
    Key,
    LedgerCheck,
    Member,
    OperatorRecord,
    Organisation,
    Project,
    RegisteredCentre,
    Settlement,
    TopUp,
)
from suanwang.client.wire_proofs import Erasure


class AsyncOperator:
    """Operators' calls; other keys are refused with NotAllowed."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def open_organisation(
        self, name: str, *, roles: Sequence[str] = ("buyer",), state: str = "verified"
    ) -> Organisation:
        """Open an organisation with a first key for each role; the secrets are shown once.

        One that has only "applied" moves no money until it is verified.
        """
        body = {"name": name, "roles": [*roles], "state": state}
        return self._transport.read(
            Organisation, await self._post("/v1/organisations", body), "/v1/organisations"
        )

    async def organisations(self) -> AsyncIterator[Organisation]:
        """Yield organisations."""
        async for document in self._transport.pages("/v1/organisations"):
            yield self._transport.read(Organisation, document, "/v1/organisations")

    async def verify_organisation(
        self,
        organisation_id: str,
        *,
        registration_number: str,
        legal_representative: str,
        documents: Mapping[str, str],
    ) -> Organisation:
        """Let a member that has applied move money; `documents` are names with their SHA-256."""
        seen = {
            "registration_number": registration_number,
            "legal_representative": legal_representative,
            "documents": dict(documents),
        }
        return await self._stand(organisation_id, "verify", seen)

    async def refuse_organisation(self, organisation_id: str, *, reason: str) -> Organisation:
        """Refuse a member that has applied."""
        return await self._stand(organisation_id, "refuse", {"reason": reason})

    async def suspend_organisation(self, organisation_id: str, *, reason: str) -> Organisation:
        """Let a member spend nothing new; what is held is still billed."""
        return await self._stand(organisation_id, "suspend", {"reason": reason})

    async def reinstate_organisation(self, organisation_id: str, *, reason: str) -> Organisation:
        """Let a suspended member spend again."""
        return await self._stand(organisation_id, "reinstate", {"reason": reason})

    async def close_organisation(self, organisation_id: str, *, reason: str) -> Organisation:
        """Close a member whose accounts are empty, for ever."""
        return await self._stand(organisation_id, "close", {"reason": reason})

    async def add_project(self, organisation_id: str, name: str) -> Project:
        """Give an organisation a project, which keys may name."""
        path = f"/v1/organisations/{organisation_id}/projects"
        return self._transport.read(Project, await self._post(path, {"name": name}), path)

    async def projects(self, organisation_id: str) -> AsyncIterator[Project]:
        """Yield an organisation's projects; its own keys may ask, too."""
        path = f"/v1/organisations/{organisation_id}/projects"
        async for document in self._transport.pages(path):
            yield self._transport.read(Project, document, path)

    async def add_member(self, organisation_id: str, name: str) -> Member:
        """Give an organisation a member, who then can be given keys."""
        path = f"/v1/organisations/{organisation_id}/members"
        return self._transport.read(Member, await self._post(path, {"name": name}), path)

    async def members(self, organisation_id: str) -> AsyncIterator[Member]:
        """Yield an organisation's members, removed ones too; its own keys may ask, too."""
        path = f"/v1/organisations/{organisation_id}/members"
        async for document in self._transport.pages(path):
            yield self._transport.read(Member, document, path)

    async def remove_member(self, organisation_id: str, member_id: str) -> None:
        """Remove a member and revoke their keys; their jobs go on."""
        await self._transport.delete(f"/v1/organisations/{organisation_id}/members/{member_id}")

    async def erase(
        self, kind: str, record_id: str, *, ground: str, reference: str | None = None
    ) -> Erasure:
        """Erase a person's data: a "member" who was removed, or a record of "order" or "party".

        `ground` is one of PIPL art. 47: purpose-served, service-ended, consent-withdrawn, unlawful
        or required-by-law; `reference` the number of the request, never a name.
        """
        body = {"kind": kind, "id": record_id, "ground": ground, "reference": reference}
        path = "/v1/erasures"
        return self._transport.read(Erasure, await self._post(path, body), path)

    async def issue_key(
        self,
        organisation_id: str,
        role: str,
        *,
        project: str = "default",
        member_id: str | None = None,
    ) -> Key:
        """Make a key, perhaps for a member; its secret is shown once."""
        path = f"/v1/organisations/{organisation_id}/keys"
        body = {"role": role, "project": project}
        document = await self._post(path, body | ({"member_id": member_id} if member_id else {}))
        return self._transport.read(Key, document, path)

    async def keys(self, organisation_id: str) -> AsyncIterator[Key]:
        """Yield an organisation's keys, without their secrets."""
        path = f"/v1/organisations/{organisation_id}/keys"
        async for document in self._transport.pages(path):
            yield self._transport.read(Key, document, path)

    async def revoke_key(self, key_id: str) -> None:
        """Let a key open nothing any more."""
        await self._transport.delete(f"/v1/keys/{key_id}")

    async def top_up(self, organisation_id: str, amount: str, *, reference: str) -> TopUp:
        """Book a payment of `amount` yuan that has arrived."""
        body = {"organisation_id": organisation_id, "amount": amount, "reference": reference}
        document = await self._post("/v1/top-ups", body)
        return self._transport.read(TopUp, document, "/v1/top-ups")

    async def set_credit_limit(
        self,
        organisation_id: str,
        amount: str,
        *,
        currency: str = "CNY",
        account: str = "available",
    ) -> Account:
        """Let an account go `amount` below zero from now on; "0": not at all."""
        body = {
            "organisation_id": organisation_id,
            "amount": amount,
            "currency": currency,
            "account": account,
        }
        document = await self._post("/v1/credit-limits", body)
        return self._transport.read(Account, document, "/v1/credit-limits")

    async def add_centre(
        self,
        organisation_id: str,
        name: str,
        *,
        zone: str,
        **facts: Any,  # noqa: ANN401 - what else is known of the centre
    ) -> RegisteredCentre:
        """Let a centre in; the answer holds its agent's key, shown once."""
        body = {"organisation_id": organisation_id, "name": name, "zone": zone, **facts}
        document = await self._post("/v1/centres", body)
        return self._transport.read(RegisteredCentre, document, "/v1/centres")

    async def reopen_centre(self, centre_id: str) -> Centre:
        """Send a draining centre work again."""
        path = f"/v1/centres/{centre_id}/reopen"
        return self._transport.read(Centre, await self._post(path, {}), path)

    async def drain_centre(self, centre_id: str) -> Centre:
        """Give a centre no new work."""
        path = f"/v1/centres/{centre_id}/drain"
        return self._transport.read(Centre, await self._post(path, {}), path)

    async def records(self) -> AsyncIterator[OperatorRecord]:
        """Yield what operators did."""
        async for document in self._transport.pages("/v1/records"):
            yield self._transport.read(OperatorRecord, document, "/v1/records")

    async def settle(self) -> Settlement:
        """Settle now what is due."""
        document = await self._post("/v1/settlements", {})
        return self._transport.read(Settlement, document, "/v1/settlements")

    async def check_ledger(self) -> LedgerCheck:
        """Add everything up again."""
        return await self._transport.fetch(LedgerCheck, "/v1/ledger/check")

    async def _stand(
        self, organisation_id: str, event: str, body: Mapping[str, Any]
    ) -> Organisation:
        path = f"/v1/organisations/{organisation_id}/{event}"
        return self._transport.read(Organisation, await self._post(path, body), path)

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        return await self._transport.post(path, body, idempotency_key=secrets.token_hex(16))

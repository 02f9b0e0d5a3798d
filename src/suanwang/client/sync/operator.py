# Made by tools/unasync.py from ../aio/operator.py; change that file and run the tool.
"""What operators and auditors do: organisations, keys, payments, centres, records, the check."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from suanwang.client.sync.transport import Transport
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


class Operator:
    """Operators' calls; other keys are refused with NotAllowed."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def open_organisation(
        self, name: str, *, roles: Sequence[str] = ("buyer",), state: str = "verified"
    ) -> Organisation:
        """Open an organisation with a first key for each role; the secrets are shown once.

        One that has only "applied" moves no money until it is verified.
        """
        body = {"name": name, "roles": [*roles], "state": state}
        return self._transport.read(
            Organisation, self._post("/v1/organisations", body), "/v1/organisations"
        )

    def organisations(self) -> Iterator[Organisation]:
        """Yield organisations."""
        for document in self._transport.pages("/v1/organisations"):
            yield self._transport.read(Organisation, document, "/v1/organisations")

    def verify_organisation(
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
        return self._stand(organisation_id, "verify", seen)

    def refuse_organisation(self, organisation_id: str, *, reason: str) -> Organisation:
        """Refuse a member that has applied."""
        return self._stand(organisation_id, "refuse", {"reason": reason})

    def suspend_organisation(self, organisation_id: str, *, reason: str) -> Organisation:
        """Let a member spend nothing new; what is held is still billed."""
        return self._stand(organisation_id, "suspend", {"reason": reason})

    def reinstate_organisation(self, organisation_id: str, *, reason: str) -> Organisation:
        """Let a suspended member spend again."""
        return self._stand(organisation_id, "reinstate", {"reason": reason})

    def close_organisation(self, organisation_id: str, *, reason: str) -> Organisation:
        """Close a member whose accounts are empty, for ever."""
        return self._stand(organisation_id, "close", {"reason": reason})

    def add_project(self, organisation_id: str, name: str) -> Project:
        """Give an organisation a project, which keys may name."""
        path = f"/v1/organisations/{organisation_id}/projects"
        return self._transport.read(Project, self._post(path, {"name": name}), path)

    def projects(self, organisation_id: str) -> Iterator[Project]:
        """Yield an organisation's projects; its own keys may ask, too."""
        path = f"/v1/organisations/{organisation_id}/projects"
        for document in self._transport.pages(path):
            yield self._transport.read(Project, document, path)

    def add_member(self, organisation_id: str, name: str) -> Member:
        """Give an organisation a member, who then can be given keys."""
        path = f"/v1/organisations/{organisation_id}/members"
        return self._transport.read(Member, self._post(path, {"name": name}), path)

    def members(self, organisation_id: str) -> Iterator[Member]:
        """Yield an organisation's members, removed ones too; its own keys may ask, too."""
        path = f"/v1/organisations/{organisation_id}/members"
        for document in self._transport.pages(path):
            yield self._transport.read(Member, document, path)

    def remove_member(self, organisation_id: str, member_id: str) -> None:
        """Remove a member and revoke their keys; their jobs go on."""
        self._transport.delete(f"/v1/organisations/{organisation_id}/members/{member_id}")

    def erase(
        self, kind: str, record_id: str, *, ground: str, reference: str | None = None
    ) -> Erasure:
        """Erase a person's data: a "member" who was removed, or a record of "order" or "party".

        `ground` is one of PIPL art. 47: purpose-served, service-ended, consent-withdrawn, unlawful
        or required-by-law; `reference` the number of the request, never a name.
        """
        body = {"kind": kind, "id": record_id, "ground": ground, "reference": reference}
        path = "/v1/erasures"
        return self._transport.read(Erasure, self._post(path, body), path)

    def issue_key(
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
        document = self._post(path, body | ({"member_id": member_id} if member_id else {}))
        return self._transport.read(Key, document, path)

    def keys(self, organisation_id: str) -> Iterator[Key]:
        """Yield an organisation's keys, without their secrets."""
        path = f"/v1/organisations/{organisation_id}/keys"
        for document in self._transport.pages(path):
            yield self._transport.read(Key, document, path)

    def revoke_key(self, key_id: str) -> None:
        """Let a key open nothing any more."""
        self._transport.delete(f"/v1/keys/{key_id}")

    def top_up(self, organisation_id: str, amount: str, *, reference: str) -> TopUp:
        """Book a payment of `amount` yuan that has arrived."""
        body = {"organisation_id": organisation_id, "amount": amount, "reference": reference}
        document = self._post("/v1/top-ups", body)
        return self._transport.read(TopUp, document, "/v1/top-ups")

    def set_credit_limit(
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
        document = self._post("/v1/credit-limits", body)
        return self._transport.read(Account, document, "/v1/credit-limits")

    def add_centre(
        self,
        organisation_id: str,
        name: str,
        *,
        zone: str,
        **facts: Any,  # noqa: ANN401 - what else is known of the centre
    ) -> RegisteredCentre:
        """Let a centre in; the answer holds its agent's key, shown once."""
        body = {"organisation_id": organisation_id, "name": name, "zone": zone, **facts}
        document = self._post("/v1/centres", body)
        return self._transport.read(RegisteredCentre, document, "/v1/centres")

    def reopen_centre(self, centre_id: str) -> Centre:
        """Send a draining centre work again."""
        path = f"/v1/centres/{centre_id}/reopen"
        return self._transport.read(Centre, self._post(path, {}), path)

    def drain_centre(self, centre_id: str) -> Centre:
        """Give a centre no new work."""
        path = f"/v1/centres/{centre_id}/drain"
        return self._transport.read(Centre, self._post(path, {}), path)

    def records(self) -> Iterator[OperatorRecord]:
        """Yield what operators did."""
        for document in self._transport.pages("/v1/records"):
            yield self._transport.read(OperatorRecord, document, "/v1/records")

    def settle(self) -> Settlement:
        """Settle now what is due."""
        document = self._post("/v1/settlements", {})
        return self._transport.read(Settlement, document, "/v1/settlements")

    def check_ledger(self) -> LedgerCheck:
        """Add everything up again."""
        return self._transport.fetch(LedgerCheck, "/v1/ledger/check")

    def _stand(self, organisation_id: str, event: str, body: Mapping[str, Any]) -> Organisation:
        path = f"/v1/organisations/{organisation_id}/{event}"
        return self._transport.read(Organisation, self._post(path, body), path)

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        return self._transport.post(path, body, idempotency_key=secrets.token_hex(16))

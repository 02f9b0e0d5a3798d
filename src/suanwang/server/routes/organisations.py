"""Organisations and their keys; only an operator makes any, and each is a record."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from suanwang.basics.ids import KeyId
from suanwang.flows.act import Act, Role
from suanwang.flows.issue_key import NewKey, issue_key
from suanwang.flows.open_organisation import NewOrganisation, open_organisation
from suanwang.flows.revoke_key import revoke_key
from suanwang.ledger.membership import MemberState
from suanwang.server.errors import RoleNotPossible
from suanwang.server.http.call import Signed, SignedOperator
from suanwang.server.http.cursors import PAGE_DEFAULT, read_cursor, write_cursor
from suanwang.server.http.routing import a_router
from suanwang.server.routes.paging import CursorText, Limit
from suanwang.server.secrets import new_key_secret
from suanwang.server.wire.identity import (
    KeyOut,
    KeysOut,
    OpenedOut,
    OrganisationsOut,
    key_out,
    new_key_out,
    organisation_out,
    without_keys,
)
from suanwang.server.wire.texts import always
from suanwang.store import identity
from suanwang.store.identity import OrganisationKind, hash_secret
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["organisations"])
NAME_MAX = 100
ID_MAX = 60
Name = Annotated[str, Field(min_length=1, max_length=NAME_MAX)]
# An agent's key is made with its centre, an operator's for the exchange alone.
_FIRST_ROLES = (Role.BUYER, Role.PROVIDER, Role.BROKER, Role.FUNDER, Role.AUDITOR)


class NewOrganisationIn(BaseModel):
    """An organisation to let in, with a first key for each role."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    state: Literal["verified", "applied"] = "verified"
    roles: list[Role] = Field(default_factory=lambda: [Role.BUYER], max_length=len(_FIRST_ROLES))


class NewKeyIn(BaseModel):
    """A key to make."""

    model_config = ConfigDict(extra="forbid")
    role: Role
    project: Name = "default"
    member_id: Annotated[str, Field(max_length=ID_MAX)] | None = None


@router.post(
    "/organisations", status_code=201, response_model=OpenedOut, summary="Let an organisation in."
)
async def add_organisation(call: SignedOperator, body: NewOrganisationIn) -> Response:
    """Open an organisation with its accounts, and make its first keys. Secrets are shown once."""
    roles = list(dict.fromkeys(body.roles))
    _check_roles(roles, _FIRST_ROLES)
    made = [new_key_secret() for _ in roles]

    def work(tx: Tx, act: Act) -> OpenedOut:
        keys = tuple(
            NewKey(role=role, secret_hash=hash_secret(secret))
            for role, secret in zip(roles, made, strict=True)
        )
        new = NewOrganisation(name=body.name, keys=keys, state=MemberState(body.state))
        opened = open_organisation(tx, new, act=act)
        shown_keys = [
            new_key_out(actor, secret, at=always(act.now))
            for actor, secret in zip(opened.keys, made, strict=True)
        ]
        return {**organisation_out(opened.organisation), "keys": shown_keys}

    return await call.act(work, status=201, kept=without_keys)


@router.get("/organisations", response_model=OrganisationsOut, summary="List organisations.")
async def list_organisations(
    call: Signed, limit: Limit = PAGE_DEFAULT, cursor: CursorText = None
) -> Response:
    """List every organisation, oldest first."""
    call.must_be(Role.OPERATOR, Role.AUDITOR)
    after = read_cursor(cursor, str)

    def read(tx: Tx) -> OrganisationsOut:
        found = identity.organisations(tx, after=str(after[0]) if after else "", limit=limit + 1)
        shown_page, more = found[:limit], len(found) > limit
        return {
            "items": [organisation_out(each) for each in shown_page],
            "next_cursor": write_cursor([shown_page[-1].id]) if more else None,
        }

    return await call.show(read)


@router.post(
    "/organisations/{organisation_id}/keys",
    status_code=201,
    response_model=KeyOut,
    summary="Make a key.",
)
async def add_key(call: SignedOperator, organisation_id: str, body: NewKeyIn) -> Response:
    """Make a key for an organisation, or for one of its members. Its secret is shown once."""
    secret = new_key_secret()

    def work(tx: Tx, act: Act) -> KeyOut:
        organisation = identity.organisation(tx, organisation_id)
        is_exchange = organisation.kind is OrganisationKind.EXCHANGE
        _check_roles([body.role], (*_FIRST_ROLES, *([Role.OPERATOR] if is_exchange else [])))
        new = NewKey(
            role=body.role,
            secret_hash=hash_secret(secret),
            project=body.project,
            member_id=body.member_id,
        )
        return new_key_out(issue_key(tx, organisation.id, new, act=act), secret, at=always(act.now))

    return await call.act(work, status=201, kept=lambda key: {**key, "key": None})


@router.get("/organisations/{organisation_id}/keys", response_model=KeysOut, summary="List keys.")
async def list_keys(call: Signed, organisation_id: str) -> Response:
    """List an organisation's keys, without their secrets."""

    def read(tx: Tx) -> KeysOut:
        owner = call.organisation(tx, organisation_id)
        keys = [key_out(key) for key in identity.keys_of(tx, owner.id)]
        return {"items": keys, "next_cursor": None}

    return await call.show(read)


@router.delete("/keys/{key_id}", status_code=204, summary="Revoke a key.")
async def remove_key(call: SignedOperator, key_id: str) -> Response:
    """Refuse a key from now on (on other servers of this exchange within five seconds)."""
    act = call.parts.act(call.actor)
    await call.parts.store.run(lambda tx: revoke_key(tx, KeyId(key_id), act=act))
    call.parts.keys.forget(key_id)
    call.parts.hints.ring("publish")
    return Response(status_code=204)


def _check_roles(roles: list[Role], possible: tuple[Role, ...]) -> None:
    for role in roles:
        if role not in possible:
            raise RoleNotPossible(found=role, possible=", ".join(possible), reason="role")

"""Organisations, projects, members, keys and secrets, as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from suanwang.flows.act import Actor, Role
from suanwang.server.wire.texts import always, instant
from suanwang.store.identity import Key, Member, Organisation, Project, write_key
from suanwang.store.secrets import Secret


class KeyOut(TypedDict):
    """A key; `key` itself is shown once, in the answer that made it."""

    id: str
    role: str
    organisation_id: str
    project_id: str | None
    member_id: str | None
    centre_id: str | None
    created_at: str | None
    revoked_at: str | None
    key: str | None


class OrganisationOut(TypedDict):
    """An organisation."""

    id: str
    name: str
    kind: str
    state: str
    created_at: str


class OpenedOut(OrganisationOut):
    """A new organisation with its first keys."""

    keys: list[KeyOut]


class OrganisationsOut(TypedDict):
    """A page of organisations."""

    items: list[OrganisationOut]
    next_cursor: str | None


class KeysOut(TypedDict):
    """An organisation's keys, without their secrets."""

    items: list[KeyOut]
    next_cursor: str | None


class ProjectOut(TypedDict):
    """A project of an organisation."""

    id: str
    organisation_id: str
    name: str
    created_at: str


class ProjectsOut(TypedDict):
    """A page of projects."""

    items: list[ProjectOut]
    next_cursor: str | None


class MemberOut(TypedDict):
    """A person of an organisation; `roles` are those of their good keys."""

    id: str
    organisation_id: str
    name: str
    roles: list[str]
    created_at: str
    removed_at: str | None


class MembersOut(TypedDict):
    """A page of members, removed ones too."""

    items: list[MemberOut]
    next_cursor: str | None


class SecretOut(TypedDict):
    """A secret; its value is never shown. `created_at` is when the value came."""

    name: str
    created_at: str


class SecretsOut(TypedDict):
    """An organisation's secrets, without their values."""

    items: list[SecretOut]
    next_cursor: str | None


def organisation_out(organisation: Organisation) -> OrganisationOut:
    """Write an organisation."""
    return {
        "id": organisation.id,
        "name": organisation.name,
        "kind": organisation.kind.value,
        "state": organisation.state,
        "created_at": always(organisation.created_at),
    }


def project_out(project: Project) -> ProjectOut:
    """Write a project."""
    return {
        "id": project.id,
        "organisation_id": project.organisation_id,
        "name": project.name,
        "created_at": always(project.created_at),
    }


def member_out(member: Member, roles: Sequence[Role] = ()) -> MemberOut:
    """Write a member with what they may do."""
    return {
        "id": member.id,
        "organisation_id": member.organisation_id,
        "name": member.name,
        "roles": [role.value for role in roles],
        "created_at": always(member.created_at),
        "removed_at": instant(member.removed_at),
    }


def secret_out(secret: Secret) -> SecretOut:
    """Write a secret, without its value."""
    return {"name": secret.name, "created_at": always(secret.created_at)}


def key_out(key: Key) -> KeyOut:
    """Write a key that exists, without its secret."""
    shown = _key(key.actor)
    shown["created_at"] = always(key.created_at)
    shown["revoked_at"] = instant(key.revoked_at)
    return shown


def new_key_out(actor: Actor, secret: str, *, at: str) -> KeyOut:
    """Write a key that was just made, with what its owner must keep."""
    shown = _key(actor)
    shown["created_at"] = at
    shown["key"] = write_key(actor.key_id, secret)
    return shown


def without_keys(opened: OpenedOut) -> OpenedOut:
    """Hide the secrets: what a repeated request is answered."""
    return {**opened, "keys": [{**key, "key": None} for key in opened["keys"]]}


def _key(actor: Actor) -> KeyOut:
    return {
        "id": actor.key_id,
        "role": actor.role.value,
        "organisation_id": actor.organisation_id,
        "project_id": actor.project_id,
        "member_id": actor.member_id,
        "centre_id": actor.centre_id,
        "created_at": None,
        "revoked_at": None,
        "key": None,
    }

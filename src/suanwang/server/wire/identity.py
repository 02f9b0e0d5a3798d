"""Organisations and keys, as the API shows them."""

from __future__ import annotations

from typing_extensions import TypedDict

from suanwang.flows.act import Actor
from suanwang.server.wire.texts import always, instant
from suanwang.store.identity import Key, Organisation, write_key


class KeyOut(TypedDict):
    """A key; `key` itself is shown once, in the answer that made it."""

    id: str
    role: str
    organisation_id: str
    project_id: str | None
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


def organisation_out(organisation: Organisation) -> OrganisationOut:
    """Write an organisation."""
    return {
        "id": organisation.id,
        "name": organisation.name,
        "kind": organisation.kind.value,
        "state": organisation.state,
        "created_at": always(organisation.created_at),
    }


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
        "centre_id": actor.centre_id,
        "created_at": None,
        "revoked_at": None,
        "key": None,
    }

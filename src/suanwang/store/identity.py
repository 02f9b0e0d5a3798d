"""Organisations, projects, members and keys, as rows and back.

A key travels as `sk_<key id>_<secret>`. Only the SHA-256 of the secret is stored: the secret has
256 bits of entropy, so a slow hash would guard nothing and cost every request.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from suanwang.basics.errors import NotFound, NotSignedIn
from suanwang.basics.ids import CentreId, KeyId, MemberId, OrganisationId, ProjectId
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.store.errors import KeyRevoked
from suanwang.store.tx import Row, Tx

KEY_PREFIX = "sk"
SECRET_BYTES = 32
KEYS_MAX = 1_000  # listed at once


class Role(StrEnum):
    """What a key may be used for."""

    BUYER = "buyer"
    PROVIDER = "provider"
    BROKER = "broker"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    FUNDER = "funder"
    AGENT = "agent"  #: of one centre


class OrganisationKind(StrEnum):
    """The exchange itself, or one of its members."""

    MEMBER = "member"
    EXCHANGE = "exchange"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """One firm, institute or programme; the exchange is one too."""

    id: OrganisationId
    name: str
    kind: OrganisationKind
    state: str
    created_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A part of an organisation that has its own jobs."""

    id: ProjectId
    organisation_id: OrganisationId
    name: str
    created_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person of an organisation. What they may do is what their keys may do."""

    id: MemberId
    organisation_id: OrganisationId
    name: str
    created_at: Instant
    removed_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: a key, whose it is, and what it may do."""

    key_id: KeyId
    organisation_id: OrganisationId
    role: Role
    project_id: ProjectId | None = None
    member_id: MemberId | None = None
    centre_id: CentreId | None = None

    @property
    def sees_all(self) -> bool:
        """Say whether rows of every organisation are visible to this key."""
        return self.role in (Role.OPERATOR, Role.AUDITOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as it is listed: everything but the secret."""

    actor: Actor
    created_at: Instant
    revoked_at: Instant | None


def write_key(key_id: KeyId, secret: str) -> str:
    """Write the key as its owner keeps it."""
    return f"{KEY_PREFIX}_{key_id}_{secret}"


def read_key(text: str) -> tuple[KeyId, str]:
    """Cut a key into its id and secret; NotSignedIn if it is none."""
    parts = text.split("_", 3)
    if len(parts) != 4 or parts[0] != KEY_PREFIX or not parts[3]:  # noqa: PLR2004 - sk, key, id, secret
        raise NotSignedIn
    return KeyId(f"{parts[1]}_{parts[2]}"), parts[3]


def hash_secret(secret: str) -> str:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def actor_by_key_hash(tx: Tx, key_id: KeyId, secret_hash: str) -> Actor:
    """Return who acts with this key; NotSignedIn if the secret is wrong, KeyRevoked if it was."""
    row = tx.first("key_by_id", id=key_id)
    # Compared in constant time, and also when there is no such key, so that timing tells nothing.
    matches = hmac.compare_digest(row.hash if row else hash_secret(""), secret_hash)
    if row is None or not matches:
        raise NotSignedIn
    if row.revoked_at is not None:
        raise KeyRevoked(id=key_id)
    return _actor(row)


def add_organisation(tx: Tx, organisation: Organisation) -> None:
    """Remember an organisation."""
    tx.do(
        "organisation_add",
        id=organisation.id,
        name=organisation.name,
        kind=organisation.kind,
        state=organisation.state,
        created_at=to_micros(organisation.created_at),
    )


def organisation(tx: Tx, organisation_id: str) -> Organisation:
    """Return an organisation; NotFound if there is none."""
    row = tx.first("organisation_by_id", id=organisation_id)
    if row is None:
        raise NotFound(kind="organisation", id=organisation_id)
    return _organisation(row)


def organisation_for_update(tx: Tx, organisation_id: str) -> Organisation:
    """Lock an organisation; NotFound if there is none."""
    row = tx.first("organisation_to_change", id=organisation_id)
    if row is None:
        raise NotFound(kind="organisation", id=organisation_id)
    return _organisation(row)


def set_organisation_state(tx: Tx, organisation: Organisation) -> None:
    """Remember where an organisation stands; waits for whatever moves on its accounts."""
    tx.do("organisation_set_state", id=organisation.id, state=organisation.state)
    tx.do("accounts_set_owner_state", id=organisation.id, state=organisation.state)


def exchange(tx: Tx) -> Organisation | None:
    """Return the exchange's own organisation; None before the operator has opened it."""
    row = tx.first("organisation_exchange")
    return _organisation(row) if row else None


def organisations(tx: Tx, *, after: str = "", limit: int = 100) -> list[Organisation]:
    """List organisations by id, from the one after `after`."""
    return [_organisation(r) for r in tx.all("organisations_after", after=after, limit=limit)]


def add_project(tx: Tx, project: Project) -> bool:
    """Remember a project; say False if its organisation has one of that name."""
    added = tx.do(
        "project_add",
        id=project.id,
        organisation_id=project.organisation_id,
        name=project.name,
        created_at=to_micros(project.created_at),
    )
    return added == 1


def project_by_name(tx: Tx, organisation_id: OrganisationId, name: str) -> Project | None:
    """Return an organisation's project by its name, or None."""
    row = tx.first("project_by_name", organisation_id=organisation_id, name=name)
    return _project(row) if row else None


def project(tx: Tx, project_id: str, organisation_id: OrganisationId) -> Project:
    """Return a project by its id; another organisation's is NotFound."""
    row = tx.first("project_by_id", id=project_id)
    if row is None or row.organisation_id != organisation_id:
        raise NotFound(kind="project", id=project_id)
    return _project(row)


def projects_of(
    tx: Tx, organisation_id: OrganisationId, *, after: str = "", limit: int = 100
) -> list[Project]:
    """List an organisation's projects by id, from the one after `after`."""
    rows = tx.all("projects_after", organisation_id=organisation_id, after=after, limit=limit)
    return [_project(row) for row in rows]


def add_member(tx: Tx, member: Member) -> None:
    """Remember a member."""
    tx.do(
        "member_add",
        id=member.id,
        organisation_id=member.organisation_id,
        name=member.name,
        created_at=to_micros(member.created_at),
    )


def member_for_update(tx: Tx, member_id: str, organisation_id: OrganisationId) -> Member:
    """Lock a member, removed or not; another organisation's is NotFound."""
    row = tx.first("member_by_id", id=member_id)
    if row is None or row.organisation_id != organisation_id:
        raise NotFound(kind="member", id=member_id)
    return _member(row)


def members_of(
    tx: Tx, organisation_id: OrganisationId, *, after: str = "", limit: int = 100
) -> list[Member]:
    """List an organisation's members by id, from the one after `after`; removed ones, too."""
    rows = tx.all("members_after", organisation_id=organisation_id, after=after, limit=limit)
    return [_member(row) for row in rows]


def roles_of_members(tx: Tx, members: Sequence[Member]) -> Mapping[MemberId, list[Role]]:
    """Return the roles of some members' good keys. All are of one organisation."""
    found: defaultdict[MemberId, list[Role]] = defaultdict(list)
    if members:
        owner, ids = members[0].organisation_id, [str(each.id) for each in members]
        for row in tx.all("member_roles", organisation_id=owner, members=ids):
            found[MemberId(row.member_id)].append(Role(row.role))
    return found


def remove_member(tx: Tx, member: Member, *, at: Instant) -> list[KeyId] | None:
    """Let a member go; return the keys that this revokes, or None if they had gone before."""
    if tx.do("member_remove", id=member.id, removed_at=to_micros(at)) == 0:
        return None
    rows = tx.all(
        "keys_revoke_of_member",
        organisation_id=member.organisation_id,
        member_id=member.id,
        revoked_at=to_micros(at),
    )
    return sorted(KeyId(row.id) for row in rows)


def add_key(tx: Tx, actor: Actor, *, secret_hash: str, at: Instant) -> None:
    """Remember a key by the hash of its secret."""
    tx.do(
        "key_add",
        id=actor.key_id,
        organisation_id=actor.organisation_id,
        project_id=actor.project_id,
        member_id=actor.member_id,
        centre_id=actor.centre_id,
        role=actor.role,
        hash=secret_hash,
        created_at=to_micros(at),
    )


def key(tx: Tx, key_id: str) -> Key:
    """Return a key, revoked or not; NotFound if there is none."""
    row = tx.first("key_by_id", id=key_id)
    if row is None:
        raise NotFound(kind="key", id=key_id)
    return _key(row)


def keys_of(tx: Tx, organisation_id: OrganisationId) -> list[Key]:
    """List an organisation's keys, oldest first."""
    rows = tx.all("keys_of", organisation_id=organisation_id, limit=KEYS_MAX)
    return [_key(row) for row in rows]


def revoke_key(tx: Tx, key_id: KeyId, *, at: Instant) -> bool:
    """Revoke a key; say whether it was still good."""
    return tx.do("key_revoke", id=key_id, revoked_at=to_micros(at)) == 1


def _organisation(row: Row) -> Organisation:
    return Organisation(
        id=OrganisationId(row.id),
        name=row.name,
        kind=OrganisationKind(row.kind),
        state=row.state,
        created_at=from_micros(row.created_at),
    )


def _project(row: Row) -> Project:
    return Project(
        id=ProjectId(row.id),
        organisation_id=OrganisationId(row.organisation_id),
        name=row.name,
        created_at=from_micros(row.created_at),
    )


def _member(row: Row) -> Member:
    removed = row.removed_at
    return Member(
        id=MemberId(row.id),
        organisation_id=OrganisationId(row.organisation_id),
        name=row.name,
        created_at=from_micros(row.created_at),
        removed_at=None if removed is None else from_micros(removed),
    )


def _actor(row: Row) -> Actor:
    return Actor(
        key_id=KeyId(row.id),
        organisation_id=OrganisationId(row.organisation_id),
        role=Role(row.role),
        project_id=ProjectId(row.project_id) if row.project_id else None,
        member_id=MemberId(row.member_id) if row.member_id else None,
        centre_id=CentreId(row.centre_id) if row.centre_id else None,
    )


def _key(row: Row) -> Key:
    revoked = row.revoked_at
    return Key(
        actor=_actor(row),
        created_at=from_micros(row.created_at),
        revoked_at=None if revoked is None else from_micros(revoked),
    )

"""Issue a key: who may do what, by a secret of which only the hash arrives here."""

from __future__ import annotations

from dataclasses import dataclass

from suanwang.basics.ids import CentreId, KeyId, MemberId, OrganisationId, ProjectId
from suanwang.flows.act import Act, Actor, Role
from suanwang.flows.identity_errors import KeyUnbound, MemberGone
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.store import identity
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx

DEFAULT_PROJECT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that is asked for. An agent's key is bound to its centre; others need none."""

    role: Role
    secret_hash: str
    project: str = DEFAULT_PROJECT
    member_id: str | None = None  # who will hold it
    centre_id: CentreId | None = None


def issue_key(tx: Tx, organisation_id: OrganisationId, new: NewKey, *, act: Act) -> Actor:
    """Give an organisation a key, making its project if there is none of that name yet.

    Raises: NotAllowed; KeyUnbound; NotFound for the organisation or its member; MemberGone.
    """
    if (new.role is Role.AGENT) != (new.centre_id is not None):
        raise KeyUnbound(role=new.role)
    owner = identity.organisation(tx, organisation_id)
    actor = Actor(
        key_id=act.new_id(KeyId),
        organisation_id=owner.id,
        role=new.role,
        project_id=_project(tx, owner.id, new.project, act=act),
        member_id=_member(tx, owner.id, new.member_id),
        centre_id=new.centre_id,
    )
    identity.add_key(tx, actor, secret_hash=new.secret_hash, at=act.now)
    body = {"key_id": actor.key_id, "role": actor.role.value, "organisation_id": owner.id}
    if actor.member_id is not None:
        body["member_id"] = actor.member_id
    record_operator_action(tx, "issue-key", body, act=act)
    publish(tx, "key.issued", subject=actor.key_id, organisation_id=owner.id, body=body, act=act)
    return actor


def _project(tx: Tx, organisation_id: OrganisationId, name: str, *, act: Act) -> ProjectId:
    found = identity.project_by_name(tx, organisation_id, name)
    if found is not None:
        return found.id
    project = identity.Project(
        id=act.new_id(ProjectId), organisation_id=organisation_id, name=name, created_at=act.now
    )
    if not identity.add_project(tx, project):
        # Another request has made it between our look and our writing.
        return _project(tx, organisation_id, name, act=act)
    return project.id


def _member(tx: Tx, organisation_id: OrganisationId, member_id: str | None) -> MemberId | None:
    if member_id is None:
        return None
    member = identity.member_for_update(tx, member_id, organisation_id)
    if member.removed_at is not None:
        raise MemberGone(name=member.name)
    return member.id

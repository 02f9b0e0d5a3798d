"""Add a member: a person of an organisation, who then can be given keys."""

from __future__ import annotations

from suanwang.basics.ids import MemberId, OrganisationId
from suanwang.flows.act import Act
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.store import identity
from suanwang.store.identity import Member
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx


def add_member(tx: Tx, organisation_id: OrganisationId, name: str, *, act: Act) -> Member:
    """Give an organisation a member. Two people may have one name. Raises NotAllowed, NotFound."""
    owner = identity.organisation(tx, organisation_id)
    member = Member(
        id=act.new_id(MemberId), organisation_id=owner.id, name=name, created_at=act.now
    )
    body = {"member_id": member.id, "organisation_id": owner.id, "name": name}
    record_operator_action(tx, "add-member", body, act=act)
    identity.add_member(tx, member)
    publish(tx, "member.added", subject=member.id, organisation_id=owner.id, body=body, act=act)
    return member

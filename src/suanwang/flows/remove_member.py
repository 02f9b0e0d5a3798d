"""Remove a member: their keys open nothing any more; their jobs go on and keep their name."""

from __future__ import annotations

from suanwang.basics.ids import KeyId, OrganisationId
from suanwang.flows.act import Act
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.store import identity
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx


def remove_member(
    tx: Tx, organisation_id: OrganisationId, member_id: str, *, act: Act
) -> list[KeyId]:
    """Remove a member and return the keys this revokes; removing again changes nothing.

    Raises: NotAllowed, NotFound.
    """
    member = identity.member_for_update(tx, member_id, organisation_id)
    body = {"member_id": member.id, "organisation_id": organisation_id}
    record_operator_action(tx, "remove-member", body, act=act)
    revoked = identity.remove_member(tx, member, at=act.now)
    if revoked is None:
        return []
    owner = member.organisation_id
    publish(tx, "member.removed", subject=member.id, organisation_id=owner, body=body, act=act)
    for key_id in revoked:
        gone = {"key_id": key_id, "organisation_id": owner, "member_id": member.id}
        publish(tx, "key.revoked", subject=key_id, organisation_id=owner, body=gone, act=act)
    return revoked

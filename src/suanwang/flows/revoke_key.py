"""Revoke a key: from the next request on it is refused."""

from __future__ import annotations

from suanwang.basics.ids import KeyId
from suanwang.flows.act import Act
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.store import identity
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx


def revoke_key(tx: Tx, key_id: KeyId, *, act: Act) -> None:
    """Revoke a key; revoking it again changes nothing."""
    owner = identity.key(tx, key_id).actor.organisation_id
    body = {"key_id": key_id, "organisation_id": owner}
    record_operator_action(tx, "revoke-key", body, act=act)
    if identity.revoke_key(tx, key_id, at=act.now):
        publish(tx, "key.revoked", subject=key_id, organisation_id=owner, body=body, act=act)

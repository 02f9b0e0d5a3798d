"""What a member's membership is known by: each word about it is evidence, and none is changed.

The first is the organisation's id, later ones "org_…#2", "org_…#3": who it is, by whose word, what
keys it has, and where it stands. The keys' secrets and their hashes are not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suanwang.basics.slots import format_instant
from suanwang.flows.act import Act
from suanwang.store import evidence, identity
from suanwang.store.evidence import Evidence
from suanwang.store.identity import Organisation
from suanwang.store.tx import Tx

KIND = "party"


def add_party_word(
    tx: Tx, organisation: Organisation, event: str, facts: Mapping[str, Any], *, act: Act
) -> Evidence:
    """Append a word about a member; the caller holds the organisation's row."""
    word = Evidence(
        kind=KIND,
        id=organisation.id,
        record={
            "organisation_id": organisation.id,
            "name": organisation.name,
            "event": event,
            "state": organisation.state,
            "by": None if act.key is None else act.key.key_id,
            "keys": _keys(tx, organisation),
            "at": format_instant(act.now),
            **facts,
        },
        at=act.now,
        organisation_id=organisation.id,
    )
    return evidence.add_word(tx, word)


def _keys(tx: Tx, organisation: Organisation) -> list[dict[str, str]]:
    return [
        {"key_id": key.actor.key_id, "role": key.actor.role.value}
        for key in identity.keys_of(tx, organisation.id)
        if key.revoked_at is None
    ]

"""What a flow is told about the moment it happens in: when, by whom, and how to name new things.

Clock and entropy live in the server; a flow gets them here, so that it can be replayed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from suanwang.basics.errors import NotAllowed, NotSignedIn
from suanwang.basics.ids import IdMaker
from suanwang.basics.slots import Instant
from suanwang.store.identity import Actor, Role

__all__ = ["Act", "Actor", "Role", "must_be"]


@dataclass(frozen=True, slots=True)
class Act:
    """One moment of doing. `key` is None when the exchange itself acts (its loops)."""

    now: Instant
    new_id: IdMaker
    key: Actor | None = None
    entropy: Callable[[int], bytes] = os.urandom  # tests and replays bring their own


def must_be(act: Act, *roles: Role) -> Actor:
    """Return who acts, if the key has one of the roles; the operator may do what is named so."""
    if act.key is None:
        raise NotSignedIn
    if act.key.role not in roles:
        raise NotAllowed(needed=" or ".join(roles), found=act.key.role)
    return act.key

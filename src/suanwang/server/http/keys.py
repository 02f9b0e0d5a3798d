"""Who asks: the Bearer key of a request, looked up once every few seconds.

A revocation on this server counts at once, one on another server after at most CACHED_SECONDS.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from suanwang.basics.errors import NotSignedIn
from suanwang.store.database import Store
from suanwang.store.identity import Actor, actor_by_key_hash, hash_secret, read_key

CACHED_SECONDS = 4.0  # a revoked key must be refused within five
CACHED_MAX = 10_000
HEADER_CHARS_MAX = 300


@dataclass(slots=True)
class KeyRing:
    """Finds the actor of a key, remembering good ones for a moment."""

    store: Store
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[Actor, float]] = field(default_factory=dict)

    async def actor(self, authorization: str) -> Actor:
        """Return who sent this Authorization header. Raises NotSignedIn."""
        known = self._known.get(authorization)
        now = self.clock()
        if known is not None and now < known[1]:
            return known[0]
        key_id, secret = read_key(_bearer(authorization))
        secret_hash = hash_secret(secret)
        actor = await self.store.read(lambda tx: actor_by_key_hash(tx, key_id, secret_hash))
        if len(self._known) >= CACHED_MAX:
            self._known.clear()
        self._known[authorization] = (actor, now + CACHED_SECONDS)
        return actor

    def forget(self, key_id: str) -> None:
        """Look a key up afresh from now on."""
        stale = [header for header, (actor, _) in self._known.items() if actor.key_id == key_id]
        for header in stale:
            del self._known[header]


def _bearer(authorization: str) -> str:
    scheme, _, key = authorization.partition(" ")
    key = key.strip()
    good = len(authorization) <= HEADER_CHARS_MAX and key.isascii() and key.isprintable()
    if scheme.lower() != "bearer" or not good:
        raise NotSignedIn
    return key

"""What the running agent has: its configuration made ready, free cards, a way to the server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from suanwang.agent.api import Api
from suanwang.agent.backends.order import Backend, Environment
from suanwang.agent.cold import ColdStore
from suanwang.agent.config import CentreFacts, Home, PoolFacts
from suanwang.agent.errors import CardsBusy
from suanwang.agent.journal import Journal
from suanwang.basics.ids import ENTROPY_BYTES, AnyId

CARDS_WAIT_SECONDS = 30.0  # an earlier job's cards come free when it is dead, a moment later


class Cards:
    """Cards of each pool, taken by running jobs."""

    def __init__(self, pools: Mapping[str, int]) -> None:
        self._free = dict(pools)
        self._changed = asyncio.Condition()

    def free(self) -> int:
        """Return how many cards are free in all pools."""
        return sum(self._free.values())

    async def some(self) -> int:
        """Wait until a card is free."""
        async with self._changed:
            await self._changed.wait_for(self.free)
            return self.free()

    @asynccontextmanager
    async def taken(
        self, pool: str, cards: int, *, wait_seconds: float = CARDS_WAIT_SECONDS
    ) -> AsyncIterator[None]:
        """Hold cards of a pool. Raises CardsBusy when they do not come free in time."""
        async with self._changed:
            ready = self._changed.wait_for(lambda: self._free.get(pool, 0) >= cards)
            try:
                await asyncio.wait_for(ready, wait_seconds)
            except TimeoutError:
                free = self._free.get(pool, 0)
                raise CardsBusy(pool=pool, free=free, needed=cards) from None
            self._free[pool] -= cards
        try:
            yield
        finally:
            self._free[pool] += cards
            async with self._changed:
                self._changed.notify_all()


@dataclass(slots=True, kw_only=True)
class Site:
    """Everything that a lease's run needs of its agent."""

    home: Home
    centre: CentreFacts
    api: Api
    backend: Backend
    journal: Journal
    cold: ColdStore
    signing_key: Ed25519PrivateKey
    environments: Mapping[str, Environment]
    card_watts: Mapping[str, float]  # pool name → rated power of one card
    cpu_pools: frozenset[str]
    centre_id: str = ""
    pool_ids: dict[str, str] = field(default_factory=dict)  # id → name
    cards: Cards = field(init=False)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __post_init__(self) -> None:
        self.cards = Cards({pool.name: pool.cards for pool in self.centre.pools})

    def pool(self, named: str) -> PoolFacts:
        """Return a pool by its name or its id at the server."""
        name = self.pool_ids.get(named, named)
        return next((p for p in self.centre.pools if p.name == name), self.centre.pools[0])

    def make_id(self, kind: type[AnyId]) -> AnyId:
        """Make a fresh id."""
        return kind.make(self.now(), os.urandom(ENTROPY_BYTES))

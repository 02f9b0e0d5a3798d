"""Leads a piece of work, if no other server does: taken for ten seconds, renewed after five."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from suanwang.server.parts import Parts
from suanwang.store import leadership
from suanwang.store.leadership import Leadership

GOOD_FOR = timedelta(seconds=10)
RENEW_BEFORE = timedelta(seconds=5)


@dataclass(slots=True)
class Leader:
    """This server's claims on what one server at a time must do."""

    parts: Parts
    holder: str = field(default_factory=lambda: f"server-{secrets.token_hex(8)}")
    _held: dict[str, Leadership] = field(default_factory=dict)

    async def leads(self, name: str) -> Leadership | None:
        """Return our lead of a piece of work; None while another server has it."""
        now = self.parts.clock()
        held = self._held.get(name)
        if held is not None and held.expires_at - now > RENEW_BEFORE:
            return held
        taken = await self.parts.store.run(
            lambda tx: leadership.lead(tx, name, holder=self.holder, now=now, good_for=GOOD_FOR)
        )
        if taken is None:
            self._held.pop(name, None)
        else:
            self._held[name] = taken
        return taken

    def lost(self, name: str) -> None:
        """Forget a lead that turned out to be another's."""
        self._held.pop(name, None)

    async def step_down(self) -> None:
        """Give every lead up, so that another server goes on at once."""
        for held in list(self._held.values()):
            await self.parts.store.run(partial(leadership.step_down, leadership=held))
        self._held.clear()

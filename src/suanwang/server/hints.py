"""Wakes whoever waits for work that another part of this process has just made.

A hint is only speed: nothing depends on one, since everything waited for stands in the database
and is also looked for at intervals (another server may have made it).
"""

from __future__ import annotations

import asyncio


class Hints:
    """Named bells. Ringing is cheap and never waits."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self._rung: set[str] = set()

    def ring(self, *names: str) -> None:
        """Wake all who wait for one of these; an unheard ring is kept for the next who waits."""
        for name in names:
            waiters = self._waiting.pop(name, None)
            if not waiters:
                self._rung.add(name)
                continue
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)

    async def wait(self, name: str, seconds: float) -> bool:
        """Wait until `name` rings or the time is over; say whether it rang.

        A ring that nobody heard is kept for the next who waits.
        """
        if name in self._rung:
            self._rung.discard(name)
            # Others that are ready get their turn first; a busy bell must not starve them.
            await asyncio.sleep(0)
            return True
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(name, set()).add(waiter)
        try:
            await asyncio.wait_for(waiter, seconds)
        except TimeoutError:
            return False
        finally:
            waiters = self._waiting.get(name)
            if waiters is not None:
                waiters.discard(waiter)
                if not waiters:
                    del self._waiting[name]
        return True


class Bell:
    """Wakes everybody who waits.

    Who looks for work first notes `rings`, so that a ring that comes between looking and waiting
    is not missed.
    """

    def __init__(self) -> None:
        self.rings = 0
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake all."""
        self.rings += 1
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seconds: float, *, since: int) -> None:
        """Wait for a ring after the `since`-th, or until the time is over."""
        if self.rings != since:
            return
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return

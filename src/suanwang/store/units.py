"""Units of work: a function of one transaction, and whoever waits for what it returns.

A unit is answered only after its transaction is durable, so an acknowledged write is never lost.
Answers to one event loop are handed over together: waking a loop costs a system call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeAlias

from suanwang.store.tx import Tx

Work: TypeAlias = Callable[[Tx], Any]


@dataclass(slots=True, eq=False)
class Unit:
    """One unit of work; `loop` is None when a thread waits instead of a coroutine."""

    work: Work
    waiter: asyncio.Future[Any] | Future[Any]
    loop: asyncio.AbstractEventLoop | None
    result: Any = None
    error: BaseException | None = None

    @classmethod
    def for_coroutine(cls, work: Work) -> Unit:
        """Make a unit that the running event loop waits for."""
        loop = asyncio.get_running_loop()
        return cls(work, loop.create_future(), loop)

    @classmethod
    def for_thread(cls, work: Work) -> Unit:
        """Make a unit that the calling thread waits for."""
        return cls(work, Future(), None)

    async def outcome(self) -> Any:  # noqa: ANN401
        """Wait in the event loop for what the work returned or raised."""
        assert isinstance(self.waiter, asyncio.Future), "a thread waits for this unit"
        return await self.waiter

    def wait(self) -> Any:  # noqa: ANN401
        """Wait in this thread for what the work returned or raised."""
        assert isinstance(self.waiter, Future), "a coroutine waits for this unit"
        return self.waiter.result()

    def answer(self) -> None:
        """Hand the outcome to the waiter; one that gave up waiting is left alone."""
        if self.waiter.done():
            return
        if self.error is not None:
            self.waiter.set_exception(self.error)
        else:
            self.waiter.set_result(self.result)


def answer_all(units: Iterable[Unit]) -> None:
    """Answer units from the thread that ran them, with one wake-up for each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Unit]] = {}
    for unit in units:
        if unit.loop is None:
            unit.answer()
        else:
            by_loop.setdefault(unit.loop, []).append(unit)
    for loop, group in by_loop.items():
        try:
            loop.call_soon_threadsafe(_answer_here, group)
        except RuntimeError:
            # The loop has been closed: nobody is left to tell. The work itself is durable.
            assert loop.is_closed(), "an open loop refused a callback"


def _answer_here(units: list[Unit]) -> None:
    for unit in units:
        unit.answer()

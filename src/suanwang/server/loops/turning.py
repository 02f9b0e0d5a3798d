"""How a loop turns: a step, then sleep until a hint or the interval; failures back off.

    step() → how many things it did        fewer than a batch: nothing left, sleep
A failing step is logged and tried again after 0.1, 0.2 … 10 s; no failure ends a loop. All loops
live in one task group: when the server stops, each ends between two steps.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog

from suanwang.server.parts import Parts

log = structlog.get_logger()
BACK_OFF_FIRST = 0.1
BACK_OFF_MAX = 10.0
STOP_SECONDS = 5.0
BUSY_REQUESTS = 8
REST_MAX = 1.0
Step = Callable[[], Awaitable[int]]


@dataclass(slots=True)
class Loop:
    """One loop. It turns at least every `every` seconds, and at once when its name is rung."""

    name: str
    step: Step
    every: float
    batch: int = 1
    failures: int = 0  # in a row
    seconds: float = 0.0  # of the last good turn
    turned_at: float = field(default_factory=time.monotonic)  # end of the last good turn

    def is_alive(self, now: float) -> bool:
        """Say whether a turn has gone well lately."""
        return now - self.turned_at < 3 * self.every + 2 * BACK_OFF_MAX


class Loops:
    """All loops of a server, started and stopped together."""

    def __init__(
        self,
        parts: Parts,
        loops: Sequence[Loop],
        *,
        at_end: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.parts = parts
        self.loops = list(loops)
        self._at_end = at_end
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start every loop."""
        self._task = asyncio.create_task(self._run(), name="loops")

    async def stop(self) -> None:
        """Let each loop end its step, then end; one that hangs is cut off."""
        self._stop.set()
        self.parts.hints.ring(*(loop.name for loop in self.loops))
        if self._task is None:
            return
        done, _ = await asyncio.wait([self._task], timeout=STOP_SECONDS)
        if not done:
            log.warning("loops cut off", seconds=STOP_SECONDS)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._at_end is not None:
            await self._at_end()

    def dead(self) -> list[str]:
        """Name the loops that have not turned well for long."""
        now = time.monotonic()
        return [loop.name for loop in self.loops if not loop.is_alive(now)]

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for loop in self.loops:
                group.create_task(self._turn(loop), name=loop.name)

    async def _turn(self, loop: Loop) -> None:
        while not self._stop.is_set():
            did, pause = await self._once(loop), loop.every
            if loop.failures:
                pause = min(BACK_OFF_MAX, BACK_OFF_FIRST * 2 ** min(loop.failures - 1, 10))
                await self._sleep(pause)
            elif did >= loop.batch:
                await self._sleep(self._rest_of(loop))
            else:
                await self.parts.hints.wait(loop.name, pause)

    def _rest_of(self, loop: Loop) -> float:
        """Say how long a loop that has more to do lets requests go first."""
        if self.parts.in_hand < BUSY_REQUESTS:
            return 0
        # As long as it worked: half of the machine is enough to catch up, half answers people.
        return min(loop.seconds, REST_MAX)

    async def _once(self, loop: Loop) -> int:
        metrics, start = self.parts.metrics, time.monotonic()
        try:
            did = await loop.step()
        except Exception as error:
            loop.failures += 1
            metrics.loop_failures.labels(loop.name).inc()
            log.exception("loop failed", loop=loop.name, failures=loop.failures, error=str(error))
            return 0
        loop.failures, loop.turned_at = 0, time.monotonic()
        loop.seconds = loop.turned_at - start
        metrics.loop_seconds.labels(loop.name).set(loop.seconds)
        metrics.loop_turned_at.labels(loop.name).set(time.time())
        metrics.loop_items.labels(loop.name).inc(did)
        return did

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return

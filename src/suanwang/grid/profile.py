"""How many cards of a pool are taken when, and the earliest gap that is wide and long enough.

cards │      ┌──┐
      │  ┌───┘  └─────┐          a step function: `levels[i]` holds from `times[i]` until
      └──┴────────────┴──▶       `times[i + 1]`; before the first and after the last: none
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass

from suanwang.basics.slots import Slot, to_micros


@dataclass(frozen=True, slots=True)
class Profile:
    """Cards taken over time, in µs since 1970. Always ends at level 0 where it has steps at all."""

    times: tuple[int, ...] = ()
    levels: tuple[int, ...] = ()

    @classmethod
    def of(cls, busy: Iterable[tuple[Slot, int]]) -> Profile:
        """Add up spans that may overlap."""
        changes: dict[int, int] = {}
        for slot, cards in busy:
            start, end = to_micros(slot.start), to_micros(slot.end)
            changes[start] = changes.get(start, 0) + cards
            changes[end] = changes.get(end, 0) - cards
        times, levels, level = [], [], 0
        for time in sorted(changes):
            level += changes[time]
            if changes[time]:
                times.append(time)
                levels.append(level)
        return cls(tuple(times), tuple(levels))

    def taken_at(self, micros: int) -> int:
        """Return how many cards are taken at an instant."""
        i = bisect_right(self.times, micros)
        return self.levels[i - 1] if i else 0

    def reserve(self, slot: Slot, cards: int) -> Profile:
        """Return the profile with more cards taken over `slot`."""
        start, end = to_micros(slot.start), to_micros(slot.end)
        times = list(self.times)
        for edge in {start, end} - set(self.times):
            insort(times, edge)
        levels = [self.taken_at(time) + (cards if start <= time < end else 0) for time in times]
        return Profile(tuple(times), tuple(levels))

    def earliest(self, not_before: int, length: int, *, at_most: int) -> int:
        """Return the first start from `not_before` on with at most `at_most` cards taken.

        For the whole `length` (µs). `at_most` is capacity less what is wanted, never negative, so
        an answer always exists: after the last span everything is free.
        """
        assert at_most >= 0, "more cards are wanted than the pool has"
        start = not_before
        for i in range(max(bisect_right(self.times, start) - 1, 0), len(self.times)):
            if self.times[i] >= start + length:
                break
            if self.levels[i] > at_most:
                # The last level is 0, so a level above `at_most` has a step after it.
                start = max(start, self.times[i + 1])
        return start

    def is_free(self, start: int, length: int, *, at_most: int) -> bool:
        """Say whether at most `at_most` cards are taken throughout."""
        return self.earliest(start, length, at_most=at_most) == start

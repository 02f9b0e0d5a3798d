"""Names that may be used once, remembered in eight bytes each."""

from __future__ import annotations

from array import array
from itertools import pairwise

_BUCKETS = 256
_BITS = 64


class Once:
    """Millions of names; which were told twice is known at the end, by their numbers.

    Two names with one number are a chance of 1 in 30 million among a million names, so that whoever
    finds a number twice looks at the names again.
    """

    def __init__(self) -> None:
        # Sorted one after another at the end, so that sorting needs little beside them.
        self._buckets = [array("Q") for _ in range(_BUCKETS)]

    def add(self, name: str) -> None:
        """Remember a name."""
        number = number_of(name)
        self._buckets[number % _BUCKETS].append(number)

    def twice(self) -> set[int]:
        """Return the numbers that were added more than once."""
        found: set[int] = set()
        for bucket in self._buckets:
            numbers = sorted(bucket)
            found.update(a for a, b in pairwise(numbers) if a == b)
        return found


def number_of(name: str) -> int:
    """Return a name's number, the same throughout a run of the program."""
    return hash(name) % (1 << _BITS)

"""Reads numbers off an answer of the solver: whole quanta within limits, exact ratios."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from math import ceil, floor

from suanwang.market.clearing.exact.programme import Floats

_NEAR = 1e-7  # cards this near to a limit are at the limit; ratios as well
_HALF = 0.5
_HAIR = 1e-3  # quanta


class Rounding(Enum):
    """Where amounts between their limits go: nothing else may be there to balance a node."""

    DOWN = "down"
    UP = "up"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reader:
    """An answer, and how to round it."""

    values: Floats
    quantum: int
    rounding: Rounding

    def is_on(self, column: int) -> bool:
        """Say whether a switch is on."""
        return bool(self.values[column] > _HALF)

    def quanta(self, column: int, *, least: int, most: int) -> int:
        """Return a column's cards in whole quanta."""
        exact = float(self.values[column]) * self.quantum
        near = _NEAR * self.quantum
        if exact < least + near:
            return least
        if exact > most - near:
            return most
        return self._whole(exact)

    def ratio(self, column: int, *, least: Fraction, quanta: int) -> Fraction:
        """Return a block's ratio, 0 or from `least` up to 1; in parts of `quanta`."""
        ratio = Fraction(float(self.values[column]))
        if ratio < least / 2 or not quanta:
            return Fraction(0)
        if ratio > 1 - Fraction(_NEAR):
            return Fraction(1)
        if ratio < least + Fraction(_NEAR):
            return least
        return Fraction(self._whole(float(ratio) * quanta), quanta)

    def _whole(self, exact: float) -> int:
        # A float a hair off a whole number means that number.
        return floor(exact + _HAIR) if self.rounding is Rounding.DOWN else ceil(exact - _HAIR)

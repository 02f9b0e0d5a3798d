"""Exact money in whole numbers: the common units of one case.

pico = 10⁻¹² yuan      amount = pico × quanta × hours      one yuan = 10¹² × quantum × hour_parts
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from suanwang.market.case.model import MICRO, Case

PICO = 10**12
PICO_IN_MICRO = PICO // MICRO


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The units in which one case adds up exactly."""

    hours: tuple[int, ...]  # per slot, in parts of an hour
    hour_parts: int
    quantum: int

    @classmethod
    def of(cls, case: Case) -> Scale:
        """Find the least common part of all slots' hours."""
        parts = lcm(*(h.denominator for h in case.hours)) if case.hours else 1
        return cls(
            hours=tuple(int(h * parts) for h in case.hours), hour_parts=parts, quantum=case.quantum
        )

    @property
    def yuan(self) -> int:
        """Return how many units make one yuan."""
        return PICO * self.quantum * self.hour_parts

    def to_units(self, yuan: Fraction) -> Fraction:
        """Return an amount of yuan in units; whole unless the yuan have endless digits."""
        return yuan * self.yuan

    def micro_yuan(self, units: Fraction | int) -> int:
        """Round to micro-yuan, halves to even."""
        return round(Fraction(units) * MICRO / self.yuan)


def pico_text(pico: int) -> str:
    """Write pico-yuan (or any 10⁻¹²) as a decimal string without trailing zeros."""
    return decimal_text(pico, 12)


def decimal_text(units: int, places: int) -> str:
    """Write whole units of 10^−places as a decimal string without trailing zeros."""
    sign = "-" if units < 0 else ""
    whole, part = divmod(abs(units), 10**places)
    if not part:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{part:0{places}d}".rstrip("0")

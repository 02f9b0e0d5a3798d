"""How much searching a round may do, counted, never timed."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT = 20_000


@dataclass(slots=True)
class Work:
    """A budget that is spent in place: a unit is about a millisecond's work, on any machine."""

    limit: int = DEFAULT
    used: int = 0

    def spend(self, units: float) -> None:
        """Count work done; at least one unit."""
        self.used += max(1, round(units))

    @property
    def left(self) -> bool:
        """Say whether more may be tried."""
        return self.used < self.limit

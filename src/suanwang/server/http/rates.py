"""How fast one key may ask: a token bucket each, refilled steadily, two seconds deep."""

from __future__ import annotations

from dataclasses import dataclass, field

from suanwang.basics.errors import Limited

BURST_SECONDS = 2.0
BUCKETS_MAX = 50_000  # the fullest are forgotten beyond this: a full bucket is like none


@dataclass(slots=True)
class RateLimiter:
    """Buckets by key; `now` is seconds of a clock that never goes back."""

    per_second: float
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, key: str, *, now: float) -> None:
        """Take one token, or refuse with the seconds after which one is there."""
        burst = self.per_second * BURST_SECONDS
        tokens, then = self._buckets.get(key, (burst, now))
        tokens = min(burst, tokens + (now - then) * self.per_second)
        if tokens < 1:
            self._buckets[key] = (tokens, now)
            wait = max(1, round((1 - tokens) / self.per_second + 0.5))
            raise Limited(limit=f"{self.per_second:g} a second", retry_after_s=wait)
        if len(self._buckets) >= BUCKETS_MAX and key not in self._buckets:
            self._forget(now)
        self._buckets[key] = (tokens - 1, now)

    def _forget(self, now: float) -> None:
        fresh = {k: v for k, v in self._buckets.items() if now - v[1] < BURST_SECONDS}
        self._buckets = fresh if len(fresh) < BUCKETS_MAX else {}

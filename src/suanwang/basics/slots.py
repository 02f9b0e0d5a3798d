"""Time: instants are aware UTC datetimes, intervals are half-open, a market day is Beijing's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TypeAlias

from suanwang.basics.errors import Invalid

Instant: TypeAlias = datetime
HOUR = timedelta(hours=1)
# China has had no daylight saving since 1991, so a fixed offset is exact.
BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class InstantUnreadable(Invalid):
    """Expected an RFC 3339 time with an offset such as 2026-11-24T09:00:00Z, found {found!r}."""

    zh = "需要带时区的 RFC 3339 时间，如 2026-11-24T09:00:00Z，实际为 {found!r}。"
    code = "instant-unreadable"


class SlotEmpty(Invalid):
    """A slot must end after it starts; found {start} to {end}."""

    zh = "时段的结束必须晚于开始；实际为 {start} 至 {end}。"
    code = "slot-empty"


def to_micros(instant: Instant) -> int:
    """Return whole microseconds since 1970 (exact: no float is involved)."""
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> Instant:
    """Return the UTC instant that many microseconds after 1970."""
    return _EPOCH + micros * _MICROSECOND


def parse_instant(text: str) -> Instant:
    """Read an RFC 3339 instant; one without an offset is refused, since it is a guess."""
    try:
        instant = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise InstantUnreadable(found=text) from None
    if instant.tzinfo is None:
        raise InstantUnreadable(found=text)
    try:
        return instant.astimezone(UTC)
    except OverflowError:  # an hour before the first year, or after the last
        raise InstantUnreadable(found=text) from None


def format_instant(instant: Instant) -> str:
    """Write an instant as RFC 3339 in UTC, ending in Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A half-open interval `[start, end)`."""

    start: Instant
    end: Instant

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise SlotEmpty(start=self.start, end=self.end)

    @property
    def length(self) -> timedelta:
        """How long the slot lasts."""
        return self.end - self.start

    def __contains__(self, instant: Instant) -> bool:
        return self.start <= instant < self.end

    def overlaps(self, other: Slot) -> bool:
        """Say whether the two share any instant; touching ends do not."""
        return self.start < other.end and other.start < self.end

    def overlap(self, other: Slot) -> timedelta:
        """Return how long the two share."""
        shared = min(self.end, other.end) - max(self.start, other.start)
        return max(shared, timedelta(0))

    def hours(self) -> Iterator[Slot]:
        """Cut the slot at whole UTC hours (which are also whole Beijing hours)."""
        start = self.start
        while start < self.end:
            whole = start.replace(minute=0, second=0, microsecond=0)
            end = min(whole + HOUR, self.end)
            yield Slot(start, end)
            start = end


def market_day(instant: Instant) -> date:
    """Return the Beijing calendar day of an instant."""
    return instant.astimezone(BEIJING).date()


def day_slot(day: date) -> Slot:
    """Return the slot of a market day, 00:00 to 24:00 in Beijing."""
    start = datetime.combine(day, time(0), BEIJING).astimezone(UTC)
    return Slot(start, start + timedelta(days=1))

"""Figures as people read them: money, durations, sizes, times of day, labels of states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

_SYMBOLS = {"CNY": "¥"}
_CENT = Decimal("0.01")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_KILO = 1000

STATE_STYLES = {
    "SETTLED": "green", "BILLED": "green", "METERED": "green", "RETURNED": "green",
    "RUNNING": "cyan", "STAGED": "cyan", "PLACED": "cyan", "CLEARED": "cyan",
    "SUBMITTED": "yellow", "QUOTED": "yellow",
    "REJECTED": "red", "EXPIRED": "red", "FAILED": "red", "LOST": "red", "CANCELLED": "magenta",
}  # fmt: skip


def money(amount: Decimal | None, currency: str = "CNY") -> str:
    """Write an amount with two places, or with as many as a small one needs to be seen."""
    if amount is None:
        return "–"
    places = 2
    while amount and abs(amount) < Decimal(10) ** -places and places < 6:  # noqa: PLR2004 - 10⁻⁶ yuan is the smallest unit
        places += 1
    return _with_symbol(f"{amount:,.{places}f}", currency)


def exact_money(amount: Decimal | None, currency: str = "CNY") -> str:
    """Write an amount with every place it has, so that columns add up to the last digit."""
    if amount is None:
        return "–"
    whole, _, places = f"{amount:,f}".partition(".")
    return _with_symbol(f"{whole}.{places.rstrip('0').ljust(2, '0')}", currency)


def _with_symbol(shown: str, currency: str) -> str:
    symbol = _SYMBOLS.get(currency)
    return f"{symbol} {shown}" if symbol else f"{shown} {currency}"


def duration(seconds: float | None) -> str:
    """Write a duration by its two largest units: 41 s, 3 min 20 s, 2 h 5 min, 3 d 4 h."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    for unit, name, below, below_name in (
        (_DAY, "d", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", 1, "s"),
    ):
        if whole >= unit:
            rest = whole % unit // below
            return f"{whole // unit} {name}" + (f" {rest} {below_name}" if rest else "")
    return "0 s"


def size(count: int | None) -> str:
    """Write bytes in decimal units."""
    if count is None:
        return "–"
    number, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if abs(number) < _KILO:
            break
        number, unit = number / _KILO, larger
    return f"{count} B" if unit == "B" else f"{number:.1f} {unit}"


def clock(at: datetime | None, *, now: datetime | None = None) -> str:
    """Write an instant in the reader's own time; the date only where it is not today's."""
    if at is None:
        return "–"
    here, today = at.astimezone(), (now or datetime.now(UTC)).astimezone()
    same_day = here.date() == today.date()
    return f"{here:%H:%M:%S}" if same_day else f"{here:%Y-%m-%d %H:%M}"


def ago(at: datetime | None, *, now: datetime | None = None) -> str:
    """Write how long ago something was."""
    if at is None:
        return "–"
    passed = (now or datetime.now(UTC)) - at
    return duration(max(passed, timedelta(0)).total_seconds())


def figure(number: float | None, places: int = 0) -> str:
    """Write a plain number."""
    return "–" if number is None else f"{number:,.{places}f}"


def printable(text: str) -> str:
    """Replace what could steer the terminal: text from elsewhere never does."""
    return "".join(c if c.isprintable() or c == "\t" else "�" for c in text)

"""The slots of a case: RFC 3339 times in, exact hours out."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction

from suanwang.market.case.fields import Fields, Misfit

_HOUR = 3600
_DAY = 24 * _HOUR
_MINUTE = 60
_FRACTION_DIGITS = 18  # of a second
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)"
    rf"(\.\d{{1,{_FRACTION_DIGITS}}})?([Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))?",
    re.ASCII,
)
_TIME_EXPECTED = "a time such as 2026-03-01T08:00:00Z"


def hours_of_slots(fields: Fields) -> tuple[Fraction, ...]:
    """Read `slots`; every time names its offset from UTC, or none does (only lengths matter)."""
    hours: list[Fraction] = []
    last: tuple[Fraction, bool] | None = None
    for place, value in fields.items("slots"):
        slot = Fields(value, place, needs="start end")
        start, end = _time(slot, "start"), _time(slot, "end")
        earlier = last or start
        for key, moment in (("start", start), ("end", end)):
            if moment[1] != earlier[1]:
                raise Misfit(slot.at(key), "every time with an offset, or none", slot.raw(key))
        if start[0] < earlier[0]:
            raise Misfit(slot.at("start"), "a time not before the last end", slot.raw("start"))
        if end[0] <= start[0]:
            raise Misfit(slot.at("end"), "a time after start", slot.raw("end"))
        hours.append((end[0] - start[0]) / _HOUR)
        last = end
    return tuple(hours)


def _time(slot: Fields, key: str) -> tuple[Fraction, bool]:
    """Return the seconds since the year 1, and whether the offset is known."""
    value = slot.raw(key)
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    try:
        days = date(*map(int, match.group(1, 2, 3))).toordinal() if match else 0
    except ValueError:  # 30 February
        match = None
    if match is None:
        raise Misfit(slot.at(key), _TIME_EXPECTED, value)
    hour, minute, second = map(int, match.group(4, 5, 6))
    seconds = Fraction(days * _DAY + hour * _HOUR + minute * _MINUTE + second)
    if match[7]:
        seconds += Fraction(f"0{match[7]}")
    if match[9]:
        ahead = int(match[10]) * _HOUR + int(match[11]) * _MINUTE
        seconds -= ahead if match[9] == "+" else -ahead
    return seconds, match[8] is not None

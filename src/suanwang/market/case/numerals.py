"""Exact numbers out of JSON numbers and decimal strings, one at a time or a column at once.

A column goes through floats where that is exact: two decimals of at most 15 digits never share
their nearest float, so a whole n < 10¹⁵ with n ÷ 10ᵏ == f is the number that f was written as.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Ints

#: Digits before the point, digits after it, and characters of a number; more is a mischief.
DIGITS_MAX = 64
DIGITS_EXPECTED = f"a number of at most {DIGITS_MAX} digits"
_FLOAT_DIGITS = 15
_WHOLE_MAX = 10.0**_FLOAT_DIGITS
_NUMERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
# Many short numerals, each with a comma behind it: one pass instead of one match each.
_SHORT_NUMERALS = re.compile(r"(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?,)*", re.ASCII)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Values = Sequence[object] | NDArray[np.generic]


class NumeralRefused(ValueError):
    """A number of too many digits, or none at all (NaN); the argument is its text."""


def decimal_of(text: str) -> Decimal:
    """Return the number that a JSON numeral names; raise NumeralRefused when it is too long."""
    if len(text) <= DIGITS_MAX:
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise NumeralRefused(text) from None
        if _fits(number):
            return number
    raise NumeralRefused(text)


def whole_of(text: str) -> int:
    """Return the whole number that a JSON numeral names; raise NumeralRefused when too long."""
    if len(text) > DIGITS_MAX:
        raise NumeralRefused(text)
    return int(text)


def short_of(text: str) -> float | Decimal:
    """Return a JSON numeral as a float where that loses nothing, else as `decimal_of` does."""
    if len(text) <= _FLOAT_DIGITS and "e" not in text and "E" not in text:
        return float(text)
    return decimal_of(text)


def refuse_constant(text: str) -> float:
    """Refuse NaN and Infinity, which are not JSON."""
    raise NumeralRefused(text)


def exact(value: object) -> Fraction | None:
    """Return the number that a value of a document is, None when it is none or too long."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if len(value) > DIGITS_MAX or not _NUMERAL.fullmatch(value):
            return None
        value = _decimal_or_none(value)
    elif isinstance(value, float):
        # The shortest text that reads back as this float is what was written.
        value = Decimal(repr(float(value)))
    elif isinstance(value, int):
        return Fraction(value) if abs(value) < 10**DIGITS_MAX else None
    if isinstance(value, Decimal):
        return Fraction(value) if _fits(value) else None
    return value if isinstance(value, Fraction) else None


def _decimal_or_none(text: str) -> Decimal | None:
    try:
        return decimal_of(text)
    except NumeralRefused:
        return None


def _fits(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):  # NaN and Infinity
        return False
    return exponent >= -DIGITS_MAX and number.adjusted() < DIGITS_MAX


def floats_of(values: Values) -> Floats:
    """Return a column as floats that read back as written; NaN where that may not be so."""
    if isinstance(values, np.ndarray):
        return values.astype(np.float64)
    kinds = set(map(type, values))
    if kinds <= {int, float}:
        try:
            return np.array(values, dtype=np.float64)
        except OverflowError:
            return np.full(len(values), np.nan)
    if kinds <= {str, int, Decimal}:
        return _floats_of_texts(list(map(str, values)))
    return np.full(len(values), np.nan)


def _floats_of_texts(texts: list[str]) -> Floats:
    joined = ",".join(texts) + ","
    short = max(map(len, texts), default=0) <= _FLOAT_DIGITS
    # A text with a comma of its own must not pass as two.
    if not short or joined.count(",") != len(texts) or not _SHORT_NUMERALS.fullmatch(joined):
        return np.full(len(texts), np.nan)
    return np.array(list(map(float, texts)), dtype=np.float64)


def scaled(floats: Floats, *, power: int) -> tuple[Ints, Flags]:
    """Return floats × 10^power as whole numbers, and where that is exact."""
    with np.errstate(invalid="ignore", over="ignore"):
        whole = np.rint(floats * 10.0**power)
        good = (np.abs(whole) < _WHOLE_MAX) & (whole / 10.0**power == floats)
    return np.where(good, whole, 0).astype(np.int64), good

"""Exact numbers without floats: decimals as whole multiples of 10⁻¹², the rest as fractions.

cards, prices, money of a RESULT   int, 10⁻¹²
hours                              int over the common denominator of all slots (`Case.hour`)
price × cards × hours              int, 10⁻²⁴ ÷ hour yuan; called *grains* in this package
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction

Exact = int | Fraction
ONE = 10**12  # of a card, a yuan, a GB
MICRO = 10**6  # 10⁻¹² in a micro-yuan
PLACES = 12
DIGITS_MAX = 64  # of a number, before and after the point; more is mischief
_LARGEST = 10**DIGITS_MAX
_WIDE = Context(prec=2 * DIGITS_MAX, traps=[Inexact, InvalidOperation])
_NUMERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,6})?", re.ASCII)
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,59})(?:\.[0-9]{1,12})?", re.ASCII)


def decimal_of(value: object) -> Decimal:
    """Return a JSON number or a decimal string as a Decimal of a sane size.

    Raises ValueError for anything else, for NaN and for numbers that only a joker writes.
    """
    number = _as_decimal(value)
    if not number.is_finite() or number.adjusted() >= DIGITS_MAX:
        raise ValueError
    if int(number.as_tuple().exponent) < -DIGITS_MAX:
        raise ValueError
    return number


def _as_decimal(value: object) -> Decimal:
    if type(value) is Decimal:
        return value
    if type(value) is float:
        value = repr(value)  # the shortest text that reads back as this float is what was written
    if type(value) is str and len(value) <= DIGITS_MAX and _NUMERAL.fullmatch(value):
        return Decimal(value)
    if type(value) is int and -_LARGEST < value < _LARGEST:
        return Decimal(value)
    raise ValueError


def cut(value: object) -> int:
    """Return a number in 10⁻¹², cut towards zero; -1 for what is barely negative.

    Raises ValueError. This is called millions of times.
    """
    if type(value) is int and -_LARGEST < value < _LARGEST:
        return value * ONE
    number = value if type(value) is Decimal else _as_decimal(value)
    if number.adjusted() >= DIGITS_MAX:
        raise ValueError
    try:
        units = int(number.scaleb(PLACES, _WIDE))
    except ArithmeticError:  # infinite, or of more digits than anybody needs
        raise ValueError from None
    return -1 if not units and number < 0 else units


def exact(value: object) -> Exact:
    """Return a number as it is written, an int where it is whole. Raises ValueError."""
    return slim(Fraction(decimal_of(value)))


def slim(value: Exact) -> Exact:
    """Return a whole fraction as an int, which is several times faster to count with."""
    return value.numerator if value.denominator == 1 else value


def scaled(text: object) -> int:
    """Return a decimal string of a RESULT in 10⁻¹². Raises ValueError."""
    if type(text) is not str or not _DECIMAL.fullmatch(text):
        raise ValueError
    whole, _, part = text.partition(".")
    return int(whole + part.ljust(PLACES, "0"))


def written(amount: Exact) -> str:
    """Write an amount of 10⁻¹² as a decimal, rounded down where it has more places."""
    units = floor(amount)
    whole, part = divmod(abs(units), ONE)
    sign = "-" if units < 0 else ""
    return f"{sign}{whole}.{part:012d}".rstrip("0").rstrip(".")


def floor(amount: Exact) -> int:
    """Return the greatest whole number that is not above."""
    return amount.numerator // amount.denominator


def ceil(amount: Exact) -> int:
    """Return the least whole number that is not below."""
    return -(-amount.numerator // amount.denominator)


def distance(one: Exact, other: Exact) -> Exact:
    """Return how far two numbers are apart."""
    return one - other if one >= other else other - one


def half_even(amount: Exact, unit: int) -> int:
    """Return how many whole units an amount is, halves to the even neighbour."""
    divisor = unit * amount.denominator
    whole, rest = divmod(amount.numerator, divisor)
    return whole + (2 * rest > divisor or (2 * rest == divisor and whole % 2 == 1))

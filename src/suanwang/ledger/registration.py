"""Unified social credit codes 统一社会信用代码: the number that a Chinese legal person is known by.

Eighteen characters: department, category, six digits of the region, nine of the organisation, and
a check character (GB 32100-2015, 4.2: weights 3^i mod 31 over an alphabet without I, O, S, V, Z).
"""

from __future__ import annotations

from suanwang.ledger.errors import CreditCodeWrong

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, place, 31) for place in range(LENGTH - 1))


def check_character(first: str) -> str:
    """Return what must follow the first seventeen characters of a code."""
    total = sum(weight * _VALUES[each] for weight, each in zip(_WEIGHTS, first, strict=True))
    return ALPHABET[-total % len(ALPHABET)]


def credit_code(text: str) -> str:
    """Read a unified social credit code, in capitals. Raises CreditCodeWrong."""
    code = text.strip().upper()
    if len(code) != LENGTH:
        raise CreditCodeWrong(found=text, reason=f"it has {len(code)} characters")
    strange = sorted(set(code) - _VALUES.keys())
    if strange:
        raise CreditCodeWrong(found=text, reason=f"{' '.join(strange)} cannot be in one")
    if code[-1] != check_character(code[:-1]):
        raise CreditCodeWrong(found=text, reason="its check character does not match")
    return code

"""Queries over offers: `class=a100-80g-sxm price<9 free>=4 zone=zhongwei`.

Terms are joined by "and". A text is compared by =, != and ~ (contains), a number by all of
= != < <= > >=. A word alone is looked for in every text.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from suanwang.basics.errors import Invalid

TERMS_MAX = 20
QUERY_MAX = 500
_TERM = re.compile(r"([a-z_]+)(!=|<=|>=|=|<|>|~)(.*)")
# What people call a field → how the offer calls it.
TEXTS = {
    "class": "class",
    "card": "class",
    "chip": "class",
    "zone": "zone",
    "city": "city",
    "province": "province",
    "centre": "centre",
    "pool": "pool",
}
NUMBERS = {
    "price": "price",
    "free": "cards_free",
    "cards": "cards",
    "nodes": "nodes",
    "cores": "cores_per_node",
    "memory": "memory_gb",
}
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Test = Callable[[Mapping[str, Any]], bool]


class QueryUnreadable(Invalid):
    """Cannot read {found!r}: expected terms such as price<9 with one of {possible}."""

    zh = "无法读取 {found!r}：需要形如 price<9 的条件，字段为 {possible} 之一。"
    code = "query-unreadable"


def read_query(text: str) -> list[Test]:
    """Read a query. Raises QueryUnreadable, naming the term."""
    terms = text.split()
    if len(text) > QUERY_MAX or len(terms) > TERMS_MAX:
        raise _unreadable(text[:40] + "…")
    return [_test(term) for term in terms]


def matches(offer: Mapping[str, Any], tests: list[Test]) -> bool:
    """Say whether an offer passes every term."""
    return all(test(offer) for test in tests)


def _test(term: str) -> Test:
    found = _TERM.fullmatch(term)
    if found is None:
        return _word(term)
    name, sign, value = found.groups()
    if name in TEXTS:
        return _text_test(term, TEXTS[name], sign, value.lower())
    if name in NUMBERS and sign in _COMPARE:
        return _number_test(term, NUMBERS[name], sign, value)
    raise _unreadable(term)


def _word(term: str) -> Test:
    if not term.replace("-", "").replace(".", "").isalnum():
        raise _unreadable(term)
    wanted = term.lower()
    return lambda offer: any(wanted in str(offer[name]).lower() for name in set(TEXTS.values()))


def _text_test(term: str, name: str, sign: str, wanted: str) -> Test:
    if sign == "~":
        return lambda offer: wanted in str(offer[name]).lower()
    if sign not in ("=", "!="):
        raise _unreadable(term)
    compare = _COMPARE[sign]
    return lambda offer: compare(str(offer[name]).lower(), wanted)


def _number_test(term: str, name: str, sign: str, value: str) -> Test:
    try:
        wanted = Decimal(value.removesuffix("GB").removesuffix("gb"))
    except InvalidOperation:
        raise _unreadable(term) from None
    if not wanted.is_finite():
        raise _unreadable(term)
    compare = _COMPARE[sign]
    return lambda offer: compare(Decimal(offer[name]), wanted)


def _unreadable(term: str) -> QueryUnreadable:
    return QueryUnreadable(
        reason="query", found=term, possible=", ".join(sorted({*TEXTS, *NUMBERS}))
    )

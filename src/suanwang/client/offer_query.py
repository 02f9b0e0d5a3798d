"""The query language of `suan offers`: `card=a100* price<9 zone=guian cards>=8`.

Terms stand side by side and must all hold. Texts take `=` and `!=` with `*` and `?` as wildcards,
whatever the case; numbers take `= != < <= > >=`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Any

from suanwang.client.errors import QueryUnreadable
from suanwang.client.wire_grid import Offer

QUERY_CHARS_MAX = 1_000
_TERM = re.compile(r"([a-z_]+)(<=|>=|!=|=|<|>)(.*)", re.DOTALL)
_TEXTS: dict[str, Callable[[Offer], tuple[str, ...]]] = {
    "card": lambda offer: (offer.card_class,),
    "zone": lambda offer: (offer.zone,),
    "city": lambda offer: (offer.city,),
    "province": lambda offer: (offer.province,),
    "centre": lambda offer: (offer.centre, offer.centre_id),
    "pool": lambda offer: (offer.pool, offer.pool_id),
}
_NUMBERS: dict[str, Callable[[Offer], Decimal]] = {
    "price": lambda offer: offer.price,
    "cards": lambda offer: Decimal(offer.cards),
    "free": lambda offer: Decimal(offer.cards_free),
    "nodes": lambda offer: Decimal(offer.nodes or 0),
    "cores": lambda offer: Decimal(offer.cores_per_node or 0),
    "memory": lambda offer: offer.memory_gb or Decimal(0),
}
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt,
    "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
# Words that people may try, and ours for them.
_ALSO = {"class": "card", "gpu": "card", "chip": "card", "hub": "zone", "region": "zone",
         "center": "centre", "cards_free": "free"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Term:
    key: str
    sign: str
    value: str

    def fits(self, offer: Offer) -> bool:
        if self.key in _NUMBERS:
            return _SIGNS[self.sign](_NUMBERS[self.key](offer), Decimal(self.value))
        pattern = self.value.casefold()
        found = any(fnmatchcase(text.casefold(), pattern) for text in _TEXTS[self.key](offer))
        return found is (self.sign == "=")


@dataclass(frozen=True, slots=True)
class OfferQuery:
    """A query that was read; without terms every offer fits."""

    terms: tuple[_Term, ...] = ()

    @classmethod
    def parse(cls, text: str) -> OfferQuery:
        """Read a query. Raises QueryUnreadable, naming the term and what would be right."""
        if len(text) > QUERY_CHARS_MAX:
            expected = f"at most {QUERY_CHARS_MAX} characters"
            raise QueryUnreadable(found=text[:20], expected=expected)
        # "price < 9" is as clear as "price<9".
        tight = re.sub(r"\s*(<=|>=|!=|=|<|>)\s*", r"\1", text.strip())
        return cls(tuple(_read_term(word) for word in tight.split()))

    def fits(self, offer: Offer) -> bool:
        """Say whether an offer fits every term."""
        return all(term.fits(offer) for term in self.terms)


def _read_term(word: str) -> _Term:
    match = _TERM.fullmatch(word)
    keys = ", ".join([*_TEXTS, *_NUMBERS])
    if match is None:
        raise QueryUnreadable(found=word, expected=f"KEY=VALUE, KEY<NUMBER …; keys: {keys}")
    key, sign, value = match.groups()
    key = _ALSO.get(key, key)
    if key not in _TEXTS and key not in _NUMBERS:
        raise QueryUnreadable(found=word, expected=f"keys: {keys}")
    if not value:
        raise QueryUnreadable(found=word, expected=f"{key}{sign}…")
    if key in _TEXTS and sign not in ("=", "!="):
        raise QueryUnreadable(found=word, expected=f"{key}={value}, {key}!={value}")
    if key in _NUMBERS and not _is_number(value):
        raise QueryUnreadable(found=word, expected=f"{key}{sign}8")
    return _Term(key, sign, value)


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False

"""Which of our two languages a request would like."""

from __future__ import annotations

from functools import lru_cache

from suanwang.basics.languages import LANGUAGES

_WISHES_MAX = 20


@lru_cache(maxsize=256)
def wanted_language(accept_language: str) -> str:
    """Return "en" or "zh" by an Accept-Language header; weights count, the rest is English."""
    best, found = 0.0, "en"
    for wish in accept_language.split(",")[:_WISHES_MAX]:
        tag, _, rest = wish.strip().partition(";")
        head = tag.strip().lower()[:2]
        weight = _weight(rest)
        if head in LANGUAGES and weight > best:
            best, found = weight, head
    return found


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0

"""Short texts that people write into what they do: reasons, names."""

from __future__ import annotations

from suanwang.basics.errors import Invalid

TEXT_MAX = 200


def read_text(text: str, what: str, *, most: int = TEXT_MAX) -> str:
    """Return a text without the spaces around it. Raises Invalid where it is empty or too long."""
    kept = text.strip()
    if not 0 < len(kept) <= most:
        raise Invalid(reason=f"expected a {what} of 1 to {most} characters, found {len(kept)}")
    return kept

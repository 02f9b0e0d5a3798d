"""Where a list goes on: opaque to the client, a short JSON list to us.

A cursor is no secret and no right: whatever it names, the list still shows only what the key may
see.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence

from suanwang.server.errors import CursorUnreadable

CURSOR_CHARS_MAX = 500
PAGE_DEFAULT = 50
PAGE_MAX = 500
_WHOLE_MAX = 2**63 - 1


def write_cursor(parts: Sequence[int | str]) -> str:
    """Write the sort key of the last item that was given out."""
    raw = json.dumps(list(parts), separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_cursor(text: str | None, *kinds: type) -> tuple[int | str, ...] | None:
    """Read a cursor back, or None if there is none. `kinds` are what each part must be."""
    if not text:
        return None
    try:
        if len(text) > CURSOR_CHARS_MAX:
            raise CursorUnreadable(reason="too long")
        padded = text + "=" * (-len(text) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise CursorUnreadable(reason="not ours") from None
    if not isinstance(parts, list) or [type(p) for p in parts] != list(kinds):
        raise CursorUnreadable(reason="not ours")
    for part in parts:
        if isinstance(part, int) and abs(part) > _WHOLE_MAX:
            raise CursorUnreadable(reason="not ours")
        if isinstance(part, str) and not part.isprintable():
            raise CursorUnreadable(reason="not ours")
    return tuple(parts)

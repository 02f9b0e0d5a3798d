"""References that a payer quotes, and that come back on a line of the bank.

    SW-8Q4R-7VXM-2ZK9-D3TH-F        kind, sixteen characters of an id, a check character

    SW  whose money it is: of an organisation      SP  a payout      SR  a payment that goes back

The sixteen characters are the entropy of the id (80 bits), in Crockford's base 32: no I, L, O, U.
The check character is Luhn's over 32 characters (ISO/IEC 7812-1 annex B does so over ten): it finds
every wrong character, and any two neighbours that changed places but 0 and Z.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from suanwang.basics.ids import Id

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TAIL_CHARS = 16
_SIZE = len(ALPHABET)
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
# What people write for a letter or digit that looks like it (Crockford).
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
_SEPARATORS = re.compile(r"[\s\-_‐-―−·.,/:]+")
_GROUP = 4


class ReferenceKind(StrEnum):
    """What a reference names."""

    ORGANISATION = "SW"
    PAYOUT = "SP"
    RETURN = "SR"


# Looked for at every place, since whatever stands before may be glued to it.
_FOUND = re.compile(rf"(?=(S[WPR])([0-9A-TV-Z]{{{TAIL_CHARS + 1}}}))")


def reference(kind: ReferenceKind, of: Id) -> str:
    """Return the reference of a thing, without hyphens, as it is stored and compared."""
    tail = of[-TAIL_CHARS:]
    return f"{kind}{tail}{check_character(kind, tail)}"


def written(plain: str) -> str:
    """Write a reference in groups of four, as people read it."""
    kind, tail = plain[:2], plain[2:]
    return "-".join([kind, *(tail[at : at + _GROUP] for at in range(0, len(tail), _GROUP))])


def check_character(kind: ReferenceKind, tail: str) -> str:
    """Return what must follow the sixteen characters of this kind of reference."""
    total = 0
    for place, each in enumerate(reversed(kind + tail)):
        value = _VALUES[each] * (2 - place % 2)
        total += value // _SIZE + value % _SIZE
    return ALPHABET[-total % _SIZE]


def references_in(text: str, kind: ReferenceKind) -> list[str]:
    """Find the references of a kind in a line's text, each once, in order.

    Full-width letters and digits count as plain ones; spaces and hyphens inside do not count.
    What fails its check character is none.
    """
    plain = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text).upper())
    found: dict[str, None] = {}
    for match in _FOUND.finditer(plain):
        body = match[2].translate(_ALIKE)
        tail, check = body[:-1], body[-1]
        if match[1] == kind and check_character(kind, tail) == check:
            found[f"{kind}{tail}{check}"] = None
    return list(found)


def text_key(text: str) -> str:
    """Return a text as two writings of one bank reference are compared: no widths, no spaces."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text).upper())

"""One way to write a record as bytes, so that hashes and signatures agree everywhere.

JSON with sorted keys, no spaces, UTF-8, no floats: a number that is not whole travels as a decimal
string, since two writers may print one float differently.
"""

from __future__ import annotations

import hashlib
import json
from typing import TypeAlias

_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)
_PLAIN = frozenset([str, int, bool, type(None)])  # what holds nothing further
Json: TypeAlias = bool | int | str | list["Json"] | dict[str, "Json"] | None


def canonical_bytes(record: Json) -> bytes:
    """Write `record` as canonical JSON. Raises TypeError at a float or a key that is no string."""
    _refuse_floats(record)
    return _ENCODER.encode(record).encode()


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of `data` in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def _refuse_floats(value: Json) -> None:
    if isinstance(value, float):
        raise TypeError(f"expected a decimal string instead of the float {value!r}")
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"expected a string key, found {key!r}")
            if type(inner) not in _PLAIN:
                _refuse_floats(inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_floats(inner)

"""Hashes of many leaves and nodes: by `kernel` where the processor can, by `hashlib` elsewhere.

Loading what is compiled takes a second, and the very first time two, so a few hashes never wait for
it: a bundle is checked without. Both ways are the same function, which a test holds them to.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib import import_module
from types import ModuleType

from suanwang.ledger.log.tree import HASH_BYTES

SALT_BYTES = 16
LOADED_FROM = 1_024  # leaves at once, or hashes under a root
_USED_FROM = 8  # the same once it is loaded: for fewer the call costs more than it saves
_NEEDED = ("sha", "sse4.1", "avx")  # of an x86 processor: those that llvmlite names so


def hash_records(salts: bytes, records: bytes) -> bytes:
    """Return the hashes of leaves, joined; each record is ended by a newline, its only one."""
    kernel = _kernel_for(len(salts) // SALT_BYTES)
    if kernel is not None:
        hashes: bytes = kernel.leaf_hashes(salts, records)
        return hashes
    return b"".join(hash_each(salts, records.split(b"\n")[:-1]))


def hash_each(salts: bytes, records: Sequence[bytes]) -> list[bytes]:
    """Return SHA-256(0 ‖ SHA-256(salt ‖ record)) of each record."""
    starts = range(0, len(salts), SALT_BYTES)
    return [
        sha256(b"\x00" + sha256(salts[start : start + SALT_BYTES] + record).digest()).digest()
        for start, record in zip(starts, records, strict=True)
    ]


def root_of_full(level: bytes) -> bytes:
    """Return the root over a power of two of hashes: neighbours are side by side at each level."""
    kernel = _kernel_for(len(level) // HASH_BYTES)
    if kernel is not None:
        root: bytes = kernel.root_of_full(level)
        return root
    pair = 2 * HASH_BYTES
    while len(level) > HASH_BYTES:
        pairs = [level[start : start + pair] for start in range(0, len(level), pair)]
        level = b"".join([sha256(b"\x01" + each).digest() for each in pairs])
    return level


def _kernel_for(count: int) -> ModuleType | None:
    """Return what is compiled if it pays for so many hashes."""
    if count >= LOADED_FROM or (count >= _USED_FROM and _kernel.cache_info().currsize):
        return _kernel()
    return None


@cache
def _kernel() -> ModuleType | None:
    """Load what is compiled; None where it is not installed or the processor cannot run it."""
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return None
    try:
        has = import_module("llvmlite.binding").get_host_cpu_features()
        if not all(has.get(each, False) for each in _NEEDED):
            return None
        return import_module("suanwang.ledger.log.kernel")  # compiled as it is loaded
    except ImportError:
        return None

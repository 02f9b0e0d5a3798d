"""The frontier of a tree that is read leaf by leaf: its root, with nothing kept but what is needed.

┌────────┐ ┌────┐ ┌──┐
│ 2ⁿ     │ │ 2ᵐ │ │… │ edge        n > m > …; the edge is what a tile of 256 is not full of
└────────┘ └────┘ └──┘
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from suanwang.ledger.log.tiles import HEIGHT, TILE_BYTES, hashes_of, tile_root
from suanwang.ledger.log.tree import EMPTY_ROOT, HASH_BYTES, node_hash, root_of_hashes


class Frontier:
    """A growing tree, of which only the roots of its full parts are kept."""

    def __init__(self) -> None:
        self.size = 0
        self._full: list[tuple[int, bytes]] = []  # (bits, root over 2^bits leaves), large to small
        self._edge = bytearray()

    def add(self, hashes: Iterable[bytes]) -> None:
        """Append hashes of leaves."""
        added = b"".join(hashes)
        self._edge += added
        self.size += len(added) // HASH_BYTES
        while len(self._edge) >= TILE_BYTES:
            self._rise(HEIGHT, tile_root(bytes(self._edge[:TILE_BYTES])))
            del self._edge[:TILE_BYTES]

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        peaks = [root for _, root in self._full]
        if self._edge:
            peaks.append(root_of_hashes(hashes_of(bytes(self._edge))))
        if not peaks:
            return EMPTY_ROOT
        # The last, smallest one goes under the one before it, and so on to the top.
        return reduce(lambda found, peak: node_hash(peak, found), reversed(peaks))

    def _rise(self, bits: int, root: bytes) -> None:
        while self._full and self._full[-1][0] == bits:
            root = node_hash(self._full.pop()[1], root)
            bits += 1
        self._full.append((bits, root))

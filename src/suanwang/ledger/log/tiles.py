"""Tiles: the tree in pieces of 256 hashes, as transparency logs serve it (C2SP tlog-tiles).

    level 1                 [ r0  r1  r2 … ]            r0: the root of tile (0, 0)
                             ╱     ╲
    level 0   [ h0 … h255 ]  [ h256 … h511 ] …          h: the hash of a leaf

A hash goes up only when its tile is full, so tiles are only ever appended to, and a tile that holds
more than a smaller tree needs serves that one too. `read(level, number)` gives a tile's bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import TypeAlias

from suanwang.ledger.log.errors import TileShort
from suanwang.ledger.log.hashing import root_of_full
from suanwang.ledger.log.tree import (
    EMPTY_ROOT,
    HASH_BYTES,
    consistency_spans,
    node_hash,
    split_of,
)

WIDTH = 256  # hashes in a tile
HEIGHT = 8  # levels of the tree in a tile: 2⁸ = WIDTH
TILE_BYTES = WIDTH * HASH_BYTES
Read: TypeAlias = Callable[[int, int], bytes]


def grow(size: int, hashes: Sequence[bytes] | bytes, read: Read) -> dict[tuple[int, int], bytes]:
    """Append leaf hashes, in a row or joined, to a tree of `size`; return every tile that changes.

    `read` is asked for the last tile of a level where that one is not full. Raises TileShort.
    """
    changed: dict[tuple[int, int], bytes] = {}
    level, rising = 0, hashes if isinstance(hashes, bytes) else b"".join(hashes)
    while rising:
        count = size >> HEIGHT * level
        number, width = divmod(count, WIDTH)
        begun = _tile(level, number, width, read) if width else b""
        data, roots = begun + rising, []
        for start in range(0, len(data), TILE_BYTES):
            tile = data[start : start + TILE_BYTES]
            changed[level, number] = tile
            if len(tile) == TILE_BYTES:
                roots.append(tile_root(tile))
            number += 1
        level, rising = level + 1, b"".join(roots)
    return changed


def tile_root(tile: bytes) -> bytes:
    """Return the hash that a full tile sends up."""
    assert len(tile) == TILE_BYTES, "only a full tile sends a hash up"
    return root_of_full(tile)


def hashes_of(tile: bytes) -> list[bytes]:
    """Cut a tile into its hashes."""
    return [tile[start : start + HASH_BYTES] for start in range(0, len(tile), HASH_BYTES)]


def root_at(size: int, read: Read) -> bytes:
    """Return the root of the tree's first `size` leaves. Raises TileShort."""
    return _root_between(0, size, read) if size else EMPTY_ROOT


def inclusion_at(index: int, size: int, read: Read) -> tuple[bytes, ...]:
    """Return the path from a leaf to the root of the first `size` leaves. Raises TileShort."""
    assert 0 <= index < size, "only a leaf of the tree can be proven"
    path, start, end = [], 0, size
    while end - start > 1:
        cut = start + split_of(end - start)
        if index < cut:
            path.append((cut, end))
            end = cut
        else:
            path.append((start, cut))
            start = cut
    return tuple(_root_between(*span, read) for span in reversed(path))


def consistency_between(first: int, second: int, read: Read) -> tuple[bytes, ...]:
    """Return the proof that the second tree continues the first. Raises TileShort.

    Of the empty tree and of equal sizes it is empty.
    """
    if not first:
        return ()
    return tuple(_root_between(*span, read) for span in consistency_spans(first, second))


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """List the tiles of a tree as (level, number, width), a level after the other."""
    level = 0
    while count := size >> HEIGHT * level:
        full, width = divmod(count, WIDTH)
        yield from ((level, number, WIDTH) for number in range(full))
        if width:
            yield level, full, width
        level += 1


def tile_path(level: int, number: int, width: int = WIDTH) -> str:
    """Write where a tile is served: tile/0/x001/067, a partial one tile/0/x001/067.p/5."""
    groups = f"{number:,}".split(",")
    parts = [group.zfill(3) for group in groups]
    where = "/".join([f"x{each}" for each in parts[:-1]] + parts[-1:])
    return f"tile/{level}/{where}" + ("" if width == WIDTH else f".p/{width}")


def _root_between(start: int, end: int, read: Read) -> bytes:
    """Return the root over the leaves from `start` to `end`, a node of the tree."""
    peaks = []
    for bit in range((end - start).bit_length() - 1, -1, -1):
        if (end - start) >> bit & 1:
            begin = start + ((end - start) >> bit + 1 << bit + 1)
            peaks.append(_full(begin, bit, read))
    # The last, smallest one goes under the one before it, and so on to the top.
    return reduce(lambda found, peak: node_hash(peak, found), reversed(peaks))


def _full(begin: int, bits: int, read: Read) -> bytes:
    """Return the root over 2^bits leaves from `begin`, which lie in one tile of some level."""
    level, width = bits // HEIGHT, 1 << bits % HEIGHT
    number, first = divmod(begin >> HEIGHT * level, WIDTH)
    tile = _tile(level, number, first + width, read)
    return root_of_full(tile[first * HASH_BYTES :])


def _tile(level: int, number: int, width: int, read: Read) -> bytes:
    """Return the first `width` hashes of a tile. Raises TileShort."""
    tile = bytes(read(level, number))
    if len(tile) < width * HASH_BYTES or len(tile) > TILE_BYTES or len(tile) % HASH_BYTES:
        found = f"{len(tile) / HASH_BYTES:g}"
        raise TileShort(level=level, number=number, expected=width, found=found)
    return tile[: width * HASH_BYTES]

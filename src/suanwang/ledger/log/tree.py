"""The Merkle tree of RFC 9162 §2.1: one hash that commits to a list, and short proofs of entries.

            root = H(1 ‖ ab ‖ cde)              H = SHA-256
           ╱                      ╲              leaf  H(0 ‖ entry)
    ab = H(1 ‖ a ‖ b)        cde = H(1 ‖ cd ‖ e) node  H(1 ‖ left ‖ right)
      ╱     ╲                 ╱           ╲      none  H()
     a       b        cd = H(1 ‖ c ‖ d)    e

The left side of every node holds the greatest power of two of entries that leaves one for the
right. Pairing neighbours level by level, an odd last one going up as it is, builds just that tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

# Told apart, or a node could be passed off as an entry (second preimage).
_LEAF, _NODE = b"\x00", b"\x01"
PATH_MAX = 64  # hashes in a proof: a tree of 2⁶⁴ entries


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one entry."""
    return sha256(_LEAF + entry).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over entries (not their hashes); of none it is SHA-256 of nothing."""
    if not leaves:
        return sha256().digest()
    *_, (top,) = _levels(leaves)
    return top


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the hashes beside the way from the entry at `index` to the root, lowest first."""
    assert 0 <= index < len(leaves), "only an entry of the tree can be proven"
    path = []
    for level in _levels(leaves):
        beside = index ^ 1
        if beside < len(level):
            path.append(level[beside])
        index //= 2
    return tuple(path)


def verify_inclusion(
    entry: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Say whether `path` leads from an entry of a tree of `size` to its root (§2.1.3.2)."""
    if not 0 <= index < size:
        return False
    # In the RFC's words fn and sn: where we are in this level, and where its last one is.
    here, last, found = index, size - 1, leaf_hash(entry)
    for beside in path:
        if not last:
            return False
        if here % 2 or here == last:
            found = _node_hash(beside, found)
            while here and not here % 2:
                here, last = here // 2, last // 2
        else:
            found = _node_hash(found, beside)
        here, last = here // 2, last // 2
    return not last and found == root


def _levels(leaves: Sequence[bytes]) -> Iterator[list[bytes]]:
    level = [leaf_hash(entry) for entry in leaves]
    yield level
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [_node_hash(left, right) for left, right in pairs] + odd
        yield level


def _node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE + left + right).digest()

"""The Merkle tree of RFC 9162 §2.1: one hash that commits to a list, and short proofs about it.

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
HASH_BYTES = 32
PATH_MAX = 64  # hashes in a proof: a tree of 2⁶⁴ entries
EMPTY_ROOT = sha256().digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one entry."""
    return sha256(_LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two neighbours."""
    return sha256(_NODE + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over entries (not their hashes); of none it is SHA-256 of nothing."""
    return root_of_hashes([leaf_hash(entry) for entry in leaves])


def root_of_hashes(hashes: Sequence[bytes]) -> bytes:
    """Return the root over the hashes of entries."""
    if not hashes:
        return EMPTY_ROOT
    *_, (top,) = _levels(hashes)
    return top


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the hashes beside the way from the entry at `index` to the root, lowest first."""
    assert 0 <= index < len(leaves), "only an entry of the tree can be proven"
    path = []
    for level in _levels([leaf_hash(entry) for entry in leaves]):
        beside = index ^ 1
        if beside < len(level):
            path.append(level[beside])
        index //= 2
    return tuple(path)


def verify_inclusion(
    entry: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Say whether `path` leads from an entry of a tree of `size` to its root (§2.1.3.2)."""
    return verify_leaf(leaf_hash(entry), index=index, size=size, path=path, root=root)


def verify_leaf(leaf: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Say whether `path` leads from the hash of an entry to the root."""
    if not 0 <= index < size:
        return False
    # In the RFC's words fn and sn: where we are in this level, and where its last one is.
    here, last, found = index, size - 1, leaf
    for beside in path:
        if not last:
            return False
        if here % 2 or here == last:
            found = node_hash(beside, found)
            while here and not here % 2:
                here, last = here // 2, last // 2
        else:
            found = node_hash(found, beside)
        here, last = here // 2, last // 2
    return not last and found == root


def consistency_proof(leaves: Sequence[bytes], first: int) -> tuple[bytes, ...]:
    """Return the hashes which show that the first `first` entries are a prefix (§2.1.4.1)."""
    assert 0 < first <= len(leaves), "the older tree has an entry, and no more than the newer"
    hashes = [leaf_hash(entry) for entry in leaves]
    return tuple(
        root_of_hashes(hashes[start:end]) for start, end in consistency_spans(first, len(leaves))
    )


def consistency_spans(first: int, second: int) -> list[tuple[int, int]]:
    """Return the ranges of entries whose roots make up a consistency proof, in its order."""
    assert 0 < first <= second, "the older tree has an entry, and no more than the newer"
    spans: list[tuple[int, int]] = []
    # SUBPROOF(m, D[n], b) of the RFC from the top down; what it appends last stands first.
    start, end, whole = 0, second, True
    while first < end:
        cut = start + split_of(end - start)
        if first <= cut:
            spans.append((cut, end))
            end = cut
        else:
            spans.append((start, cut))
            start, whole = cut, False
    if not whole:
        spans.append((start, end))
    return spans[::-1]


def verify_consistency(
    proof: Sequence[bytes], *, first: int, second: int, first_root: bytes, second_root: bytes
) -> bool:
    """Say whether the tree of size `first` is a prefix of the tree of size `second` (§2.1.4.2).

    Any tree continues the empty one, of which the proof is empty.
    """
    if not 0 <= first <= second:
        return False
    if first == 0:
        return not proof and first_root == EMPTY_ROOT and (second > 0 or second_root == first_root)
    if first == second:
        return not proof and first_root == second_root
    # A power of two is a node of the newer tree, and the proof leaves it out.
    path = list(proof) if first & (first - 1) else [first_root, *proof]
    if not path:
        return False
    here, last = first - 1, second - 1
    while here % 2:
        here, last = here // 2, last // 2
    old = new = path[0]
    for beside in path[1:]:
        if not last:
            return False
        if here % 2 or here == last:
            old, new = node_hash(beside, old), node_hash(beside, new)
            while here and not here % 2:
                here, last = here // 2, last // 2
        else:
            new = node_hash(new, beside)
        here, last = here // 2, last // 2
    return not last and old == first_root and new == second_root


def split_of(size: int) -> int:
    """Return how many of `size` entries stand left of the root: k of the RFC."""
    assert size > 1, "one entry has no left side"
    return 1 << (size - 1).bit_length() - 1


def _levels(hashes: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    level = hashes
    yield level
    while len(level) > 1:
        odd = [level[-1]] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(_NODE + left + right).digest() for left, right in pairs] + odd
        yield level

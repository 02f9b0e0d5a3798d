"""The tree's hashes against those below them, and every signed head against the tree."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from suanwang.ledger.log import tiles
from suanwang.ledger.log.errors import NoteWrong, TileShort
from suanwang.ledger.log.notes import Checkpoint, Note, Verifier, cosignatures_of, open_checkpoint
from suanwang.ledger.log.tree import HASH_BYTES
from suanwang.store import log
from suanwang.store.log import Head
from suanwang.store.tx import Tx
from suanwang.store.verify.finding import Finding, finding

TILES_AT_ONCE = 512


def check_tiles(tx: Tx) -> Iterator[Finding]:
    """Check that each level holds the roots of the full tiles below it, and no more."""
    level, expected = 0, log.size(tx)
    below: list[bytes] | None = None
    while expected:
        roots: list[bytes] = []
        found = yield from _check_level(tx, level, below, roots)
        if found is None:
            return
        if found != expected:
            name = f"log_tiles {level}/{found // tiles.WIDTH}"
            wanted = f"{expected} hashes in level {level}"
            yield finding("tile-missing", name, expected=wanted, found=found)
            return
        level, expected, below = level + 1, expected // tiles.WIDTH, roots
    for number, _ in _tiles(tx, level):
        name = f"log_tiles {level}/{number}"
        yield finding("tile-wrong", name, expected="no such tile", found="one")
        return


def _check_level(
    tx: Tx, level: int, below: list[bytes] | None, roots: list[bytes]
) -> Generator[Finding, None, int | None]:
    """Check one level, collecting the roots of its full tiles; return how many hashes it has."""
    hashes = 0
    for place, (number, tile) in enumerate(_tiles(tx, level)):
        name = f"log_tiles {level}/{number}"
        if number != place or hashes % tiles.WIDTH:
            missing = f"log_tiles {level}/{min(place, number)}"
            yield finding("tile-missing", missing, expected="a full tile", found="none")
            return None
        if not tile or len(tile) % HASH_BYTES or len(tile) > tiles.TILE_BYTES:
            found = f"{len(tile)} bytes"
            yield finding("tile-wrong", name, expected="1 to 256 hashes", found=found)
            return None
        cut = tiles.hashes_of(tile)
        if below is not None and cut != below[hashes : hashes + len(cut)]:
            expected = "the roots of the tiles below"
            yield finding("tile-wrong", name, expected=expected, found="others")
            return None
        hashes += len(cut)
        if len(cut) == tiles.WIDTH:
            roots.append(tiles.tile_root(tile))
    return hashes


def check_heads(tx: Tx, key: str | None) -> Iterator[Finding]:
    """Check each head: who signed it, its root, and that it continues the one before it.

    Without a key the signatures are not looked at.
    """
    verifier = None if key is None else Verifier.parse(key.strip())
    witnesses = [Verifier.parse(each) for each in log.witnesses(tx)]
    before: Checkpoint | None = None
    size = log.size(tx)
    for head in _heads(tx):
        name = f"log_heads {head.seq}"
        try:
            note = Note.parse(head.note)
            said = Checkpoint.parse(note.text)
            if verifier is not None:
                open_checkpoint(head.note, verifier)
            known = cosignatures_of(head.note, witnesses)
        except NoteWrong as error:
            expected = f"{error.facts['place']}: {error.facts['expected']}"
            yield finding("head-forged", name, expected=expected, found=error.facts["found"])
            continue
        if len(note.signatures) != 1 + len(known):
            found = f"{len(note.signatures)} lines"
            yield finding("head-forged", name, expected="lines of known keys only", found=found)
        if said.size != head.size:
            yield finding(
                "head-forged", name, expected=f"size {said.size} as signed", found=head.size
            )
        yield from _check_order(name, said, before)
        yield from _check_root(tx, name, said, size=size)
        before = said


def _check_order(name: str, said: Checkpoint, before: Checkpoint | None) -> Iterator[Finding]:
    if before is None:
        return
    if said.origin != before.origin:
        yield finding("head-forged", name, expected=f"origin {before.origin}", found=said.origin)
    if said.size == before.size and said.root != before.root:
        yield finding("heads-fork", name, expected=f"one head of {said.size} leaves", found="two")
    if said.size < before.size:
        expected = f"more than {before.size} leaves"
        yield finding("head-order", name, expected=expected, found=said.size)


def _check_root(tx: Tx, name: str, said: Checkpoint, *, size: int) -> Iterator[Finding]:
    if said.size > size:
        yield finding("log-truncated", name, expected=f"a log of {said.size} leaves", found=size)
        return
    try:
        root = tiles.root_at(said.size, log.reader(tx))
    except TileShort as error:
        place = f"log_tiles {error.facts['level']}/{error.facts['number']}"
        found = error.facts["found"]
        yield finding(
            "tile-missing", place, expected=f"{error.facts['expected']} hashes", found=found
        )
        return
    if root != said.root:
        yield finding("head-root", name, expected=said.root.hex(), found=root.hex())


def _tiles(tx: Tx, level: int) -> Iterator[tuple[int, bytes]]:
    number = 0
    while page := tx.all("log_tiles_from", level=level, number=number, limit=TILES_AT_ONCE):
        for row in page:
            yield row.number, bytes(row.hashes)
        number = page[-1].number + 1


def _heads(tx: Tx) -> Iterator[Head]:
    seq = 0
    while page := log.heads_after(tx, seq):
        yield from page
        seq = page[-1].seq

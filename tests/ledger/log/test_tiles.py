"""Tiles hold the same tree: every root and proof from tiles is the one over the whole list."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suanwang.ledger.log.errors import TileShort
from suanwang.ledger.log.tiles import (
    consistency_between,
    grow,
    hashes_of,
    inclusion_at,
    root_at,
    tile_path,
    tiles_of,
)
from suanwang.ledger.log.tree import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    root_of_hashes,
    verify_consistency,
)

ENTRIES = [b"%d" % number for number in range(70_000)]
HASHES = [leaf_hash(each) for each in ENTRIES]


class Tiles(dict):
    """Tiles as a store keeps them: one value for each place, the last one written."""

    def read(self, level: int, number: int) -> bytes:
        return self[level, number]

    def add(self, size: int, count: int) -> None:
        self |= grow(size, HASHES[size : size + count], self.read)


def grown(*steps: int) -> Tiles:
    tiles, size = Tiles(), 0
    for step in steps:
        tiles.add(size, step)
        size += step
    return tiles


@given(st.lists(st.integers(1, 700), min_size=1, max_size=8))
@settings(max_examples=25, deadline=None)
def test_however_it_grew_the_tree_is_the_same(steps):
    size = sum(steps)
    tiles = grown(*steps)
    assert tiles == grown(size)
    assert root_at(size, tiles.read) == root_of_hashes(HASHES[:size])


def test_a_tile_goes_up_when_it_is_full_and_not_before():
    tiles = grown(255)
    assert set(tiles) == {(0, 0)}
    assert set(tiles_of(255)) == {(0, 0, 255)}
    assert grow(255, HASHES[255:256], tiles.read).keys() == {(0, 0), (1, 0)}
    assert set(tiles_of(256)) == {(0, 0, 256), (1, 0, 1)}
    assert grow(10, [], tiles.read) == {}


def test_seventy_thousand_leaves_are_the_tiles_of_the_specification():
    tiles = grown(70_000)
    # C2SP tlog-tiles, "Partial Tiles": the example there has the same figures.
    widths = {place: len(data) // 32 for place, data in tiles.items()}
    assert sum(level == 0 and width == 256 for (level, _), width in widths.items()) == 273
    assert (widths[0, 273], widths[1, 0], widths[1, 1], widths[2, 0]) == (112, 256, 17, 1)
    assert {(level, number, width) for (level, number), width in widths.items()} == set(
        tiles_of(70_000)
    )
    assert root_at(70_000, tiles.read) == root_of_hashes(HASHES)


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 511, 512, 513, 1000, 1023, 1025])
def test_proofs_from_tiles_are_those_over_the_list(size):
    tiles = grown(1100)  # wider than the tree that is asked about
    for index in {0, 1, size // 2, size - 2, size - 1} & set(range(size)):
        assert inclusion_at(index, size, tiles.read) == inclusion_proof(ENTRIES[:size], index)
    for first in {1, 2, size // 3, size // 2, size - 1, size} & set(range(1, size + 1)):
        proof = consistency_between(first, size, tiles.read)
        assert proof == consistency_proof(ENTRIES[:size], first)


def test_a_head_of_a_large_tree_continues_each_smaller_one():
    tiles = grown(70_000)
    for first in (0, 1, 255, 256, 65_535, 65_536, 65_537, 69_999, 70_000):
        assert verify_consistency(
            consistency_between(first, 70_000, tiles.read), first=first, second=70_000,
            first_root=root_at(first, tiles.read), second_root=root_at(70_000, tiles.read),
        )  # fmt: skip


def test_the_empty_tree_has_the_empty_root():
    assert root_at(0, Tiles().read) == root([])


@pytest.mark.parametrize(
    ("damage", "found"),
    [(lambda t: t[:-32], "255"), (lambda t: t[:-1], "255.969"), (lambda t: t + t[:32], "257"),
     (lambda t: b"", "0")],
)  # fmt: skip
def test_a_tile_that_does_not_hold_what_it_must_is_named(damage, found):
    tiles = grown(256)
    tiles[0, 0] = damage(tiles[0, 0])
    with pytest.raises(TileShort) as caught:
        inclusion_at(3, 256, tiles.read)
    assert caught.value.facts["found"] == found
    assert (caught.value.facts["level"], caught.value.facts["number"]) == (0, 0)


def test_a_changed_hash_in_a_tile_changes_the_root():
    tiles = grown(300)
    before = root_at(300, tiles.read)
    hashes = hashes_of(tiles[0, 1])
    tiles[0, 1] = b"".join([leaf_hash(b"another"), *hashes[1:]])
    assert root_at(300, tiles.read) != before


@pytest.mark.parametrize(
    ("level", "number", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 273, 112, "tile/0/273.p/112"),
        (1, 1_234_067, 256, "tile/1/x001/x234/067"),
        (0, 1000, 1, "tile/0/x001/000.p/1"),
    ],
)
def test_where_a_tile_is_served(level, number, width, path):
    assert tile_path(level, number, width) == path

"""Packed ids read like the list they were made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanwang.market.case.packed import PackedIds

TEXTS = st.lists(st.text("ab算", max_size=4), max_size=6)


@given(ids=TEXTS, at=st.slices(6))
def test_packed_ids_read_like_the_list_they_were_made_of(ids, at):
    packed = PackedIds(ids)
    assert packed == ids
    assert list(packed) == ids
    assert [packed[i] for i in range(len(packed))] == ids
    assert [packed[i - len(ids)] for i in range(len(ids))] == ids
    assert packed[at] == ids[at]


@given(ids=TEXTS, other=TEXTS)
def test_packed_ids_equal_what_lists_equal(ids, other):
    assert (PackedIds(ids) == PackedIds(other)) == (ids == other)


@pytest.mark.parametrize("at", [3, 4, -4])
def test_no_id_lies_beyond_the_ends(at):
    with pytest.raises(IndexError):
        PackedIds(["a", "", "c"])[at]


def test_an_id_is_found_where_it_lies():
    packed = PackedIds(["a", "算", "", "算b"])
    assert packed.index("算b") == 3
    assert "b" not in packed

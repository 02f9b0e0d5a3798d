"""The tree is RFC 9162's: known answers, somebody else's code, and no proof that can be bent."""

from __future__ import annotations

from functools import cache

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suanwang.ledger.log.tree import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# The entries and roots of Certificate Transparency's own tests, for RFC 6962 and so RFC 9162.
CT_ENTRIES = [
    bytes.fromhex(each)
    for each in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def entries(size: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(size)]


@cache
def root_of_first(size: int) -> bytes:
    """Every tree here begins like the others, so the root of each size is computed once."""
    return root(entries(size))


def their_tree(size: int) -> pymerkle.InmemoryTree:
    return pymerkle.InmemoryTree.init_from_entries(entries(size))


@cache
def their_root(size: int) -> bytes:
    return their_tree(size).get_root(size)


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size):
    assert root(CT_ENTRIES[:size]).hex() == CT_ROOTS[size]


def test_the_shortest_known_proofs_are_those_of_the_rfcs_example():
    # RFC 9162 §2.1.5: seven entries, the tree of six before it.
    a, b, c, d, e, f, j = map(leaf_hash, entries(7))
    seven, six = entries(7), entries(6)
    assert inclusion_proof(seven, 0)[0] == b
    assert inclusion_proof(seven, 3)[0] == c
    assert inclusion_proof(seven, 4)[:2] == (f, j)
    assert len(inclusion_proof(seven, 6)) == 2
    assert consistency_proof(seven, 3)[:2] == (c, d)
    assert len(consistency_proof(seven, 3)) == 4
    assert len(consistency_proof(seven, 4)) == 1
    assert len(consistency_proof(seven, 6)) == 3
    assert len({a, e, root(six), root(seven)}) == 4


@pytest.mark.parametrize("size", [*range(1, 40), 63, 64, 65, 127, 129])
def test_pymerkle_agrees_on_every_root_and_proof(size):
    ours, theirs = entries(size), their_tree(size)
    full = root(ours)
    assert theirs.get_root(size) == full
    for index in range(size):
        path = theirs.prove_inclusion(index + 1, size).path  # it counts from 1
        assert list(inclusion_proof(ours, index)) == list(path[1:])  # and names the leaf as well
    for first in range(1, size + 1):
        proof = consistency_proof(ours, first)
        # Its own proofs are cut finer than the RFC's, so the two check each other's.
        pymerkle.verify_consistency(
            root_of_first(first), full, theirs.prove_consistency(first, size)
        )
        assert verify_consistency(
            proof, first=first, second=size,
            first_root=their_root(first), second_root=full,
        )  # fmt: skip


@pytest.mark.real
@pytest.mark.parametrize("size", range(130, 420, 3))
def test_pymerkle_agrees_on_hundreds_of_sizes(size):
    test_pymerkle_agrees_on_every_root_and_proof(size)


@given(st.data(), st.integers(1, 70))
def test_no_other_proof_of_consistency_holds(data, second):
    first = data.draw(st.integers(1, second))
    told = entries(second)
    roots = {"first_root": root(told[:first]), "second_root": root(told)}
    proof = list(consistency_proof(told, first))
    assert verify_consistency(proof, first=first, second=second, **roots)
    bent = list(proof)
    how = data.draw(st.sampled_from(["flip", "cut", "more", "swap"]))
    if how == "flip" and bent:
        place = data.draw(st.integers(0, len(bent) - 1))
        bent[place] = bytes([bent[place][0] ^ 1]) + bent[place][1:]
    elif how == "cut" and bent:
        bent.pop(data.draw(st.integers(0, len(bent) - 1)))
    elif how == "more":
        bent.insert(data.draw(st.integers(0, len(bent))), leaf_hash(b"more"))
    else:
        bent.reverse()
    if bent != proof:
        assert not verify_consistency(bent, first=first, second=second, **roots)
    forked = [*told[: first - 1], b"another"]
    assert not verify_consistency(
        proof, first=first, second=second,
        first_root=root(forked), second_root=roots["second_root"],
    )  # fmt: skip
    assert not verify_consistency(proof, first=second, second=first, **roots) or first == second


@given(st.integers(1, 200), st.data())
@settings(max_examples=50)
def test_a_path_proves_one_place_only(size, data):
    index, other = (data.draw(st.integers(0, size - 1)) for _ in range(2))
    told = entries(size)
    path = inclusion_proof(told, index)
    for claimed in {index, other, index ^ 1}:
        proven = verify_inclusion(told[index], index=claimed, size=size, path=path, root=root(told))
        assert proven == (claimed == index)


def test_any_tree_continues_the_empty_one_and_none_comes_before_it():
    full = root(entries(3))
    roots = {"first_root": EMPTY_ROOT, "second_root": full}
    assert verify_consistency((), first=0, second=3, **roots)
    assert not verify_consistency((full,), first=0, second=3, **roots)
    assert not verify_consistency((), first=3, second=0, first_root=full, second_root=EMPTY_ROOT)
    assert not verify_consistency((), first=0, second=0, **roots)
    assert not verify_consistency((), first=0, second=3, first_root=full, second_root=full)
    assert not verify_consistency((), first=-1, second=3, **roots)

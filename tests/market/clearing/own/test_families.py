"""Families of blocks alone at given multipliers."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.market.clearing.own.instances import a_block, a_case, at_prices

from suanwang.market.case.model import Side
from suanwang.market.clearing.own.families import FamilyArrays, add_family_demand, family_gains

SETTINGS = settings(deadline=None, max_examples=40)
WORTH = [9, -2, 5, -3, 4, 8]  # what blocks a, b, … gain at the prices below


def found(blocks):
    case = a_case(blocks=blocks)
    families = FamilyArrays.of(case)
    at = at_prices(case, "10 10 10 10").arrays(case)["nodes"]
    return families, family_gains(families, nodes=at)


@pytest.mark.parametrize(
    ("family", "taken", "gain"),
    [
        # parent→child, {group}; block a gains 9, b −2, c 5, d −3, e 4, f 8
        ({"a": {}, "b": {}}, "a", [9, 0]),
        ({"b": {}, "a": {"parent": "b"}}, "ba", [7]),  # the child pays for its parent
        ({"b": {}, "d": {"parent": "b"}, "e": {"parent": "d"}}, "", [0]),
        ({"b": {}, "d": {"parent": "b"}, "f": {"parent": "d"}}, "bdf", [3]),
        ({"a": {"group": "g"}, "c": {"group": "g"}}, "a", [9]),
        ({"b": {}, "c": {"parent": "b", "group": "g"}, "e": {"parent": "b", "group": "g"}}, "bc", [3]),
        ({"a": {"group": "g"}, "e": {"group": "g"}, "f": {"parent": "e"}}, "ef", [12]),
        ({"a": {"parent": "b"}, "f": {}, "b": {}}, "abf", [7, 8]),  # named by the first block
    ],
)  # fmt: skip
def test_a_family_takes_the_best_tree(family, taken, gain):
    worth = dict(zip("abcdef", WORTH, strict=True))
    blocks = [a_block(name, 10 + worth[name], **fields) for name, fields in family.items()]
    _, gains = found(blocks)
    assert gains.gain.tolist() == gain
    assert {b.id for b, r in zip(blocks, gains.ratio, strict=True) if r == 1} == set(taken)


@st.composite
def forests(draw):
    blocks = []
    for at in range(draw(st.integers(1, 6))):
        parent = draw(st.sampled_from([None, *(b.id for b in blocks)]))
        group = draw(st.sampled_from([None, f"{parent}1", f"{parent}2"]))
        blocks.append(
            a_block(str(at), 10 + draw(st.integers(-5, 5)), parent=parent, group=group,
                    quantity=draw(st.integers(0, 3)), side=draw(st.sampled_from(list(Side))),
                    slots=draw(st.sets(st.integers(0, 3), min_size=1)))
        )  # fmt: skip
    return draw(st.permutations(blocks))


def best_of(blocks):
    best = 0
    for ratios in product([0, 1], repeat=len(blocks)):
        taken = {b.id for b, r in zip(blocks, ratios, strict=True) if r}
        groups = [b.group for b in blocks if b.id in taken and b.group]
        if len(groups) > len(set(groups)):
            continue
        if all(b.parent is None or b.parent in taken for b in blocks if b.id in taken):
            best = max(best, sum(gain_of(b) for b in blocks if b.id in taken))
    return best


def gain_of(block):
    sign = 1 if block.side is Side.BID else -1
    return sum(sign * (block.price - 10) * quantity for quantity in block.quantity)


@SETTINGS
@given(blocks=forests())
def test_families_gain_what_the_best_of_all_sets_gains(blocks):
    _, gains = found(blocks)
    assert gains.gain.sum() == pytest.approx(float(best_of(blocks)))
    taken = [gain_of(b) for b, r in zip(blocks, gains.ratio, strict=True) if r == 1]
    assert sum(taken) == best_of(blocks)


def test_taken_blocks_ask_for_cards_and_give_them():
    blocks = [
        a_block("a", 11, slots=(0, 2), quantity=3),
        a_block("b", 9, slots=(2,), quantity=Fraction(1, 2), side=Side.ASK),
        a_block("c", 9, slots=(1,)),
    ]
    families, gains = found(blocks)
    cards = np.zeros(16)
    add_family_demand(families, gains.ratio, cards=cards)
    assert cards[::4].tolist() == [3, 0, 2.5, 0]


def test_carbon_counts_against_ask_blocks_only():
    case = a_case(blocks=[a_block("a", 9, side=Side.ASK), a_block("b", 11)])
    case.carbon[0, 0, 0] = 2_000_000
    families = FamilyArrays.of(case)
    assert families.price.tolist() == [11, 11]


def test_a_long_chain_of_children_is_one_family():
    blocks = [a_block("0", 9)] + [a_block(str(n), 10, parent=str(n - 1)) for n in range(1, 3000)]
    blocks.append(a_block("last", 12, parent="2999"))
    _, gains = found(blocks[::-1])
    assert gains.gain.tolist() == [1]
    assert gains.ratio.sum() == 3001

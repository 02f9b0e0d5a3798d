"""When a link has room, how many parts of a gap a verdict keeps, and in which currency."""

from __future__ import annotations

import pytest
from tests.market.builders import a_document, ask, link
from tests.market.verify.results import HASH, PAIRS

from suanwang.market.errors import CaseUnreadable
from suanwang.market.verify.case import case_from_document
from suanwang.market.verify.check import verify
from suanwang.market.verify.prices import is_full

QUANTUM = 1000  # 10⁻¹² cards: ten million cards are counted in 10⁻⁹


@pytest.mark.parametrize(
    ("weights", "left", "full"),
    [
        # left over, in quanta × weight beyond a billionth of the capacity
        ({"x": 1, "y": 1}, 128, True),
        ({"x": 1, "y": 1}, 129, False),
        ({"x": 2, "y": 3}, 320, True),
        ({"x": 2, "y": 3}, 321, False),
        ({"x": "0.5", "y": "0.25"}, 48, True),
        ({"x": "0.5", "y": "0.25"}, 49, False),
    ],
)
def test_a_link_has_room_beyond_64_quanta_of_each_class(weights, left, full):
    document = a_document(
        zones="A B", classes="x y", links=[link("A", "B", 1, weights=weights)], asks=[ask("a", 10**7, 1)],
    )  # fmt: skip
    case = case_from_document(document)
    assert case.quantum == QUANTUM
    used = 10**12 - 10**3 - left * QUANTUM
    assert is_full(case, 0, 0, used) is full


@pytest.mark.parametrize("top", [0, 1, 2, 7, None])
def test_the_greatest_parts_of_a_gap_are_kept(top):
    pair = PAIRS["gang"]()
    lines = [("j", 625), ("a2", 125)]
    verdict = verify(pair.case, pair.result, case_sha256=HASH, top=top)
    found = [(line.name, line.amount // 10**9) for line in verdict.top]
    assert found == lines[:top]
    assert sum(part.amount for part in verdict.sums) == verdict.gap


def test_a_currency_is_any_text():
    pair = PAIRS["simple"]()
    assert verify(pair.case | {"currency": "EUR"}, pair.result, case_sha256=HASH).proven


@pytest.mark.parametrize("currency", ["", None, 7, [], "\n", "x" * 257])
def test_a_currency_is_no_other_thing(currency):
    with pytest.raises(CaseUnreadable, match="currency"):
        case_from_document(PAIRS["simple"]().case | {"currency": currency})

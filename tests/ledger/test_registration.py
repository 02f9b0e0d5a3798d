"""Unified social credit codes: real ones pass, and one wrong character never does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanwang.ledger.errors import CreditCodeWrong
from suanwang.ledger.registration import ALPHABET, check_character, credit_code

FIRST = st.text(ALPHABET, min_size=17, max_size=17)


# Public registrations of listed firms.
@pytest.mark.parametrize("code", ["91330100799655058B", "9144030071526726XG", "91110000802100433B"])
def test_codes_of_real_firms_pass(code):
    assert credit_code(code) == code
    assert credit_code(f" {code.lower()} ") == code


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "0 characters"),
        ("91330100799655058", "17 characters"),
        ("91330100799655058BB", "19 characters"),
        ("9133O100799655058B", "O cannot be in one"),
        ("91330100799655058C", "check character"),
        ("９1330100799655058B", "cannot be in one"),  # a full-width digit
    ],
)
def test_what_is_no_code_is_refused_with_the_reason(text, said):
    with pytest.raises(CreditCodeWrong, match=said):
        credit_code(text)


@given(first=FIRST, place=st.integers(0, 17), other=st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_found(first, place, other):
    code = first + check_character(first)
    assert credit_code(code) == code
    wrong = code[:place] + other + code[place + 1 :]
    if wrong != code:
        with pytest.raises(CreditCodeWrong):
            credit_code(wrong)

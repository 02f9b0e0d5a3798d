"""The verdict as a person reads it, in both languages."""

from __future__ import annotations

import re
from copy import deepcopy

import pytest
from tests.market.verify.results import HASH, PAIRS
from tests.tidy.test_languages import fields

from suanwang.basics.languages import load_texts
from suanwang.market.verify.check import verify
from suanwang.market.verify.report import report
from suanwang.market.verify.verdict import FAULTS

EN, ZH = load_texts("suanwang.market", "en"), load_texts("suanwang.market", "zh")


def test_a_proven_gap_is_told_line_by_line_with_what_is_not_proven():
    pair = PAIRS["gang"]()
    claims = {"solver": "quick", "version": "2", "bound": "16.9"}
    verdict = verify(pair.case, pair.result | {"claims": claims}, case_sha256=HASH)
    assert report(verdict, EN).splitlines() == [
        "Orders: 4, accepted: 3",
        "Status in RESULT: complete",
        "Welfare: 16.5 yuan",
        "Proven bound: 17.25 yuan",
        "Gap: 0.75 yuan (0.043478260869 of the bound)",
        "  asks: 0.125 yuan in 1 lines",
        "  jobs: 0.625 yuan in 1 lines",
        "Greatest parts of the gap:",
        "  j: 0.625",
        "  a2: 0.125",
        "Claimed by quick 2, not counted: bound 16.9",
        "Not proven by any certificate:",
        "  a tighter bound that a solver claims",
        "  that a rejected block, job or offer had to be rejected",
        "  that CASE holds every order; a receipt of each order shows that",
        "PROVEN",
    ]


def test_faults_are_told_with_code_and_place():
    pair = PAIRS["simple"]()
    result = deepcopy(pair.result)
    result["welfare"] = "13"
    lines = report(verify(pair.case, result, case_sha256=HASH), EN).splitlines()
    assert "  [welfare] welfare: welfare 13 yuan instead of 12" in lines
    assert lines[-1] == "NOT PROVEN"


def test_many_faults_are_counted_and_few_shown():
    pair = PAIRS["simple"]()
    result = pair.result | {"settlements": [{"id": f"n{i}", "amount": "1"} for i in range(2000)]}
    verdict = verify(pair.case, result, case_sha256=HASH)
    assert verdict.fault_count > 4000
    assert len(verdict.faults) == 1000
    assert len(report(verdict, EN).splitlines()) < 40


@pytest.mark.parametrize("name", PAIRS)
def test_the_chinese_report_has_no_english_sentence(name):
    pair = PAIRS[name]()
    result = pair.result | {"welfare": "1", "congestion_rent": "3", "rules": "9"}
    text = report(verify(pair.case, result, case_sha256=HASH), ZH)
    assert re.findall(r"[a-z]{3,} [a-z]{3,}", text) == []


@pytest.mark.parametrize("code", FAULTS)
def test_every_fault_has_chinese_with_the_same_facts(code):
    chinese = ZH(FAULTS[code])
    assert re.search(r"[一-鿿]", chinese)
    assert fields(chinese) == fields(FAULTS[code])

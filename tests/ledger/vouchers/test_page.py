"""The page of programmes says what the programme files and the engine say, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from suanwang.ledger.vouchers.programme import RULES, programmes
from suanwang.ledger.vouchers.reasons import Reason

DOCS = Path(__file__).parents[3] / "docs"
INCOMPLETE = {"en": "incomplete", "zh": "不完整"}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_names_every_programme_rule_and_reason(lang):
    text = (DOCS / lang / "reference" / "voucher-programmes.md").read_text("utf-8")
    rows = {
        row[0].strip(" `"): row
        for row in (
            line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")
        )
    }
    for each in programmes().values():
        status, rates, cap = (rows[each.id][place] for place in (2, 4, 5))
        assert (INCOMPLETE[lang] in status) == bool(each.missing), each.id
        assert all(rule in status for rule in each.missing), each.id
        for rule, cell in (("rates", rates), ("firm_year_cap", cap)):
            assert ("—" in cell) == (each.said[rule].value is None), (each.id, rule)
    assert set(RULES) <= rows.keys()
    assert {reason.value for reason in Reason} <= set(re.findall(r"`([\w-]+)`", text))

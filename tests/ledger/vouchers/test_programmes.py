"""Programme files: what they say, where from, and what is refused in one."""

from __future__ import annotations

import pytest

from suanwang.basics.money import Money
from suanwang.ledger.vouchers.errors import ProgrammeRuleWrong, ProgrammeUnknown, RuleGiven
from suanwang.ledger.vouchers.programme import (
    RULES,
    Rule,
    Status,
    fill,
    programme,
    programmes,
    read_programme,
)

PLACES = {
    "beijing": ("beijing-ai-compute-2023", ()),
    "chengdu": ("chengdu-compute-2024-draft", ("base", "rates", "firm_year_cap", "redemption")),
    "guizhou": ("guizhou-compute-2024", ("rates", "firm_year_cap")),
    "hangzhou": ("hangzhou-compute-2023", ("base", "rates", "firm_year_cap", "redemption")),
    "henan": ("henan-compute-2023", ("base", "rates", "firm_year_cap", "redemption")),
    "langfang": ("langfang-ai-compute", ("rates", "firm_year_cap")),
    "qingyang": ("qingyang-compute", ("rates", "firm_year_cap")),
    "yangzhou": ("yangzhou-ai-compute-2024", ("rates", "firm_year_cap")),
    "zhangzhou": ("zhangzhou-compute", ()),
}
SMALL = """
id = "x"
version = 1
place = "x"
invented = true
[name]
en = "X"
zh = "某"
"""


def test_there_are_nine_real_programmes_and_one_that_is_said_to_be_invented():
    real = {each.place: (each.id, each.missing) for each in programmes().values()
            if not each.invented and each.parent is None}  # fmt: skip
    assert real == PLACES
    (invented,) = [each for each in programmes().values() if each.invented]
    assert "invented" in invented.name_en.lower()
    assert "虚构" in invented.name_zh
    assert invented.status is Status.COMPLETE


@pytest.mark.parametrize("found", programmes().values(), ids=lambda each: each.id)
def test_every_rule_that_is_given_has_a_source(found):
    assert all(rule.source.strip() for rule in found.said.values())
    assert (found.status is Status.INCOMPLETE) == bool(found.missing)


def test_pools_are_those_of_the_notices():
    pools = {each.place: each["pool"] for each in programmes().values() if each["pool"]}
    assert {place: pool.units // 10**12 for place, pool in pools.items()} == {
        "guizhou": 80, "hangzhou": 50, "henan": 50, "langfang": 10, "zhongwei": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("base", "hope"), ("rates", "0"), ("rates", "101"), ("rates", "1/3"), ("rates", []),
        ("rates", [{"above": "5", "rate": "1"}]), ("rates", "1.12345678"), ("rates", "NaN"),
        ("rates", [{"above": "0", "rate": "1"}, {"above": "0", "rate": "2"}]), ("rates", 20),
        ("firm_year_cap", "-1"), ("firm_year_cap", 5), ("contract_days_max", 0),
        ("contract_days_max", True), ("regions", "beijing"), ("unrelated", "yes"),
        ("valid_from", "1 May"), ("stacking", "always"), ("excluded", [""]),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused_by_name(rule, value):
    bare = next(iter(read_programme(SMALL, name="x.toml")))
    with pytest.raises(ProgrammeRuleWrong, match=rule):
        fill(bare, {rule: Rule(value=value, source="test")})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("id = ", "file"),
        (SMALL.replace('place = "x"', ""), "place"),
        (SMALL + '[rules.bass]\nvalue = "paid"\nsource = "x"', "rules"),
        (SMALL + '[rules.base]\nvalue = "paid"', "source"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(text, named):
    with pytest.raises(ProgrammeRuleWrong, match=named):
        list(read_programme(text, name="x.toml"))


def test_filling_keeps_what_the_notice_gives_and_may_replace_what_we_assumed():
    guizhou = programme("guizhou-compute-2024")
    filled = fill(guizhou, {"rates": Rule(value="30", source="letter", filled_by="key_1")})
    assert (filled.missing, guizhou.missing) == (("firm_year_cap",), ("rates", "firm_year_cap"))
    with pytest.raises(RuleGiven):
        fill(guizhou, {"pool": Rule(value="1", source="x")})
    with pytest.raises(ProgrammeRuleWrong):
        fill(guizhou, {"rates": Rule(value=None, source="x")})
    with pytest.raises(ProgrammeRuleWrong):
        fill(guizhou, {"colour": Rule(value="red", source="x")})
    assumed = fill(programme("zhangzhou-compute"), {"redemption": Rule(value="offset", source="x")})
    assert str(assumed["redemption"]) == "offset"


def test_days_may_be_given_as_a_command_line_gives_them():
    bare = next(iter(read_programme(SMALL, name="x.toml")))
    filled = fill(bare, {"grant_days": Rule(value="30", source="x"),
                         "claim_cap": Rule(value="5.5", source="x")})  # fmt: skip
    assert (filled["grant_days"], filled["claim_cap"]) == (30, Money.parse("5.5"))
    assert set(filled.read) == set(RULES)


def test_an_unknown_programme_is_named():
    with pytest.raises(ProgrammeUnknown, match="atlantis"):
        programme("atlantis")

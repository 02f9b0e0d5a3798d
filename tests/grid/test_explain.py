"""Every row of a plan says in one short sentence why it stands where it stands, in both languages."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import timedelta
from importlib import resources
from string import Formatter

import pytest
from tests.grid.builders import NOW, a_demand, a_state
from tests.grid.test_placement import CASES

from suanwang.grid.demand import Option, WhyNot
from suanwang.grid.explain import SPEED_UNKNOWN, WAITS, WHY, WHY_NOT
from suanwang.grid.placement import explain, plan

CHINESE = tomllib.loads(
    resources.files("suanwang.grid").joinpath("texts_zh.toml").read_text("utf-8")
)["texts"]


def row_of(why: WhyNot) -> Option:
    demand, state = CASES[why]
    return plan(a_demand(**demand), [a_state(**state)], now=NOW)[0]


def a_row(**changes) -> Option:
    return replace(plan(a_demand(), [a_state()], now=NOW)[0], **changes)


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_every_reason_has_words_in_both_languages_with_the_same_facts():
    assert set(WHY_NOT) == set(WhyNot)
    for english in (*WHY_NOT.values(), *WHY.values(), WAITS, SPEED_UNKNOWN):
        assert fields(CHINESE[english]) == fields(english)


@pytest.mark.parametrize(
    ("why", "en", "zh"),
    [
        (WhyNot.CLASS, "needs h100-80g-sxm; these cards are a100-80g-sxm", "需要 h100-80g-sxm；此处为 a100-80g-sxm"),
        (WhyNot.CARDS, "needs 9 cards on 2 nodes; there are 8 cards on 1", "需要 2 个节点共 9 张卡；资源池有 1 个节点共 8 张"),
        (WhyNot.CORES, "needs 65 cores on a node; there are 64", "每节点需要 65 核；现有 64 核"),
        (WhyNot.LATENCY, "7.9 ms away, over your 5 ms one way", "单向 7.9 毫秒，超过您的 5 毫秒"),
        (WhyNot.DEADLINE, "done 11-24 10:00, after your deadline 11-24 09:54", "11-24 10:00 完成，晚于您的截止时间 11-24 09:54"),
        (WhyNot.COST, "up to ¥65.36 at its time limit, over your ¥65.35", "跑满时限最多 ¥65.36，超过您的上限 ¥65.35"),
        (WhyNot.SILENT, "the centre does not answer", "该中心没有应答"),
        (WhyNot.CAPABILITY, "lacks image", "缺少 image"),
        (WhyNot.FULL, "full until 11-26 10:00, beyond the two days planned ahead", "已排满至 11-26 10:00，超出两天的规划期"),
        (WhyNot.TOO_SLOW, "would run 4 h on these cards, over your time limit of 2 h", "在此卡上需运行 4 小时，超过您的时限 2 小时"),
    ],
)  # fmt: skip
def test_an_infeasible_row_says_what_was_needed_and_found(why, en, zh):
    assert explain(row_of(why), "en") == en
    assert explain(row_of(why), "zh_CN") == zh


@pytest.mark.parametrize("why", list(WhyNot), ids=str)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_infeasible_row_can_be_explained(why, lang):
    said = explain(row_of(why), lang)
    assert 0 < len(said) <= 90
    assert "{" not in said
    assert bool(re.search("[一-鿿]", said)) == (lang == "zh")


@pytest.mark.parametrize(
    ("why", "by", "en", "zh"),
    [
        ("cheapest", None, "cheapest", "最便宜"),
        ("soonest", None, "done soonest", "最早完成"),
        ("greenest", None, "least carbon", "碳排放最少"),
        ("nearest", None, "nearest to you", "离您最近"),
        ("balance", None, "best balance of your preferences", "最符合您的综合偏好"),
        ("equal", None, "as good as the best", "与最优相当"),
        ("dearer", "1200000", "¥1.20 dearer", "贵 ¥1.20"),
        ("dearer", "150", "¥0.00015 dearer", "贵 ¥0.00015"),
        ("later", "1200000000", "done 20 min later", "晚 20 分钟 完成"),
        ("later", "172800000000", "done 2 d later", "晚 2 天 完成"),
        ("later", "900000", "done 0.9 s later", "晚 0.9 秒 完成"),
        ("dirtier", "31.25", "31.2 g more CO₂e", "多排放 31.2 g CO₂e"),
        ("dirtier", "3125", "3.1 kg more CO₂e", "多排放 3.1 kg CO₂e"),
        ("farther", "4.25", "4.2 ms farther", "远 4.2 毫秒"),
    ],
)
def test_a_feasible_row_says_what_it_is_best_at_or_how_it_falls_behind(why, by, en, zh):
    row = a_row(why=why, why_detail={} if by is None else {"by": by})
    assert (explain(row, "en"), explain(row, "zh")) == (en, zh)


def test_a_row_that_waits_or_guesses_the_speed_says_so():
    assert explain(a_row(waits=timedelta(hours=14)), "en") == (
        "cheapest; starts 14 h later for a better hour"
    )
    assert explain(a_row(speed_known=False), "en") == "cheapest; speed not stated, taken as 1"
    assert explain(a_row(speed_known=False), "zh") == "最便宜；未说明相对速度，按 1 计"


def test_a_row_from_before_a_reason_or_a_fact_was_told_is_still_explained():
    assert explain(a_row(why=""), "en") == ""
    assert explain(a_row(why_not=WhyNot.CARDS, why_detail={"needed": "9"}), "en") == (
        "needs 9 cards on ? nodes; there are ? cards on ?"
    )


def test_a_free_row_costs_nothing_in_words_too():
    row = replace(row_of(WhyNot.COST), why_detail={"needed": "0", "found": "0.5"})
    assert explain(row, "en") == "up to ¥0.50 at its time limit, over your ¥0.00"

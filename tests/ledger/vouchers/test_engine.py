"""What programmes pay: worked examples of the real ones, and what must hold of any."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanwang.basics.lifecycle import TransitionRefused
from suanwang.basics.money import CNY, Money
from suanwang.ledger.vouchers.claims import CLAIM, ClaimEvent, ClaimState, walk
from suanwang.ledger.vouchers.engine import (
    Asked,
    Item,
    Party,
    Standing,
    decide,
    rated,
    relation,
    share_out,
)
from suanwang.ledger.vouchers.programme import Rule, Tier, Tiering, fill, programme
from suanwang.ledger.vouchers.reasons import _SENTENCES, Reason, sentence

BEIJING = programme("beijing-ai-compute-2023")
ZHANGZHOU = programme("zhangzhou-compute")
DEMO = programme("invented-demo-2026")
FIRM = Party(
    id="org_firm", region="beijing", kinds=frozenset(["software", "model-developer"]),
    credit_years=5, legal_representative="Li Lei",
)  # fmt: skip
LESSOR = Party(id="org_lessor", legal_representative="Han Meimei")


def yuan(text: str) -> Money:
    return Money.parse(text)


def items(**amounts: str) -> tuple[Item, ...]:
    return tuple(Item(kind=kind, amount=yuan(amount)) for kind, amount in amounts.items())


def asked(**changes) -> Asked:
    values = {
        "contract_id": "C-1",
        "on": date(2025, 7, 1),
        "signed_on": date(2025, 6, 1),
        "contract_days": 365,
        "firm": FIRM,
        "supplier": LESSOR,
        "items": items(compute="12000000"),
    }
    return Asked(**(values | changes))


def test_beijing_pays_a_fifth_up_to_two_million_a_firm_and_year():
    first = decide(BEIJING, asked(), Standing())
    assert (str(first.amount), first.reason) == ("2000000.000000", Reason.FIRM_YEAR_CAP)
    second = decide(BEIJING, asked(contract_id="C-2"), Standing(used_firm_year=first.amount))
    assert (second.amount.units, second.reason) == (0, Reason.FIRM_YEAR_CAP)
    assert second.facts["left"] == "0.000000"
    small = decide(BEIJING, asked(items=items(compute="100")), Standing())
    assert (str(small.amount), small.reason) == ("20.000000", None)


def test_beijing_leaves_out_storage_network_and_security_line_by_line():
    mixed = items(compute="1000000", storage="500000", network="1", security="2", consulting="3")
    decision = decide(BEIJING, asked(items=mixed), Standing())
    assert (str(decision.base), str(decision.amount)) == ("1000000.000000", "200000.000000")
    assert [line.reason for line in decision.lines] == [
        None, Reason.EXCLUDED, Reason.EXCLUDED, Reason.EXCLUDED, Reason.NOT_INCLUDED,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"contract_days": 396}, Reason.CONTRACT_LONG),  # thirteen months
        ({"signed_on": date(2023, 8, 31)}, Reason.NOT_IN_FORCE),
        ({"signed_on": date(2026, 1, 1)}, Reason.NOT_IN_FORCE),
        ({"supplier": replace(LESSOR, legal_representative="Li Lei")}, Reason.RELATED),
        ({"supplier": replace(LESSOR, shares={"org_firm": Fraction(1, 4)})}, Reason.RELATED),
        ({"firm": replace(FIRM, shares={"org_lessor": Fraction(9, 10)})}, Reason.RELATED),
        ({"supplier": FIRM}, Reason.RELATED),
        ({"supplier": Party(id="org_lessor")}, Reason.FACTS_MISSING),
        ({"firm": replace(FIRM, region="hangzhou")}, Reason.REGION),
        ({"firm": replace(FIRM, region=None)}, Reason.FACTS_MISSING),
        ({"firm": replace(FIRM, kinds=frozenset(["bakery"]))}, Reason.FIRM_KIND),
        ({"firm": replace(FIRM, credit_years=2)}, Reason.CREDIT),
        ({"items": items(storage="5")}, Reason.NOTHING_ELIGIBLE),
        ({"items": items(compute="0")}, Reason.NOTHING_ELIGIBLE),
    ],
)
def test_beijing_refuses(changes, reason):
    decision = decide(BEIJING, asked(**changes), Standing())
    assert (decision.amount.units, decision.reason) == (0, reason)
    for lang in ("en", "zh"):
        assert sentence(reason, decision.facts, lang)


def test_a_shareholding_below_the_limit_is_no_relation():
    below = replace(LESSOR, shares={"org_firm": Fraction(2499, 10_000)})
    assert decide(BEIJING, asked(supplier=below), Standing()).amount
    assert relation(FIRM, below, None) is None


def test_a_contract_has_one_claim():
    decision = decide(BEIJING, asked(), Standing(contract_claimed=True))
    assert decision.reason is Reason.CONTRACT_CLAIMED


def test_zhangzhou_pays_half_up_to_two_million_and_has_companions():
    paid = {}
    for name, kind in (("", "compute"), (".model", "model"), (".label-a", "labelling"),
                       (".label-b", "labelling")):  # fmt: skip
        rules = programme(f"zhangzhou-compute{name}")
        small = decide(rules, asked(items=items(**{kind: "100"})), Standing())
        large = decide(rules, asked(items=items(**{kind: "100000000"})), Standing())
        paid[name] = (str(small.amount.decimal().normalize()), large.amount.units // 10**6)
    assert paid == {
        "": ("5E+1", 2_000_000),
        ".model": ("3E+1", 2_000_000),
        ".label-a": ("8E+1", 3_000_000),
        ".label-b": ("15", 5_000_000),
    }
    assert decide(ZHANGZHOU, asked(items=items(model="9")), Standing()).amount.units == 0


def test_the_invented_programme_has_marginal_tiers_and_a_cap_a_claim():
    for base, amount in (("100", "20"), ("1000", "200"), ("1500", "250"), ("9000", "500")):
        day = asked(items=items(compute=base), on=date(2026, 11, 1), signed_on=None)
        assert decide(DEMO, day, Standing()).amount == yuan(amount)


def test_an_incomplete_programme_pays_nothing_to_anybody():
    for name in ("guizhou-compute-2024", "hangzhou-compute-2023", "chengdu-compute-2024-draft"):
        decision = decide(programme(name), asked(), Standing())
        assert (decision.amount.units, decision.reason) == (0, Reason.INCOMPLETE)


def test_qingyang_pays_one_side_and_only_above_its_scale():
    rules = {name: Rule(value=value, source="test") for name, value in
             {"rates": "10", "firm_year_cap": "1000"}.items()}  # fmt: skip
    qingyang = fill(programme("qingyang-compute"), rules)
    assert decide(qingyang, asked(pflops=2499), Standing()).reason is Reason.SCALE
    assert decide(qingyang, asked(pflops=2500), Standing()).amount
    other = decide(qingyang, asked(pflops=2500), Standing(other_side_claimed=True))
    assert other.reason is Reason.OTHER_SIDE


@pytest.mark.parametrize(
    ("tiering", "base", "rate", "amount"),
    [
        (Tiering.MARGINAL, "50", "0.2", "10"),
        (Tiering.MARGINAL, "100", "0.2", "20"),
        (Tiering.MARGINAL, "200", "0.3", "50"),
        (Tiering.WHOLE, "100", "0.2", "20"),
        (Tiering.WHOLE, "200", "0.3", "60"),
        (Tiering.WHOLE, "0.000004", "0.2", "0"),  # rounded down, never above the rate
    ],
)
def test_tiers(tiering, base, rate, amount):
    tiers = (Tier(yuan("0"), Fraction(1, 5)), Tier(yuan("100"), Fraction(3, 10)))
    assert rated(yuan(base), tiers, tiering) == (Fraction(rate), yuan(amount))


def test_lines_that_another_programme_pays_count_by_the_stacking_policy():
    taken = (Item(kind="compute", amount=yuan("100"), taken=yuan("40")),)
    day = asked(items=taken, on=date(2026, 11, 1), signed_on=None)
    assert decide(DEMO, day, Standing()).amount == yuan("12")  # 20 % of what is left
    exclusive = decide(BEIJING, asked(items=taken), Standing())
    assert exclusive.lines[0].reason is Reason.SUBSIDISED


def test_every_reason_has_a_sentence_in_both_languages():
    assert set(_SENTENCES) == set(Reason)
    assert all(english != chinese for english, chinese in _SENTENCES.values())


amounts = st.integers(0, 10**13).map(lambda units: Money(units, CNY))


@given(
    bases=st.lists(amounts, min_size=1, max_size=6),
    used=amounts,
    pool=amounts,
    left=amounts,
    programme=st.sampled_from([BEIJING, ZHANGZHOU, DEMO]),
)
def test_nothing_is_paid_beyond_rate_cap_pool_and_line(bases, used, pool, left, programme):
    wanted = asked(items=tuple(Item(kind="compute", amount=each) for each in bases))
    standing = Standing(used_firm_year=used, pool_left=pool, voucher_left=left)
    decision = decide(programme, wanted, standing)
    total = sum(bases, Money.zero(CNY))
    assert 0 <= decision.amount.units <= min(pool, left, total).units
    assert decision.amount.units <= decision.rate * total.units
    if decision.amount:
        assert decision.amount + used <= programme["firm_year_cap"]
    assert sum((each.taken for each in decision.lines), Money.zero(CNY)) == decision.amount
    for line in decision.lines:
        assert Money.zero(CNY) <= line.taken <= line.amount


@given(st.lists(amounts, min_size=1, max_size=6))
def test_two_programmes_on_one_bill_never_pay_more_than_its_lines(bases):
    wanted = tuple(Item(kind="compute", amount=each) for each in bases)
    for rules in (DEMO, DEMO, DEMO):
        day = asked(items=wanted, on=date(2026, 11, 1), signed_on=None)
        decision = decide(rules, day, Standing())
        wanted = tuple(
            replace(item, taken=item.taken + said.taken)
            for item, said in zip(wanted, decision.lines, strict=True)
        )
        assert all(each.taken <= each.amount for each in wanted)


@given(st.lists(st.tuples(amounts, st.integers(2024, 2025)), max_size=12), amounts)
def test_claims_one_after_another_stay_within_cap_of_the_year_and_pool(claims, pool):
    left, used = pool, {}
    for base, year in claims:
        day = asked(items=(Item(kind="compute", amount=base),), on=date(year, 7, 1))
        before = used.get(year, Money.zero(CNY))
        decision = decide(BEIJING, day, Standing(used_firm_year=before, pool_left=left))
        left, used[year] = left - decision.amount, before + decision.amount
    assert left.units >= 0
    assert all(each <= BEIJING["firm_year_cap"] for each in used.values())


@given(st.lists(amounts, max_size=8), amounts)
def test_a_window_shares_out_no_more_than_its_pool(claims, pool):
    shares = share_out(claims, pool)
    whole = sum(claims, Money.zero(CNY))
    assert sum(shares, Money.zero(CNY)) == min(whole, pool)
    assert all(share <= claim for share, claim in zip(shares, claims, strict=True))


def test_a_claim_is_paid_only_after_both_reviews():
    assert walk(ClaimState.ISSUED, ClaimEvent.CLAIM, subject="c") is ClaimState.CLAIMED
    for state in set(ClaimState) - {ClaimState.VERIFIED}:
        assert not CLAIM.allows(state, ClaimEvent.PAY)
    with pytest.raises(TransitionRefused):
        walk(ClaimState.PAID, ClaimEvent.REJECT, subject="c")

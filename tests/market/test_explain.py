"""Why an order stands as it does, in one sentence: hand-made results and what must be said."""

from __future__ import annotations

import re

import pytest
from tests.market.builders import a_document, ask, bid, block, job, link, offer
from tests.market.cleared import cleared
from tests.market.oracle import random_cases
from tests.market.verify.results import PAIRS, a_result, a_run
from tests.tidy.test_languages import fields

from suanwang.basics.languages import load_texts
from suanwang.market.errors import OrderUnknown
from suanwang.market.explain.answer import explain
from suanwang.market.explain.parts import Taken, runs_text, shown
from suanwang.market.explain.rerun import clear_again, turn
from suanwang.market.explain.words import HEADS, KINDS, REASONS, TURNINGS, sentence
from suanwang.market.verify.result import result_from_document

EN, ZH = load_texts("suanwang.market", "en"), load_texts("suanwang.market", "zh")


def asked(case, result, order):
    return explain(case, result_from_document(result), order)


def said(case, result, order, say=EN):
    return sentence(asked(case, result, order), say)


def clauses(case, result, order):
    """{code: facts} of everything that is said."""
    answer = asked(case, result, order)
    return {each.code: dict(each.facts) for each in (*answer.reasons, *answer.turning)}


SENTENCES = [
    ("simple", "b", ("Bid b was accepted: its limit of 5 is above the price of 2 at A/x/0;"
        " at these prices it could have gone to a limit of 2.01.")),
    ("simple", "c", ("Bid c was rejected: its limit of 1 is below the price of 2 at A/x/0;"
        " at these prices a limit of 2.01 would have been taken in full.")),
    ("tied", "b3", ("Bid b3 was accepted in part (0.714286 of 1 cards): its limit of 4 is just the price"
        " at A/x/0; orders at just the price get what is left; at these prices a limit of 4.01"
        " would have been taken in full.")),
    ("carbon", "a", ("Ask a was accepted in part (4 of 10 cards): its limit of 2 and 0.5 for carbon are just"
        " the price of 2.5 at A/x/0; orders at just the price get what is left; at these prices a"
        " limit of 1.99 would have been taken in full.")),
    ("congested", "b", ("Bid b was accepted in part (1.5 of 4 cards): its limit of 6 is just the price at B/x/0;"
        " orders at just the price get what is left; cheaper cards of A at 1 cannot come, since the"
        " link A→B is full in slot 0 and costs 4.5 a card-hour; at these prices a limit of 6.01"
        " would have been taken in full.")),
    ("block_taken", "k", ("Block bid k was accepted: its limit is 5 and the average price of its slots 3;"
        " it gains 8 yuan; at these prices it could have gone to a limit of 3.")),
    ("block_left", "k", ("Block bid k was rejected: its limit is 5 and the average price of its slots 2;"
        " it would gain 6 yuan at these prices, but taking it moves them.")),
    ("block_uplifted", "k", ("Block bid k was accepted: its limit is 5 and the average price of its slots 6;"
        " it loses 2 yuan, which uplift pays back.")),
    ("divisible", "j", ("Job j was accepted: it runs on A/x in slots 0–1, costs 5 yuan and is worth 12:"
        " a gain of 7; at these prices a value of 9 yuan would have been enough.")),
    ("contiguous", "j", ("Job j was accepted: it runs on B/x in slots 1–2, costs 6 yuan and is worth 20:"
        " a gain of 14; at these prices a value of 6 yuan would have been enough.")),
    ("gang", "j", ("Job j was accepted: it runs on A/x in slots 0, 2, costs 11.5 yuan and is worth 20:"
        " a gain of 8.5; at these prices it needs a value of 6.5 yuan or more; at these prices it"
        " needs a deadline after slot 1 or later.")),
    ("offered", "o", ("Offer o was accepted in part (4 of 6 cards): it is on in slots 0–1, costs 12 yuan and"
        " earns 12.")),
    ("job_left", "j", ("Job j was rejected: it would gain 4 yuan on A/x in slots 0 at these prices,"
        " but taking it moves them.")),
]  # fmt: skip


@pytest.mark.parametrize(("pair", "order", "expected"), SENTENCES)
def test_one_sentence_says_it(pair, order, expected):
    made = PAIRS[pair]()
    assert said(made.case, made.result, order) == expected


@pytest.mark.parametrize("pair", PAIRS)
def test_every_order_is_explained_in_both_languages(pair):
    made = PAIRS[pair]()
    rows = [row for key in ("asks", "bids", "blocks", "jobs", "offers") for row in made.case[key]]
    for row in rows:
        assert said(made.case, made.result, row["id"]).startswith(
            tuple(f"{kind} {row['id']} was " for kind in KINDS.values())
        )
        chinese = said(made.case, made.result, row["id"], ZH)
        assert re.findall(r"[a-z]{3,} [a-z]{3,}", chinese) == []


@pytest.mark.parametrize(
    "text", [*HEADS.values(), *KINDS.values(), *REASONS.values(), *TURNINGS.values()]
)
def test_every_text_has_chinese_with_the_same_facts(text):
    assert re.search(r"[一-鿿]", ZH(text))
    assert fields(ZH(text)) == fields(text)


def test_an_unknown_order_is_named():
    made = PAIRS["simple"]()
    with pytest.raises(OrderUnknown, match="no order nobody in CASE"):
        said(made.case, made.result, "nobody")


def at_prices(*prices, orders="", jobs=(), **keys):
    """A case of one zone and as many slots as prices, and a result that took nothing but `orders`."""
    lines = "\n".join(f"A/x/{slot} {price}" for slot, price in enumerate(prices))
    case = a_document(slots=len(prices), jobs=list(jobs), price_min=0, price_max=9, **keys)
    runs = [a_run(each["id"]) for each in jobs]
    return case, a_result(lines, accepted=orders, jobs=runs)


REJECTED_JOBS = [
    # prices     the job                                       what is said of it
    ([2, 5, 3], {"work": 2, "value": 3, "end": 3}, {"work-dear": {"short": "3"}, "value": {"value": "6"}}),
    ([5, 2, 2], {"work": 2, "value": 5, "end": 1, "shape": "contiguous", "cards_max": 2},
        {"dear": {"cost": "10", "value": "5", "slots": "0"}, "value": {"value": "10"}, "end": {"slot": "1"}}),
    ([5, 4, 4], {"work": 2, "value": 5, "end": 2, "shape": "contiguous", "cards_max": 2},
        {"dear": {"cost": "8", "slots": "1"}, "value": {"value": "8"}, "end-none": {}}),
    ([5, 4, 1], {"work": 3, "value": 1, "end": 2, "shape": "contiguous", "cards_max": 1},
        {"no-way": {}, "end-none": {}}),
    ([5, 4, 1], {"work": 2, "value": 5, "end": 2, "shape": "preemptible"},
        {"dear": {"cost": "9", "slots": "0–1"}, "value": {"value": "9"}, "end": {"slot": "2"}}),
    ([5, 4, 1], {"work": 2, "value": 5, "end": 2, "shape": "preemptible", "setup": 1},
        {"value-least": {"value": "9"}, "end-least": {"slot": "2"}}),
    ([5, 4, 4], {"work": 1, "end": 3, "shape": "contiguous", "values": [{"end": 1, "value": 4}, {"end": 3, "value": 2}]},
        {"steps-dear": {"short": "1", "slots": "0"}, "value-steps": {"more": "1"}}),
]  # fmt: skip


@pytest.mark.parametrize(("prices", "keys", "expected"), REJECTED_JOBS)
def test_a_rejected_job_hears_its_cheapest_way_its_value_and_its_deadline(prices, keys, expected):
    case, result = at_prices(*prices, jobs=[job("j", **keys)])
    found = clauses(case, result, "j")
    for code, facts in expected.items():
        assert facts.items() <= found[code].items(), (code, found)


def test_a_divisible_job_that_cannot_end_hears_what_its_parts_are_worth():
    case, result = at_prices(5, jobs=[job("j", 2, 2)])
    assert list(clauses(case, result, "j")) == ["no-way", "no-part"]
    case, result = at_prices(5, jobs=[job("j", 2, 12)])
    assert list(clauses(case, result, "j")) == ["no-way"]


def test_a_partly_done_job_hears_that_the_rest_is_dear():
    case, result = at_prices(1, 5, jobs=[job("j", 2, 6, end=2)])
    result["jobs"] = [a_run("j", "A/x/0 1", paid="1")]
    answer = asked(case, result, "j")
    assert (answer.taken, answer.part, answer.whole) == (Taken.PARTLY, "1", "2")
    assert clauses(case, result, "j")["value"] == {"value": "10"}
    assert "rest-dear" in clauses(case, result, "j")


def test_a_job_hears_of_the_full_link_that_its_data_needs():
    case = a_document(
        zones="A B", slots=2, links=[link("A", "B", 1)], price_min=0, price_max=9,
        jobs=[job("j", 1, 2, zones={"B": 0}, end=2, shape="contiguous", data={"at": "A", "in": 5})],
    )  # fmt: skip
    result = a_result(
        "A/x/0 1\n A/x/1 1\n B/x/0 1\n B/x/1 1",
        jobs=[a_run("j")],
        link_prices=[{"from": "A", "to": "B", "slot": 0, "price": "2"}],
    )
    found = clauses(case, result, "j")
    assert found["dear"]["cost"] == "11"
    assert found["link-data"] == {"link": "A→B", "slot": "0", "price": "2"}


KIN = [
    # blocks, accepted, the block asked for, what is said
    ([block("p", price=1), block("k", price=9, parent="p")], "", "k", {"parent-left": {"parent": "p"}}),
    ([block("p", 2, 9, min_fraction="0.5"), block("k", 1, 9, parent="p")], "p [1]", "k",
        {"parent-part": {"parent": "p", "share": "50 %"}}),
    ([block("m", price=9, group="g"), block("k", price=9, group="g")], "m [1]", "k",
        {"group-other": {"other": "m", "group": "g"}}),
    ([block("k", 2, 3)], "", "k", {"would-lose": {"loss": "2"}, "limit-even": {"limit": "4"}}),
    ([block("k", 2, 5, side="ask")], "", "k", {"would-lose": {"loss": "2"}, "limit-even": {"limit": "4"}}),
    ([block("k", 2, 4)], "", "k", {"block-even": {}}),
]  # fmt: skip


@pytest.mark.parametrize(("blocks", "orders", "asked_for", "expected"), KIN)
def test_a_block_hears_of_its_margin_and_its_kin(blocks, orders, asked_for, expected):
    case, result = at_prices(4, orders=orders, blocks=blocks)
    found = clauses(case, result, asked_for)
    assert {code: found[code] for code in expected} == expected


def test_an_offer_hears_by_how_much_its_limits_are_too_high():
    case, result = at_prices(3, 3, offers=[offer("o", 2, 2, start_cost=6, end=2)])
    assert clauses(case, result, "o") == {
        "offer-dear-start": {"start": "6"},
        "offer-lower": {"less": "0.51"},
    }


SIMPLE = [
    # order, price, accepted, what is said
    (bid("o", 0, 5), 2, "", {"nothing": {}}),
    (bid("o", 5, 5, lot=3), 2, "o 3", {"lot": {"lot": "3"}}),
    (bid("o", 5, 9), 9, "o 3", {"shares": {}, "limit-none": {"limit": "9"}}),
]  # fmt: skip


@pytest.mark.parametrize(("order", "price", "accepted", "expected"), SIMPLE)
def test_a_simple_order_hears_what_else_held_it(order, price, accepted, expected):
    case, result = at_prices(price, orders=accepted, bids=[order])
    found = clauses(case, result, "o")
    assert {code: found[code] for code in expected} == expected


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("first", [0, 1, 5, 100])
@pytest.mark.parametrize("turns_at", [1, 2, 7, 63, 64])
def test_the_turn_is_found_whatever_the_guess(accepted, first, turns_at):
    tried = []

    def taken(step):
        tried.append(step)
        return (step < turns_at) is accepted

    found = turn(taken, accepted=accepted, first=first, bound=64)
    inside, outside = (found.yes, found.no) if accepted else (found.no, found.yes)
    assert (inside, outside) == (turns_at - 1, turns_at)
    assert len(tried) <= 16
    assert max(tried) <= 64


def test_no_turn_within_the_bound_is_told():
    assert turn(lambda _: False, accepted=False, first=1, bound=9).no == 9
    assert turn(lambda _: True, accepted=True, first=1, bound=9).yes == 9
    assert turn(lambda _: True, accepted=True, first=1, bound=0).yes == 0


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0"), (10**12, "1"), (-5 * 10**11, "-0.5"), (1499999, "0.000001"), (1500000, "0.000002")],
)
def test_amounts_are_rounded_for_people(amount, text):
    assert shown(amount) == text


def test_slots_are_written_in_runs():
    assert runs_text([3, 0, 1, 2, 7]) == "0–3, 7"


def again(document, order):
    """{code: facts} of what clearing again finds."""
    answer = asked(document, cleared(document), order)
    found = clear_again(document, answer, clear=cleared, tell=lambda *_: None)
    return {each.code: dict(each.facts) for each in found}


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        # 2 cards at 1, wanted at 5 and 4: a bid for more than 4 displaces the second.
        (bid("o", 1, 2), {"again-limit": {"yes": "4.01", "no": "4"}}),
        (bid("o", 1, 8), {"again-limit": {"yes": "4.01", "no": "4"}}),
        (bid("o", 3, 2), {"again-limit-none": {"no": "9"}}),
    ],
)
def test_clearing_again_finds_the_limit_of_a_bid(order, expected):
    case = a_document(
        asks=[ask("a", 2, 1)], bids=[bid("b", 1, 5), bid("c", 1, 4), order],
        price_min=0, price_max=9,
    )  # fmt: skip
    assert again(case, "o") == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        # Who needs both cards turns down the bid of 5, so the price is 5 and not the 4.5 of welfare.
        (("blocks", block("o", 2, 2)), {"again-limit": {"yes": "5", "no": "4.99"}}),
        (("jobs", job("o", 2, 2, cards_min=2, cards_max=2, shape="contiguous", end=1)),
            {"again-value": {"yes": "10", "no": "9.99"}}),
        (("jobs", job("o", 9, 2, shape="contiguous", end=1)), {}),
        (("bids", bid("o", 0, 2)), {}),
        # Both cards of the ask at 1 are sold: an offer has to be as cheap, and then takes its place.
        (("offers", offer("o", 2, 7)), {"again-lower": {"yes": "-6", "no": "-5.99"}}),
    ],
)  # fmt: skip
def test_clearing_again_finds_where_an_order_with_conditions_turns(order, expected):
    key, row = order
    rows = {"bids": [bid("b", 1, 5), bid("c", 1, 4)]}
    rows[key] = [*rows.get(key, []), row]
    case = a_document(asks=[ask("a", 2, 1)], price_min=0, price_max=9, **rows)
    assert again(case, "o") == expected


@pytest.mark.parametrize("kind", ["LINKED", "LINEAR", "EVERYTHING"])
def test_any_order_of_any_case_is_explained(kind):
    case = random_cases.case(3, getattr(random_cases, kind))
    told = result_from_document(cleared(case))
    for key in ("asks", "bids", "blocks", "jobs", "offers"):
        for row in case.get(key, ()):
            assert sentence(explain(case, told, row["id"]), EN).endswith(".")

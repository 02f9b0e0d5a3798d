"""The oracles against cases solved by hand, and against each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from tests.market.builders import a_document, ask, bid, block, job, link, offer
from tests.market.oracle import enumerate as enumerated
from tests.market.oracle import lp, merit, milp, outcome, prices, random_cases, ties
from tests.market.oracle.job_columns import Overbuy
from tests.market.oracle.reading import read

# Hundreds of cases: in CI, left out of `make check`.
pytestmark = pytest.mark.real


def doc(**keys):
    return a_document(**{"price_min": -100, "price_max": 100} | keys)


def best(document):
    """The best outcome of all, in floats."""
    model = milp.Model(read(document))
    return model.outcome(model.programme.solve())


PAIR = {"asks": [ask("a", 10, 2)], "bids": [bid("b", 6, 5)]}
FAR = {"zones": "A B", "asks": [ask("a", 10, 1)], "bids": [bid("b", 8, 4, zone="B")]}
LATER = [{"end": 1, "value": 12}, {"end": 2, "value": 6}]
LINEAR = {
    "a bid meets an ask": (PAIR, 6 * 3),
    "in a quarter of an hour": (PAIR | {"slots": ["0.25"]}, 6 * 3 / 4),
    "carbon adds to the ask": (PAIR | {"carbon": [{"zone": "A", "class": "x", "kg": 2}], "carbon_price": "0.5"}, 6 * 2),
    "prices that do not cross": ({"asks": [ask("a", 9, 5)], "bids": [bid("b", 9, 4)]}, 0),
    "nobody asks": ({"bids": [bid("b", 9, 4)]}, 0),
    "a link is full": (FAR | {"links": [link("A", "B", 5, cost="0.5")]}, 5 * 2.5),
    "weight halves it": (FAR | {"links": [link("A", "B", 5, weights={"x": 2})]}, 2.5 * 3),
    "a link against the flow": (FAR | {"links": [link("B", "A", 5)]}, 0),
    "through a third zone": (
        FAR | {"zones": "A B C", "links": [link("A", "C", 3), link("C", "B", 9, cost=1)]}, 3 * 2),
    "a divisible job takes a part": (
        {"asks": [ask("a", 2, 1)], "jobs": [job("j", 4, 12, cards_max=9)]}, 2 * (3 - 1)),
    "on the faster class": (
        {"classes": "x y", "asks": [ask("a", 1, 1), ask("f", 1, 1, card_class="y")], "jobs": [job("j", 4, 12, classes={"x": 1, "y": 3})]},
        3 * 3 - 1),
    "its later part is worth less": (
        {"slots": 2, "asks": [ask("a", 1, 1), ask("b", 1, 1, slot=1)], "jobs": [job("j", 4, end=2, values=LATER)]},
        (3 - 1) + (1.5 - 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", LINEAR)
def test_linear_cases_by_hand(name):
    keys, welfare = LINEAR[name]
    assert lp.optimum(doc(**keys)) == pytest.approx(welfare)
    assert milp.optimum(doc(**keys)) == pytest.approx(welfare)


def two_slots(*asks):
    """Asks of one card at these prices, one a slot."""
    return {"slots": len(asks), "asks": [ask(f"a{t}", 1, p, slot=t) for t, p in enumerate(asks)]}


ALL = {"cards_min": 1, "cards_max": 1}
RUN = ALL | {"shape": "contiguous"}
CUT = ALL | {"shape": "preemptible"}
TWO_ASKS = [ask("a", 3, 1, pool="p"), ask("b", 3, 1, pool="q")]
AWAY = {"zones": "A B", "slots": 3, "links": [link("A", "B", [2, 1, 9]), link("B", "A", 1)]}
BUSY = [ask("a1", 9, 1, zone="B", slot=1), ask("a2", 9, 2, zone="B", slot=2)]
LUMPY = {
    "a block that does not fit": ({"asks": [ask("a", 5, 1)], "bids": [bid("b", 5, 2)], "blocks": [block("k", 6, 9)]}, 5),
    "fits in part": ({"asks": [ask("a", 5, 1)], "blocks": [block("k", 10, 9, min_fraction="0.5")]}, 5 * 8),
    "does not fit in part": ({"asks": [ask("a", 4, 1)], "blocks": [block("k", 10, 9, min_fraction="0.5")]}, 0),
    "one of a group": ({"asks": [ask("a", 9, 1)], "blocks": [block("k", 4, 3, group="g"), block("l", 3, 4, group="g")]}, 9),
    "a child carries its parent": (
        {"asks": [ask("a", 9, 2)], "blocks": [block("k", 4, 1), block("l", 3, 9, parent="k")]}, 3 * 7 - 4),
    "no child without its parent": (
        {"asks": [ask("a", 9, 5)], "blocks": [block("k", 4, 1), block("l", 3, 9, parent="k")]}, 0),
    "a block over two slots": ({**two_slots(1, 4), "blocks": [block("k", 1, 3, slots=[0, 1])]}, 1),
    "all of the work or nothing": ({**two_slots(1, 2), "jobs": [job("j", 3, 9, end=2, **RUN)]}, 0),
    "one run has the dear slot in it": ({**two_slots(1, 5, 1), "jobs": [job("j", 2, 9, end=3, **RUN)]}, 9 - 6),
    "a pause leaves it out": ({**two_slots(1, 5, 1), "jobs": [job("j", 2, 9, end=3, **CUT)]}, 9 - 2),
    "no pause allowed": ({**two_slots(1, 5, 1), "jobs": [job("j", 2, 9, end=3, max_pauses=0, **CUT)]}, 9 - 6),
    "a pause costs work": ({**two_slots(1, 5, 1), "jobs": [job("j", 2, 9, end=3, setup=1, **CUT)]}, 9 - 6),
    "a job ends before its value falls": ({**two_slots(5, 1), "jobs": [job("j", 1, end=2, values=LATER, **CUT)]}, 12 - 5),
    "or when its value has fallen": ({**two_slots(9, 1), "jobs": [job("j", 1, end=2, values=LATER, **RUN)]}, 6 - 1),
    "and never after its last value": ({**two_slots(13, 1), "jobs": [job("j", 1, end=2, values=LATER[:1], **RUN)]}, 0),
    "more than the work": ({"asks": [ask("a", 3, 1)], "jobs": [job("j", 1, 9, cards_min=3, cards_max=4, shape="contiguous")]}, 6),
    "a gang in one pool": ({"asks": TWO_ASKS, "jobs": [job("j", 4, 9, cards_min=1, cards_max=4, shape="contiguous", gang=True)]}, 0),
    "what is no gang in two": ({"asks": TWO_ASKS, "jobs": [job("j", 4, 9, cards_min=1, cards_max=4, shape="contiguous")]}, 5),
    "a lot": ({"asks": [ask("a", 5, 1)], "bids": [bid("b", 5, 3, lot=2)]}, 8),
    "a start worth its cost": ({"offers": [offer("o", 4, 1, start_cost=5)], "bids": [bid("b", 3, 3)]}, 1),
    "a start not worth it": ({"offers": [offer("o", 4, 1, start_cost=7)], "bids": [bid("b", 3, 3)]}, 0),
    "a least run through a slot of no use": (
        {"slots": 2, "offers": [offer("o", 4, 1, quantity_min=2, min_run=2, end=2)],
         "asks": [], "bids": [bid("b", 4, 3), bid("c", 4, "0.5", slot=1)]}, 8 - 1),
    "a ramp": (
        {"slots": 2, "offers": [offer("o", 4, 1, quantity_min=1, ramp=1, end=2)],
         "bids": [bid("b", 1, 9), bid("c", 4, 3, slot=1)]}, 8 + 2 * 2),
    "data goes before": ({**AWAY, "asks": BUSY, "jobs": [job("j", 1, 9, zones={"B": 0}, end=3, data={"at": "A", "in": 2, "out": 0}, **RUN)]}, 8),
    "over two slots": ({**AWAY, "asks": BUSY, "jobs": [job("j", 1, 9, zones={"B": 0}, end=3, data={"at": "A", "in": 3, "out": 0}, **RUN)]}, 7),
    "and back after": ({**AWAY, "asks": BUSY, "jobs": [job("j", 1, 9, zones={"B": 0}, end=3, data={"at": "A", "in": 2, "out": 1}, **CUT)]}, 8),
    "or not at all": ({**AWAY, "asks": BUSY, "jobs": [job("j", 1, 9, zones={"B": 0}, end=3, data={"at": "A", "in": 3, "out": 1}, **CUT)]}, 0),
    "a part needs its part of the data": ({**AWAY, "asks": BUSY[:1], "jobs": [job("j", 1, 9, zones={"B": 0}, end=3, data={"at": "A", "in": 8, "out": 2})]}, 8 / 4),
}  # fmt: skip


@pytest.mark.parametrize("name", LUMPY)
def test_lumpy_cases_by_hand(name):
    keys, welfare = LUMPY[name]
    assert milp.optimum(doc(**keys)) == pytest.approx(welfare)
    assert milp.optimum(doc(**keys), overbuy=Overbuy.LEAST) == pytest.approx(welfare)


def test_a_job_paid_to_take_cards_takes_as_many_as_its_widths_let_it():
    wide = {"cards_min": 1, "cards_max": 4}
    for shape in ("contiguous", "preemptible"):
        case = doc(asks=[ask("a", 4, -1)], jobs=[job("j", 2, 0, shape=shape, **wide)])
        assert milp.optimum(case, overbuy=Overbuy.LITERAL) == pytest.approx(4)
        assert milp.optimum(case, overbuy=Overbuy.LEAST) == pytest.approx(2)


# The block sells 8 at 3 or nothing; at 2, where its last buyer would be, it loses.
PARADOX = {
    "bids": [bid("rich", 4, 10), bid("poor", 4, 2)],
    "blocks": [block("k", 8, 3, side="ask")],
}
TWO_BLOCKS = {
    "asks": [ask("a", 6, 1)],
    "blocks": [block("k", 6, 3), block("l", 4, 4)],
}
NO_LOSS = {
    "a block that would lose is left out": (PARADOX, 0, set()),
    "and others take its place": (PARADOX | {"asks": [ask("a", 4, 6)]}, 4 * 4, set()),
    "a buyer at its price saves it": (
        PARADOX | {"bids": [bid("rich", 4, 10), bid("poor", 4, 2), bid("fair", 4, 3)]}, 4 * 7, {"k"}),
    "of two that do not fit the better": (TWO_BLOCKS, 12, {"k"}),
    "an offer whose start the price pays": (
        {"offers": [offer("o", 4, 1, start_cost=3)], "bids": [bid("b", 4, 3), bid("c", 2, 1)]}, 5, {"o"}),
    # At one price for all three cards the ask allows 1 at most, and the start is never paid.
    "an offer that a cheap ask undercuts": (
        {"offers": [offer("o", 2, 1, quantity_min=2, start_cost=1)], "asks": [ask("a", 3, 1)], "bids": [bid("b", 4, 3)]},
        3 * 2, set()),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_LOSS)
def test_no_loss_by_hand(name):
    keys, welfare, accepted = NO_LOSS[name]
    found, ids = enumerated.no_loss_optimum(doc(**keys))
    assert (found, set(ids)) == (pytest.approx(welfare), accepted)


def test_uplift_keeps_what_no_loss_leaves_out():
    assert milp.optimum(doc(**PARADOX)) == pytest.approx(4 * 10 + 4 * 2 - 8 * 3)
    assert prices.prices_exist(doc(pricing="uplift", **PARADOX), best(doc(**PARADOX)))
    assert not prices.prices_exist(doc(**PARADOX), best(doc(**PARADOX)))


A0, B0 = ("A", "x", 0), ("B", "x", 0)
# Node A's own interval is [2, 5], B's is [4, 8].
SPREAD = {
    "zones": "A B",
    "asks": [ask("a", 3, 2), ask("c", 1, 4, zone="B")],
    "bids": [bid("b", 2, 5), bid("d", 2, 8, zone="B")],
}
NEAREST = {
    "the midpoint": (PAIR | {"bids": [bid("b", 10, 5)]}, {A0: 3.5}),
    "a free link with room makes the prices one": (
        SPREAD | {"links": [link("A", "B", 2)]}, {A0: 4.75, B0: 4.75}),
    "with its cost between them": (
        SPREAD | {"links": [link("A", "B", 2, cost=1)]}, {A0: 4.25, B0: 5.25}),
    "a full link lets each have its own": (
        SPREAD | {"links": [link("A", "B", 1, cost=1)]}, {A0: 3.5, B0: 6}),
    "a block asks for more": (
        {"asks": [ask("a", 2, 2)], "bids": [bid("b", 6, 5)], "blocks": [block("k", 4, "4.5", side="ask")]},
        {A0: 4.5}),
    "a job may pay no more": (
        {"asks": [ask("a", 4, 2)], "bids": [bid("b", 2, 5)], "jobs": [job("j", 2, 6, cards_max=2, cards_min=2, shape="contiguous")]},
        {A0: 3}),
    "two slots share a block's burden": (
        {"slots": 2, "blocks": [block("k", 4, 4, side="ask", slots=[0, 1])],
         "bids": [bid("b", 4, 4), bid("c", 4, 8, slot=1)], "price_min": 0},
        {A0: 3, ("A", "x", 1): 5}),
}  # fmt: skip


@pytest.mark.parametrize("name", NEAREST)
def test_nearest_prices_by_hand(name):
    keys, expected = NEAREST[name]
    document = doc(**keys)
    found = prices.nearest_prices(document, best(document))
    assert found == pytest.approx(expected, abs=1e-6)


TIES = {
    "pro rata": ({"asks": [ask("a", 3, 1)], "bids": [bid("b", 4, 3), bid("c", 2, 3)]}, {"a": 3, "b": 2, "c": 1}),
    "the dearer first": ({"asks": [ask("a", 3, 1)], "bids": [bid("b", 2, 4), bid("c", 2, 3)]}, {"a": 3, "b": 2, "c": 1}),
    "both sides at one price trade all they can": (
        {"asks": [ask("a", 3, 2), ask("d", 1, 2)], "bids": [bid("b", 2, 2)]}, {"a": 1.5, "d": 0.5, "b": 2}),
    "as equal as a link allows": (
        {"zones": "A B", "asks": [ask("a", 6, 1)], "bids": [bid("b", 4, 3), bid("c", 4, 3, zone="B")], "links": [link("A", "B", "2.5")]},
        {"a": 6, "b": 3.5, "c": 2.5}),
    "equal over a link with room": (
        {"zones": "A B", "asks": [ask("a", 6, 1)], "bids": [bid("b", 4, 3), bid("c", 8, 3, zone="B")], "links": [link("A", "B", 9)]},
        {"a": 6, "b": 2, "c": 4}),
}  # fmt: skip


@pytest.mark.parametrize("name", TIES)
def test_ties_by_hand(name):
    keys, cards = TIES[name]
    assert ties.ties(doc(**keys)) == pytest.approx(cards, abs=1e-9)


@pytest.mark.parametrize("seed", range(25))
def test_the_two_programmes_agree_on_linear_cases(seed):
    for kinds in (random_cases.LINEAR, random_cases.LINKED, random_cases.TIED):
        document = random_cases.case(seed, kinds)
        assert milp.optimum(document) == pytest.approx(lp.optimum(document), rel=1e-9, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(random_cases.cases(random_cases.SIMPLE))
def test_without_links_both_agree_with_the_merit_order(document):
    exact = float(merit.optimum(document))
    assert lp.optimum(document) == pytest.approx(exact, rel=1e-9, abs=1e-9)


LUMPY_KINDS = (
    "BLOCKS",
    "CONTIGUOUS",
    "PREEMPTIBLE",
    "GANGS",
    "OFFERS",
    "DATA",
    "LOTS",
    "EVERYTHING",
)


@pytest.mark.parametrize("kind", LUMPY_KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_an_outcome_is_feasible_and_its_orders_add_up_to_its_welfare(kind, seed):
    document = random_cases.case(seed, getattr(random_cases, kind))
    case, found = read(document), best(document)
    assert outcome.welfare(case, found) == pytest.approx(milp.optimum(document), abs=1e-6)
    assert outcome.imbalance(case, found) < 1e-6


@pytest.mark.parametrize("kind", ["WHOLE_BLOCKS", "CONTIGUOUS", "GANGS"])
@pytest.mark.parametrize("seed", range(3))
def test_set_by_set_finds_what_choice_by_choice_finds(kind, seed):
    document = random_cases.case(seed, getattr(random_cases, kind))
    one, other = enumerated.no_loss_optimum(document), enumerated.falling(document)
    assert one[0] == pytest.approx(other[0], abs=1e-6)
    assert one[0] <= milp.optimum(document) + 1e-6


@pytest.mark.parametrize("seed", range(20))
def test_the_best_linear_outcome_always_has_prices_and_the_nearest_is_nearest(seed):
    document = random_cases.case(seed, random_cases.LINEAR)
    found = best(document)
    some, near = prices.published(document, found), prices.nearest_prices(document, found)
    assert some is not None
    middle = prices.midpoints(document, found)
    here, there, wish = (np.array([vector[n] for n in some]) for vector in (near, some, middle))
    # Of a convex set the nearest point sees every other point at no acute angle from the wish.
    assert (wish - here) @ (there - here) <= 1e-6
    assert np.linalg.norm(wish - here) <= np.linalg.norm(wish - there) + 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_ties_keep_the_welfare_and_lower_the_sum_of_squares(seed):
    document = random_cases.case(seed, random_cases.TIED)
    cards, some = ties.ties(document), best(document).steps
    orders = document["asks"] + document["bids"]
    ordered = {o["id"]: float(o["quantity"]) for o in orders}

    def unfairness(filled):
        return sum((q - filled[id_]) ** 2 / q for id_, q in ordered.items() if q)

    assert unfairness(cards) <= unfairness(some) + 1e-9
    exact = [o | {"quantity": repr(max(0.0, cards[o["id"]]))} for o in orders]
    held = document | {
        "asks": exact[: len(document["asks"])],
        "bids": exact[len(document["asks"]) :],
    }
    assert lp.optimum(held) == pytest.approx(lp.optimum(document), abs=1e-6)

"""More orders with conditions than can be searched exactly: proven all the same, and always alike."""

from __future__ import annotations

import json
import random

import pytest
from tests.market.builders import a_document, ask, bid, block, job, link, offer
from tests.market.cleared import HASH
from tests.market.oracle import random_cases

from suanwang.market.case.read import case_from_document
from suanwang.market.clearing import search, supporting
from suanwang.market.clearing.clear import clear
from suanwang.market.clearing.exact.columns import SWITCHES_MAX, fits
from suanwang.market.clearing.search import has_conditions
from suanwang.market.verify.check import verify

# Hundreds of cases: in CI, left out of `make check`.
pytestmark = pytest.mark.real

ZONES, SLOTS = "AB", 6
LISTS = ("asks", "bids", "blocks", "jobs", "offers", "links")
both_pricings = pytest.mark.parametrize("pricing", ["no_loss", "uplift"])
seeds = pytest.mark.parametrize("seed", range(3))
# Of the bound; those of gangs and of lots are loose, and lots are let go but not tried again.
GAP_MAX = {"lots": 0.3, "gangs": 0.3}


def simple_orders(dice, *, count=40, pools=False):
    """Asks and bids all over, so that every node has a curve to bend."""
    for i in range(count):
        place = {"zone": dice.choice(ZONES), "slot": dice.randrange(SLOTS)}
        pool = {"pool": f"{place['zone']}{dice.randrange(2)}"} if pools else {}
        yield ask(f"a{i}", dice.randint(2, 9), dice.randint(1, 6), **place, **pool)
        yield bid(f"b{i}", dice.randint(1, 5), dice.randint(2, 9), **place)


def run(dice, name, **keys):
    """A job that runs as a whole in a window of two slots or more."""
    start = dice.randrange(SLOTS - 2)
    hours = dice.randint(1, 2)
    return job(name, hours * dice.randint(1, 3), hours * dice.randint(3, 20), **{
        "zones": {"A": 0, "B": "0.1"}, "shape": "contiguous", "cards_max": 3, "start": start,
        "end": dice.randint(start + 2, SLOTS),
    } | keys)  # fmt: skip


def runs(dice, count, **keys):
    return [run(dice, f"{keys.get('shape', 'run')}{i}", **keys) for i in range(count)]


def some_blocks(dice, count):
    for i in range(count):
        slots = sorted(dice.sample(range(SLOTS), dice.randint(1, 3)))
        yield block(
            f"k{i}", dice.randint(1, 3), dice.randint(1, 8), side=dice.choice(["ask", "bid"]),
            zone=dice.choice(ZONES), slots=slots, min_fraction=dice.choice([1, "0.5"]),
            group=f"g{i // 5}" if i % 5 == 0 or i % 5 == 1 else None,
            parent=f"k{i - 1}" if i % 5 == 3 else None,
        )  # fmt: skip


def some_offers(dice, count):
    for i in range(count):
        yield offer(
            f"o{i}", dice.randint(2, 5), dice.randint(1, 5), zone=dice.choice(ZONES), end=SLOTS,
            quantity_min=dice.randint(0, 2), start_cost=dice.randint(0, 6), min_run=dice.randint(1, 3),
            ramp=dice.choice([None, 1]),
        )  # fmt: skip


def in_lots(dice, orders):
    return [one | {"lot": dice.choice([1, 2])} if dice.random() < 0.3 else one for one in orders]


def parts_of(kind, dice) -> dict:
    """What a case of this kind has beside zones, slots and links."""
    simple = list(simple_orders(dice, pools=kind == "gangs"))
    if kind == "lots":
        simple = in_lots(dice, simple)
    sides = {"asks": simple[::2], "bids": simple[1::2]}
    if kind == "mixed":
        jobs = [*runs(dice, 30), *runs(dice, 6, shape="divisible")]
        return sides | {"jobs": jobs, "blocks": list(some_blocks(dice, 30))}
    if kind == "data":
        data = {"at": dice.choice(ZONES), "in": 1, "out": "0.5"}
        return sides | {
            "jobs": [*runs(dice, 25, data=data), *runs(dice, 4, shape="divisible", data=data)]
        }
    if kind == "offers":
        return sides | {"jobs": runs(dice, 10), "offers": list(some_offers(dice, 15))}
    if kind == "lots":
        return sides | {"jobs": runs(dice, 15)}
    if kind == "paused":
        free = runs(dice, 12, shape="preemptible")
        set_up = [run(dice, f"w{i}", shape="preemptible", setup="0.5", max_pauses=1, cards_min=1)
                  for i in range(12)]  # fmt: skip
        return sides | {"jobs": [*free, *set_up]}
    assert kind == "gangs"
    return sides | {"jobs": runs(dice, 25, gang=True)}


def big(kind, seed=0, *, pricing="no_loss") -> dict:
    """A case of more than can be searched exactly."""
    dice = random.Random(f"{kind} {seed}")
    links = [link("A", "B", dice.randint(2, 8), cost="0.2"), link("B", "A", dice.randint(0, 4))]
    return a_document(
        zones=list(ZONES), slots=SLOTS, links=links, price_min=-5, price_max=50, pricing=pricing,
        seed=seed, **parts_of(kind, dice),
    )  # fmt: skip


KINDS = ("mixed", "data", "offers", "lots", "paused", "gangs")
every_kind = pytest.mark.parametrize("kind", KINDS)


def result_of(document, **how) -> dict:
    return clear(case_from_document(document, sha256=HASH), **how).to_document()


def assert_proven(document, result):
    verdict = verify(json.loads(json.dumps(document)), result, case_sha256=HASH)
    assert [(f.code, f.place, f.expected, f.found) for f in verdict.faults] == []
    assert verdict.proven
    assert float(result["bound"]) >= float(result["welfare"])


@every_kind
@both_pricings
@seeds
def test_what_is_too_much_to_search_exactly_is_proven(kind, pricing, seed):
    document = big(kind, seed, pricing=pricing)
    assert not fits(case_from_document(document), SWITCHES_MAX)
    result = result_of(document)
    assert_proven(document, result)
    assert float(result["gap"]) <= GAP_MAX.get(kind, 0.06) * float(result["bound"])
    assert result["claims"] is None
    assert any(line["accepted"] for line in result["jobs"])


@pytest.mark.parametrize(("kind", "seed"), [("mixed", 11), ("paused", 8)])
def test_where_ties_can_hardly_bend_no_link_is_overfull(kind, seed):
    document = big(kind, seed)
    assert_proven(document, result_of(document))


@every_kind
def test_the_same_case_and_work_give_the_same_bytes(kind):
    document = big(kind)
    assert json.dumps(result_of(document)) == json.dumps(result_of(document))


@every_kind
@both_pricings
def test_the_order_of_lines_changes_nothing(kind, pricing):
    document, dice = big(kind, 1, pricing=pricing), random.Random(7)
    mixed = document | {name: dice.sample(document[name], len(document[name])) for name in LISTS}
    first, second = result_of(document), result_of(mixed)
    for name in ("welfare", "bound", "prices", "link_prices"):
        assert first[name] == second[name]
    for name in ("accepted", "jobs", "flows", "settlements", "uplift"):
        assert sorted(map(str, first[name])) == sorted(map(str, second[name]))


@pytest.mark.parametrize("kind", ["mixed", "offers", "gangs"])
def test_more_work_never_gives_less(kind):
    document = big(kind, 2)
    found = [result_of(document, work=work) for work in (1, 100, 1000, 20_000)]
    welfare = [float(result["welfare"]) for result in found]
    assert welfare == sorted(welfare)
    for result in found:
        assert_proven(document, result)
    assert [result["work"]["limit"] for result in found] == ["1", "100", "1000", "20000"]


@every_kind
def test_multipliers_of_the_round_before_are_taken_up(kind):
    document = big(kind)
    case = case_from_document(document, sha256=HASH)
    first = clear(case)
    warm = clear(case, warm=first.multipliers or first.prices)
    assert_proven(document, warm.to_document())


@pytest.mark.parametrize("kind", ["mixed", "gangs", "data"])
@both_pricings
def test_without_a_linear_programme_it_is_proven_all_the_same(kind, pricing, monkeypatch):
    # As for very many jobs: multipliers come from steps of ascent alone.
    monkeypatch.setattr("suanwang.market.clearing.relaxing.CELLS_MAX", 0)
    document = big(kind, pricing=pricing)
    result = result_of(document)
    assert_proven(document, result)
    assert float(result["gap"]) <= 0.25 * float(result["bound"])


@pytest.mark.parametrize(
    ("kind", "seed"), [*((kind, 1) for kind in KINDS), ("offers", 3), ("lots", 4), ("data", 9)]
)
def test_priced_by_the_method_for_many_unknowns_it_is_proven_all_the_same(kind, seed, monkeypatch):
    # Where its sweeps end too early, those who asked are let go.
    monkeypatch.setattr(supporting, "DENSE_MAX", 0)
    document = big(kind, seed)
    assert_proven(document, result_of(document))


@pytest.mark.parametrize("kind", ["BLOCKS", "CONTIGUOUS", "PREEMPTIBLE", "GANGS", "OFFERS", "DATA"])
def test_small_cases_searched_like_large_ones_are_proven(kind, monkeypatch):
    monkeypatch.setattr(search, "fits", lambda _case, _limit: False)
    for seed in range(8):
        document = random_cases.case(seed, getattr(random_cases, kind))
        assert_proven(document, result_of(document))


# A zone where cards are dear and one where they are cheap, and a job whose data lies at the first.
FAR = {
    "zones": "A B C", "slots": 5, "asks": [ask("dear", 4, 9, slot=2)],
    "bids": [bid("some", 1, 5, zone="C", slot=2)],
    "links": [link("A", "B", 1), link("B", "C", 4), link("C", "B", 4), link("B", "A", 1)],
}  # fmt: skip
CHEAP = [ask("cheap", 4, 1, zone="C", slot=2)]


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("shape", ["contiguous", "preemptible", "divisible"])
def test_a_job_goes_where_cards_are_cheap_and_takes_its_data_along(shape, exact, monkeypatch):
    if not exact:
        monkeypatch.setattr(search, "fits", lambda _case, _limit: False)
    own = job(
        "j", 3, 60, zones={"C": 0}, cards_max=3, end=5, shape=shape,
        data={"at": "A", "in": 2, "out": 1},
    )  # fmt: skip
    document = a_document(**(FAR | {"asks": FAR["asks"] + CHEAP, "jobs": [own]}))
    result = result_of(document)
    assert_proven(document, result)
    (line,) = result["jobs"]
    assert [(c["zone"], c["slot"], c["cards"]) for c in line["allocation"]] == [("C", 2, "3")]
    sums = {}
    for move in line["data"]:
        way = (move["from"] + move["to"], move["direction"])
        sums[way] = sums.get(way, 0) + float(move["gb"])
        assert (move["slot"] < 2) == (move["direction"] == "in")
    # The first link carries 1 a slot, so that the way in takes both slots before the run.
    assert sums == {("AB", "in"): 2, ("BC", "in"): 2, ("CB", "out"): 1, ("BA", "out"): 1}


def test_lots_that_leave_no_price_are_let_go(monkeypatch):
    monkeypatch.setattr(search, "fits", lambda _case, _limit: False)
    document = random_cases.case(11, random_cases.EVERYTHING)
    assert_proven(document, result_of(document))


def test_gangs_take_all_their_cards_from_one_pool():
    result = result_of(big("gangs"))
    taken = [line for line in result["jobs"] if line["accepted"]]
    assert taken
    for line in taken:
        assert len({(c["zone"], c["pool"]) for c in line["allocation"]}) == 1


@pytest.mark.parametrize(
    ("orders", "found"),
    [
        ({}, False),
        ({"asks": [ask("a")], "bids": [bid("b")]}, False),
        ({"asks": [ask("a", lot=1)]}, True),
        ({"bids": [bid("b", lot=1)]}, True),
        ({"blocks": [block("k")]}, True),
        ({"jobs": [job("j")]}, True),
        ({"offers": [offer("o")]}, True),
    ],
)
def test_orders_with_conditions_are_told_from_simple_ones(orders, found):
    assert has_conditions(case_from_document(a_document(**orders))) == found

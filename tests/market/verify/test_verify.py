"""Good RESULTs are proven; every change of one is found, and none crashes the verifier."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from tests.market.builders import a_document, ask, bid, block, link
from tests.market.verify.results import HASH, PAIRS, Document, a_flow, a_result, a_run

from suanwang.market.errors import CaseUnreadable, ResultUnreadable
from suanwang.market.verify.check import verify

#: What RESULT says of how it was found: shown, not proven.
NOT_PROVEN = ("work", "status", "claims")
#: A multiplier of a node where nothing changes with it bounds as well as another.
AS_GOOD = {("gang", "multipliers", "nodes", slot, "price") for slot in (0, 1)}
HOSTILE = [
    None, True, [], {}, [[]], [None], 0, -1, 2**80, 10**5000, 1.5, float("nan"), "", "x", "NaN",
    "1e9", "-", "１", "1" * 5000, "0." + "1" * 5000, "\ud800", "A" * 10_000, [{}], {"id": []},
]  # fmt: skip


def verdict_codes(case: Document, result: Document) -> set[str]:
    """The codes of the faults; "unreadable" where RESULT is none."""
    try:
        verdict = verify(case, result, case_sha256=HASH)
    except ResultUnreadable:
        return {"unreadable"}
    assert verdict.proven == (not verdict.faults)
    return {fault.code for fault in verdict.faults}


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path to something in a document, lists and objects too."""
    if path:
        yield path
    for key in (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    ):
        yield from leaves(value[key], (*path, key))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def changed(result: Document, path: tuple[Any, ...], value: Any) -> Document:
    copy = deepcopy(result)
    at(copy, path[:-1])[path[-1]] = value
    return copy


def other_values(value: Any) -> list[Any]:
    """Values of the same type that are wrong in its place."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1, value + 1000]
    if not isinstance(value, str):
        return []
    try:
        number = Decimal(value)
    except ArithmeticError:
        return ["zz", value + "z"]
    return [str(number + Decimal("0.00001")), str(number - Decimal("0.00001")), str(-number - 7)]


@pytest.mark.parametrize("name", PAIRS)
def test_a_right_result_is_proven(name):
    pair = PAIRS[name]()
    assert verdict_codes(pair.case, pair.result) == set()


@pytest.mark.parametrize("name", PAIRS)
def test_every_changed_number_and_name_is_found(name):
    pair = PAIRS[name]()
    missed = [
        (path, value)
        for path in leaves(pair.result)
        if path[0] not in NOT_PROVEN and (name, *path) not in AS_GOOD
        for value in other_values(at(pair.result, path))
        if not verdict_codes(pair.case, changed(pair.result, path, value))
    ]
    assert missed == []


@pytest.mark.parametrize("name", PAIRS)
def test_every_missing_and_every_doubled_entry_is_found(name):
    pair = PAIRS[name]()
    unseen = []
    for path in leaves(pair.result):
        if path[0] in NOT_PROVEN and len(path) > 1:
            continue
        less, more = deepcopy(pair.result), deepcopy(pair.result)
        del at(less, path[:-1])[path[-1]]
        if isinstance(path[-1], int):
            at(more, path[:-1]).append(at(pair.result, path))
        for document in (less, more):
            if document != pair.result and not verdict_codes(pair.case, document):
                unseen.append(path)
    assert unseen == []


def some_of(values: list[Any], turn: int) -> list[Any]:
    """Three of many values, others at each turn, so that all come round and a test stays short."""
    return [values[(3 * turn + i) % len(values)] for i in range(3)]


@pytest.mark.parametrize("name", PAIRS)
def test_a_hostile_value_anywhere_is_refused_or_found(name):
    pair = PAIRS[name]()
    # Null means "none given" for these two, so a bound may follow from the published prices.
    free = {("multipliers",), ("claims",)}
    unseen = [
        (path, str(value)[:20])
        for turn, path in enumerate(leaves(pair.result))
        if path[0] not in NOT_PROVEN and path not in free
        for value in some_of(HOSTILE, turn)
        if value != at(pair.result, path)
        and not verdict_codes(pair.case, changed(pair.result, path, value))
    ]
    assert unseen == []


@pytest.mark.parametrize("name", PAIRS)
def test_a_hostile_value_in_the_case_is_refused_with_its_place_or_judged(name):
    pair = PAIRS[name]()
    refused = 0
    for turn, path in enumerate(leaves(pair.case)):
        for value in some_of(HOSTILE, turn):
            try:
                verify(changed(pair.case, path, value), pair.result, case_sha256=HASH)
            except CaseUnreadable as wrong:
                refused += bool(wrong.facts["place"])
    assert refused > 20


WRONG = """
    case           where                                      becomes          fault
    simple         case_sha256                                aa               hash
    simple         rules                                      2                rules
    simple         seed                                       5                seed
    simple         accepted.0.quantity                        11               quantity balance
    simple         accepted.0.quantity                        3                balance
    simple         accepted.0.id                              nobody           unknown
    simple         accepted.1.id                              a                twice
    simple         prices.0.price                             3                price-interval settlement
    simple         prices.0.price                             9.5              price-range
    simple         prices.0.slot                              1                order
    simple         welfare                                    12.000000000001  welfare
    simple         settlements.0.amount                       8.000001         settlement money-sum
    simple         settlements.1.id                           c                settlement
    tied           settlements.4.amount                       0                money-sum
    tied           accepted.1.quantity                        2.142857142857   tie
    congested      congestion_rent                            6.750001         rent money-sum
    congested      link_prices.0.price                        2.3              link-least
    congested      link_prices.0.price                        2.25000000001    link-least
    congested      flows.0.quantity                           1.6              capacity balance
    congested      settlements.2.amount                       0.7              settlement
    block_taken    accepted.2.quantity.0                      1                ratio balance
    block_left     gap                                        2.9              gap
    block_left     bound                                      9                bound bound-sum
    block_left     gap_parts.orders.0.amount                  2                gap-part
    block_left     rejected_profitable.0.missed               6.00001          missed
    block_left     multipliers.nodes.0.price                  5.01             gap-part
    block_uplifted uplift.0.amount                            0.7              uplift uplift-sum
    gang           prices.1.price                             4.6              price-nearest
    gang           prices.0.price                             5.1              price-nearest
    divisible      jobs.0.paid                                5.1              paid
    divisible      jobs.0.allocation.0.cards                  3                job-width job-work
    divisible      jobs.0.allocation.0.slot                   1                twice
    contiguous     jobs.0.data.0.gb                           5                data
    contiguous     jobs.0.data.0.slot                         1                data
    contiguous     jobs.0.data.1.slot                         2                data
    contiguous     jobs.0.data.0.gb                           11               capacity
    contiguous     jobs.0.allocation.0.cards                  1                job-split job-work
    contiguous     jobs.0.allocation.0.zone                   A                job-place
    gang           jobs.0.allocation.0.pool                   q                gang
    gang           accepted.0.quantity                        1                pool
    gang           jobs.0.allocation.1.cards                  1                job-work
    gang           multipliers.pools.0.price                  -0.25            multiplier
    offered        accepted.2.quantity.0                      4                offer-range
    offered        accepted.2.quantity.1                      0                offer-run
    offered        prices.0.price                             3.4              loss
    job_left       jobs.0.accepted                            true             quantity
"""


@pytest.mark.parametrize("row", WRONG.strip().splitlines()[1:], ids=lambda r: " ".join(r.split()))
def test_a_wrong_field_has_its_own_fault(row):
    name, where, value, *codes = row.split()
    pair = PAIRS[name]()
    path = tuple(int(key) if key.isdigit() else key for key in where.split("."))
    new: Any = True if value == "true" else int(value) if path[-1] == "slot" else value
    assert set(codes) <= verdict_codes(pair.case, changed(pair.result, path, new))


#: The rules that a good outcome breaks once its case asks for something else.
STRICTER = """
    case           where                          becomes  fault
    simple         asks.0.lot                     3        lot
    simple         asks.0.quantity                3        quantity
    simple         bids.1.price                   3        price-interval
    tied           seed                           9        seed tie
    carbon         carbon_price                   0.2      price-interval welfare
    congested      links.0.weights.x              3        capacity link-least rent
    congested      links.0.cost                   0.4      settlement welfare link-least
    congested      links.0.capacity               4        link-room
    tied_over_link bids.0.quantity                2        tie-links
    block_taken    blocks.0.lot                   3        lot
    block_taken    blocks.0.quantity              1        quantity
    block_taken    blocks.0.price                 2        loss welfare
    block_left     blocks.0.price                 6        missed
    block_left     asks.0.lot                     5        lot
    divisible      jobs.0.cards_max               1        job-width
    divisible      jobs.0.work                    2        job-work
    divisible      jobs.0.start                   1        job-place
    divisible      jobs.0.classes.x               2        job-work
    divisible      jobs.0.value                   6        welfare
    contiguous     jobs.0.data.in                 7        data
    contiguous     jobs.0.data.out                3        data
    contiguous     jobs.0.data.in                 5        data
    contiguous     jobs.0.start                   1        data-window
    contiguous     jobs.0.end                     3        data-window
    contiguous     jobs.0.cards_min               3        unreadable
    contiguous     jobs.0.value                   5        loss
    contiguous     jobs.0.work                    3        job-work
    contiguous     links.0.capacity               5        capacity
    gang           jobs.0.max_pauses              0        job-pauses
    gang           jobs.0.setup                   1        job-work
    gang           jobs.0.cards_min               1.7      job-width
    gang           jobs.0.gang                    false    gang
    gang           jobs.0.zones.A                 1        paid settlement welfare
    gang           asks.0.pool                    q        pool
    offered        offers.0.ramp                  1        offer-ramp
    offered        offers.0.quantity_min          2        offer-range
    offered        offers.0.start                 1        offer-range
    offered        offers.0.start_cost            5        loss welfare
    job_left       jobs.0.value                   9        missed gap-part bound
    job_left       asks.0.quantity                1        price-nearest
"""


@pytest.mark.parametrize(
    "row", STRICTER.strip().splitlines()[1:], ids=lambda r: " ".join(r.split())
)
def test_an_outcome_must_keep_every_rule_of_its_case(row):
    name, where, value, *codes = row.split()
    pair = PAIRS[name]()
    path = tuple(int(key) if key.isdigit() else key for key in where.split("."))
    new: Any = False if value == "false" else value
    try:
        found = verdict_codes(changed(pair.case, path, new), pair.result)
    except CaseUnreadable:
        found = {"unreadable"}
    assert set(codes) <= found


def test_blocks_keep_group_parent_and_least_fraction():
    """Two blocks of 2 at 5 and 1 at 4, of which one may hang on the other."""

    def found(first: Document, second: Document, taken: str, other: str) -> set[str]:
        blocks = [block("k", 2, 5, **first), block("l", 1, 4, **second)]
        case = a_document(asks=[ask("a", 9, 1)], blocks=blocks, price_min=0, price_max=9)
        accepted = f"a {Decimal(taken) + Decimal(other)}\n k [{taken}]\n l [{other}]"
        return verdict_codes(case, a_result("A/x/0 1", accepted=accepted))

    half = {"min_fraction": "0.5"}
    conditional = {"group", "parent", "min-fraction"}
    assert found({}, {}, "2", "1") & conditional == set()
    assert found({"group": "g"}, {"group": "g"}, "2", "1") & conditional == {"group"}
    assert found(half, {"parent": "k"}, "1", "1") & conditional == {"parent"}
    assert found(half, {"parent": "k"} | half, "1", "0.5") & conditional == set()
    assert found(half, half, "0.9", "1") & conditional == {"min-fraction"}
    assert found(half | {"group": "g"}, half | {"group": "g"}, "1", "0.5") & conditional == set()


def test_data_does_not_come_from_nowhere():
    pair = PAIRS["contiguous"]()
    case = changed(pair.case, ("zones",), ["A", "B", "C"])
    case["links"].append(link("C", "B", 10))
    moves = a_run("j", data="C→B/0 6 in\n B→A/3 2 out")["data"]
    assert "data" in verdict_codes(case, changed(pair.result, ("jobs", 0, "data"), moves))


def test_lots_are_filled_in_their_order():
    bids = [bid("p", 2, 5, lot=2), bid("q", 2, 5, lot=2)]
    case = a_document(asks=[ask("a", 2, 5)], bids=bids, price_min=0, price_max=9)
    for first, second in (("p", "q"), ("q", "p")):
        order = sorted((first, second), key=lambda name: sha256(f"0:{name}".encode()).digest())
        result = a_result(
            "A/x/0 5",
            accepted=f"a 2\n {first} 2", settlements=f"a 10\n {first} -10",
        )  # fmt: skip
        expected = set() if order[0] == first else {"tie-lots"}
        assert verdict_codes(case, result) & {"tie-lots"} == expected


def test_a_missing_price_left_out_loser_and_unlisted_job_are_named():
    pair = PAIRS["gang"]()
    assert "unlisted" in verdict_codes(pair.case, pair.result | {"prices": []})
    assert "unlisted" in verdict_codes(pair.case, pair.result | {"jobs": []})
    left = PAIRS["block_left"]()
    assert verdict_codes(left.case, left.result | {"rejected_profitable": []}) == {"missed"}


def test_ties_must_be_evened_out_over_a_link_with_room():
    pair = PAIRS["tied_over_link"]()
    uneven = pair.result | {
        "accepted": [
            {"id": "a", "quantity": "4"}, {"id": "here", "quantity": "3"}, {"id": "there", "quantity": "1"},
        ],
        "settlements": [
            {"id": "a", "amount": "20"}, {"id": "here", "amount": "-15"}, {"id": "there", "amount": "-5"},
        ],
        "flows": [a_flow("A→B/x/0", "1")],
    }  # fmt: skip
    assert verdict_codes(pair.case, uneven) == {"tie-links"}
    pair.case["links"][0]["capacity"] = 1
    assert verdict_codes(pair.case, uneven) == set()


def test_a_bound_may_be_higher_than_ours_only_by_its_own_parts():
    pair = PAIRS["block_left"]()
    higher = pair.result | {"bound": "12", "gap": "4"}
    assert verdict_codes(pair.case, higher) == {"bound-sum"}


def test_lines_below_a_billionth_may_be_left_out():
    pair = PAIRS["block_left"]()
    case = deepcopy(pair.case)
    case["asks"].append(ask("z", "0.000000001", 3))  # gains 2·10⁻⁹ yuan at the multiplier 5
    assert verdict_codes(case, pair.result) == set()
    case["asks"].append(ask("y", "0.00001", 3))
    assert verdict_codes(case, pair.result) == {"bound", "gap-part"}


def test_a_multiplier_below_what_the_nodes_need_bounds_nothing():
    pair = PAIRS["congested"]()
    multipliers = {
        "nodes": pair.result["prices"],
        "links": [{"from": "A", "to": "B", "slot": 0, "price": "2.2"}],
        "pools": [],
    }
    assert "multiplier" in verdict_codes(pair.case, pair.result | {"multipliers": multipliers})
    multipliers["links"][0]["price"] = "2.25"
    assert verdict_codes(pair.case, pair.result | {"multipliers": multipliers}) == set()

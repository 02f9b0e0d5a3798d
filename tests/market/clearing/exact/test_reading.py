"""From floats to whole quanta: every order's own conditions hold exactly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.market.builders import ask, bid, block, both_ways, job, link, offer
from tests.market.clearing.exact.cases import (
    QUANTUM,
    all_plans,
    market_case,
    plans_found,
    random_case,
    searched,
)
from tests.market.clearing.exact.conditions import faults

from suanwang.market.clearing.exact.reader import Reader, Rounding
from suanwang.market.clearing.exact.reading import fit_work
from suanwang.market.clearing.plans import Cell, Move

# Hundreds of cases: in CI, left out of `make check`.
pytestmark = pytest.mark.real

THIRD = -(-QUANTUM // 3)  # rounded up


def reader(*values, rounding=Rounding.DOWN, quantum=10):
    return Reader(values=np.array(values), quantum=quantum, rounding=rounding)


@pytest.mark.parametrize(
    ("cards", "down", "up"),
    [
        (0.94, 10, 10),  # below the least
        (1.00000001, 10, 10),
        (1.14, 11, 12),
        (1.2, 12, 12),
        (1.49999999, 15, 15),
        (1.51, 15, 15),  # above the most
    ],
)
def test_cards_are_rounded_within_their_limits(cards, down, up):
    for rounding, expected in ((Rounding.DOWN, down), (Rounding.UP, up)):
        assert reader(cards, rounding=rounding).quanta(0, least=10, most=15) == expected


@pytest.mark.parametrize(
    ("ratio", "down", "up"),
    [
        ("0.000000001", "0", "0"),
        ("0.249999999", "1/4", "1/4"),
        ("0.5", "1/2", "1/2"),
        ("0.53125", "5/10", "6/10"),
        ("0.999999999", "1", "1"),
    ],
)
def test_a_ratio_is_nothing_or_from_its_least_up(ratio, down, up):
    for rounding, expected in ((Rounding.DOWN, down), (Rounding.UP, up)):
        found = reader(float(ratio), rounding=rounding).ratio(0, least=Fraction(1, 4), quanta=10)
        assert found == Fraction(expected)


@pytest.mark.parametrize(
    ("widths", "needed", "fitted"),
    [
        ([10, 10], 20, [10, 10]),
        ([10, 11], 20, [10, 10]),
        ([20, 12], 33, [20, 13]),  # the one between its limits bends
        ([20, 19], 50, [20, 20]),  # as much as there may be
        ([12, 12], 20, [10, 10]),
        ([10, 10], 15, [10, 10]),  # more than its work, for its least width
        ([20, 20], 31, [11, 20]),
    ],
)
def test_widths_bend_until_they_do_the_work(widths, needed, fitted):
    found = dict(enumerate(widths))
    fit_work(found, dict.fromkeys(found, Fraction(1)), needed=Fraction(needed), limits=(10, 20))
    assert list(found.values()) == fitted


@given(
    st.lists(st.tuples(st.integers(10, 20), st.integers(1, 7)), min_size=1, max_size=5),
    st.integers(-3, 3),
)
def test_the_work_is_done_if_widths_allow_and_no_more_than_a_quantum_too_much(slots, off):
    widths = {t: width for t, (width, _) in enumerate(slots)}
    rates = {t: Fraction(rate, 3) for t, (_, rate) in enumerate(slots)}
    needed = sum(rates[t] * widths[t] for t in widths) + Fraction(off, 2)
    fit_work(widths, rates, needed=needed, limits=(10, 20))
    done = sum(rates[t] * widths[t] for t in widths)
    assert all(10 <= width <= 20 for width in widths.values())
    assert done >= needed or set(widths.values()) == {20}
    assert done < needed + max(rates.values()) or set(widths.values()) == {10}


def test_a_contiguous_job_has_the_least_whole_width_that_does_its_work():
    # One card-hour over three hours.
    case = market_case(
        slots=3, asks=[ask(f"a{t}", 5, 1, slot=t) for t in range(3)],
        jobs=[job("j", 1, 9, shape="contiguous", cards_max="0.4", end=3)],
    )  # fmt: skip
    assert plans_found(case).jobs[0].cells == tuple(Cell(0, 0, t, THIRD) for t in range(3))


def test_a_preemptible_job_makes_up_for_its_pauses():
    # Slot 1 has no cards: 2 + 0.5 card-hours in two slots of at most 1.5.
    case = market_case(
        slots=3, asks=[ask("a", 1, 1), ask("c", 5, 1, slot=2)],
        jobs=[job("j", 2, 9, shape="preemptible", cards_max="1.5", end=3, setup="0.5")],
    )  # fmt: skip
    cards = {cell.slot: cell.cards for cell in plans_found(case).jobs[0].cells}
    assert cards == {0: QUANTUM, 2: 3 * QUANTUM // 2}


def test_a_job_that_may_not_pause_waits_for_an_unbroken_run():
    case = market_case(
        slots=4, asks=[ask("a", 1, 1), *(ask(f"b{t}", 1, 1, slot=t) for t in (2, 3))],
        jobs=[job("j", 2, 9, shape="preemptible", end=4, max_pauses=0)],
    )  # fmt: skip
    assert [cell.slot for cell in plans_found(case).jobs[0].cells] == [2, 3]


def test_a_sliver_of_a_card_keeps_a_run_unbroken():
    # A pause would cost set-up work, and slot 1 is dear.
    asks = [ask(f"a{t}", 1, price, slot=t) for t, price in enumerate((1, 5, 1))]
    jobs = [job("j", "1.5", 9, shape="preemptible", end=3, setup="0.5")]
    plan = plans_found(market_case(slots=3, asks=asks, jobs=jobs)).jobs[0]
    assert [cell.slot for cell in plan.cells] == [0, 1, 2]
    assert plan.cells[1].cards == 1


@pytest.mark.parametrize(
    ("shape", "cells"),
    [("contiguous", [1, 2]), ("preemptible", [1, 2])],
)
def test_a_value_that_falls_in_time_is_taken_before_it_falls(shape, cells):
    asks = [ask(f"a{t}", 1, price, slot=t) for t, price in enumerate((5, 4, 3, 1))]
    values = [{"end": 3, "value": 20}, {"end": 4, "value": 15}]
    jobs = [job("j", 2, None, shape=shape, end=4, values=values)]
    del jobs[0]["value"]
    # The cheapest two slots save 3 and lose 5.
    plan = plans_found(market_case(slots=4, asks=asks, jobs=jobs)).jobs[0]
    assert [cell.slot for cell in plan.cells] == cells


def test_a_divisible_job_takes_the_parts_that_pay():
    asks = [ask("a", 1, 1), ask("b", 1, 7, slot=1), ask("c", "0.5", 2, slot=2)]
    jobs = [job("j", 3, 12, end=3)]
    plan = plans_found(market_case(slots=3, asks=asks, jobs=jobs)).jobs[0]
    assert [(cell.slot, cell.cards) for cell in plan.cells] == [(0, QUANTUM), (2, QUANTUM // 2)]


@pytest.mark.parametrize("shape", ["contiguous", "preemptible", "divisible"])
def test_data_goes_there_before_and_back_after(shape):
    # A link in the middle slot is as good as none: the job must run there.
    data = {"at": "A", "in": "1.5", "out": "0.1"}
    case = market_case(
        zones="A B C", slots=3, asks=[ask("a", 1, 1, zone="C", slot=1)],
        jobs=[job("j", 1, 9, shape=shape, zones={"C": 0}, end=3, data=data)],
        links=[*both_ways("A", "B", 2), *both_ways("B", "C", 2)],
    )  # fmt: skip
    there, back = 3 * QUANTUM // 2, QUANTUM // 10
    assert set(plans_found(case).jobs[0].moves) == {
        Move(0, 0, there, True), Move(2, 0, there, True),
        Move(1, 2, back, False), Move(3, 2, back, False),
    }  # fmt: skip


@pytest.mark.parametrize("shape", ["contiguous", "preemptible", "divisible"])
@pytest.mark.parametrize(("capacity", "taken"), [(2, "j"), ("0.7", "j"), ("0.4", "")])
def test_a_job_whose_data_finds_no_room_in_time_does_not_run(shape, capacity, taken):
    # A GB in two slots before the only one with cards.
    case = market_case(
        zones="A B", slots=3, asks=[ask("a", 1, 1, zone="B", slot=2)],
        jobs=[
            job("j", 1, 9, shape=shape, zones={"B": 0}, end=3, cards_min=0 if shape == "divisible" else 1,
                data={"at": "A", "in": 1, "out": 0})
        ],
        links=both_ways("A", "B", capacity),
    )  # fmt: skip
    report = searched(case)
    if shape == "divisible" and not taken:
        assert report.welfare == pytest.approx(0.8 * 8)  # the share whose data has come
    else:
        assert report.taken == taken


def test_a_share_of_a_divisible_job_moves_its_share_of_data():
    data = {"at": "A", "in": 2, "out": 0}
    case = market_case(
        zones="A B", slots=2, asks=[ask("a", 1, 1, zone="B", slot=1)],
        jobs=[job("j", 4, 40, zones={"B": 0}, end=2, data=data)],
        links=both_ways("A", "B", 2),
    )  # fmt: skip
    assert plans_found(case).jobs[0].moves == (Move(0, 0, QUANTUM // 2, True),)


@pytest.mark.parametrize(
    ("keys", "cards"),
    [
        ({}, [4, 0, 4]),
        ({"quantity_min": 1}, [4, 0, 4]),
        ({"quantity_min": 1, "min_run": 3}, [4, 1, 4]),
        ({"quantity_min": 1, "start_cost": 9}, [4, 1, 4]),
        ({"quantity_min": 1, "ramp": 1, "min_run": 3}, [4, 3, 4]),
        ({"quantity_min": 1, "ramp": 1}, [4, 0, 4]),
        ({"quantity_min": 1, "end": 2, "start_cost": 1}, [4, 0, 0]),
        ({"quantity_min": 1, "end": 2, "min_run": 3}, [4, 1, 0]),
    ],
)
def test_an_offer_runs_as_its_conditions_allow(keys, cards):
    bids = [bid(f"b{t}", 4, price, slot=t) for t, price in enumerate((9, 1, 9))]
    offers = [offer("o", 4, 2, **({"end": 3} | keys))]
    case = market_case(slots=3, bids=bids, offers=offers, pricing="uplift")
    assert plans_found(case).offers == {0: tuple(c * QUANTUM for c in cards)}


def test_a_group_shares_one_ratio():
    # 6 and 4 cards at the same price: the group may take 1 in all, here of the larger one.
    blocks = [
        block("a", 6, 3, min_fraction="0.1", group="g"),
        block("b", 4, 3, min_fraction="0.1", group="g"),
    ]
    case = market_case(asks=[ask("s", 9, 1)], blocks=blocks)
    assert plans_found(case).blocks == {0: (6 * QUANTUM,)}


def test_a_child_is_never_above_its_parent():
    # Two thirds of the parent's card are there; the child may have as much of its own.
    blocks = [
        block("parent", 3, 3, min_fraction="0.1"),
        block("child", 3, 9, slots=[1], min_fraction="0.1", parent="parent"),
    ]
    case = market_case(slots=2, asks=[ask("s", 2, 1), ask("t", 9, 1, slot=1)], blocks=blocks)
    parent, child = (plans_found(case).blocks[b][0] for b in (0, 1))
    assert (parent, child) == (2 * QUANTUM, pytest.approx(2 * QUANTUM, abs=1))
    assert child <= parent


def test_data_is_split_over_paths_to_the_quantum():
    data = {"at": "A", "in": 1, "out": 0}
    case = market_case(
        zones="A B C", slots=2, asks=[ask("a", 1, 1, zone="B", slot=1)],
        jobs=[job("j", 1, 9, shape="contiguous", zones={"B": 0}, end=2, data=data)],
        links=[link("A", "B", "0.3"), link("A", "C", "0.700000000001"), link("C", "B", 5)],
    )  # fmt: skip
    gb = {move.link: move.gb for move in plans_found(case).jobs[0].moves}
    assert gb[0] + gb[1] == QUANTUM
    assert gb[1] == gb[2]
    assert gb[0] <= 3 * QUANTUM // 10


@pytest.mark.parametrize(
    "kind", ["BLOCKS", "CONTIGUOUS", "PREEMPTIBLE", "GANGS", "OFFERS", "DATA", "LOTS", "EVERYTHING"]
)
@pytest.mark.parametrize("seed", range(60, 66))
def test_plans_keep_the_conditions_of_their_orders(kind, seed):
    case = random_case(kind, seed)
    assert [fault for plans in all_plans(case, sets=4) for fault in faults(case, plans)] == []

"""From shares to whole quanta: never more work than there is, never a quantum less where all is due."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.market.builders import a_case, job

from suanwang.market.clearing.whole_jobs import divisible_plan

TINY = Fraction(1, 10**12)  # a quantum of such small cases


def case_of(work, *, classes=None, cards_max=3, hours=(1, 1, 1)):
    speeds = classes or {"x": 1}
    own = job(
        "j", work, classes=speeds, cards_max=cards_max, start=0, end=len(hours), shape="divisible"
    )
    return a_case(classes=list(speeds), slots=list(hours), jobs=[own])


def planned(case, shares, **how):
    """Shares and cells as {(class, slot): cards}; None where there is no plan."""
    rows = [(0, k, slot, cards) for (k, slot), cards in shares.items()]
    plan = divisible_plan(case, case.jobs[0], rows, **how)
    if plan is None:
        return None
    return {(c.card_class, c.slot): Fraction(c.cards, case.quantum) for c in plan.cells}


def done(case, cells):
    own = case.jobs[0]
    return sum(own.classes[k] * case.hours[t] * cards for (k, t), cards in cells.items())


@pytest.mark.parametrize(
    ("work", "shares", "whole", "cells"),
    [
        (4, {(0, 0): 1.0, (0, 1): 2.0}, False, {(0, 0): 1, (0, 1): 2}),  # far from all: as it is
        (3, {(0, 0): 1.0, (0, 1): 2.0}, False, {(0, 0): 1, (0, 1): 2}),
        # A float a hair off all the work is all of it.
        (3, {(0, 0): 1.0, (0, 1): 2.0 - 1e-8}, False, {(0, 0): 1, (0, 1): 2}),
        (3, {(0, 0): 1.0 + 1e-8, (0, 1): 2.0}, False, {(0, 0): 1, (0, 1): 2}),
        (3, {(0, 0): 1.0 + 1e-8, (0, 1): 2.0}, True, {(0, 0): 1, (0, 1): 2}),
        (3, {(0, 0): 3.0}, True, {(0, 0): 3}),
        (3, {(0, 0): 5.0}, False, {(0, 0): 3}),  # never wider than it may be
        (3, {(0, 0): 1e-13}, False, None),  # less than a quantum is nothing
        (3, {}, False, None),
    ],
)
def test_shares_become_cells(work, shares, whole, cells):
    assert planned(case_of(work), shares, whole=whole) == cells


def test_a_third_is_cut_down_or_up():
    case = case_of(1, classes={"x": 3})
    down = planned(case, {(0, 0): 1 / 3})[0, 0]
    up = planned(case, {(0, 0): 1 / 3}, whole=True)[0, 0]
    assert (3 * down < 1 < 3 * up, up - down) == (True, TINY)


def test_where_others_can_make_room_the_cell_bends():
    case = case_of(3)
    shares = {(0, 0): 1.0 + 1e-8, (0, 1): 2.0 + 1e-8}
    first = planned(case, shares, bends=lambda _zone, _k, slot: slot == 0)
    last = planned(case, shares, bends=lambda _zone, _k, slot: slot == 1)
    assert (first[0, 1] > 2, first[0, 0] < 1) == (True, True)
    assert (last[0, 0] > 1, last[0, 1] < 2) == (True, True)
    assert done(case, first) == done(case, last) == 3


def test_who_must_do_all_and_cannot_stays_out():
    wide = case_of("3.0000001", cards_max=1)
    full = dict.fromkeys([(0, 0), (0, 1), (0, 2)], 1.0)
    assert planned(wide, full, whole=True) is None
    assert done(wide, planned(wide, full)) == 3


def test_cells_of_a_slot_share_its_width():
    case = case_of("2.0000001", classes={"x": 2, "y": 1}, cards_max="1.5")
    cells = planned(case, {(0, 0): 0.5, (1, 0): 1.0})
    assert sum(cells.values()) <= Fraction(3, 2)


@settings(max_examples=40)
@given(
    cards=st.lists(st.floats(0, 4), min_size=1, max_size=3),
    speed=st.sampled_from(["1", "0.7", "3"]),
    part=st.sampled_from([1.0, 1 - 1e-9, 1 + 1e-9, 0.5]),
    whole=st.booleans(),
)
def test_work_is_never_overdone_nor_left_undone(cards, speed, part, whole):
    planned_work = sum(min(c, 3.0) for c in cards) * float(speed)
    work = Fraction(max(planned_work, 1e-3)).limit_denominator(10**9)
    case = case_of(f"{float(work):.9f}", classes={"x": speed})
    cells = planned(case, {(0, t): c * part for t, c in enumerate(cards)}, whole=whole)
    if cells is None:
        return
    total, due, rate = done(case, cells), case.jobs[0].work, case.jobs[0].classes[0]
    assert all(0 < c <= 3 for c in cells.values())
    if whole and total > due * (1 - Fraction(1, 10**7)):
        assert due <= total < due + rate * TINY
    if not whole:
        assert total <= due

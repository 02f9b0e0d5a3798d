"""Runs listed once say what planning within the room would; exchanges never leave less."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.market.clearing.own.instances import a_case, a_job, at_prices, problems

from suanwang.market.case.model import Shape
from suanwang.market.clearing.own.arrays import JobArrays
from suanwang.market.clearing.own.bench import empty_plans, make_bench, terms_of
from suanwang.market.clearing.own.choices import list_choices
from suanwang.market.clearing.own.exchange import exchange, waiting
from suanwang.market.clearing.own.prices import ready_prices
from suanwang.market.clearing.own.sweep import best_plans, place_in_turn, plan_of

NEAR = 1e-9
SETTINGS = settings(deadline=None, max_examples=20)  # the first example may compile the kernels
QUARTERS = st.lists(st.integers(0, 16), min_size=3, max_size=20)


def asked(case, at, free):
    """(jobs, terms) where `free` quarters of cards are free at the nodes and, reversed, in pools."""
    jobs = JobArrays.of(case)
    room = np.resize(np.array(free) / 4, case.nodes)
    pool_room = np.resize(np.array(free[::-1]) / 4, (len(case.pools), case.slots))
    prices = ready_prices(jobs, **at.arrays(case))
    return jobs, terms_of(jobs, prices, room=room, pool_room=pool_room)


def fits(terms, run) -> bool:
    option = terms.alternatives[run["alternative"]]
    cells = range(run["first"], run["after"])
    free = [terms.room[t * len(terms.kg) + option["place"]] for t in cells]
    if option["pool"] >= 0:
        free += [terms.pool_room[option["pool"] * len(terms.hours) + t] for t in cells]
    return min(free) >= run["width"] - NEAR


@SETTINGS
@given(problem=problems(Shape.CONTIGUOUS), free=QUARTERS)
def test_the_first_run_that_fits_is_the_best_plan_within_the_room(problem, free):
    case, at = problem
    jobs, terms = asked(replace(case, jobs=(replace(case.jobs[0], data=None),)), at, free)
    bench, best = make_bench(jobs), empty_plans(jobs)
    choices = list_choices(terms, bench)
    best_plans(terms, best, order=np.zeros(1, np.int32), bench=bench)
    found = next((run["gain"] for run in choices.runs if fits(terms, run)), 0.0)
    assert choices.listed.all()
    assert found == pytest.approx(best.jobs["gain"][0], abs=NEAR)


@SETTINGS
@given(problem=problems(Shape.CONTIGUOUS), free=QUARTERS, count=st.integers(2, 5))
def test_exchanges_keep_the_room_and_never_leave_less(problem, free, count):
    case, at = problem
    many = [replace(case.jobs[0], id=f"j{i}", cards_max=Fraction(i + 1)) for i in range(count)]
    jobs, terms = asked(replace(case, jobs=tuple(many)), at, free)
    before, pool_before = terms.room.copy(), terms.pool_room.copy()
    bench, plans, alone = make_bench(jobs), empty_plans(jobs), empty_plans(jobs)
    order = np.arange(count, dtype=np.int32)
    best_plans(terms, alone, order=order, bench=bench)
    place_in_turn(terms, plans, order=order, bench=bench)
    placed = plans.jobs["gain"].sum()
    who = waiting(jobs, alone.jobs["gain"], np.zeros(case.nodes))
    exchange(terms, bench, plans, (who, 12))
    assert plans.jobs["gain"].sum() >= placed - NEAR
    for i in range(count):
        plan = plan_of(jobs, plans, i)
        for node, cards in plan.cells:
            before[node] -= cards
            if plan.pool >= 0:
                pool_before[plan.pool * case.slots + node // len(jobs.kg)] -= cards
    assert before == pytest.approx(terms.room, abs=NEAR)
    assert pool_before == pytest.approx(terms.pool_room, abs=NEAR)
    assert min(terms.room) >= -NEAR


def test_the_short_job_makes_way_where_two_would_not_fit():
    # A long job placed first bars the only card in slots 1–2; without it two short ones are worth more.
    case = a_case([
        a_job(id="long", work=Fraction(4), cards_max=Fraction(1), values=((4, Fraction(60)),)),
        *(a_job(id=f"s{i}", work=Fraction(2), cards_max=Fraction(1), values=((4, Fraction(50)),))
          for i in range(2)),
    ])  # fmt: skip
    jobs, terms = asked(case, at_prices(case, "1 1 1 1"), [4, 4, 4])
    bench, plans = make_bench(jobs), empty_plans(jobs)
    order = np.arange(3, dtype=np.int32)
    place_in_turn(terms, plans, order=order, bench=bench)
    assert (plans.jobs["gain"] > 0).tolist() == [True, False, False]
    gain = np.array([56.0, 48.0, 48.0])
    kept = exchange(terms, bench, plans, (waiting(jobs, gain, np.zeros(case.nodes)), 20))
    assert kept > 0
    assert (plans.jobs["gain"] > 0).tolist() == [False, True, True]


def test_a_job_of_too_many_runs_is_not_listed():
    slots = 40  # runs of every length, since its value rises with time
    ends = tuple((t + 1, Fraction(100 + t)) for t in range(slots))
    case = a_case([a_job(end=slots, values=ends), a_job(id="k")], hours=[1] * slots)
    jobs, terms = asked(case, at_prices(case, " ".join(["1"] * slots)), [8, 8, 8])
    choices = list_choices(terms, make_bench(jobs))
    assert choices.listed.tolist() == [False, True]
    assert choices.first.tolist() == [0, 0, 6]  # of two, three or four slots

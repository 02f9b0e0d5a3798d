"""Jobs alone at given multipliers: kernels against plain twins, plans against the conditions."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import isfinite

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import linprog
from tests.market.clearing.own.instances import a_case, a_job, at_prices, problems
from tests.market.clearing.own.twins import (
    best_contiguous,
    best_preemptible,
    bound_preemptible,
    data_cost,
    places,
    way,
)

from suanwang.market.case.model import JobData, Shape
from suanwang.market.clearing.own.arrays import JobArrays
from suanwang.market.clearing.own.bench import empty_plans, make_bench, terms_of
from suanwang.market.clearing.own.prices import ready_prices
from suanwang.market.clearing.own.sweep import (
    best_plans,
    give_back_room,
    no_demand,
    place_in_turn,
    plan_of,
    sweep,
)

# Hundreds of cases: in CI, left out of `make check`.
pytestmark = pytest.mark.real

NEAR = 1e-9
# The first example may compile the kernels.
SETTINGS = settings(deadline=None, max_examples=40)
# A run kept unbroken by the least card width costs this much more than a width of nothing.
SLIVER = 1e-3


def swept(case, at):
    jobs = JobArrays.of(case)
    prices = ready_prices(jobs, **at.arrays(case))
    plans, demand = empty_plans(jobs), no_demand(jobs, pools=len(case.pools))
    sweep(jobs, prices, plans=plans, demand=demand)
    return plan_of(jobs, plans, 0), demand


def planned(case, at, **room):
    jobs = JobArrays.of(case)
    terms = terms_of(jobs, ready_prices(jobs, **at.arrays(case)), **room)
    plans = empty_plans(jobs)
    order = np.arange(len(case.jobs), dtype=np.int32)
    best_plans(terms, plans, order=order, bench=make_bench(jobs))
    return plan_of(jobs, plans, 0)


def slots_of(case, plan):
    per_slot = len(case.zones) * len(case.classes)
    return [(node // per_slot, round(cards, 6)) for node, cards in plan.cells]


def gain_of(case, at, job, plan):
    """What a plan of one place really gains, by the twin's prices; and that it may run."""
    per_slot = len(case.zones) * len(case.classes)
    where = {node % per_slot for node, _ in plan.cells}
    assert len(where) == 1, "one zone and class"
    card_class, zone = divmod(where.pop(), len(case.zones))
    place = next(
        p
        for p in places(case, at, job)
        if (p.zone, p.card_class, p.pool) == (zone, card_class, plan.pool)
    )
    cards = {node // per_slot: width for node, width in plan.cells}
    slots = sorted(cards)
    pauses = sum(b > a + 1 for a, b in pairwise(slots))
    assert job.start <= slots[0]
    assert job.max_pauses is None or pauses <= job.max_pauses or job.shape is Shape.CONTIGUOUS
    assert all(job.cards_min - NEAR <= w <= job.cards_max + NEAR for w in cards.values())
    work = sum(width * place.done[slot] for slot, width in cards.items())
    assert work >= float(job.work + job.setup * pauses) - NEAR
    cost = sum(width * place.cost[slot] for slot, width in cards.items())
    moved = data_cost(case, at, job, (zone, slots[0], slots[-1] + 1))
    return float(job.value_at(slots[-1])) - cost - float(moved)


@SETTINGS
@given(problem=problems(Shape.CONTIGUOUS, price_least=-2))
def test_the_best_run_is_the_twins(problem):
    case, at = problem
    plan, _ = swept(case, at)
    assert plan.gain == pytest.approx(float(best_contiguous(case, at, case.jobs[0])), abs=NEAR)


@SETTINGS
@given(problem=problems(Shape.CONTIGUOUS))
def test_a_run_gains_what_it_says_and_room_enough_changes_nothing(problem):
    case, at = problem
    plan, _ = swept(case, at)
    if plan.gain > 0:
        assert gain_of(case, at, case.jobs[0], plan) == pytest.approx(plan.gain, abs=NEAR)
        assert len({cards for _, cards in plan.cells}) == 1
    plenty = planned(
        case, at, room=np.full(case.nodes, 9.0), pool_room=np.full((3, case.slots), 9.0)
    )
    assert plenty.gain == pytest.approx(plan.gain, abs=NEAR)


@SETTINGS
@given(problem=problems(Shape.PREEMPTIBLE, price_least=-2))
def test_the_bound_of_a_preemptible_job_is_the_rules(problem):
    case, at = problem
    plan, _ = swept(case, at)
    assert plan.gain == pytest.approx(float(bound_preemptible(case, at, case.jobs[0])), abs=NEAR)


@SETTINGS
@given(problem=problems(Shape.PREEMPTIBLE, price_least=-2))
def test_a_preemptible_plan_runs_and_gains_no_more_than_the_best(problem):
    case, at = problem
    job, plan = case.jobs[0], planned(case, at)
    bound, best = swept(case, at)[0].gain, float(best_preemptible(case, at, job))
    assert plan.gain <= best + NEAR
    assert best <= bound + NEAR
    if plan.gain > 0:
        assert gain_of(case, at, job, plan) == pytest.approx(plan.gain, abs=NEAR)
    if job.cards_min == job.setup == 0 and job.max_pauses is None and job.data is None:
        assert plan.gain == pytest.approx(best, abs=SLIVER)


def best_divisible(case, at, job):
    """The mix as a linear programme over cells, by a solver."""
    cells = [(p, t) for p in places(case, at, job) for t in range(job.start, job.end)]
    gains, works, slots = [], [], []
    for place, slot in cells:
        value = job.value_at(slot)
        moved = data_cost(case, at, job, (place.zone, slot, slot + 1))
        if value is not None and isfinite(moved):
            share = place.done[slot] / job.work
            gains.append(float((value - moved) * share - place.cost[slot]))
            works.append(float(place.done[slot]))
            slots.append(slot)
    if not gains:
        return 0.0
    rows = [[float(slot == t) for slot in slots] for t in range(case.slots)]
    most = [float(job.cards_max)] * case.slots
    found = linprog([-g for g in gains], A_ub=[*rows, works], b_ub=[*most, float(job.work)])
    return -found.fun


@SETTINGS
@given(problem=problems(Shape.DIVISIBLE, price_least=-2))
def test_the_best_mix_is_the_linear_programmes(problem):
    case, at = problem
    job = case.jobs[0]
    plan, _ = swept(case, at)
    assert plan.gain == pytest.approx(best_divisible(case, at, job), abs=1e-7)
    per_slot: dict[int, float] = {}
    for slot, cards in slots_of(case, plan):
        per_slot[slot] = per_slot.get(slot, 0.0) + cards
    assert all(cards <= job.cards_max + NEAR for cards in per_slot.values())


@SETTINGS
@given(problem=problems(Shape.DIVISIBLE))
def test_a_mix_within_room_keeps_it(problem):
    case, at = problem
    plan = planned(case, at, room=np.full(case.nodes, 0.75))
    assert all(0 < cards <= 0.75 + NEAR for _, cards in plan.cells)
    assert plan.gain <= swept(case, at)[0].gain + NEAR


@pytest.mark.parametrize(
    ("prices", "job", "cells"),
    [
        # slots   0 1 2 3
        ("9 1 1 9", {}, [(1, 2), (2, 2)]),  # as wide as may be, where it is cheap
        ("1 1 1 1", {"cards_max": 1, "cards_min": 1}, [(0, 1), (1, 1), (2, 1), (3, 1)]),
        ("1 9 1 1", {"cards_max": 4}, [(0, 4)]),
        ("3 3 1 1", {"values": ((2, Fraction(60)), (4, Fraction(50)))}, [(0, 2), (1, 2)]),
        ("1 1 1 1", {"work": Fraction(9)}, []),  # too much work for two cards
        ("40 40 40 40", {}, []),  # too dear
    ],
)  # fmt: skip
def test_where_a_contiguous_job_runs(prices, job, cells):
    cards = {k: Fraction(v) for k, v in job.items() if k.startswith("cards")}
    case = a_case([a_job(**{**job, **cards})])
    plan, demand = swept(case, at_prices(case, prices))
    assert slots_of(case, plan) == cells
    assert demand.cards.sum() == sum(cards for _, cards in cells)


@pytest.mark.parametrize(
    ("prices", "job", "cells"),
    [
        ("1 9 9 1", {}, [(0, 2), (3, 2)]),
        ("1 9 9 1", {"max_pauses": 0}, [(0, 2), (1, 2)]),  # one pause is one too many
        ("1 2 9 9", {"setup": Fraction(2)}, [(0, 2), (1, 2)]),
        ("1 3 1 9", {"setup": Fraction(2), "work": Fraction(4)}, [(0, 2), (1, 1), (2, 1)]),
        ("1 3 1 9", {}, [(0, 2), (2, 2)]),
        ("1 1 1 1", {"cards_min": Fraction(2), "work": Fraction(5)}, [(0, 2), (1, 2), (2, 2)]),
    ],
)  # fmt: skip
def test_where_a_preemptible_job_pauses(prices, job, cells):
    case = a_case([a_job(shape=Shape.PREEMPTIBLE, **job)])
    plan = planned(case, at_prices(case, prices))
    best = best_preemptible(case, at_prices(case, prices), case.jobs[0])
    assert plan.gain == pytest.approx(float(best), abs=NEAR)
    assert sum(cards for _, cards in slots_of(case, plan)) == sum(cards for _, cards in cells)


def test_plans_of_preemptible_jobs_are_near_the_best_together():
    rng = np.random.default_rng(7)
    found = best = Fraction(0)
    for _ in range(60):
        job = a_job(
            shape=Shape.PREEMPTIBLE, end=6, work=Fraction(int(rng.integers(4, 12))),
            cards_max=Fraction(3), setup=Fraction(int(rng.integers(0, 3))),
            max_pauses=int(rng.integers(0, 3)), values=((6, Fraction(90)),),
        )  # fmt: skip
        case = a_case([job], hours=(1,) * 6)
        at = at_prices(case, " ".join(str(p) for p in rng.integers(1, 10, 6)))
        found += Fraction(planned(case, at).gain)
        best += best_preemptible(case, at, job)
    assert found >= best * Fraction(998, 1000)


def test_a_divisible_job_mixes_places_within_a_slot():
    job = a_job(shape=Shape.DIVISIBLE, classes={0: Fraction(1), 1: Fraction(2)}, end=1,
                work=Fraction(3), values=((1, Fraction(30)),))  # fmt: skip
    case = a_case([job])
    plan, _ = swept(case, at_prices(case, "1", "90", "6", "90"))
    # one card of the slow class does 1 for 1, one of the fast class 2 for 6; 2 cards must do 3
    assert plan.gain == pytest.approx(30 - 1 - 6)
    assert sorted(plan.cells) == [(0, pytest.approx(1)), (2, pytest.approx(1))]


def test_a_gang_pays_its_pool_and_asks_for_its_cards():
    case = a_case([a_job(gang=True)], pools=[(0, 0), (0, 0), (1, 1)])
    at = at_prices(case, "1 1 1 1", pools=["5 5 5 5", "0 0 2 2", "0 0 0 0"])
    plan, demand = swept(case, at)
    assert plan.pool == 1
    assert demand.pool_cards.tolist() == [[0] * 4, [2, 2, 0, 0], [0] * 4]
    assert swept(a_case([a_job(gang=True)]), at)[0].cells == ()


@pytest.mark.parametrize("shape", list(Shape))
def test_data_goes_by_the_cheapest_way_in_the_cheapest_slot(shape):
    data = JobData(at=1, gb_in=Fraction(2), gb_out=Fraction(1))
    case = a_case(
        [a_job(shape=shape, data=data, cards_max=Fraction(4), cards_min=Fraction(0))],
        links=[(0, 1), (1, 0)],
    )
    at = at_prices(case, "90 90 1 90", links=["9 9 9 3", "4 2 9 9"])
    assert way(case, at, (1, 0), 1) == 2
    plan, demand = swept(case, at)
    assert slots_of(case, plan) == [(2, 4)]
    assert plan.gain == pytest.approx(100 - 4 - 2 * 2 - 1 * 3)
    assert demand.link_gb.tolist() == [[0, 0, 0, 1], [0, 2, 0, 0]]


def test_jobs_in_turn_take_the_room_and_give_it_back():
    case = a_case([a_job(), a_job(id="k"), a_job(id="l")])
    jobs = JobArrays.of(case)
    at = at_prices(case, "1 1 1 1")
    room = np.full(case.nodes, 2.0)
    terms, plans = (
        terms_of(jobs, ready_prices(jobs, **at.arrays(case)), room=room),
        empty_plans(jobs),
    )
    order = np.array([2, 0, 1], np.int32)
    place_in_turn(terms, plans, order=order, bench=make_bench(jobs))
    assert slots_of(case, plan_of(jobs, plans, 2)) == [(0, 2), (1, 2)]
    assert slots_of(case, plan_of(jobs, plans, 0)) == [(2, 2), (3, 2)]
    assert plan_of(jobs, plans, 1).cells == ()
    give_back_room(jobs, plans, 2, terms=terms)
    assert room[::4].tolist() == [2, 2, 0, 0]


@SETTINGS
@given(problem=problems(Shape.PREEMPTIBLE))
def test_a_plan_within_room_keeps_it(problem):
    case, at = problem
    room, pool_room = np.full(case.nodes, 1.5), np.full((3, case.slots), 1.25)
    plan = planned(case, at, room=room, pool_room=pool_room)
    most = 1.25 if case.jobs[0].gang else 1.5
    assert all(cards <= most + NEAR for _, cards in plan.cells)
    if plan.gain > 0:
        assert gain_of(case, at, case.jobs[0], plan) == pytest.approx(plan.gain, abs=NEAR)


def test_a_job_after_its_last_deadline_stays_out():
    late = {"start": 3, "values": ((2, Fraction(100)),)}
    case = a_case([a_job(shape=shape, **late) for shape in Shape])
    jobs = JobArrays.of(case)
    prices = ready_prices(jobs, **at_prices(case, "1 1 1 1").arrays(case))
    plans = empty_plans(jobs)
    sweep(jobs, prices, plans=plans, demand=no_demand(jobs, pools=0))
    assert plans.jobs["gain"].tolist() == [0, 0, 0]

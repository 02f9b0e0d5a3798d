"""Jobs placed in turn: those that gain most first, into the room that is left."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.market.builders import a_case, ask, bid, job, link

from suanwang.market.clearing.candidate import weigh, zero_load
from suanwang.market.clearing.placing import job_regrets, place, with_data
from suanwang.market.clearing.plans import Cell, JobPlan, Plans
from suanwang.market.clearing.response import Crowd
from suanwang.market.clearing.slots import Market
from suanwang.market.clearing.work import Work

Q = 10**12


def run(name, value, **keys):
    """Two cards for an hour in one of three slots."""
    return job(name, 2, value, **({"shape": "contiguous", "cards_max": 2, "end": 3} | keys))


def a_crowd(jobs, *, cards=(2, 2, 2), **keys):
    asks = [ask(f"a{t}", c, 1, slot=t) for t, c in enumerate(cards)]
    return Crowd.of(Market.of(a_case(slots=len(cards), asks=asks, jobs=jobs, **keys)))


def placed(crowd, *, decided=None, price=1.0, limit=20_000):
    jobs = list(range(len(crowd.market.case.jobs)))
    nodes = np.full(crowd.market.case.nodes, price)
    return place(crowd, nodes, decided=decided or Plans(), jobs=jobs, work=Work(limit=limit))


def where(crowd, plans):
    """{job: {slot: cards}}"""
    return {
        crowd.market.case.jobs[i].id: {c.slot: Fraction(c.cards, Q) for c in plan.cells}
        for i, plan in plans.items()
    }


def test_every_job_finds_a_slot_of_its_own():
    crowd = a_crowd([run("j", 9), run("k", 8), run("m", 7)])
    found = where(crowd, placed(crowd))
    assert sorted(min(slots) for slots in found.values()) == [0, 1, 2]
    assert all(slots in ({0: 2}, {1: 2}, {2: 2}) for slots in found.values())


def test_those_that_gain_most_come_first():
    crowd = a_crowd([run("low", 5), run("high", 9), run("mid", 7)], cards=(2, 2, 0))
    assert set(where(crowd, placed(crowd))) == {"high", "mid"}


@pytest.mark.parametrize(
    ("decided", "count"),
    # With a card left in each slot a job takes two slots, one card wide.
    [((0, 0, 0), 3), ((2, 0, 0), 2), ((1, 1, 1), 1), ((2, 2, 1), 0), ((2, 2, 2), 0)],
)
def test_what_is_decided_takes_its_room(decided, count):
    jobs = [run("j", 9), run("k", 8), run("m", 7)]
    taken = run("before", 1, shape="divisible", cards_max=9)
    crowd = a_crowd([*jobs, taken])
    cells = tuple(Cell(0, 0, t, c * Q) for t, c in enumerate(decided) if c)
    nodes = np.ones(3)
    plans = Plans(jobs={3: JobPlan(cells=cells)} if cells else {})
    assert len(place(crowd, nodes, decided=plans, jobs=[0, 1, 2], work=Work())) == count


def test_nobody_is_placed_who_would_not_gain():
    assert placed(a_crowd([run("j", 9)]), price=5.0) == {}
    assert placed(a_crowd([])) == {}


def test_what_is_placed_can_be_carried_out():
    jobs = [run(f"j{i}", 5 + i, cards_max=1 + i % 2) for i in range(12)]
    jobs = [one | {"work": 1 + i % 2} for i, one in enumerate(jobs)]
    crowd = a_crowd(jobs, cards=(3, 5, 4))
    plans = placed(crowd)
    assert sum(c.cards for plan in plans.values() for c in plan.cells) >= 10 * Q
    assert weigh(crowd.market, Plans(jobs=plans)) is not None


def test_work_spent_is_counted():
    crowd, work = a_crowd([run("j", 9), run("k", 8)]), Work()
    place(crowd, np.ones(3), decided=Plans(), jobs=[0, 1], work=work)
    assert work.used >= 2


FAR = {"zones": "A B", "links": [link("A", "B", 1), link("B", "A", 1)]}


def far_job(name, **keys):
    return run(name, 9, zones={"B": 0}, data={"at": "A", "in": 1, "out": 0}, **keys)


def test_jobs_whose_data_finds_no_way_stay_out():
    case = a_case(slots=3, jobs=[far_job("j"), far_job("k"), run("n", 9)], **FAR)
    at_home = JobPlan(cells=(Cell(0, 0, 1, 2 * Q),))
    away = JobPlan(cells=(Cell(1, 0, 1, 2 * Q),))
    found = with_data(case, {0: away, 1: away, 2: at_home}, zero_load(case))
    # One gigabyte before slot 1 is all the link carries.
    assert set(found) == {0, 2}
    assert [(m.link, m.slot, m.gb) for m in found[0].moves] == [(0, 0, Q)]
    assert found[2] == at_home
    busy = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]) * Q
    assert set(with_data(case, {0: away, 2: at_home}, busy)) == {2}
    assert with_data(case, {2: at_home}, busy) == {2: at_home}


@pytest.mark.parametrize(
    ("price", "taken", "regrets"),
    [(1.0, (), ["k", "j"]), (1.0, (1,), ["j"]), (4.2, (), ["k"]), (9.0, (), []), (1.0, (0, 1), [])],
)
def test_who_was_left_out_and_gains_is_found_the_largest_first(price, taken, regrets):
    crowd = a_crowd([run("j", 8), run("k", 9)])
    case, plan = crowd.market.case, JobPlan(cells=(Cell(0, 0, 0, 2 * Q),))
    plans = Plans(jobs=dict.fromkeys(taken, plan))
    found = job_regrets(crowd, np.full(3, price), plans, Work())
    assert [case.jobs[i].id for _, i, _ in found] == regrets
    for gain, i, own in found:
        assert gain == pytest.approx(float(case.jobs[i].values[0][1]) - 2 * price)
        assert sum(cell.cards for cell in own.cells) == 2 * Q


def test_a_regret_whose_data_has_no_way_is_none():
    case = a_case(slots=3, bids=[bid("b")], jobs=[far_job("j")], **(FAR | {"links": []}))
    crowd = Crowd.of(Market.of(case))
    assert job_regrets(crowd, np.zeros(case.nodes), Plans(), Work()) == []

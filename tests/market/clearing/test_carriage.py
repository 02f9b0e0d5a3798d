"""Ways for a job's data: which links in which slots, and nothing taken where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.market.builders import a_case, job, link

from suanwang.market.clearing.carriage import carried, one_zone
from suanwang.market.clearing.plans import Cell, JobPlan

ZONES = "A B C D"


def case_of(links, *, shape="contiguous", slots=5, **data):
    """Links as "A>B 2", a capacity each or one a slot ("A>B 2/0/1/1/1"); the data lies in A."""
    rows = [row.split() for row in links]
    ways = [link(*ends.split(">"), room.split("/") if "/" in room else room) for ends, room in rows]
    own = job(
        "j", 4, zones=dict.fromkeys(ZONES.split(), 0), cards_max=9, start=0, end=slots,
        shape=shape, data={"at": "A", **data},
    )  # fmt: skip
    return a_case(zones=ZONES, slots=slots, links=ways, jobs=[own])


def plan_in(case, zone, slots, cards=1):
    at = case.zones.index(zone)
    return JobPlan(cells=tuple(Cell(at, 0, t, round(cards * case.quantum)) for t in slots))


def room(case):
    rows = [[float(c * case.quantum) for c in way.capacity] for way in case.links]
    return np.array(rows).reshape(len(rows), case.slots)


def told(case, plan):
    """Moves as "A>B@0 2 in", in GB."""
    return [
        f"{case.zones[case.links[m.link].source]}>{case.zones[case.links[m.link].target]}"
        f"@{m.slot} {m.gb / case.quantum:g} {'in' if m.inwards else 'out'}"
        for m in plan.moves
    ]


@pytest.mark.parametrize(
    ("links", "gb", "zone", "slots", "moves"),
    [
        # One link each way, from the run outwards.
        (["A>B 9", "B>A 9"], (2, 1), "B", [2, 3], ["A>B@1 2 in", "B>A@4 1 out"]),
        (["A>B 9", "B>C 9"], (2, 0), "C", [2], ["A>B@1 2 in", "B>C@1 2 in"]),  # two hops
        (["A>B 2"], (3, 0), "B", [2], ["A>B@0 1 in", "A>B@1 2 in"]),  # two slots
        (["A>B 0/9/0/0/0"], (3, 0), "B", [3], ["A>B@1 3 in"]),  # only there is room
        # The short way first, the rest by the long one.
        (["A>C 1", "A>B 9", "B>C 9"], (3, 0), "C", [1], ["A>C@0 1 in", "A>B@0 2 in", "B>C@0 2 in"]),
        # A hop of the long way is narrow: what is left waits for another slot.
        (["A>B 9", "B>C 1"], (2, 0), "C", [2], ["A>B@0 1 in", "A>B@1 1 in", "B>C@0 1 in", "B>C@1 1 in"]),
        (["B>A 9"], (0, 2), "B", [0], ["B>A@1 2 out"]),  # nothing to bring
        ([], (0, 0), "B", [0], []),
        ([], (7, 7), "A", [0], []),  # it is there already
    ],
)  # fmt: skip
def test_data_goes_by_the_shortest_way_nearest_to_the_run(links, gb, zone, slots, moves):
    case = case_of(links, **{"in": gb[0], "out": gb[1]})
    left = room(case)
    plan = carried(case, case.jobs[0], plan_in(case, zone, slots), left)
    assert told(case, plan) == moves
    taken = np.zeros_like(left)
    for move in plan.moves:
        taken[move.link, move.slot] += move.gb
    assert (room(case) - left == taken).all()


@pytest.mark.parametrize(
    ("links", "gb", "zone", "slots"),
    [
        ([], (1, 0), "B", [2]),
        (["B>A 9"], (1, 0), "B", [2]),  # only the other way
        (["A>B 9"], (1, 0), "B", [0]),  # no slot before the first
        (["A>B 9", "B>A 9"], (1, 1), "B", [4]),  # none after the last
        (["A>B 1"], (3, 0), "B", [2]),  # two slots of 1 are not enough
        (["A>B 9", "B>A 1"], (1, 3), "B", [2]),  # in, but not home
        (["A>B 9", "C>D 9"], (1, 0), "D", [2]),
    ],
)
def test_without_a_way_for_all_of_it_nothing_is_taken(links, gb, zone, slots):
    case = case_of(links, **{"in": gb[0], "out": gb[1]})
    left = room(case)
    assert carried(case, case.jobs[0], plan_in(case, zone, slots), left) is None
    assert (left == room(case)).all()


@pytest.mark.parametrize(
    ("shape", "cards", "moves"),
    [
        ("divisible", 4, ["A>B@1 8 in"]),
        ("divisible", 1, ["A>B@1 2 in"]),  # a quarter of the work needs a quarter of the data
        ("divisible", 9, ["A>B@1 8 in"]),  # never more than all
        ("preemptible", 1, ["A>B@1 8 in"]),  # takes all or nothing
    ],
)
def test_a_divisible_job_moves_the_share_it_works_on(shape, cards, moves):
    case = case_of(["A>B 9"], shape=shape, **{"in": 8, "out": 0})
    plan = carried(case, case.jobs[0], plan_in(case, "B", [2], cards), room(case))
    assert told(case, plan) == moves


def test_data_goes_to_the_zone_that_does_most():
    cells = (Cell(0, 0, 0, 3), Cell(1, 0, 1, 2), Cell(1, 0, 2, 2))
    assert one_zone(JobPlan(cells=cells)).cells == cells[1:]
    assert one_zone(JobPlan(cells=cells[:2])).cells == cells[:1]


@settings(max_examples=40)
@given(
    rooms=st.lists(st.integers(0, 3), min_size=12, max_size=12),
    gb=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    at=st.integers(0, 3),
)
def test_what_enters_a_way_leaves_it_and_no_link_is_overfull(rooms, gb, at):
    links = ["A>B", "B>C", "A>C", "C>A"]
    rows = [
        f"{way} {'/'.join(map(str, rooms[3 * i : 3 * i + 3]))}/0" for i, way in enumerate(links)
    ]
    case = case_of(rows, slots=4, **{"in": gb[0], "out": gb[1]})
    left = room(case)
    plan = carried(case, case.jobs[0], plan_in(case, "C", [at]), left)
    assert (left >= 0).all()
    if plan is None:
        assert (left == room(case)).all()
        return
    arrived = {True: 0, False: 0}
    for slot in range(4):
        for inwards, goal in ((True, "C"), (False, "A")):
            net = dict.fromkeys("ABCD", 0)
            for move in plan.moves:
                if (move.slot, move.inwards) == (slot, inwards):
                    assert (slot < at) == inwards
                    net[case.zones[case.links[move.link].source]] -= move.gb
                    net[case.zones[case.links[move.link].target]] += move.gb
            assert net["B"] == 0
            arrived[inwards] += net[goal]
    assert arrived == {True: gb[0] * case.quantum, False: gb[1] * case.quantum}

"""From the relaxation to whole decisions: which blocks, lots and mixing jobs are taken."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from tests.market.builders import a_case, ask, bid, block, job, link, offer
from tests.market.oracle import lp, random_cases

from suanwang.market.case.model import Side
from suanwang.market.case.read import case_from_document
from suanwang.market.clearing import relaxing
from suanwang.market.clearing.plans import Cell, JobPlan, Plans, demand_of
from suanwang.market.clearing.relaxing import is_convex, relax
from suanwang.market.clearing.response import Crowd, no_pools
from suanwang.market.clearing.rounding import (
    mixed_again,
    mixed_jobs,
    mixes,
    round_blocks,
    round_lots,
)
from suanwang.market.clearing.slots import Market
from suanwang.market.clearing.work import Work

Q = 10**12


def relaxed(**keys):
    crowd = Crowd.of(Market.of(a_case(**keys)))
    return crowd, relax(crowd, Work(), None)


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({}, True),
        ({"shape": "preemptible"}, True),
        ({"shape": "preemptible", "cards_min": 1}, False),
        ({"shape": "preemptible", "setup": 1}, False),
        ({"shape": "preemptible", "max_pauses": 2}, False),
        ({"shape": "preemptible", "gang": True}, False),
        ({"shape": "preemptible", "values": [{"end": 1, "value": 2}, {"end": 2, "value": 1}]}, False),
        ({"values": [{"end": 1, "value": 2}, {"end": 2, "value": 1}]}, True),
        ({"data": {"at": "A"}}, False),
        ({"shape": "contiguous"}, False),
    ],
)  # fmt: skip
def test_whose_shares_can_stand_as_they_are(keys, found):
    assert mixes(a_case(slots=2, jobs=[job("j", end=2, **keys)]).jobs[0]) == found


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({}, True),
        ({"jobs": [job("j")]}, True),
        ({"jobs": [job("j", data={"at": "A", "in": 1})]}, False),
        ({"jobs": [job("j", shape="preemptible")]}, False),
        ({"blocks": [block("k")]}, False),
        ({"offers": [offer("o")]}, False),
        ({"asks": [ask("a", lot=1)]}, False),
    ],
)
def test_what_a_linear_programme_can_say(keys, found):
    assert is_convex(a_case(**keys)) == found


@pytest.mark.parametrize(
    ("blocks", "taken"),
    [
        ([block("k", 2, 9)], {0: 2}),
        ([block("k", 2, "0.5")], {}),  # no ask is so cheap
        ([block("k", 8, 9)], {0: 8}),  # there are cards for more than half of it
        ([block("k", 12, 9)], {}),  # and here for less
        ([block("k", 2, 9, group="g"), block("m", 2, 8, group="g")], {0: 2}),  # one of a group
        ([block("p", 1, "0.5"), block("c", 2, 9, parent="p")], {0: 1, 1: 2}),  # worth it together
        ([block("p", 20, "0.5"), block("c", 1, 9, parent="p")], {}),  # too large a parent
    ],
)
def test_blocks_that_are_mostly_taken_are_taken(blocks, taken):
    crowd, relaxation = relaxed(asks=[ask("a", 5, 1)], blocks=blocks)
    found = round_blocks(crowd, relaxation)
    assert {i: quanta[0] / Q for i, quanta in found.items()} == taken


@pytest.mark.parametrize("seed", range(8))
def test_blocks_are_taken_with_their_parents_and_one_of_a_group(seed):
    document = random_cases.case(seed, replace(random_cases.BLOCKS, blocks=8))
    crowd = Crowd.of(Market.of(case_from_document(document)))
    case = crowd.market.case
    found = round_blocks(crowd, relax(crowd, Work(), None))
    number = {one.id: i for i, one in enumerate(case.blocks)}
    assert all(
        case.blocks[i].parent is None or number[case.blocks[i].parent] in found for i in found
    )
    groups = [case.blocks[i].group for i in found if case.blocks[i].group is not None]
    assert len(groups) == len(set(groups))


def test_lots_are_rounded_to_what_the_relaxation_gives_them():
    crowd, relaxation = relaxed(asks=[ask("a", 5, 1, lot=2)], bids=[bid("b", "3.2", 9)])
    assert round_lots(crowd.market.case, relaxation) == {(Side.ASK, 0): 4 * Q}
    crowd, relaxation = relaxed(asks=[ask("a", 5, 1)], bids=[bid("b", 3, 9)])
    assert round_lots(crowd.market.case, relaxation) == {}


def cells_of(plans):
    return {
        i: {(c.slot, c.zone): Fraction(c.cards, Q) for c in plan.cells} for i, plan in plans.items()
    }


def test_jobs_that_mix_take_their_shares_where_cards_are_cheap():
    jobs = [
        job("d", 4, 40, cards_max=3, end=2),
        job("p", 3, 30, cards_max=3, end=2, shape="preemptible"),
        job("c", 1, 9, end=2, shape="contiguous"),  # is placed elsewhere
        job("e", 9, 9, cards_max=9, end=2),  # worth no more than a card costs
    ]
    crowd, relaxation = relaxed(slots=2, asks=[ask("a", 5, 1), ask("b", 9, 2, slot=1)], jobs=jobs)
    program = relaxation.program
    found = cells_of(mixed_jobs(crowd, program, program.relaxed))
    assert set(found) == {0, 1}
    assert (sum(found[0].values()), sum(found[1].values())) == (4, 3)


def test_who_takes_all_or_nothing_does_all_its_work_or_stays_out():
    # 3 cards in two slots for two jobs of 2 card-hours: half of one would remain.
    jobs = [job(n, 2, v, cards_max=2, end=2, shape="preemptible") for n, v in (("p", 9), ("q", 8))]
    crowd, relaxation = relaxed(slots=2, asks=[ask("a", 2, 1), ask("b", 1, 1, slot=1)], jobs=jobs)
    program = relaxation.program
    mixed = mixed_jobs(crowd, program, program.relaxed)
    found = mixed_again(crowd, program, decided=Plans(), mixed=mixed, work=Work())
    for plan in found.values():
        assert sum(cell.cards for cell in plan.cells) >= 2 * Q
    assert (demand_of(crowd.market.case, Plans(jobs=found)) <= np.array([2, 1]) * Q).all()


def test_mixing_jobs_settle_around_what_is_decided():
    jobs = [job("d", 4, 40, cards_max=4), job("c", 2, 20, cards_max=2, shape="contiguous")]
    crowd, relaxation = relaxed(asks=[ask("a", 5, 1)], jobs=jobs)
    program, work = relaxation.program, Work()
    decided = Plans(jobs={1: JobPlan(cells=(Cell(0, 0, 0, 2 * Q),))})
    found = mixed_again(crowd, program, decided=decided, mixed={}, work=work)
    left = 3 - sum(cells_of(found)[0].values())
    assert 0 <= left <= Fraction(1, 10**6)  # a little is kept free for rounding
    assert work.used >= 1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("warm", [False, True])
def test_a_linear_cases_multipliers_prove_its_optimum(seed, warm):
    document = random_cases.case(seed, random_cases.LINEAR)
    case = case_from_document(document)
    crowd, work = Crowd.of(Market.of(case)), Work()
    found = relax(crowd, work, np.full(case.nodes, 3.0) if warm else None)
    value = crowd.respond(found.nodes, no_pools(case)).value
    assert value == pytest.approx(lp.optimum(document), rel=1e-9, abs=1e-6)
    assert work.used > 0


@pytest.mark.parametrize("warm", [False, True])
def test_too_many_cells_are_left_to_ascent(warm, monkeypatch):
    monkeypatch.setattr(relaxing, "CELLS_MAX", 3)
    keys = {"slots": 4, "asks": [ask("a", 5, 1)], "jobs": [job("j", end=4, shape="contiguous")]}
    crowd = Crowd.of(Market.of(a_case(**keys)))
    start = np.full(4, 2.0) if warm else None
    found = relax(crowd, Work(), start)
    assert found.program is None
    assert round_lots(crowd.market.case, found) == {}
    assert round_blocks(crowd, found) == {}


def test_without_a_programme_families_say_which_blocks_to_take(monkeypatch):
    monkeypatch.setattr(relaxing, "CELLS_MAX", -1)
    blocks = [block("k", 2, 9), block("m", 2, "0.5")]
    crowd, relaxation = relaxed(asks=[ask("a", 5, 1)], bids=[bid("b", 1, 2)], blocks=blocks)
    assert relaxation.program is None
    assert {i: q[0] / Q for i, q in round_blocks(crowd, relaxation).items()} == {0: 2}


def test_links_carry_what_a_relaxed_job_asks_for():
    jobs = [job("d", 3, 30, zones={"B": 0}, cards_max=3)]
    keys = {"zones": "A B", "asks": [ask("a", 5, 1)], "links": [link("A", "B", 2)], "jobs": jobs}
    crowd, relaxation = relaxed(**keys)
    program = relaxation.program
    assert cells_of(mixed_jobs(crowd, program, program.relaxed)) == {0: {(0, 1): 2}}

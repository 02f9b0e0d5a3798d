from __future__ import annotations

from datetime import timedelta

import pytest
from tests.jobs.builders import NOON, a_spec, an_id

from suanwang.basics.ids import CentreId
from suanwang.basics.money import Money
from suanwang.grid.demand import Preference
from suanwang.jobs.demand import demand_of


def test_what_placement_sees_of_a_small_job():
    demand = demand_of(a_spec(), now=NOON)
    assert (demand.cards, demand.nodes, demand.cores) == (1, 1, 1)
    assert (demand.memory_gb, demand.disk_gb) == (0.5, 1.0)
    assert (demand.expected, demand.time_limit) == (timedelta(minutes=10), timedelta(minutes=40))
    assert (demand.earliest, demand.deadline, demand.cost_max) == (None, None, None)
    assert demand.weights == {Preference.COST: 1.0}
    assert (demand.classes, demand.needs, demand.latency_ms_max) == ({}, frozenset(), None)


def test_every_wish_arrives():
    spec = a_spec(
        resources={"cards": 8, "class": {"h100": "2.5"}, "nodes": 2, "cpus": 4, "memory": "64GB", "disk": "1TB"},
        inputs=[{"from": "a", "to": "a", "bytes": 7}, {"from": "b", "to": "b"}],
        deadline="6h", earliest_start="2026-11-24T05:00:00Z", max_price="300", near="beijing",
        latency_ms_max=20, prefer={"cost": 3, "green": 1, "speed": 0}, image="python:3.12",
    )  # fmt: skip
    centre = an_id(CentreId)
    demand = demand_of(spec, now=NOON, not_centres=frozenset({centre}))
    assert (demand.cards, demand.classes, demand.nodes) == (8, {"h100": 2.5}, 2)
    assert (demand.cores, demand.memory_gb, demand.disk_gb) == (4, 64.0, 1000.0)
    assert demand.bytes_in == 7
    assert demand.deadline == NOON + timedelta(hours=6)
    assert demand.earliest == NOON + timedelta(hours=1)
    assert demand.cost_max == Money.parse("300")
    assert (demand.home, demand.latency_ms_max) == ("beijing", 20.0)
    assert demand.weights == {Preference.COST: 0.75, Preference.GREEN: 0.25}
    assert demand.not_centres == {centre}
    assert demand.needs == {"image"}


def test_an_environment_is_a_capability():
    assert demand_of(a_spec(environment="science"), now=NOON).needs == {"environment:science"}


@pytest.mark.parametrize(("retain", "months"), [("30d", 1.0), ("90d", 3.0), ("15d", 0.5)])
def test_a_stored_job_needs_room_for_its_months_and_runs_nothing(retain, months):
    spec = a_spec(
        kind="store",
        image="x",
        retain=retain,
        inputs=[{"from": "a", "to": "a", "bytes": 2_500_000_000}],
    )
    centre = an_id(CentreId)
    demand = demand_of(spec, now=NOON, only_centre=centre)
    assert (demand.store_gb, demand.store_months, demand.only_centre) == (2.5, months, centre)
    assert (demand.cards, demand.needs) == (0, frozenset())

from __future__ import annotations

from enum import StrEnum

import pytest

from suanwang.basics.lifecycle import Lifecycle, TransitionRefused
from suanwang.jobs.lifecycle import JOB, JobEvent, JobState


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    BROKEN = "broken"


class Turn(StrEnum):
    GO = "go"
    STOP = "stop"
    BREAK = "break"


LIGHT = Lifecycle(
    kind="light",
    first=Light.RED,
    table={
        Light.RED: {Turn.GO: Light.GREEN, Turn.BREAK: Light.BROKEN},
        Light.GREEN: {Turn.STOP: Light.RED},
    },
    final=frozenset({Light.BROKEN}),
)


def test_the_table_alone_decides():
    assert LIGHT.after(Light.RED, Turn.GO, subject="l1") is Light.GREEN
    assert LIGHT.allows(Light.GREEN, Turn.STOP)
    assert not LIGHT.allows(Light.GREEN, Turn.BREAK)


@pytest.mark.parametrize(
    ("state", "event", "message"),
    [
        (Light.GREEN, Turn.GO, "light l1 is green: it cannot go from there (possible: stop)."),
        (
            Light.BROKEN,
            Turn.GO,
            "light l1 is broken: it cannot go from there (possible: nothing, it is final).",
        ),
    ],
)
def test_a_refusal_names_what_was_possible(state, event, message):
    with pytest.raises(TransitionRefused) as refused:
        LIGHT.after(state, event, subject="l1")
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("table", "final"),
    [
        ({Light.RED: {Turn.GO: Light.GREEN}, Light.GREEN: {Turn.STOP: Light.RED}}, {Light.BROKEN}),
        ({Light.RED: {Turn.GO: Light.GREEN, Turn.BREAK: Light.BROKEN}}, {Light.BROKEN}),
        (
            {Light.RED: {Turn.GO: Light.GREEN}, Light.GREEN: {Turn.BREAK: Light.BROKEN}},
            {Light.GREEN, Light.BROKEN},
        ),
    ],
    ids=["never reached", "no way out", "final with a way out"],
)
def test_a_crooked_table_is_refused_at_import(table, final):
    with pytest.raises(AssertionError):
        Lifecycle(kind="light", first=Light.RED, table=table, final=frozenset(final))


def test_the_diagram_is_printed_from_the_table():
    assert LIGHT.mermaid().splitlines() == [
        "stateDiagram-v2",
        "    [*] --> red",
        "    red --> green: go",
        "    red --> broken: break",
        "    green --> red: stop",
        "    broken --> [*]",
    ]


def test_a_job_that_runs_ends_settled():
    e = JobEvent
    state = JOB.first
    for event in [e.QUOTE, e.CLEAR, e.PLACE, e.STAGE, e.START, e.FINISH, e.METER, e.BILL, e.SETTLE]:
        state = JOB.after(state, event, subject="job_1")
    assert state is JobState.SETTLED


def test_a_lost_lease_goes_back_to_placed_from_anywhere_it_can_be_held():
    for state in (JobState.PLACED, JobState.STAGED, JobState.RUNNING):
        assert JOB.after(state, JobEvent.LOSE_LEASE, subject="job_1") is JobState.PLACED

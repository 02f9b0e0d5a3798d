"""What may happen to a job, as sentences; the table itself is in `jobs/lifecycle.py`."""

from __future__ import annotations

import pytest

from suanwang.basics.lifecycle import TransitionRefused
from suanwang.jobs.lifecycle import JOB, JobEvent, JobState


def walk(text: str) -> str:
    """Let a fresh job live through the events and return where it stands."""
    state = JOB.first
    for event in text.split():
        state = JOB.after(state, JobEvent(event), subject="job")
    return str(state)


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ("quote clear place stage start finish meter bill settle", "SETTLED"),
        ("quote quote expire", "EXPIRED"),
        ("reject", "REJECTED"),
        ("quote clear place stage start lose_lease stage start finish", "RETURNED"),
        ("quote clear place place stage fail", "FAILED"),
        ("quote clear place stage start give_up", "LOST"),
        ("quote clear place stage start finish meter bill cancel", "CANCELLED"),
        ("quote clear cancel", "CANCELLED"),
    ],
)
def test_a_jobs_way(events, state):
    assert walk(events) == state


@pytest.mark.parametrize(
    "events",
    [
        "clear",
        "quote place",
        "quote clear place stage start bill",
        "reject quote",
        "quote clear place stage start cancel",
    ],
)
def test_nothing_else_may_happen(events):
    with pytest.raises(TransitionRefused):
        walk(events)


def test_nothing_leaves_a_final_state():
    assert not [e for s in JOB.final for e in JobEvent if JOB.allows(s, e)]
    assert {s for s in JobState if s not in JOB.table} == JOB.final

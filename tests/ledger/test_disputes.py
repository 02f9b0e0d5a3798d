"""The table of disputes, event by event, and deadlines by the calendar of bank days."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from suanwang.basics.lifecycle import TransitionRefused
from suanwang.ledger.calendar import bank_days
from suanwang.ledger.disputes import DISPUTE, DisputeEvent, DisputeState, due_after

TABLE = """
              accept    contest    silence  uphold  reject    escalate   withdraw
opened        accepted  contested  upheld   -       -         -          withdrawn
contested     accepted  -          -        upheld  rejected  escalated  withdrawn
escalated     accepted  -          -        upheld  rejected  -          withdrawn
accepted      -         -          -        -       -         -          -
upheld        -         -          -        -       -         -          -
rejected      -         -          -        -       -         -          -
withdrawn     -         -          -        -       -         -          -
"""


def test_every_event_in_every_state():
    events, *rows = [each.split() for each in TABLE.strip().splitlines()]
    assert set(events) == set(DisputeEvent)
    assert {row[0] for row in rows} == set(DisputeState)
    for state, *after in rows:
        for event, expected in zip(events, after, strict=True):
            now, what = DisputeState(state), DisputeEvent(event)
            if expected == "-":
                with pytest.raises(TransitionRefused):
                    DISPUTE.after(now, what, subject="dsp_1")
            else:
                assert DISPUTE.after(now, what, subject="dsp_1") == expected


@pytest.mark.parametrize(
    ("now", "days", "due"),
    [
        ("2026-11-23T02:00:00", 1, "2026-11-24T16:00:00"),
        ("2026-11-23T17:00:00", 1, "2026-11-25T16:00:00"),  # already the 24th in Beijing
        ("2026-11-27T02:00:00", 1, "2026-11-30T16:00:00"),  # over a weekend
        ("2026-12-30T02:00:00", 1, "2026-12-31T16:00:00"),
        ("2026-12-30T02:00:00", 5, None),  # into a year without a calendar
    ],
)
def test_deadlines(now, days, due):
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    expected = due and datetime.fromisoformat(due).replace(tzinfo=UTC)
    assert due_after(at, days, bank_days()) == expected

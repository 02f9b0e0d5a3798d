"""The life of a job, and nothing else may change its state.

The docs' diagram is printed from this table. A cancelled job that has used something still goes
RETURNED → METERED → BILLED and ends CANCELLED when its bill is settled.
"""

from __future__ import annotations

from enum import StrEnum

from suanwang.basics.lifecycle import Lifecycle


class JobState(StrEnum):
    """Where a job stands."""

    SUBMITTED = "SUBMITTED"  #: spec valid, waiting for its quote
    QUOTED = "QUOTED"  #: has a plan and a price; once accepted it waits for a round
    CLEARED = "CLEARED"  #: a round has given it a price and a place
    PLACED = "PLACED"  #: cards reserved; waiting for its centre's agent
    STAGED = "STAGED"  #: lease taken, image and data are in
    RUNNING = "RUNNING"  #: started
    RETURNED = "RETURNED"  #: ended with an exit code, outputs are home
    METERED = "METERED"  #: signed usage accepted
    BILLED = "BILLED"  #: hold posted in part, rest released
    SETTLED = "SETTLED"  #: provider, operator and tax are paid
    REJECTED = "REJECTED"  #: no feasible place, or a rule forbids it
    EXPIRED = "EXPIRED"  #: the quote was not accepted in time
    CANCELLED = "CANCELLED"  #: by the buyer; billed for use so far
    FAILED = "FAILED"  #: the grid gave up before or without usage
    LOST = "LOST"  #: retries exhausted


class JobEvent(StrEnum):
    """What can happen to a job."""

    QUOTE = "quote"
    REJECT = "reject"
    EXPIRE = "expire"
    CLEAR = "clear"
    PLACE = "place"
    STAGE = "stage"
    START = "start"
    FINISH = "finish"
    METER = "meter"
    BILL = "bill"
    SETTLE = "settle"
    CANCEL = "cancel"
    LOSE_LEASE = "lose_lease"
    FAIL = "fail"
    GIVE_UP = "give_up"


_S = JobState
_E = JobEvent

JOB: Lifecycle[JobState, JobEvent] = Lifecycle(
    kind="job",
    first=_S.SUBMITTED,
    table={
        _S.SUBMITTED: {_E.QUOTE: _S.QUOTED, _E.REJECT: _S.REJECTED, _E.CANCEL: _S.CANCELLED},
        _S.QUOTED: {
            _E.QUOTE: _S.QUOTED,  # a fresh quote replaces an old one
            _E.CLEAR: _S.CLEARED,
            _E.REJECT: _S.REJECTED,
            _E.EXPIRE: _S.EXPIRED,
            _E.CANCEL: _S.CANCELLED,
        },
        _S.CLEARED: {_E.PLACE: _S.PLACED, _E.CANCEL: _S.CANCELLED, _E.FAIL: _S.FAILED},
        _S.PLACED: {
            _E.PLACE: _S.PLACED,  # moved to another pool before anything ran
            _E.STAGE: _S.STAGED,
            _E.LOSE_LEASE: _S.PLACED,
            _E.CANCEL: _S.CANCELLED,
            _E.FAIL: _S.FAILED,
            _E.GIVE_UP: _S.LOST,
        },
        _S.STAGED: {
            _E.START: _S.RUNNING,
            _E.LOSE_LEASE: _S.PLACED,
            _E.CANCEL: _S.CANCELLED,
            _E.FAIL: _S.FAILED,
            _E.GIVE_UP: _S.LOST,
        },
        # Cancelling a running job asks the agent to stop it; it then returns like any other.
        _S.RUNNING: {_E.FINISH: _S.RETURNED, _E.LOSE_LEASE: _S.PLACED, _E.GIVE_UP: _S.LOST},
        _S.RETURNED: {_E.METER: _S.METERED},
        _S.METERED: {_E.BILL: _S.BILLED},
        _S.BILLED: {_E.SETTLE: _S.SETTLED, _E.CANCEL: _S.CANCELLED},
    },
    final=frozenset({_S.SETTLED, _S.REJECTED, _S.EXPIRED, _S.CANCELLED, _S.FAILED, _S.LOST}),
)

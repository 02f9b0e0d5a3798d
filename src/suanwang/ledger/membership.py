"""Members of the exchange: who may move money, and what leads from one state to another.

Members are verified before their first transfer. Suspension stops new spending; what was held
before is still posted or released, and what is earned still arrives.
"""

from __future__ import annotations

from enum import StrEnum

from suanwang.basics.lifecycle import Lifecycle


class MemberState(StrEnum):
    """Where a member stands."""

    APPLIED = "applied"
    VERIFIED = "verified"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class MemberEvent(StrEnum):
    """What happens to a member."""

    VERIFY = "verify"
    REFUSE = "refuse"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    CLOSE = "close"


MEMBER = Lifecycle(
    kind="member",
    first=MemberState.APPLIED,
    table={
        MemberState.APPLIED: {
            MemberEvent.VERIFY: MemberState.VERIFIED,
            MemberEvent.REFUSE: MemberState.CLOSED,
        },
        MemberState.VERIFIED: {
            MemberEvent.SUSPEND: MemberState.SUSPENDED,
            MemberEvent.CLOSE: MemberState.CLOSED,
        },
        MemberState.SUSPENDED: {
            MemberEvent.REINSTATE: MemberState.VERIFIED,
            MemberEvent.CLOSE: MemberState.CLOSED,
        },
    },
    final=frozenset({MemberState.CLOSED}),
)

#: What organisations opened before there were states, and the exchange itself, have as theirs.
OPEN = "open"


def member_state(text: str) -> MemberState:
    """Read an organisation's state; one that was simply open counts as verified."""
    return MemberState.VERIFIED if text == OPEN else MemberState(text)

"""The life of one claim, from the vouchers that were issued to the money that was paid.

An offset on a bill walks the whole way in one transaction; a reimbursement takes each step when
its evidence and its reviews are there.
"""

from __future__ import annotations

from enum import StrEnum

from suanwang.basics.lifecycle import Lifecycle


class ClaimState(StrEnum):
    """Where a claim stands."""

    ISSUED = "issued"
    CLAIMED = "claimed"
    LOCKED = "locked"
    DELIVERED = "delivered"
    VERIFIED = "verified"
    PAID = "paid"
    REJECTED = "rejected"
    CLAWED_BACK = "clawed_back"


class ClaimEvent(StrEnum):
    """What happens to a claim."""

    CLAIM = "claim"  #: for a contract
    LOCK = "lock"  #: first review: the amount is set aside in the pool
    DELIVER = "deliver"  #: the contract was delivered and billed, its evidence handed in
    VERIFY = "verify"  #: second review
    PAY = "pay"
    REJECT = "reject"
    CLAW_BACK = "claw_back"


_STOP = {ClaimEvent.REJECT: ClaimState.REJECTED}
CLAIM = Lifecycle(
    kind="claim",
    first=ClaimState.ISSUED,
    table={
        ClaimState.ISSUED: {ClaimEvent.CLAIM: ClaimState.CLAIMED, **_STOP},
        ClaimState.CLAIMED: {ClaimEvent.LOCK: ClaimState.LOCKED, **_STOP},
        ClaimState.LOCKED: {ClaimEvent.DELIVER: ClaimState.DELIVERED, **_STOP},
        ClaimState.DELIVERED: {
            ClaimEvent.VERIFY: ClaimState.VERIFIED,
            ClaimEvent.REJECT: ClaimState.REJECTED,
        },
        ClaimState.VERIFIED: {
            ClaimEvent.PAY: ClaimState.PAID,
            ClaimEvent.REJECT: ClaimState.REJECTED,
        },
        ClaimState.PAID: {
            ClaimEvent.CLAW_BACK: ClaimState.CLAWED_BACK,
        },
    },
    final=frozenset({ClaimState.REJECTED, ClaimState.CLAWED_BACK}),
)
#: The steps of a claim that is taken off a bill, all at once.
OFFSET_STEPS = (
    ClaimEvent.CLAIM,
    ClaimEvent.LOCK,
    ClaimEvent.DELIVER,
    ClaimEvent.VERIFY,
    ClaimEvent.PAY,
)


def walk(state: ClaimState, *events: ClaimEvent, subject: str) -> ClaimState:
    """Take several steps by the table. Raises TransitionRefused."""
    for event in events:
        state = CLAIM.after(state, event, subject=subject)
    return state

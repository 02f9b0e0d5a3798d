"""Whose is a line of the bank? Decided from its text alone and what that names; never by name.

    came in     a member's reference              that member's money
                a manual top-up's reference       that top-up, booked already
                a payout's reference              that payout has come back
    went out    a payout's reference              that payout is paid
                a return's reference              what came in by mistake has gone back

More than one, or another amount than the thing has: nobody's, until an operator says whose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from suanwang.basics.ids import OrganisationId, TransferId
from suanwang.basics.money import Money
from suanwang.ledger.membership import MemberState


class Doubt(StrEnum):
    """Why a line is matched to nothing."""

    NO_REFERENCE = "no-reference"
    REFERENCE_UNKNOWN = "reference-unknown"
    AMBIGUOUS = "ambiguous"
    MEMBER_NOT_VERIFIED = "member-not-verified"
    MEMBER_CLOSED = "member-closed"
    AMOUNT_DIFFERS = "amount-differs"
    STATE_WRONG = "state-wrong"


class TargetKind(StrEnum):
    """What a line is matched to."""

    MEMBER = "member"
    TOP_UP = "top-up"
    PAYOUT = "payout"
    PAYOUT_RETURN = "payout-return"
    RETURN = "return"
    FEES = "fees"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFound:
    """A member whose reference the line quotes."""

    id: OrganisationId
    state: MemberState


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpFound:
    """A manual top-up, matched to no line yet, whose reference the line has."""

    transfer_id: TransferId
    organisation_id: OrganisationId
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingFound:
    """A payout, or a line that is to go back, whose reference the line quotes."""

    id: str
    organisation_id: OrganisationId | None
    amount: Money
    is_due: bool  # whether it stands where such a line may settle it


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """Everything that a line quotes, looked up."""

    members: Sequence[MemberFound] = ()
    top_ups: Sequence[TopUpFound] = ()
    payouts: Sequence[ThingFound] = ()
    returns: Sequence[ThingFound] = ()
    references: int = 0  # well-formed ones of any kind, known or not


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a line is matched to; or, with a doubt, nothing."""

    kind: TargetKind | None = None
    target_id: str | None = None
    organisation_id: OrganisationId | None = None
    doubt: Doubt | None = None


def match(amount: Money, quoted: Quoted) -> Match:
    """Decide what a line is matched to."""
    return _incoming(amount, quoted) if amount.units > 0 else _outgoing(-amount, quoted)


def _incoming(amount: Money, quoted: Quoted) -> Match:
    if quoted.payouts:
        if quoted.members or quoted.top_ups:
            return _doubt(Doubt.AMBIGUOUS)
        return _thing(amount, quoted.payouts, TargetKind.PAYOUT_RETURN)
    # A top-up of the very member that the line names is the more exact of the two.
    owners = {each.id for each in quoted.members}
    top_ups = [each for each in quoted.top_ups if not owners or each.organisation_id in owners]
    if len(quoted.members) > 1 or len(top_ups) > 1:
        return _doubt(Doubt.AMBIGUOUS)
    if top_ups:
        (top_up,) = top_ups
        if top_up.amount != amount:
            return _doubt(Doubt.AMOUNT_DIFFERS)
        return Match(
            kind=TargetKind.TOP_UP,
            target_id=top_up.transfer_id,
            organisation_id=top_up.organisation_id,
        )
    if quoted.members:
        return _member(quoted.members[0])
    return _doubt(Doubt.REFERENCE_UNKNOWN if quoted.references else Doubt.NO_REFERENCE)


def _outgoing(amount: Money, quoted: Quoted) -> Match:
    if quoted.payouts and quoted.returns:
        return _doubt(Doubt.AMBIGUOUS)
    if quoted.payouts:
        return _thing(amount, quoted.payouts, TargetKind.PAYOUT)
    if quoted.returns:
        return _thing(amount, quoted.returns, TargetKind.RETURN)
    return _doubt(Doubt.REFERENCE_UNKNOWN if quoted.references else Doubt.NO_REFERENCE)


def _thing(amount: Money, found: Sequence[ThingFound], kind: TargetKind) -> Match:
    if len(found) > 1:
        return _doubt(Doubt.AMBIGUOUS)
    (thing,) = found
    if thing.amount != amount:
        return _doubt(Doubt.AMOUNT_DIFFERS)
    if not thing.is_due:
        return _doubt(Doubt.STATE_WRONG)
    return Match(kind=kind, target_id=thing.id, organisation_id=thing.organisation_id)


def _member(member: MemberFound) -> Match:
    doubts = {
        MemberState.APPLIED: Doubt.MEMBER_NOT_VERIFIED,
        MemberState.CLOSED: Doubt.MEMBER_CLOSED,
    }
    if member.state in doubts:
        return _doubt(doubts[member.state])
    # Suspended ones may spend nothing, and what is sent to them is still theirs.
    return Match(kind=TargetKind.MEMBER, target_id=member.id, organisation_id=member.id)


def _doubt(doubt: Doubt) -> Match:
    return Match(doubt=doubt)

"""Transfers: the only way anything changes hands. Ids are made by the client, so a retry is safe.

    move       debit ──amount──▶ credit
    hold       debit: amount set aside for credit, until posted, released or expired
    post       hold ──part or all──▶ credit; the rest is released, unless `rest` says to keep it
    release    part or all of a hold goes back (a void); what is left stays held
    expire     the whole of a hold goes back, at its time

    reverse    an earlier move or post, the other way round: the only way to correct one

Transfers that only make sense together form a chain: all are made, or none, and each says its
place in the chain and the chain's size, so that a missing one shows. A transfer that settles a
market day says which; once that day is closed, the ledger takes no other.

A post may name another credit than its hold did: what a job costs goes to several, and to whom is
known only when it has run. `amount=None` means all that the hold has left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property

from suanwang.basics.canonical import Json, canonical_bytes, sha256_hex
from suanwang.basics.ids import AccountId, TransferId
from suanwang.basics.money import Asset, Money
from suanwang.basics.slots import Instant, format_instant
from suanwang.ledger.errors import TransferMalformed


class TransferKind(StrEnum):
    """What a transfer does."""

    POSTED = "posted"  #: moves at once
    PENDING = "pending"  #: opens a hold
    POST = "post"  #: moves out of a hold
    VOID = "void"  #: gives back from a hold
    EXPIRE = "expire"  #: gives a hold back because its time is over


class Rest(StrEnum):
    """What a post does with what it leaves in the hold."""

    RELEASE = "release"
    KEEP = "keep"


class HoldState(StrEnum):
    """Where a hold stands."""

    OPEN = "open"
    POSTED = "posted"
    VOIDED = "voided"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A transfer's place, counted from 1, among `size` that are made together or not at all."""

    id: str
    place: int
    size: int


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """One transfer, as asked for or (all fields known) as applied."""

    id: TransferId
    kind: TransferKind
    at: Instant
    amount: Money | None = None
    debit: AccountId | None = None
    credit: AccountId | None = None
    pending_id: TransferId | None = None  # the hold that a post, void or expire is about
    expires_at: Instant | None = None
    rest: Rest = Rest.RELEASE
    group_id: str | None = None
    memo: Mapping[str, str] = field(default_factory=dict)
    chain: Chain | None = None
    reverses: TransferId | None = None  # the transfer that this one takes back, in part or whole
    day: date | None = None  # the market day that it settles

    def __post_init__(self) -> None:
        if self.amount is not None and self.amount.units <= 0:
            raise TransferMalformed(id=self.id, reason=f"amount {self.amount} is not above zero")
        if self.opens_or_moves:
            if self.amount is None or self.debit is None or self.credit is None:
                raise TransferMalformed(id=self.id, reason="amount, debit or credit is missing")
            if self.debit == self.credit:
                raise TransferMalformed(id=self.id, reason="debit and credit are one account")
        elif self.pending_id is None:
            raise TransferMalformed(id=self.id, reason="the hold's id is missing")

    @property
    def opens_or_moves(self) -> bool:
        """Say whether the transfer stands alone, without an earlier hold."""
        return self.kind in (TransferKind.POSTED, TransferKind.PENDING)

    @cached_property
    def fingerprint(self) -> str:
        """Return a hash of what was asked for; the time of asking is no part of it."""
        asked: dict[str, Json] = {
            "kind": self.kind.value,
            "amount": None if self.amount is None else self.amount.units,
            "asset": None if self.amount is None else self.amount.asset.code,
            "debit": self.debit and str(self.debit),
            "credit": self.credit and str(self.credit),
            "pending_id": self.pending_id and str(self.pending_id),
            "expires_at": None if self.expires_at is None else format_instant(self.expires_at),
            "rest": self.rest.value,
            "group_id": self.group_id,
            "memo": dict(self.memo),
        }
        # Fields that came later count only where they are set: old hashes stay as they are.
        if self.chain is not None:
            asked["chain"] = [self.chain.id, self.chain.place, self.chain.size]
        if self.reverses is not None:
            asked["reverses"] = str(self.reverses)
        if self.day is not None:
            asked["day"] = self.day.isoformat()
        return sha256_hex(canonical_bytes(asked))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What a pending transfer set aside, and how much of it has gone where it was meant to."""

    id: TransferId
    debit: AccountId
    credit: AccountId
    asset: Asset
    amount_units: int  # less what was released while open
    posted_units: int = 0
    state: HoldState = HoldState.OPEN
    expires_at: Instant | None = None

    @property
    def left_units(self) -> int:
        """What is still set aside."""
        return self.amount_units - self.posted_units if self.state is HoldState.OPEN else 0

    @property
    def left(self) -> Money:
        """What is still set aside, as money."""
        return Money(self.left_units, self.asset)


def move(
    transfer_id: TransferId,
    amount: Money,
    *,
    debit: AccountId,
    credit: AccountId,
    at: Instant,
    group_id: str | None = None,
    memo: Mapping[str, str] | None = None,
) -> Transfer:
    """Move an amount at once."""
    return Transfer(
        id=transfer_id,
        kind=TransferKind.POSTED,
        amount=amount,
        debit=debit,
        credit=credit,
        at=at,
        group_id=group_id,
        memo=memo or {},
    )


def hold(
    transfer_id: TransferId,
    amount: Money,
    *,
    debit: AccountId,
    credit: AccountId,
    at: Instant,
    expires_at: Instant | None = None,
    group_id: str | None = None,
    memo: Mapping[str, str] | None = None,
) -> Transfer:
    """Set an amount aside; the hold has this transfer's id."""
    return Transfer(
        id=transfer_id,
        kind=TransferKind.PENDING,
        amount=amount,
        debit=debit,
        credit=credit,
        at=at,
        expires_at=expires_at,
        group_id=group_id,
        memo=memo or {},
    )


def post(
    transfer_id: TransferId,
    hold_id: TransferId,
    *,
    at: Instant,
    amount: Money | None = None,
    credit: AccountId | None = None,
    rest: Rest = Rest.RELEASE,
    group_id: str | None = None,
    memo: Mapping[str, str] | None = None,
) -> Transfer:
    """Move out of a hold, to `credit` or to whom the hold names; then release or keep the rest."""
    return Transfer(
        id=transfer_id,
        kind=TransferKind.POST,
        pending_id=hold_id,
        amount=amount,
        credit=credit,
        rest=rest,
        at=at,
        group_id=group_id,
        memo=memo or {},
    )


def release(
    transfer_id: TransferId,
    hold_id: TransferId,
    *,
    at: Instant,
    amount: Money | None = None,
    group_id: str | None = None,
    memo: Mapping[str, str] | None = None,
) -> Transfer:
    """Give back part or all (`amount=None`) of what a hold has left."""
    return Transfer(
        id=transfer_id,
        kind=TransferKind.VOID,
        pending_id=hold_id,
        amount=amount,
        at=at,
        group_id=group_id,
        memo=memo or {},
    )


def expire(transfer_id: TransferId, hold_id: TransferId, *, at: Instant) -> Transfer:
    """Give a hold back because its time is over; refused before."""
    return Transfer(id=transfer_id, kind=TransferKind.EXPIRE, pending_id=hold_id, at=at)


def chained(chain_id: str, transfers: Sequence[Transfer]) -> list[Transfer]:
    """Link transfers into one chain, in this order: they are made together or not at all."""
    size = len(transfers)
    return [
        replace(each, chain=Chain(id=chain_id, place=place, size=size))
        for place, each in enumerate(transfers, start=1)
    ]


def reverse(
    transfer_id: TransferId,
    original: Transfer,
    *,
    at: Instant,
    amount: Money | None = None,
    group_id: str | None = None,
    day: date | None = None,
    memo: Mapping[str, str] | None = None,
) -> Transfer:
    """Take back part or all (`amount=None`) of a move or post that was applied."""
    assert original.debit is not None, "an applied transfer knows whom it debited"
    assert original.credit is not None, "an applied transfer knows whom it credited"
    return Transfer(
        id=transfer_id,
        kind=TransferKind.POSTED,
        amount=amount or original.amount,
        debit=original.credit,
        credit=original.debit,
        at=at,
        group_id=group_id or original.group_id,
        memo=memo or {},
        reverses=original.id,
        day=day or original.day,
    )

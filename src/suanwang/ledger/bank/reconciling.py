"""The bank's account against ours, and members' money against all that is in the bank.

    by statements  =  in our books  +  lines not booked  −  booked, not seen yet  +  unexplained

    in the bank    =  members' (available, receivable, margin …, holds included)  +  suspense
                      +  the exchange's fees  +  tax  +  what else is the exchange's

The first must leave nothing unexplained; the second is what double entry says, looked at from the
side of who owns what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from suanwang.basics.money import Money

IN_TRANSIT_DAYS_MAX = 7  # a payment that was booked by hand and that no statement shows by then


class ItemKind(StrEnum):
    """What is listed."""

    SUSPENSE = "suspense"  #: came in, not known whose
    RETURNING = "returning"  #: is to go back to who sent it
    UNBOOKED = "unbooked"  #: went out, not known why
    TOP_UP = "top-up"  #: booked by hand, on no statement yet
    PAYOUT = "payout"  #: sent to the bank, on no statement yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that bank and books do not both have, or that is nobody's yet."""

    kind: ItemKind
    id: str
    amount: Money  # as the bank's account sees it: below zero goes out
    day: date
    age_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Custody:
    """Whose the money in the bank is. Each by account, the exchange's apart from members'."""

    members: Money
    suspense: Money
    fees: Money
    tax: Money
    exchange_other: Money

    @property
    def total(self) -> Money:
        """What must be in the bank."""
        return self.members + self.suspense + self.fees + self.tax + self.exchange_other


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """The bank's account against ours, at the end of a day."""

    day: date
    opening: Money  # what was in the bank before the first line that we know
    statements: Money  # opening and every line until the day's end
    gaps: int  # places at which the bank's balances do not lead to each other: lines are missing
    books: Money  # our bank account at the day's end, the other way round
    in_bank: Money  # the same now, which is when custody is looked at
    custody: Custody
    items: Sequence[Item]

    @property
    def unexplained(self) -> Money:
        """What is left when every listed item is taken into account."""
        unbooked = _sum(self, ItemKind.UNBOOKED)
        not_seen = _sum(self, ItemKind.TOP_UP)
        return self.statements - self.books - unbooked + not_seen

    @property
    def reconciles(self) -> bool:
        """Say whether bank and books agree, with nothing unbooked or too long on its way."""
        late = any(
            item.kind is ItemKind.TOP_UP and item.age_days > IN_TRANSIT_DAYS_MAX
            for item in self.items
        )
        unbooked = any(item.kind is ItemKind.UNBOOKED for item in self.items)
        agrees = not self.unexplained and not self.gaps and self.custody.total == self.in_bank
        return agrees and not late and not unbooked


def _sum(found: Reconciliation, kind: ItemKind) -> Money:
    units = sum(item.amount.units for item in found.items if item.kind is kind)
    return Money(units, found.books.asset)

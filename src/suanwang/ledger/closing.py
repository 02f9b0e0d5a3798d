"""Month close: what an account's frozen statement says, and the months that the books are cut by.

    opening ──credits──▶ ──debits──▶ closing     opening + credits − debits = closing
            └ entries, each hashed into one digest, in the order in which they were made

The closing balance is not what the entries lead to but what the account itself says; a statement
is drawn up only where the two agree.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Self

from suanwang.basics.canonical import Json, canonical_bytes
from suanwang.basics.errors import Invalid
from suanwang.basics.ids import AccountId, OrganisationId, TransferId
from suanwang.basics.money import Asset, Money
from suanwang.basics.slots import BEIJING, Instant, Slot, format_instant, market_day
from suanwang.ledger.accounts import Account
from suanwang.ledger.errors import StatementUnbalanced

_MONTH = re.compile(r"([1-9][0-9]{3})-(0[1-9]|1[0-2])")
_MONTHS = 12


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month in Beijing, "2026-11"."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "2026-11". Raises Invalid."""
        found = _MONTH.fullmatch(text)
        if found is None:
            raise Invalid(reason=f"expected a month such as 2026-11, found {text!r}")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, instant: Instant) -> Self:
        """Return the month that an instant is in."""
        day = market_day(instant)
        return cls(day.year, day.month)

    @property
    def next(self) -> Month:
        """The month after."""
        years, months = divmod(self.number, _MONTHS)
        return Month(self.year + years, months + 1)

    @property
    def previous(self) -> Month:
        """The month before."""
        years, months = divmod(self.number - 2, _MONTHS)
        return Month(self.year + years, months + 1)

    @property
    def slot(self) -> Slot:
        """From its first instant to that of the next."""
        return Slot(_first_instant(self), _first_instant(self.next))

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


def _first_instant(month: Month) -> Instant:
    first = date(month.year, month.number, 1)
    return datetime.combine(first, time(0), BEIJING).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Moved:
    """One entry as a frozen statement hashes it: `units` below zero went out."""

    transfer_id: TransferId
    at: Instant
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthStatement:
    """One account over one closed month. It is put on record and never changes."""

    account_id: AccountId
    organisation_id: OrganisationId
    name: str
    month: Month
    opening: Money
    credits: Money
    debits: Money
    closing: Money
    held: Money  # in open holds at the month's end, still in the balance
    entries: int
    entries_sha256: str

    @property
    def id(self) -> str:
        """The id of its record."""
        return statement_id(self.account_id, self.month)

    @property
    def says_something(self) -> bool:
        """Say whether the account moved or held anything; of others no statement is kept."""
        return bool(self.entries or self.opening or self.closing or self.held)

    def record(self) -> dict[str, Json]:
        """Write it as it is put on record."""
        return {
            "account_id": str(self.account_id),
            "organisation_id": str(self.organisation_id),
            "name": self.name,
            "month": str(self.month),
            "asset": self.opening.asset.code,
            "scale": self.opening.asset.scale,
            "opening": str(self.opening),
            "credits": str(self.credits),
            "debits": str(self.debits),
            "closing": str(self.closing),
            "held": str(self.held),
            "entries": self.entries,
            "entries_sha256": self.entries_sha256,
        }

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Self:
        """Read what was put on record."""
        asset = Asset(record["asset"], record["scale"])
        names = ("opening", "credits", "debits", "closing", "held")
        amounts = {name: Money.parse(record[name], asset) for name in names}
        return cls(
            account_id=AccountId(record["account_id"]),
            organisation_id=OrganisationId(record["organisation_id"]),
            name=record["name"],
            month=Month.parse(record["month"]),
            entries=record["entries"],
            entries_sha256=record["entries_sha256"],
            **amounts,
        )


def statement_id(account_id: str, month: Month) -> str:
    """Name the record of an account's statement."""
    return f"{account_id}/{month}"


def draw_up(
    account: Account, month: Month, *, opening: int, entries: Iterable[Moved], closing: int
) -> MonthStatement:
    """Draw up an account's statement from the entries of a month, in order of making.

    `account.held_units` is what was held at the month's end. Raises StatementUnbalanced where
    opening and entries do not lead to `closing`.
    """
    asset, digest = account.asset, hashlib.sha256()
    count = credited = debited = 0
    for entry in entries:
        count += 1
        if entry.units < 0:
            debited -= entry.units
        else:
            credited += entry.units
        digest.update(entry_line(entry, asset))
    if opening + credited - debited != closing:
        found = Money(opening + credited - debited, asset)
        raise StatementUnbalanced(
            account=account.id, month=month, found=found, expected=Money(closing, asset)
        )
    return MonthStatement(
        account_id=account.id,
        organisation_id=account.organisation_id,
        name=account.name,
        month=month,
        opening=Money(opening, asset),
        credits=Money(credited, asset),
        debits=Money(debited, asset),
        closing=Money(closing, asset),
        held=account.held,
        entries=count,
        entries_sha256=digest.hexdigest(),
    )


def entry_line(entry: Moved, asset: Asset) -> bytes:
    """Write an entry as it is hashed: transfer, instant, signed amount, a line each."""
    amount = Money(entry.units, asset)
    return f"{entry.transfer_id} {format_instant(entry.at)} {amount}\n".encode()


def statements_digest(before: str, statements: Sequence[MonthStatement]) -> str:
    """Continue a month's digest, "" at first, by more of its statements, in order of accounts."""
    digest = hashlib.sha256(before.encode())
    for statement in statements:
        digest.update(hashlib.sha256(canonical_bytes(statement.record())).digest())
    return digest.hexdigest()

"""Lines of the exchange's bank account: what each says, and where it stands in our books.

received ──match──▶ matched      booked: a member's, a top-up's, a payout's, a return's
         ──suspend▶ suspense     came in, and nobody knows whose: ──assign──▶ assigned
                                              ──send back──▶ returning ──pay back──▶ returned
         ──leave──▶ unbooked     went out, and nobody knows why: ──assign──▶ assigned
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from suanwang.basics.canonical import canonical_bytes, sha256_hex
from suanwang.basics.lifecycle import Lifecycle
from suanwang.basics.money import Money

MASK_SHOWN = 4


class LineState(StrEnum):
    """Where a bank line stands."""

    RECEIVED = "received"
    MATCHED = "matched"
    SUSPENSE = "suspense"
    UNBOOKED = "unbooked"
    ASSIGNED = "assigned"
    RETURNING = "returning"
    RETURNED = "returned"


class LineEvent(StrEnum):
    """What happens to a bank line."""

    MATCH = "match"
    SUSPEND = "suspend"
    LEAVE = "leave"
    ASSIGN = "assign"
    SEND_BACK = "send-back"
    KEEP = "keep"
    PAY_BACK = "pay-back"


LINE = Lifecycle(
    kind="bank line",
    first=LineState.RECEIVED,
    table={
        LineState.RECEIVED: {
            LineEvent.MATCH: LineState.MATCHED,
            LineEvent.SUSPEND: LineState.SUSPENSE,
            LineEvent.LEAVE: LineState.UNBOOKED,
        },
        LineState.SUSPENSE: {
            LineEvent.ASSIGN: LineState.ASSIGNED,
            LineEvent.SEND_BACK: LineState.RETURNING,
        },
        LineState.RETURNING: {
            LineEvent.KEEP: LineState.SUSPENSE,
            LineEvent.PAY_BACK: LineState.RETURNED,
        },
        LineState.UNBOOKED: {LineEvent.ASSIGN: LineState.ASSIGNED},
    },
    final=frozenset({LineState.MATCHED, LineState.ASSIGNED, LineState.RETURNED}),
)

#: What somebody has still to do something about.
OPEN_STATES = (LineState.SUSPENSE, LineState.RETURNING, LineState.UNBOOKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLine:
    """One line as the bank says it. The other side's account number is kept masked only."""

    bank_line_id: str  # the bank's own, one for each line of an account
    day: date  # booked by the bank, in Beijing
    amount: Money  # above zero came in, below went out
    counterparty: str
    counterparty_account: str  # masked
    text: str  # what the payer wrote
    balance: Money | None = None  # after the line
    row: int = 0  # of the file, for messages

    @property
    def fingerprint(self) -> str:
        """Return a hash of what the line says; the same line again has the same."""
        return sha256_hex(
            canonical_bytes(
                {
                    "bank_line_id": self.bank_line_id,
                    "day": self.day.isoformat(),
                    "amount": str(self.amount),
                    "counterparty": self.counterparty,
                    "counterparty_account": self.counterparty_account,
                    "text": self.text,
                    "balance": None if self.balance is None else str(self.balance),
                }
            )
        )


class BankAdapter(Protocol):
    """Reads a bank's own form of statement; each bank's is one of these."""

    def read(self, data: bytes) -> Sequence[BankLine]:
        """Read every line, in the bank's order. Raises a leaf of `ledger.bank.errors`."""


def masked(number: str) -> str:
    """Show no more of an account number than tells it from another: its last four characters."""
    plain = "".join(number.split())
    if not plain:
        return ""
    shown = plain[-MASK_SHOWN:] if len(plain) >= 2 * MASK_SHOWN else ""
    return f"****{shown}"

"""Payouts: money that leaves the exchange's bank account, and the batches it leaves in.

    requested ─batch─▶ batched ─approve─▶ approved ─send─▶ sent ─pay─▶ paid ─bounce─▶ returned
              ◀unbatch─                       └───────fail──┴──▶ cancelled
              ─cancel─▶ cancelled

    batch:  made ─sign─▶ signed ─sign─▶ approved ─send─▶ sent      made, signed ─discard─▶ discarded

Maker and checkers: who made a batch signs none of it, and the two who do are two people.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from suanwang.basics.lifecycle import Lifecycle
from suanwang.basics.money import Money
from suanwang.ledger.bank.csv_lines import FEN
from suanwang.ledger.bank.errors import (
    AccountNumberWrong,
    ApprovedBySamePerson,
    ApprovedTwice,
    PayoutAmountWrong,
)

NUMBER_MIN, NUMBER_MAX = 8, 34  # an IBAN has up to 34 characters, a Chinese account 8 to 30 digits
_NUMBER = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
HEADER = (
    "参考号/reference", "收款户名/payee", "开户行/bank", "收款账号/account", "金额/amount",
    "币种/currency", "付款日期/day",
)  # fmt: skip


class PayoutState(StrEnum):
    """Where a payout stands."""

    REQUESTED = "requested"
    BATCHED = "batched"
    APPROVED = "approved"
    SENT = "sent"
    PAID = "paid"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class PayoutEvent(StrEnum):
    """What happens to a payout."""

    BATCH = "batch"
    UNBATCH = "unbatch"
    CANCEL = "cancel"
    APPROVE = "approve"
    SEND = "send"
    FAIL = "fail"
    PAY = "pay"
    BOUNCE = "bounce"


PAYOUT = Lifecycle(
    kind="payout",
    first=PayoutState.REQUESTED,
    table={
        PayoutState.REQUESTED: {
            PayoutEvent.BATCH: PayoutState.BATCHED,
            PayoutEvent.CANCEL: PayoutState.CANCELLED,
        },
        PayoutState.BATCHED: {
            PayoutEvent.UNBATCH: PayoutState.REQUESTED,
            PayoutEvent.APPROVE: PayoutState.APPROVED,
        },
        PayoutState.APPROVED: {
            PayoutEvent.SEND: PayoutState.SENT,
            PayoutEvent.FAIL: PayoutState.CANCELLED,
        },
        PayoutState.SENT: {
            PayoutEvent.PAY: PayoutState.PAID,
            PayoutEvent.FAIL: PayoutState.CANCELLED,
        },
        PayoutState.PAID: {PayoutEvent.BOUNCE: PayoutState.RETURNED},
    },
    final=frozenset({PayoutState.RETURNED, PayoutState.CANCELLED}),
)
#: States in which the money is held and has not left.
HELD_STATES = (
    PayoutState.REQUESTED,
    PayoutState.BATCHED,
    PayoutState.APPROVED,
    PayoutState.SENT,
)


class BatchState(StrEnum):
    """Where a batch of payouts stands."""

    MADE = "made"
    SIGNED = "signed"
    APPROVED = "approved"
    SENT = "sent"
    DISCARDED = "discarded"


class BatchEvent(StrEnum):
    """What happens to a batch."""

    SIGN = "sign"
    SEND = "send"
    DISCARD = "discard"


BATCH = Lifecycle(
    kind="payout batch",
    first=BatchState.MADE,
    table={
        BatchState.MADE: {
            BatchEvent.SIGN: BatchState.SIGNED,
            BatchEvent.DISCARD: BatchState.DISCARDED,
        },
        BatchState.SIGNED: {
            BatchEvent.SIGN: BatchState.APPROVED,
            BatchEvent.DISCARD: BatchState.DISCARDED,
        },
        BatchState.APPROVED: {BatchEvent.SEND: BatchState.SENT},
    },
    final=frozenset({BatchState.SENT, BatchState.DISCARDED}),
)


class LeftOut(StrEnum):
    """Why a payout waits and is not in a batch."""

    SUSPENDED = "member-suspended"
    ACCOUNT_MISSING = "account-missing"
    ACCOUNT_WAITS = "account-waits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """A key that made or signed a batch, and the member whose it is, where that is named."""

    key_id: str
    member_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRow:
    """One payment of a batch file, as the bank reads it."""

    reference: str
    payee: str
    bank: str
    number: str
    amount: Money


def check_hands(batch_id: str, before: Sequence[Hand], hand: Hand) -> None:
    """Refuse a signature of somebody who had a hand in the batch before.

    Raises ApprovedTwice (the key), ApprovedBySamePerson (the member).
    """
    if any(each.key_id == hand.key_id for each in before):
        raise ApprovedTwice(key=hand.key_id, id=batch_id)
    if hand.member_id is not None and any(each.member_id == hand.member_id for each in before):
        raise ApprovedBySamePerson(member=hand.member_id, id=batch_id)


def payout_amount(amount: Money) -> Money:
    """Return an amount that a bank can pay. Raises PayoutAmountWrong."""
    if amount.units <= 0 or amount.units % FEN:
        raise PayoutAmountWrong(found=amount)
    return amount


def whole_fen(amount: Money) -> Money:
    """Return the part of an amount that a bank can pay: what is less than a fen stays."""
    return Money(amount.units // FEN * FEN, amount.asset)


def account_number(text: str) -> str:
    """Read a bank account number, without spaces. Raises AccountNumberWrong."""
    plain = "".join(text.split()).replace("-", "").upper()
    if not NUMBER_MIN <= len(plain) <= NUMBER_MAX or not _NUMBER.issuperset(plain):
        raise AccountNumberWrong(length=len(plain))
    return plain


def batch_file(rows: Iterable[PayoutRow], *, day: date) -> bytes:
    """Write a batch file: CSV, UTF-8, CRLF; the same payouts give the same bytes."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for row in rows:
        yuan = f"{row.amount.decimal():.2f}"
        asset = row.amount.asset.code
        writer.writerow(
            (row.reference, row.payee, row.bank, row.number, yuan, asset, day.isoformat())
        )
    return out.getvalue().encode()

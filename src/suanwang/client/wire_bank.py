"""Bank lines, payouts and reconciliations, as the exchange shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from suanwang.client.reading import Resource


@dataclass(frozen=True, kw_only=True)
class PaymentReference(Resource):
    """What a payer quotes so that a payment is an organisation's."""

    organisation_id: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class BankLine(Resource):
    """One line of the exchange's bank account, and where it stands in its books."""

    id: str
    bank_account: str
    bank_line_id: str
    day: str
    amount: Decimal
    currency: str
    counterparty: str
    counterparty_account: str
    text: str
    balance: Decimal | None
    state: str
    doubt: str | None
    target_kind: str | None
    target_id: str | None
    organisation_id: str | None
    transfer_id: str | None
    moved_id: str | None
    reason: str | None
    return_reference: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class BankImport(Resource):
    """What an import did; `known` lines had been imported before."""

    file_sha256: str
    known: int
    new: int
    matched: int
    waiting: int
    items: tuple[BankLine, ...]


@dataclass(frozen=True, kw_only=True)
class PayoutAccount(Resource):
    """Where an organisation's money goes; of the number only its last four characters."""

    organisation_id: str
    name: str
    bank: str
    number: str
    usable_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class Payout(Resource):
    """One payout. `waits_for`: why a batch made now would leave it out."""

    id: str
    reference: str
    organisation_id: str
    source: str
    amount: Decimal
    currency: str
    state: str
    batch_id: str | None
    account: str | None
    hold_id: str
    transfer_id: str | None
    return_id: str | None
    reason: str | None
    waits_for: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class PayoutHand(Resource):
    """Who made or signed a batch, and when."""

    what: str
    key_id: str
    member_id: str | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class PayoutLeftOut(Resource):
    """A payout that was not in a batch, and why."""

    payout_id: str
    why: str


@dataclass(frozen=True, kw_only=True)
class PayoutBatch(Resource):
    """One batch of payouts. `payouts` is empty where batches are listed."""

    id: str
    day: str
    cut_off: datetime
    state: str
    file_sha256: str
    count: int
    total: Decimal
    currency: str
    hands: tuple[PayoutHand, ...]
    left_out: tuple[PayoutLeftOut, ...]
    payouts: tuple[Payout, ...]
    reason: str | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Custody(Resource):
    """Whose the money in the bank is, now."""

    in_bank: Decimal
    members: Decimal
    suspense: Decimal
    fees: Decimal
    tax: Decimal
    exchange_other: Decimal


@dataclass(frozen=True, kw_only=True)
class ReconciliationItem(Resource):
    """One thing that bank and books do not both have, or that is nobody's yet."""

    kind: str
    id: str
    amount: Decimal
    day: str
    age_days: int


@dataclass(frozen=True, kw_only=True)
class Reconciliation(Resource):
    """The bank's account against the exchange's books at the end of a day."""

    id: str
    day: str
    reconciles: bool
    currency: str
    opening: Decimal
    statements: Decimal
    gaps: int
    books: Decimal
    unexplained: Decimal
    custody: Custody
    items: tuple[ReconciliationItem, ...]

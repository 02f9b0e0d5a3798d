"""Bank lines, payouts, batches and reconciliations, as the API shows them."""

from __future__ import annotations

from typing_extensions import TypedDict

from suanwang.basics.money import Money
from suanwang.flows.import_bank_lines import Imported
from suanwang.flows.reconcile_bank import Report
from suanwang.ledger.bank.matching import TargetKind
from suanwang.ledger.bank.payouts import LeftOut
from suanwang.ledger.bank.references import ReferenceKind, reference, written
from suanwang.server.wire.texts import CURRENCY, always, amount, shown
from suanwang.store.bank import StoredLine
from suanwang.store.identity import Organisation
from suanwang.store.payouts import Batch, Payout, PayoutAccount


class ReferenceOut(TypedDict):
    """What a payer quotes so that a payment is an organisation's."""

    organisation_id: str
    reference: str


class BankLineOut(TypedDict):
    """One line of the exchange's bank account, and where it stands in our books."""

    id: str
    bank_account: str
    bank_line_id: str
    day: str
    amount: str
    currency: str
    counterparty: str
    counterparty_account: str
    text: str
    balance: str | None
    state: str
    doubt: str | None
    target_kind: str | None
    target_id: str | None
    organisation_id: str | None
    transfer_id: str | None
    moved_id: str | None
    reason: str | None
    return_reference: str
    created_at: str


class BankLinesOut(TypedDict):
    """A page of bank lines, newest first."""

    items: list[BankLineOut]
    next_cursor: str | None


class ImportOut(TypedDict):
    """What an import did; `known` lines had been imported before."""

    file_sha256: str
    known: int
    new: int
    matched: int
    waiting: int
    items: list[BankLineOut]


class PayoutAccountOut(TypedDict):
    """Where an organisation's money goes; of the number no more than its last four characters."""

    organisation_id: str
    name: str
    bank: str
    number: str
    usable_at: str
    updated_at: str


class PayoutOut(TypedDict):
    """One payout. `waits_for`: why a batch made now would leave it out."""

    id: str
    reference: str
    organisation_id: str
    source: str
    amount: str
    currency: str
    state: str
    batch_id: str | None
    account: str | None
    hold_id: str
    transfer_id: str | None
    return_id: str | None
    reason: str | None
    waits_for: str | None
    created_at: str
    updated_at: str


class PayoutsOut(TypedDict):
    """A page of payouts, newest first."""

    items: list[PayoutOut]
    next_cursor: str | None


class HandOut(TypedDict):
    """Who made or signed a batch, and when."""

    what: str
    key_id: str
    member_id: str | None
    at: str


class LeftOutOut(TypedDict):
    """A payout that was not in a batch, and why."""

    payout_id: str
    why: str


class PayoutBatchOut(TypedDict):
    """One batch of payouts. `payouts` is empty where batches are listed."""

    id: str
    day: str
    cut_off: str
    state: str
    file_sha256: str
    count: int
    total: str
    currency: str
    hands: list[HandOut]
    left_out: list[LeftOutOut]
    payouts: list[PayoutOut]
    reason: str | None
    created_at: str


class PayoutBatchesOut(TypedDict):
    """A page of batches, newest first."""

    items: list[PayoutBatchOut]
    next_cursor: str | None


class CustodyOut(TypedDict):
    """Whose the money in the bank is, now."""

    in_bank: str
    members: str
    suspense: str
    fees: str
    tax: str
    exchange_other: str


class ReconciliationItemOut(TypedDict):
    """One thing that bank and books do not both have, or that is nobody's yet."""

    kind: str
    id: str
    amount: str
    day: str
    age_days: int


class ReconciliationOut(TypedDict):
    """The bank's account against ours at the end of a day; it is put on record under `id`."""

    id: str
    day: str
    reconciles: bool
    currency: str
    opening: str
    statements: str
    gaps: int
    books: str
    unexplained: str
    custody: CustodyOut
    items: list[ReconciliationItemOut]


def reference_out(organisation: Organisation) -> ReferenceOut:
    """Write an organisation's payment reference."""
    plain = reference(ReferenceKind.ORGANISATION, organisation.id)
    return {"organisation_id": organisation.id, "reference": written(plain)}


def line_out(stored: StoredLine) -> BankLineOut:
    """Write a bank line."""
    line = stored.line
    return {
        "id": stored.id,
        "bank_account": stored.bank_account,
        "bank_line_id": line.bank_line_id,
        "day": line.day.isoformat(),
        "amount": shown(line.amount),
        "currency": CURRENCY,
        "counterparty": line.counterparty,
        "counterparty_account": line.counterparty_account,
        "text": line.text,
        "balance": amount(line.balance),
        "state": stored.state.value,
        "doubt": stored.doubt and stored.doubt.value,
        "target_kind": stored.target_kind and stored.target_kind.value,
        "target_id": stored.target_id,
        "organisation_id": stored.organisation_id,
        "transfer_id": stored.transfer_id,
        "moved_id": stored.moved_id,
        "reason": stored.reason,
        "return_reference": written(stored.reference),
        "created_at": always(stored.created_at),
    }


def import_out(imported: Imported) -> ImportOut:
    """Write what an import did."""
    matched = sum(isinstance(each.target_kind, TargetKind) for each in imported.lines)
    return {
        "file_sha256": imported.file_sha256,
        "known": imported.known,
        "new": len(imported.lines),
        "matched": matched,
        "waiting": len(imported.lines) - matched,
        "items": [line_out(each) for each in imported.lines],
    }


def payout_account_out(account: PayoutAccount) -> PayoutAccountOut:
    """Write where an organisation's money goes."""
    return {
        "organisation_id": account.organisation_id,
        "name": account.name,
        "bank": account.bank,
        "number": account.number_masked,
        "usable_at": always(account.usable_at),
        "updated_at": always(account.updated_at),
    }


def payout_out(payout: Payout, waits_for: LeftOut | None = None) -> PayoutOut:
    """Write a payout."""
    return {
        "id": payout.id,
        "reference": written(payout.reference),
        "organisation_id": payout.organisation_id,
        "source": payout.source.value,
        "amount": shown(payout.amount),
        "currency": CURRENCY,
        "state": payout.state.value,
        "batch_id": payout.batch_id,
        "account": payout.account_masked,
        "hold_id": payout.hold_id,
        "transfer_id": payout.transfer_id,
        "return_id": payout.return_id,
        "reason": payout.reason,
        "waits_for": waits_for and waits_for.value,
        "created_at": always(payout.created_at),
        "updated_at": always(payout.updated_at),
    }


def batch_out(batch: Batch, payouts: list[Payout] | None = None) -> PayoutBatchOut:
    """Write a batch."""
    return {
        "id": batch.id,
        "day": batch.day.isoformat(),
        "cut_off": always(batch.cut_off),
        "state": batch.state.value,
        "file_sha256": batch.file_sha256,
        "count": batch.payouts,
        "total": shown(batch.total),
        "currency": CURRENCY,
        "hands": [
            {
                "what": each["what"],
                "key_id": each["key_id"],
                "member_id": each["member_id"],
                "at": each["at"],
            }
            for each in batch.hands
        ],
        "left_out": [
            {"payout_id": each["payout_id"], "why": each["why"]} for each in batch.left_out
        ],
        "payouts": [payout_out(each) for each in payouts or ()],
        "reason": batch.reason,
        "created_at": always(batch.created_at),
    }


def reconciliation_out(report: Report) -> ReconciliationOut:
    """Write a reconciliation."""
    found, custody = report.found, report.found.custody

    def yuan(value: Money) -> str:
        return shown(value)

    return {
        "id": report.id,
        "day": found.day.isoformat(),
        "reconciles": found.reconciles,
        "currency": CURRENCY,
        "opening": yuan(found.opening),
        "statements": yuan(found.statements),
        "gaps": found.gaps,
        "books": yuan(found.books),
        "unexplained": yuan(found.unexplained),
        "custody": {
            "in_bank": yuan(found.in_bank),
            "members": yuan(custody.members),
            "suspense": yuan(custody.suspense),
            "fees": yuan(custody.fees),
            "tax": yuan(custody.tax),
            "exchange_other": yuan(custody.exchange_other),
        },
        "items": [
            {
                "kind": each.kind.value,
                "id": each.id,
                "amount": yuan(each.amount),
                "day": each.day.isoformat(),
                "age_days": each.age_days,
            }
            for each in found.items
        ],
    }

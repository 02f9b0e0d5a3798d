"""Payout accounts, payouts and their batches, as rows and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import OrganisationId, PayoutBatchId, PayoutId, TransferId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.bank.payouts import BatchState, PayoutState
from suanwang.ledger.bank.references import ReferenceKind, reference
from suanwang.ledger.membership import MemberState, member_state
from suanwang.store.tx import Row, Tx
from suanwang.store.values import NEWEST

WAITING_MAX = 5_000  # in one batch


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutAccount:
    """Where an organisation's money goes. The number is sealed; `number_sha256` is salted."""

    organisation_id: OrganisationId
    name: str
    bank: str
    number_masked: str
    sealed: bytes = field(repr=False)
    salt: str
    number_sha256: str
    usable_at: Instant
    updated_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """One payout, and what became of it."""

    id: PayoutId
    organisation_id: OrganisationId
    source: AccountName
    amount: Money
    state: PayoutState = PayoutState.REQUESTED
    hold_id: TransferId
    batch_id: PayoutBatchId | None = None
    account_masked: str | None = None
    transfer_id: TransferId | None = None
    return_id: TransferId | None = None
    reason: str | None = None
    created_at: Instant
    updated_at: Instant

    @property
    def reference(self) -> str:
        """What the bank's lines quote about it."""
        return reference(ReferenceKind.PAYOUT, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch. `hands`: who made it, then who signed it, as JSON."""

    id: PayoutBatchId
    day: date
    cut_off: Instant
    state: BatchState = BatchState.MADE
    file_sha256: str
    sealed: bytes = field(repr=False)
    payouts: int
    total: Money
    hands: Sequence[Mapping[str, Any]]
    left_out: Sequence[Mapping[str, str]] = ()
    reason: str | None = None
    created_at: Instant
    updated_at: Instant


def account_of(tx: Tx, organisation_id: OrganisationId) -> PayoutAccount | None:
    """Return where an organisation's money goes, or None."""
    row = tx.first("payout_account_of", id=organisation_id)
    return None if row is None else _account(row)


def accounts_of(tx: Tx, ids: Iterable[OrganisationId]) -> dict[OrganisationId, PayoutAccount]:
    """Return where some organisations' money goes."""
    wanted = sorted({str(each) for each in ids})
    found = map(_account, tx.all("payout_accounts_of", ids=wanted))
    return {each.organisation_id: each for each in found}


def save_account(tx: Tx, account: PayoutAccount) -> None:
    """Write a payout account, in the place of an earlier one."""
    tx.do(
        "payout_account_save",
        id=account.organisation_id,
        name=account.name,
        bank=account.bank,
        number_masked=account.number_masked,
        sealed=account.sealed,
        salt=account.salt,
        number_sha256=account.number_sha256,
        usable_at=to_micros(account.usable_at),
        at=to_micros(account.updated_at),
    )


def add_payout(tx: Tx, payout: Payout) -> None:
    """Remember a payout."""
    tx.do(
        "payout_add",
        id=payout.id,
        reference=payout.reference,
        organisation_id=payout.organisation_id,
        source=payout.source.value,
        amount_units=payout.amount.units,
        state=payout.state.value,
        hold_id=payout.hold_id,
        created_at=to_micros(payout.created_at),
    )


def save_payout(tx: Tx, payout: Payout, *, at: Instant) -> Payout:
    """Write what became of a payout."""
    tx.do(
        "payout_save",
        id=payout.id,
        state=payout.state.value,
        batch_id=payout.batch_id,
        account_masked=payout.account_masked,
        transfer_id=payout.transfer_id,
        return_id=payout.return_id,
        reason=payout.reason,
        updated_at=to_micros(at),
    )
    return replace(payout, updated_at=at)


def payout(tx: Tx, payout_id: str) -> Payout:
    """Return a payout. Raises NotFound."""
    row = tx.first("payout_by_id", id=payout_id)
    if row is None:
        raise NotFound(kind="payout", id=payout_id)
    return _payout(row)


def payouts_of_references(tx: Tx, references: Sequence[str]) -> list[Payout]:
    """Return the payouts that these references name."""
    rows = tx.all("payouts_of_references", references=list(references)) if references else []
    return [_payout(row) for row in rows]


def waiting(tx: Tx) -> list[tuple[Payout, MemberState]]:
    """Return payouts that are requested and in no batch, with where their owners stand."""
    rows = tx.all("payouts_waiting", limit=WAITING_MAX)
    return [(_payout(row), member_state(row.owner_state)) for row in rows]


def payouts_of_batch(tx: Tx, batch_id: str) -> list[Payout]:
    """Return the payouts of a batch."""
    return [_payout(row) for row in tx.all("payouts_of_batch", batch_id=batch_id)]


def payouts_sent(tx: Tx) -> list[Payout]:
    """Return payouts that were sent to the bank and are on no statement yet."""
    return [_payout(row) for row in tx.all("payouts_sent", limit=WAITING_MAX)]


def payouts(
    tx: Tx, organisation_id: OrganisationId | None, *, before: str = NEWEST, limit: int = 100
) -> list[Payout]:
    """List an organisation's payouts, or (None) everybody's, newest first."""
    if organisation_id is None:
        return [_payout(row) for row in tx.all("payouts_page", before=before, limit=limit)]
    rows = tx.all("payouts_page_of", organisation_id=organisation_id, before=before, limit=limit)
    return [_payout(row) for row in rows]


def add_batch(tx: Tx, batch: Batch) -> None:
    """Remember a batch."""
    tx.do(
        "payout_batch_add",
        id=batch.id,
        day=batch.day.isoformat(),
        cut_off_at=to_micros(batch.cut_off),
        state=batch.state.value,
        file_sha256=batch.file_sha256,
        sealed=batch.sealed,
        payouts=batch.payouts,
        total_units=batch.total.units,
        hands=_json(batch.hands),
        left_out=_json(batch.left_out),
        created_at=to_micros(batch.created_at),
    )


def save_batch(tx: Tx, batch: Batch, *, at: Instant) -> Batch:
    """Write what became of a batch."""
    tx.do(
        "payout_batch_save",
        id=batch.id,
        state=batch.state.value,
        hands=_json(batch.hands),
        reason=batch.reason,
        updated_at=to_micros(at),
    )
    return replace(batch, updated_at=at)


def batch(tx: Tx, batch_id: str) -> Batch:
    """Return a batch. Raises NotFound."""
    row = tx.first("payout_batch_by_id", id=batch_id)
    if row is None:
        raise NotFound(kind="payout batch", id=batch_id)
    return _batch(row)


def batches(tx: Tx, *, before: str = NEWEST, limit: int = 100) -> list[Batch]:
    """List batches, newest first."""
    return [_batch(row) for row in tx.all("payout_batches_page", before=before, limit=limit)]


def _json(found: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps([dict(each) for each in found], ensure_ascii=False, sort_keys=True)


def _account(row: Row) -> PayoutAccount:
    return PayoutAccount(
        organisation_id=OrganisationId(row.id),
        name=row.name,
        bank=row.bank,
        number_masked=row.number_masked,
        sealed=bytes(row.sealed),
        salt=row.salt,
        number_sha256=row.number_sha256,
        usable_at=from_micros(row.usable_at),
        updated_at=from_micros(row.updated_at),
    )


def _payout(row: Row) -> Payout:
    return Payout(
        id=PayoutId(row.id),
        organisation_id=OrganisationId(row.organisation_id),
        source=AccountName(row.source),
        amount=Money(row.amount_units, CNY),
        state=PayoutState(row.state),
        hold_id=TransferId(row.hold_id),
        batch_id=row.batch_id and PayoutBatchId(row.batch_id),
        account_masked=row.account_masked,
        transfer_id=row.transfer_id and TransferId(row.transfer_id),
        return_id=row.return_id and TransferId(row.return_id),
        reason=row.reason,
        created_at=from_micros(row.created_at),
        updated_at=from_micros(row.updated_at),
    )


def _batch(row: Row) -> Batch:
    return Batch(
        id=PayoutBatchId(row.id),
        day=date.fromisoformat(row.day),
        cut_off=from_micros(row.cut_off_at),
        state=BatchState(row.state),
        file_sha256=row.file_sha256,
        sealed=bytes(row.sealed),
        payouts=row.payouts,
        total=Money(row.total_units, CNY),
        hands=json.loads(row.hands),
        left_out=json.loads(row.left_out),
        reason=row.reason,
        created_at=from_micros(row.created_at),
        updated_at=from_micros(row.updated_at),
    )

"""What acts at the bank desk share: its lock, its accounts, and how they are put on record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from suanwang.basics.ids import AccountId, OrganisationId
from suanwang.basics.money import CNY
from suanwang.basics.slots import format_instant
from suanwang.flows.act import Act
from suanwang.flows.identity_errors import ExchangeNotOpen
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.bank.payouts import PAYOUT, PayoutEvent
from suanwang.store import bank, evidence, ledger, payouts
from suanwang.store.bank import StoredLine
from suanwang.store.evidence import Evidence
from suanwang.store.outbox import publish
from suanwang.store.payouts import Batch, Payout
from suanwang.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The exchange's own accounts that money comes in to and goes out of."""

    exchange_id: OrganisationId
    bank: AccountId
    suspense: AccountId
    fees: AccountId


def open_desk(tx: Tx) -> Desk:
    """Lock the bank desk until the transaction ends. Raises ExchangeNotOpen."""
    exchange = bank.lock_desk(tx)
    if exchange is None:
        raise ExchangeNotOpen

    def account(name: AccountName) -> AccountId:
        return ledger.account_of(tx, exchange.id, name, asset=CNY).id

    return Desk(
        exchange_id=exchange.id,
        bank=account(AccountName.BANK),
        suspense=account(AccountName.SUSPENSE),
        fees=account(AccountName.FEES),
    )


def line_word(stored: StoredLine, *, act: Act) -> Evidence:
    """Return what is put on record of a bank line as it stands."""
    line = stored.line
    record: dict[str, Any] = {
        "bank_account": stored.bank_account,
        "bank_line_id": line.bank_line_id,
        "day": line.day.isoformat(),
        "amount": str(line.amount),
        "currency": line.amount.asset.code,
        "counterparty": line.counterparty,
        "counterparty_account": line.counterparty_account,
        "text": line.text,
        "balance": None if line.balance is None else str(line.balance),
        "file_sha256": stored.file_sha256,
        "state": stored.state.value,
        "doubt": stored.doubt and stored.doubt.value,
        "target_kind": stored.target_kind and stored.target_kind.value,
        "target_id": stored.target_id,
        "organisation_id": stored.organisation_id,
        "transfer_id": stored.transfer_id,
        "moved_id": stored.moved_id,
        "reason": stored.reason,
        **_by(act),
    }
    return Evidence(
        kind="bank_line",
        id=stored.id,
        record=record,
        at=act.now,
        organisation_id=stored.organisation_id,
    )


def save_line(tx: Tx, stored: StoredLine, *, act: Act) -> StoredLine:
    """Write what became of a line, and add a word about it."""
    kept = bank.save_line(tx, stored, at=act.now)
    evidence.add_word(tx, line_word(kept, act=act))
    return kept


def payout_step(
    tx: Tx,
    payout: Payout,
    event: PayoutEvent,
    *,
    act: Act,
    **changes: Any,  # noqa: ANN401 - fields
) -> Payout:
    """Let something happen to a payout: by the table, on record, told to its owner.

    Raises TransitionRefused.
    """
    after = PAYOUT.after(payout.state, event, subject=payout.id)
    kept = payouts.save_payout(tx, replace(payout, state=after, **changes), at=act.now)
    return tell_payout(tx, kept, event.value, act=act)


def tell_payout(tx: Tx, payout: Payout, event: str, *, act: Act) -> Payout:
    """Put a payout on record as it stands, and tell its owner."""
    record: dict[str, Any] = {
        "event": event,
        "reference": payout.reference,
        "organisation_id": payout.organisation_id,
        "source": payout.source.value,
        "amount": str(payout.amount),
        "currency": payout.amount.asset.code,
        "state": payout.state.value,
        "hold_id": payout.hold_id,
        "batch_id": payout.batch_id,
        "account": payout.account_masked,
        "transfer_id": payout.transfer_id,
        "return_id": payout.return_id,
        "reason": payout.reason,
        **_by(act),
    }
    word = Evidence(
        kind="payout",
        id=payout.id,
        record=record,
        at=act.now,
        organisation_id=payout.organisation_id,
    )
    evidence.add_word(tx, word)
    names = ("event", "state", "amount", "currency", "reference", "reason")
    publish(
        tx,
        "payout.changed",
        subject=payout.id,
        organisation_id=payout.organisation_id,
        body={"payout_id": payout.id, **{name: record[name] for name in names}},
        act=act,
    )
    return payout


def tell_batch(tx: Tx, batch: Batch, event: str, *, desk: Desk, act: Act) -> Batch:
    """Put a batch on record as it stands, and tell the operators."""
    record: dict[str, Any] = {
        "event": event,
        "day": batch.day.isoformat(),
        "cut_off": format_instant(batch.cut_off),
        "state": batch.state.value,
        "file_sha256": batch.file_sha256,
        "payouts": batch.payouts,
        "total": str(batch.total),
        "currency": batch.total.asset.code,
        "hands": [dict(each) for each in batch.hands],
        "left_out": [dict(each) for each in batch.left_out],
        "reason": batch.reason,
        **_by(act),
    }
    word = Evidence(kind="payout_batch", id=batch.id, record=record, at=act.now,
                    organisation_id=desk.exchange_id)  # fmt: skip
    evidence.add_word(tx, word)
    names = ("event", "state", "day", "payouts", "total", "currency", "file_sha256")
    publish(
        tx,
        "payout_batch.changed",
        subject=batch.id,
        organisation_id=desk.exchange_id,
        body={"batch_id": batch.id, **{name: record[name] for name in names}},
        act=act,
    )
    return batch


def _by(act: Act) -> dict[str, str | None]:
    return {"by": None if act.key is None else act.key.key_id, "at": format_instant(act.now)}

"""Make a batch of payouts for a bank day, have two others sign its file, give it out.

Up to the cut-off of a bank day a batch goes out on that day, after it on the next by the
calendar (`ledger/settlement.py`); it takes everything that was asked for until it is made.

Signing names the file's SHA-256, so that what two operators saw is what the bank gets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from suanwang.basics.canonical import sha256_hex
from suanwang.basics.ids import OrganisationId, PayoutBatchId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import BEIJING, Instant, format_instant
from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.bank_desk import open_desk, payout_step, tell_batch
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.flows.request_payout import Seal, unseal_as
from suanwang.flows.words import read_text
from suanwang.ledger.bank.errors import (
    ApprovalHashWrong,
    PayoutFileLocked,
    PayoutSealBroken,
    PayoutsNone,
)
from suanwang.ledger.bank.payouts import (
    BATCH,
    BatchEvent,
    BatchState,
    Hand,
    LeftOut,
    PayoutEvent,
    PayoutRow,
    batch_file,
    check_hands,
)
from suanwang.ledger.calendar import bank_days
from suanwang.ledger.membership import MemberState
from suanwang.ledger.settlement import SettlementCycle, payout_day
from suanwang.store import identity, payouts
from suanwang.store.payouts import Batch, Payout, PayoutAccount
from suanwang.store.secrets import Sealed
from suanwang.store.tx import Tx

PLAIN = SettlementCycle()
FILE_SEALED_AS = "payout batch"
Unseal = Callable[[Sealed], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """What seals account numbers and files, and opens them. The key is the server's."""

    seal_number: Seal
    seal_file: Seal
    unseal: Unseal


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A payout that is not in the batch, and why."""

    payout_id: str
    why: LeftOut


def make_batch(tx: Tx, *, vault: Vault, act: Act, cycle: SettlementCycle = PLAIN) -> Batch:
    """Put every payout that can go out on the next bank day into one file; `cycle` has the cut-off.

    Raises: NotAllowed, ExchangeNotOpen, BankDaysUnknown, PayoutsNone, PayoutSealBroken.
    """
    key, desk = must_be(act, Role.OPERATOR), open_desk(tx)
    day = payout_day(act.now, bank_days(), cycle)
    chosen, left_out, accounts = _choose(tx, act=act)
    if not chosen:
        raise PayoutsNone(day=day.isoformat(), left_out=len(left_out))
    rows = [_row(each, accounts[each.organisation_id], vault=vault) for each in chosen]
    data = batch_file(rows, day=day)
    total = Money(sum(each.amount.units for each in chosen), CNY)
    batch = Batch(
        id=act.new_id(PayoutBatchId),
        day=day,
        cut_off=datetime.combine(day, cycle.payout_cutoff, BEIJING),
        file_sha256=sha256_hex(data),
        sealed=vault.seal_file(data.decode(), desk.exchange_id),
        payouts=len(chosen),
        total=total,
        hands=[_hand("make", key.key_id, key.member_id, act=act)],
        left_out=[{"payout_id": each.payout_id, "why": each.why.value} for each in left_out],
        created_at=act.now,
        updated_at=act.now,
    )
    facts = {"batch_id": batch.id, "payouts": len(chosen), "file_sha256": batch.file_sha256}
    record_operator_action(tx, "make-payout-batch", facts, act=act)
    payouts.add_batch(tx, batch)
    for each in chosen:
        shown = accounts[each.organisation_id].number_masked
        payout_step(tx, each, PayoutEvent.BATCH, act=act, batch_id=batch.id, account_masked=shown)
    return tell_batch(tx, batch, "make", desk=desk, act=act)


def waiting_payouts(tx: Tx, *, act: Act) -> list[tuple[Payout, LeftOut | None]]:
    """Return requested payouts, each with why a batch made now would leave it out, if it would."""
    must_be(act, Role.OPERATOR, Role.AUDITOR)
    chosen, left_out, _ = _choose(tx, act=act)
    why = {each.payout_id: each.why for each in left_out}
    found = {each.id: each for each in chosen}
    found |= {each.id: each for each, _ in payouts.waiting(tx)}
    return [(found[key], why.get(key)) for key in sorted(found)]


def sign_batch(tx: Tx, batch_id: str, file_sha256: str, *, act: Act) -> Batch:
    """Approve a batch's file by its hash; the second signature approves its payouts.

    Raises: NotAllowed, NotFound, ApprovalHashWrong, ApprovedTwice, ApprovedBySamePerson,
    TransitionRefused.
    """
    key, desk = must_be(act, Role.OPERATOR), open_desk(tx)
    batch = payouts.batch(tx, batch_id)
    facts = {"batch_id": batch_id, "file_sha256": file_sha256}
    record_operator_action(tx, "sign-payout-batch", facts, act=act)
    after = BATCH.after(batch.state, BatchEvent.SIGN, subject=batch.id)
    if file_sha256 != batch.file_sha256:
        raise ApprovalHashWrong(id=batch.id, expected=batch.file_sha256, found=file_sha256)
    before = [Hand(key_id=h["key_id"], member_id=h["member_id"]) for h in batch.hands]
    check_hands(batch.id, before, Hand(key_id=key.key_id, member_id=key.member_id))
    hands = [*batch.hands, _hand("sign", key.key_id, key.member_id, act=act)]
    signed = payouts.save_batch(tx, replace(batch, state=after, hands=hands), at=act.now)
    if after is BatchState.APPROVED:
        _step_all(tx, signed, PayoutEvent.APPROVE, act=act)
    return tell_batch(tx, signed, "sign", desk=desk, act=act)


def discard_batch(tx: Tx, batch_id: str, *, reason: str, act: Act) -> Batch:
    """Tear a batch up before it is approved; its payouts wait for the next one.

    Raises: NotAllowed, NotFound, Invalid, TransitionRefused.
    """
    why, desk = read_text(reason, "reason"), open_desk(tx)
    facts = {"batch_id": batch_id, "reason": why}
    record_operator_action(tx, "discard-payout-batch", facts, act=act)
    batch = payouts.batch(tx, batch_id)
    after = BATCH.after(batch.state, BatchEvent.DISCARD, subject=batch.id)
    kept = payouts.save_batch(tx, replace(batch, state=after, reason=why), at=act.now)
    for each in payouts.payouts_of_batch(tx, batch.id):
        payout_step(tx, each, PayoutEvent.UNBATCH, act=act, batch_id=None, account_masked=None)
    return tell_batch(tx, kept, "discard", desk=desk, act=act)


def send_batch(tx: Tx, batch_id: str, *, act: Act) -> Batch:
    """Say that an approved batch goes to the bank now; from then on its file is given out.

    Raises: NotAllowed, NotFound, TransitionRefused.
    """
    desk = open_desk(tx)
    record_operator_action(tx, "send-payout-batch", {"batch_id": batch_id}, act=act)
    batch = payouts.batch(tx, batch_id)
    after = BATCH.after(batch.state, BatchEvent.SEND, subject=batch.id)
    sent = payouts.save_batch(tx, replace(batch, state=after), at=act.now)
    _step_all(tx, sent, PayoutEvent.SEND, act=act)
    return tell_batch(tx, sent, "send", desk=desk, act=act)


def file_of_batch(tx: Tx, batch_id: str, *, unseal: Unseal, act: Act) -> bytes:
    """Return the file of a batch that was sent. Raises NotAllowed, NotFound, PayoutFileLocked."""
    must_be(act, Role.OPERATOR)
    batch = payouts.batch(tx, batch_id)
    if batch.state is not BatchState.SENT:
        raise PayoutFileLocked(id=batch.id, found=batch.state)
    exchange = identity.exchange(tx)
    assert exchange is not None, "a batch was made"
    sealed = Sealed(organisation_id=exchange.id, name=FILE_SEALED_AS, sealed=batch.sealed)
    text = unseal(sealed)
    if text is None or sha256_hex(text.encode()) != batch.file_sha256:
        raise PayoutSealBroken(organisation=exchange.id)
    return text.encode()


def _choose(
    tx: Tx, *, act: Act
) -> tuple[list[Payout], list[Waiting], Mapping[OrganisationId, PayoutAccount]]:
    """Part the payouts that wait into those that can go out and those that cannot, and why."""
    found = payouts.waiting(tx)
    accounts = payouts.accounts_of(tx, [each.organisation_id for each, _ in found])
    chosen: list[Payout] = []
    left_out: list[Waiting] = []
    for payout, owner in found:
        account = accounts.get(payout.organisation_id)
        why = _why_not(owner, account, now=act.now)
        if why is None:
            chosen.append(payout)
        else:
            left_out.append(Waiting(payout_id=payout.id, why=why))
    return chosen, left_out, accounts


def _why_not(owner: MemberState, account: PayoutAccount | None, *, now: Instant) -> LeftOut | None:
    if owner is not MemberState.VERIFIED:
        return LeftOut.SUSPENDED
    if account is None:
        return LeftOut.ACCOUNT_MISSING
    return LeftOut.ACCOUNT_WAITS if account.usable_at > now else None


def _row(payout: Payout, account: PayoutAccount, *, vault: Vault) -> PayoutRow:
    number = vault.unseal(unseal_as(account))
    if number is None:
        raise PayoutSealBroken(organisation=account.organisation_id)
    return PayoutRow(
        reference=payout.reference,
        payee=account.name,
        bank=account.bank,
        number=number,
        amount=payout.amount,
    )


def _step_all(tx: Tx, batch: Batch, event: PayoutEvent, *, act: Act) -> Sequence[Payout]:
    found = payouts.payouts_of_batch(tx, batch.id)
    return [payout_step(tx, each, event, act=act) for each in found]


def _hand(what: str, key_id: str, member_id: str | None, *, act: Act) -> dict[str, str | None]:
    return {
        "what": what,
        "key_id": key_id,
        "member_id": member_id,
        "at": format_instant(act.now),
    }

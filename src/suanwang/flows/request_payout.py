"""Ask for a payout: what is asked for is held at once, and leaves when the bank says so.

Members pay out of what is available; the exchange takes its own fees out by the same path.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from suanwang.basics.ids import OrganisationId, PayoutId, TransferId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import format_instant
from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.bank_desk import open_desk, payout_step, tell_payout
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.flows.show import must_see
from suanwang.flows.words import read_text
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.bank.errors import PayoutAccountMissing, PayoutAccountWaits, PayoutNameWrong
from suanwang.ledger.bank.lines import masked
from suanwang.ledger.bank.payouts import (
    PayoutEvent,
    account_number,
    payout_amount,
    whole_fen,
)
from suanwang.ledger.bank.references import text_key
from suanwang.ledger.transfers import hold, release
from suanwang.store import evidence, identity, ledger, payouts
from suanwang.store.evidence import Evidence
from suanwang.store.identity import OrganisationKind
from suanwang.store.outbox import publish
from suanwang.store.payouts import Payout, PayoutAccount
from suanwang.store.secrets import Sealed
from suanwang.store.tx import Tx

NAME_MAX = 100
SALT_BYTES = 16
SEALED_AS = "payout account"
OWNERS = (Role.BUYER, Role.PROVIDER, Role.BROKER, Role.FUNDER, Role.OPERATOR)
Seal = Callable[[str, OrganisationId], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """A bank account as its owner gives it."""

    name: str
    bank: str
    number: str


def set_payout_account(
    tx: Tx, new: NewAccount, *, seal: Seal, wait: timedelta, act: Act
) -> PayoutAccount:
    """Say where an organisation's money goes; a changed one can be paid to only after `wait`.

    Raises: NotAllowed, Invalid, PayoutNameWrong, AccountNumberWrong.
    """
    owner = identity.organisation(tx, must_be(act, *OWNERS).organisation_id)
    name = read_text(new.name, "name", most=NAME_MAX)
    place = read_text(new.bank, "bank", most=NAME_MAX)
    if text_key(name) != text_key(owner.name):
        raise PayoutNameWrong(expected=owner.name, found=name)
    number = account_number(new.number)
    open_desk(tx)
    before = payouts.account_of(tx, owner.id)
    salt = act.entropy(SALT_BYTES).hex()
    account = PayoutAccount(
        organisation_id=owner.id,
        name=owner.name,
        bank=place,
        number_masked=masked(number),
        sealed=seal(number, owner.id),
        salt=salt,
        number_sha256=hashlib.sha256(f"{salt}{number}".encode()).hexdigest(),
        usable_at=act.now if before is None else act.now + wait,
        updated_at=act.now,
    )
    payouts.save_account(tx, account)
    _tell_account(tx, account, act=act)
    return account


def _tell_account(tx: Tx, account: PayoutAccount, *, act: Act) -> None:
    assert act.key is not None, "somebody signed in"
    body = {
        "name": account.name,
        "bank": account.bank,
        "number": account.number_masked,
        "usable_at": format_instant(account.usable_at),
        "by": act.key.key_id,
    }
    evidence.add_word(
        tx,
        Evidence(
            kind="payout_account",
            id=account.organisation_id,
            record={**body, "number_sha256": account.number_sha256},
            at=act.now,
            organisation_id=account.organisation_id,
        ),
    )
    publish(
        tx,
        "payout_account.changed",
        subject=account.organisation_id,
        organisation_id=account.organisation_id,
        body=body,
        act=act,
    )


def show_payout_account(tx: Tx, organisation_id: OrganisationId) -> PayoutAccount:
    """Return where an organisation's money goes. Raises PayoutAccountMissing."""
    found = payouts.account_of(tx, organisation_id)
    if found is None:
        raise PayoutAccountMissing(organisation=organisation_id)
    return found


def request_payout(tx: Tx, amount: Money | None, *, act: Act) -> Payout:
    """Hold an amount, or (None) all that is there, for the bank to pay out.

    Raises: NotAllowed, ExchangeNotOpen, PayoutAccountMissing, PayoutAccountWaits,
    PayoutAmountWrong, FundsInsufficient, MemberSuspended, MemberNotVerified.
    """
    key = must_be(act, *OWNERS)
    owner = identity.organisation(tx, key.organisation_id)
    desk = open_desk(tx)
    account = show_payout_account(tx, owner.id)
    if account.usable_at > act.now:
        raise PayoutAccountWaits(usable_at=format_instant(account.usable_at))
    is_exchange = owner.kind is OrganisationKind.EXCHANGE
    source = AccountName.FEES if is_exchange else AccountName.AVAILABLE
    named = ledger.account_of(tx, owner.id, source, asset=CNY)
    there = ledger.account_for_update(tx, named.id)
    asked = payout_amount(whole_fen(there.available) if amount is None else amount)
    if is_exchange:
        facts = {"amount": str(asked), "source": source.value}
        record_operator_action(tx, "request-payout", facts, act=act)
    payout_id = act.new_id(PayoutId)
    held = hold(
        act.new_id(TransferId),
        asked,
        debit=there.id,
        credit=desk.bank,
        at=act.now,
        group_id=payout_id,
        memo={"what": "payout"},
    )
    ledger.post(tx, [held])
    payout = Payout(
        id=payout_id,
        organisation_id=owner.id,
        source=source,
        amount=asked,
        hold_id=held.id,
        created_at=act.now,
        updated_at=act.now,
    )
    payouts.add_payout(tx, payout)
    return tell_payout(tx, payout, "request", act=act)


def cancel_payout(tx: Tx, payout_id: str, *, reason: str, act: Act) -> Payout:
    """Let what a payout holds go, before it is in a batch; its owner or an operator may.

    Raises: NotAllowed, NotFound, Invalid, TransitionRefused.
    """
    return _end(tx, payout_id, PayoutEvent.CANCEL, reason=reason, act=act)


def fail_payout(tx: Tx, payout_id: str, *, reason: str, act: Act) -> Payout:
    """Let what a payout holds go: the bank has refused it, and nothing left. An operator's word.

    Raises: NotAllowed, NotFound, Invalid, TransitionRefused.
    """
    must_be(act, Role.OPERATOR)
    return _end(tx, payout_id, PayoutEvent.FAIL, reason=reason, act=act)


def _end(tx: Tx, payout_id: str, event: PayoutEvent, *, reason: str, act: Act) -> Payout:
    key, why = must_be(act, *OWNERS), read_text(reason, "reason")
    open_desk(tx)
    payout = payouts.payout(tx, payout_id)
    must_see(act, "payout", payout.id, payout.organisation_id)
    if key.role is Role.OPERATOR:
        facts = {"payout_id": payout.id, "reason": why}
        record_operator_action(tx, f"{event}-payout", facts, act=act)
    ended = payout_step(tx, payout, event, act=act, reason=why)
    freed = release(
        act.new_id(TransferId),
        payout.hold_id,
        at=act.now,
        group_id=payout.id,
        memo={"what": "payout"},
    )
    ledger.post(tx, [freed])
    return ended


def unseal_as(account: PayoutAccount) -> Sealed:
    """Return an account's number as it is to be opened."""
    return Sealed(organisation_id=account.organisation_id, name=SEALED_AS, sealed=account.sealed)

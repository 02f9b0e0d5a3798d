"""Set a credit limit: how far below zero an account of a member may go."""

from __future__ import annotations

from dataclasses import dataclass, replace

from suanwang.basics.errors import Invalid
from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import CNY, Asset, Money
from suanwang.flows.act import Act
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.ledger.accounts import Account, AccountName
from suanwang.ledger.errors import CreditInUse
from suanwang.store import evidence, identity, ledger
from suanwang.store.evidence import Evidence
from suanwang.store.identity import OrganisationKind
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx

# What members spend from, and what they issue: a capacity in card-hours, a programme's pool.
_LIMITED = (AccountName.AVAILABLE, AccountName.ISSUED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditLimit:
    """A limit as an operator grants it. `amount` is in whole units of the account's asset."""

    organisation_id: OrganisationId
    amount: str
    currency: str = CNY.code
    account: AccountName = AccountName.AVAILABLE


def set_credit_limit(tx: Tx, limit: CreditLimit, *, act: Act) -> Account:
    """Let an account go so far below zero from now on; return it. 0: not at all.

    Raises: NotFound (organisation, or no account of that asset), NotAllowed, AmountUnreadable,
    AmountTooLarge, Invalid, CreditInUse where the account is further below already.
    """
    owner = identity.organisation(tx, limit.organisation_id)
    if owner.kind is OrganisationKind.EXCHANGE or limit.account not in _LIMITED:
        raise Invalid(reason="expected a member's account, available or issued")
    asset = Asset(limit.currency)
    found = ledger.account_of(tx, owner.id, limit.account.value, asset=asset)
    account = ledger.account_for_update(tx, found.id)
    amount = Money.parse(limit.amount, account.asset)
    if amount.units < 0:
        raise Invalid(reason=f"expected a limit of 0 or more, found {limit.amount}")
    changed = replace(account, floor_units=-amount.units)
    body = {
        "account_id": account.id,
        "organisation_id": owner.id,
        "name": account.name,
        "currency": account.asset.code,
        "limit": str(amount),
    }
    record_operator_action(tx, "set-credit-limit", body, act=act)
    if changed.is_below_floor:
        raise CreditInUse(
            account=account.id, available=account.available, limit=amount, asset=account.asset
        )
    ledger.save_floor(tx, changed)
    evidence.add_word(
        tx,
        Evidence(
            kind="credit_limit",
            id=account.id,
            record={**body, "by": None if act.key is None else act.key.key_id},
            at=act.now,
            organisation_id=owner.id,
        ),
    )
    publish(
        tx,
        "account.limited",
        subject=account.id,
        organisation_id=owner.id,
        body=body,
        act=act,
    )
    return changed

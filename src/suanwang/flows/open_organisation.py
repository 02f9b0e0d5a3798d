"""Open an organisation: its accounts, its first project, its first keys.

A member is verified by the word of the operator who lets it in, which is kept as evidence, or has
only applied and moves no money until it is verified (`flows/change_membership.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from suanwang.basics.ids import AccountId, OrganisationId
from suanwang.flows.act import Act, Actor
from suanwang.flows.identity_errors import ExchangeOpenAlready
from suanwang.flows.issue_key import NewKey, issue_key
from suanwang.flows.party import add_party_word
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.ledger.accounts import (
    EXCHANGE_ACCOUNTS,
    MEMBER_ACCOUNTS,
    Account,
    AccountName,
    floor_of,
)
from suanwang.ledger.membership import OPEN, MemberState
from suanwang.store import identity, ledger
from suanwang.store.identity import Organisation, OrganisationKind
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrganisation:
    """An organisation that asks to be let in. The exchange itself is opened first, and once."""

    name: str
    keys: tuple[NewKey, ...] = ()
    state: MemberState = MemberState.VERIFIED  # a member's; or APPLIED
    kind: OrganisationKind = OrganisationKind.MEMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What was opened. Keys are in the order asked for."""

    organisation: Organisation
    accounts: tuple[Account, ...]
    keys: tuple[Actor, ...]


def open_organisation(tx: Tx, new: NewOrganisation, *, act: Act) -> Opened:
    """Let an organisation in. Only an operator may, or the exchange when it opens itself."""
    is_exchange = new.kind is OrganisationKind.EXCHANGE
    assert new.state in (MemberState.VERIFIED, MemberState.APPLIED), "nobody comes in suspended"
    if is_exchange and identity.exchange(tx) is not None:
        raise ExchangeOpenAlready
    organisation = Organisation(
        id=act.new_id(OrganisationId),
        name=new.name,
        kind=new.kind,
        state=OPEN if is_exchange else new.state.value,
        created_at=act.now,
    )
    identity.add_organisation(tx, organisation)
    names = EXCHANGE_ACCOUNTS if is_exchange else MEMBER_ACCOUNTS
    accounts = tuple(_open_account(tx, organisation.id, name, act=act) for name in names)
    body = {"organisation_id": organisation.id, "name": new.name, "kind": new.kind.value}
    record_operator_action(tx, "open-organisation", body, act=act)
    publish(
        tx,
        "organisation.opened",
        subject=organisation.id,
        organisation_id=organisation.id,
        body=body,
        act=act,
    )
    keys = tuple(issue_key(tx, organisation.id, key, act=act) for key in new.keys)
    if not is_exchange:
        add_party_word(tx, organisation, "open", {}, act=act)
    return Opened(organisation=organisation, accounts=accounts, keys=keys)


def _open_account(
    tx: Tx, organisation_id: OrganisationId, name: AccountName, *, act: Act
) -> Account:
    account = Account(
        id=act.new_id(AccountId),
        organisation_id=organisation_id,
        name=name.value,
        floor_units=floor_of(name),
    )
    return ledger.open_account(tx, account, at=act.now)

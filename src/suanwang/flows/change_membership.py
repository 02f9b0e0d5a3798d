"""Verify, suspend, reinstate, refuse or close a member: an operator's word, kept as evidence.

What each state lets money do is the ledger's to enforce (`ledger/rules.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from suanwang.basics.errors import Invalid
from suanwang.basics.money import BUDGET
from suanwang.flows.act import Act
from suanwang.flows.identity_errors import ExchangeNoMember, MemberNotEmpty
from suanwang.flows.party import add_party_word
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.flows.words import read_text
from suanwang.ledger.membership import MEMBER, MemberEvent, MemberState, member_state
from suanwang.ledger.registration import credit_code
from suanwang.store import identity, ledger
from suanwang.store.identity import Organisation, OrganisationKind
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx

DOCUMENTS_MAX = 20
_SHA256_HEX = 64
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What an operator has seen. Documents stay with the operator; their SHA-256 is kept here."""

    registration_number: str  # unified social credit code
    legal_representative: str
    documents: Mapping[str, str]  # name → SHA-256, hex


def verify_member(
    tx: Tx, organisation_id: str, verification: Verification, *, act: Act
) -> Organisation:
    """Let a member that applied move money, on what the operator has seen.

    Raises: NotAllowed, NotFound, Invalid, CreditCodeWrong, ExchangeNoMember, TransitionRefused.
    """
    facts = {
        "registration_number": credit_code(verification.registration_number),
        "legal_representative": read_text(
            verification.legal_representative, "legal representative"
        ),
        "documents": _documents(verification.documents),
    }
    return _change(tx, organisation_id, MemberEvent.VERIFY, facts, act=act)


def change_membership(
    tx: Tx, organisation_id: str, event: MemberEvent, *, reason: str, act: Act
) -> Organisation:
    """Suspend, reinstate, refuse or close a member, and say why.

    Raises: NotAllowed, NotFound, Invalid, ExchangeNoMember, TransitionRefused, MemberNotEmpty.
    """
    assert event is not MemberEvent.VERIFY, "a verification says what was seen"
    return _change(tx, organisation_id, event, {"reason": read_text(reason, "reason")}, act=act)


def _change(
    tx: Tx, organisation_id: str, event: MemberEvent, facts: Mapping[str, Any], *, act: Act
) -> Organisation:
    found = identity.organisation_for_update(tx, organisation_id)
    record_operator_action(
        tx, f"{event}-member", {"organisation_id": organisation_id, **facts}, act=act
    )
    if found.kind is OrganisationKind.EXCHANGE:
        raise ExchangeNoMember(id=found.id)
    after = MEMBER.after(member_state(found.state), event, subject=found.id)
    if after is MemberState.CLOSED:
        _must_be_empty(tx, found)
    changed = replace(found, state=after.value)
    identity.set_organisation_state(tx, changed)
    add_party_word(tx, changed, event.value, facts, act=act)
    body = {"organisation_id": found.id, "state": after.value, "event": event.value}
    publish(
        tx,
        "organisation.changed",
        subject=found.id,
        organisation_id=found.id,
        body=body,
        act=act,
    )
    return changed


def _must_be_empty(tx: Tx, organisation: Organisation) -> None:
    # Locked, so that nothing leaves or enters between this look and the closing.
    left = [
        account
        for account in ledger.accounts_of_for_update(tx, organisation.id)
        # What budgets have counted is no money: nobody can pay it out.
        if account.asset != BUDGET and (account.balance or account.held)
    ]
    if left:
        found = ", ".join(f"{each.name} {each.balance} {each.asset.code}" for each in left)
        raise MemberNotEmpty(id=organisation.id, found=found)


def _documents(documents: Mapping[str, str]) -> list[dict[str, str]]:
    if not 0 < len(documents) <= DOCUMENTS_MAX:
        raise Invalid(reason=f"expected 1 to {DOCUMENTS_MAX} documents, found {len(documents)}")
    for name, digest in documents.items():
        read_text(name, "document name")
        if len(digest) != _SHA256_HEX or not _HEX.issuperset(digest):
            raise Invalid(
                reason=f"expected the SHA-256 of {name} as 64 hex digits, found {digest!r}"
            )
    return [{"name": name, "sha256": digest} for name, digest in sorted(documents.items())]

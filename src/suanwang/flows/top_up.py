"""Top up: money that arrived at the bank becomes available to the organisation that sent it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from suanwang.basics.errors import Invalid
from suanwang.basics.ids import ENTROPY_BYTES, OrganisationId, TransferId
from suanwang.basics.money import CNY, Money
from suanwang.flows.act import Act
from suanwang.flows.bank_desk import open_desk
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.bank.errors import TopUpImported
from suanwang.ledger.bank.references import text_key
from suanwang.ledger.transfers import Transfer, move
from suanwang.store import bank, identity, ledger
from suanwang.store.bank import StoredTopUp
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx

REFERENCE_MAX = 200
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUp:
    """A payment that arrived. `reference` is the bank's own, one for each payment."""

    organisation_id: OrganisationId
    amount: Money
    reference: str


def top_up(tx: Tx, request: TopUp, *, act: Act) -> Transfer:
    """Book a payment; the same reference again is the same payment, another amount is refused.

    Raises: NotFound, NotAllowed, TransferIdReused, TransferMalformed (amount not above zero),
    TopUpImported (the bank's line about it came first).
    """
    if not 0 < len(request.reference) <= REFERENCE_MAX:
        raise Invalid(reason=f"expected a reference of 1 to {REFERENCE_MAX} characters")
    desk = open_desk(tx)
    owner = identity.organisation(tx, request.organisation_id)
    transfer = move(
        transfer_id_of(request),
        request.amount,
        debit=desk.bank,
        credit=ledger.account_of(tx, owner.id, AccountName.AVAILABLE, asset=CNY).id,
        at=act.now,
        memo={"what": "top-up", "reference": request.reference},
    )
    body = {
        "organisation_id": owner.id,
        "amount": str(request.amount),
        "currency": request.amount.asset.code,
        "reference": request.reference,
        "transfer_id": transfer.id,
    }
    record_operator_action(tx, "top-up", body, act=act)
    if ledger.post(tx, [transfer]):
        _remember(tx, request, transfer)
        publish(
            tx,
            "account.topped_up",
            subject=transfer.id,
            organisation_id=owner.id,
            body=body,
            act=act,
        )
    return transfer


def _remember(tx: Tx, request: TopUp, transfer: Transfer) -> None:
    """Note what was booked by hand for when its bank line comes; refuse what came by one."""
    line_id = bank.line_of_reference(tx, request.reference)
    if line_id is not None:
        raise TopUpImported(id=line_id, reference=request.reference)
    bank.add_top_up(
        tx,
        StoredTopUp(
            id=transfer.id,
            organisation_id=request.organisation_id,
            reference_key=text_key(request.reference),
            amount=request.amount,
            at=transfer.at,
        ),
    )


def transfer_id_of(request: TopUp) -> TransferId:
    """Derive the transfer's id from whose payment it is and the bank's reference."""
    named = f"top-up\n{request.organisation_id}\n{request.reference}".encode()
    return TransferId.make(_NO_TIME, hashlib.sha256(named).digest()[:ENTROPY_BYTES])

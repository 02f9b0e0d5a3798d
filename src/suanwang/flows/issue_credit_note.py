"""Issue a credit note: what of a bill is given back, paid at once and numbered without gaps.

    dispute accepted or upheld     by the parties that got it, out of what was frozen
    goodwill                       by the exchange, out of its fees
    the seller's own               by the seller, out of its part

The bill itself is never changed. A note says what was paid: where a party has less than it owes,
the note is that much smaller, and the rest stays open in the dispute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from suanwang.basics.canonical import Json
from suanwang.basics.errors import Invalid, NotAllowed, NotFound
from suanwang.basics.ids import (
    AccountId,
    CreditNoteId,
    DisputeId,
    JobId,
    OrganisationId,
    TransferId,
)
from suanwang.basics.money import CNY, Money, voucher_of
from suanwang.basics.slots import format_instant, market_day
from suanwang.flows import dispute_money, funds
from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.claim_voucher import save as save_claim
from suanwang.flows.correct_budgets import correct_budgets
from suanwang.flows.dispute_money import Source
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.flows.voucher_accounts import funder_accounts
from suanwang.jobs.credits import (
    Item,
    Party,
    asked_for,
    gets_of,
    lines_left,
    paid_by,
    total_of,
    vouchers_of,
    within,
)
from suanwang.jobs.parts import Part, PartRole
from suanwang.ledger.disputes import CreditTooLarge
from suanwang.ledger.transfers import Transfer, chained, move
from suanwang.ledger.vouchers.claims import ClaimEvent, ClaimState, walk
from suanwang.store import bills, disputes, evidence, ledger, vouchers
from suanwang.store.bills import StoredBill
from suanwang.store.disputes import CreditNote, Dispute, Freeze, FreezeState
from suanwang.store.evidence import Evidence
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx
from suanwang.store.vouchers import Claim, Running

TEXT_MAX = 2_000
LINES_MAX = 500
_NOTHING = Money.zero(CNY)
_PAID = (ClaimState.PAID,)


class Payer(StrEnum):
    """Who pays a credit note that no dispute asked for."""

    EXCHANGE = "exchange"  #: out of its fees
    SELLER = "seller"  #: out of what it got of the bill


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCreditNote:
    """What of whose bill is given back, by whom, and why. None: all that is left of a line."""

    job_id: str
    lines: Mapping[int, Money | None]
    payer: Payer
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Return:
    """What goes back to one funder: yuan to its pledge, vouchers to its stock."""

    running: Running
    claim: Claim
    amount: Money


def issue_credit_note(tx: Tx, new: NewCreditNote, *, act: Act) -> CreditNote:
    """Give back an amount without a dispute: the exchange's goodwill, or the seller's own.

    Raises: NotAllowed, NotFound, Invalid, LineNotCharged, CreditTooLarge.
    """
    key = must_be(act, Role.OPERATOR, Role.PROVIDER, Role.BROKER)
    if not 0 < len(new.text) <= TEXT_MAX:
        raise Invalid(reason=f"expected a text of 1 to {TEXT_MAX} characters")
    if not 0 < len(new.lines) <= LINES_MAX:
        raise Invalid(reason=f"expected 1 to {LINES_MAX} lines")
    bill = bills.lock_bill_of_job(tx, JobId(new.job_id))
    if key.role is not Role.OPERATOR:
        if key.organisation_id != seller_of(bill):
            raise NotFound(kind="bill", id=new.job_id)
        if new.payer is not Payer.SELLER:
            raise NotAllowed(needed=Role.OPERATOR, found=key.role)
    left = lines_left(bill.lines, disputes.taken_of(tx, bill.id))
    items = asked_for(bill.id, left, new.lines)
    if new.payer is Payer.SELLER:
        items = _by_seller(items, left, bill)
    else:
        items = paid_by(items, dispute_money.exchange_party(tx))
    body: dict[str, Json] = {"paid_by": new.payer.value, "text": new.text, "by": str(key.key_id)}
    note = pay(tx, bill, items, (), body=body, dispute=None, act=act)
    if note is None:
        raise Invalid(reason="whoever is to pay has nothing that could be given back")
    if key.role is Role.OPERATOR:
        said = {"credit_note_id": str(note.id), "job_id": str(bill.job_id), **body}
        record_operator_action(tx, "credit-note", said, act=act)
    return note


def pay(
    tx: Tx,
    bill: StoredBill,
    items: Sequence[Item],
    frozen: Sequence[Freeze],
    *,
    body: Mapping[str, Json],
    dispute: Dispute | None,
    act: Act,
) -> CreditNote | None:
    """Pay back items, as far as there is money, and write the note; None where there is none."""
    sources = dispute_money.collected(tx, items, frozen, bill=bill)
    there = {party: dispute_money.total(each) for party, each in sources.items()}
    items = within(items, there)
    if not items:
        return None
    note_id = act.new_id(CreditNoteId)
    memo = {"what": "credit-note", "job_id": str(bill.job_id), "credit_note_id": str(note_id)}
    returned = _returned(tx, bill, items)
    transfers = _transfers(tx, bill, items, sources, returned=returned, memo=memo, act=act)
    ledger.post(tx, chained(note_id, transfers))
    _remember_sources(tx, bill, sources, note_id, act=act)
    _lessen_claims(tx, returned, note_id, act=act)
    back = sum((each.amount for each in returned), _NOTHING)
    year = market_day(act.now).year
    note = CreditNote(
        id=note_id,
        number=f"CN-{year}-{disputes.next_number(tx, f'credit_note/{year}'):06}",
        dispute_id=None if dispute is None else dispute.id,
        job_id=bill.job_id,
        bill_id=bill.id,
        organisation_id=bill.organisation_id,
        seller_id=seller_of(bill),
        items=tuple(items),
        amount=total_of(items),
        total=total_of(items) - back,
        body={
            **body,
            "vouchers": [
                {"programme": each.running.id, "amount": str(each.amount)} for each in returned
            ],
            "transfers": [str(each.id) for each in transfers],
        },
        created_at=act.now,
    )
    disputes.add_note(tx, note)
    correct_budgets(tx, note.job_id, -note.total, act=act)
    _tell(tx, note, act=act)
    return note


def seller_of(bill: StoredBill) -> OrganisationId:
    """Return who sold: a broker, where one stands between buyer and centre."""
    brokers = [part for part in bill.parts if part["role"] == PartRole.BROKER]
    return OrganisationId(brokers[0]["organisation_id"]) if brokers else bill.provider_id


def note_record(note: CreditNote) -> dict[str, Json]:
    """Say of a credit note what can be proven."""
    return {
        "credit_note_id": str(note.id),
        "number": note.number,
        "dispute_id": note.dispute_id and str(note.dispute_id),
        "bill_id": str(note.bill_id),
        "job_id": str(note.job_id),
        "organisation_id": str(note.organisation_id),
        "seller_id": str(note.seller_id),
        "items": [each.to_wire() for each in note.items],
        "amount": str(note.amount),
        "total": str(note.total),
        "currency": CNY.code,
        "issued_at": format_instant(note.created_at),
        **dict(note.body),
    }


def _by_seller(
    items: Sequence[Item], left: Mapping[int, Item], bill: StoredBill
) -> tuple[Item, ...]:
    """Let the seller give back what it got: no more of a line than its part of it."""
    owner = seller_of(bill)
    role = PartRole.CENTRE if owner == bill.provider_id else PartRole.BROKER
    # Fee and tax are not the seller's to give back.
    own = [each for each in items if each.kind not in ("fee", "tax")]
    for each in own:
        has = total_of(p for p in left[each.line].parts if p.organisation_id == owner)
        if each.amount > has:
            raise CreditTooLarge(line=each.line, id=bill.id, left=has, asked=each.amount)
    if not own:
        raise Invalid(reason="fee and tax are the exchange's, not the seller's to give back")
    found = []
    for each in own:
        party = next(
            (Part(organisation_id=p.organisation_id, role=p.role, amount=each.amount)
             for p in left[each.line].parts
             if p.organisation_id == owner and (p.role is role or p.amount >= each.amount)), None,
        )  # fmt: skip
        assert party is not None, f"{owner} has a part of line {each.line}"
        found.append(replace(each, parts=(party,)))
    return tuple(found)


def _transfers(
    tx: Tx,
    bill: StoredBill,
    items: Sequence[Item],
    sources: Mapping[Party, Sequence[Source]],
    *,
    returned: Sequence[_Return],
    memo: Mapping[str, str],
    act: Act,
) -> list[Transfer]:
    """Pay funders and parties that had paid a part, then the buyer what is left."""
    payees: list[tuple[AccountId, Money]] = []
    units: list[Transfer] = []
    for each in returned:
        accounts = funder_accounts(tx, each.running)
        payees.append((accounts.pledged.id, each.amount))
        units.append(
            move(act.new_id(TransferId), Money(each.amount.units, voucher_of(each.running.id)),
                 debit=accounts.issued, credit=accounts.stock, at=act.now,
                 group_id=bill.job_id, memo=memo)
        )  # fmt: skip
    for party, amount in gets_of(items).items():
        name = dispute_money.account_name(party, bill)
        payees.append((ledger.account_of(tx, party[0], name).id, amount))
    back = sum((each.amount for each in returned), _NOTHING)
    buyer = funds.buyer_account(tx, bill.organisation_id)
    payees.append((buyer, total_of(items) - back))
    flat = [source for each in sources.values() for source in each]
    return [
        *dispute_money.paid_out(flat, payees, job_id=bill.job_id, memo=memo, act=act),
        *units,
    ]


def _returned(tx: Tx, bill: StoredBill, items: Sequence[Item]) -> list[_Return]:
    """Say what goes back to funders; whoever was paid back by the firm already gets nothing."""
    found = []
    for programme_id, share in sorted(vouchers_of(items).items()):
        running = vouchers.lock_programme(tx, programme_id, at=bill.created_at)
        claims = [
            each
            for each in vouchers.claims_of_bill(tx, bill.id)
            if each.programme_id == programme_id and each.state in _PAID
        ]
        if claims:
            amount = min(share.amount, claims[0].amount)
            found.append(_Return(running=running, claim=claims[0], amount=amount))
    return found


def _lessen_claims(tx: Tx, returned: Sequence[_Return], note_id: CreditNoteId, *, act: Act) -> None:
    """Lessen the claims by what went back, so that caps and reports count what was paid."""
    for each in returned:
        claim, left = each.claim, each.claim.amount - each.amount
        credited = [
            *claim.body.get("credited", ()),
            {"credit_note_id": str(note_id), "amount": str(each.amount)},
        ]
        state = claim.state
        if not left:
            state = walk(state, ClaimEvent.CLAW_BACK, subject=claim.id)
        changed = replace(
            claim, amount=left, state=state, updated_at=act.now,
            body={**claim.body, "credited": credited},
        )  # fmt: skip
        save_claim(tx, changed, act=act)


def _remember_sources(
    tx: Tx,
    bill: StoredBill,
    sources: Mapping[Party, Sequence[Source]],
    note_id: CreditNoteId,
    *,
    act: Act,
) -> None:
    """Remember what was paid without a hold: settlement must not pay it once more."""
    disputes.add_freezes(
        tx,
        [
            Freeze(
                id=act.new_id(TransferId),
                credit_note_id=note_id,
                bill_id=bill.id,
                organisation_id=party[0],
                role=party[1],
                account_id=source.account,
                account_name=dispute_money.account_name(party, bill),
                wanted=source.amount,
                amount=source.amount,
                state=FreezeState.PAID,
            )
            for party, each in sources.items()
            for source in each
            if source.hold_id is None
        ],
    )


def _tell(tx: Tx, note: CreditNote, *, act: Act) -> None:
    kept = Evidence(
        kind="credit_note", id=note.id, record=note_record(note), at=act.now,
        organisation_id=note.organisation_id,
    )  # fmt: skip
    evidence.add(tx, [kept])
    for owner in {note.organisation_id, note.seller_id}:
        publish(
            tx,
            "credit_note.issued",
            subject=note.id,
            organisation_id=owner,
            body={
                "number": note.number,
                "job_id": str(note.job_id),
                "amount": str(note.amount),
                "total": str(note.total),
                "currency": CNY.code,
            },
            act=act,
        )


def pay_dispute(tx: Tx, dispute: Dispute, bill: StoredBill, *, act: Act) -> CreditNote | None:
    """Pay what was disputed out of what was frozen for it, and what is missing as it is there."""
    frozen = disputes.freezes_of(tx, [dispute.id])
    said: dict[str, Json] = {"paid_by": "parties", "text": dispute.reason.value, "by": None}
    note = pay(tx, bill, dispute.items, frozen, body=said, dispute=dispute, act=act)
    disputes.end_freezes(
        tx, DisputeId(dispute.id), FreezeState.PAID, note=None if note is None else note.id
    )
    return note

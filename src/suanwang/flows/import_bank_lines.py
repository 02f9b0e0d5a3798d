"""Import lines of the bank: each once, booked to whom it names, or to nobody yet.

Everything that the file quotes is looked up in a few queries; then each line is decided in order,
as if the ones before it had been booked, and all transfers are posted in one batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from suanwang.basics.canonical import sha256_hex
from suanwang.basics.errors import Invalid
from suanwang.basics.ids import AccountId, BankLineId, OrganisationId, TransferId
from suanwang.basics.money import CNY, Money
from suanwang.flows.act import Act
from suanwang.flows.bank_desk import (
    Desk,
    line_word,
    open_desk,
    payout_step,
    save_line,
)
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.bank.errors import BankLineReused
from suanwang.ledger.bank.lines import LINE, BankAdapter, BankLine, LineEvent, LineState
from suanwang.ledger.bank.matching import (
    Match,
    MemberFound,
    Quoted,
    TargetKind,
    ThingFound,
    TopUpFound,
    match,
)
from suanwang.ledger.bank.payouts import PayoutEvent, PayoutState
from suanwang.ledger.bank.references import TAIL_CHARS, ReferenceKind, references_in, text_key
from suanwang.ledger.membership import MemberState, member_state
from suanwang.ledger.transfers import Transfer, move, post, reverse
from suanwang.store import bank, evidence, identity, ledger, payouts
from suanwang.store.bank import StoredLine, StoredTopUp
from suanwang.store.outbox import publish
from suanwang.store.payouts import Payout
from suanwang.store.tx import Tx

ACCOUNT_NAME_MAX = 40
_CREDITED = (MemberState.VERIFIED, MemberState.SUSPENDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did. `known`: lines that had been imported before."""

    file_sha256: str
    lines: Sequence[StoredLine]
    known: int


@dataclass(slots=True, kw_only=True)
class _Book:
    """What the file's lines quote, as it stands after the lines so far, and what is to be done."""

    members: dict[str, list[MemberFound]]  # by the sixteen characters of their references
    top_ups: dict[str, list[StoredTopUp]]  # by reference, until their line comes
    payouts: dict[str, Payout]
    returns: dict[str, StoredLine]
    owners: dict[OrganisationId, MemberState]
    available: dict[OrganisationId, AccountId]
    transfers: list[Transfer] = field(default_factory=list)
    seen: list[tuple[str, BankLineId]] = field(default_factory=list)
    stepped: list[tuple[Payout, PayoutEvent, dict[str, Any]]] = field(default_factory=list)
    paid_back: list[StoredLine] = field(default_factory=list)


def import_bank_lines(
    tx: Tx, data: bytes, *, bank_account: str, adapter: BankAdapter, act: Act
) -> Imported:
    """Import a file of bank lines, whole or not at all; lines that are known are passed over.

    Raises: NotAllowed, ExchangeNotOpen, Invalid, BankFileUnreadable, BankRowWrong, BankSumWrong,
    BankLineReused.
    """
    name = bank_account.strip()
    if not 0 < len(name) <= ACCOUNT_NAME_MAX:
        raise Invalid(
            reason=f"expected the bank account's name of 1 to {ACCOUNT_NAME_MAX} characters"
        )
    lines, digest = adapter.read(data), sha256_hex(data)
    desk = open_desk(tx)
    fresh = _fresh(tx, lines, name)
    facts = {"bank_account": name, "file_sha256": digest, "lines": len(lines), "new": len(fresh)}
    record_operator_action(tx, "import-bank-lines", facts, act=act)
    book, place = _look_up(tx, fresh), bank.last_place(tx, name)
    stored = []
    for count, line in enumerate(fresh, start=1):
        received = StoredLine(
            id=act.new_id(BankLineId),
            bank_account=name,
            line=line,
            file_sha256=digest,
            place=place + count,
            created_at=act.now,
            updated_at=act.now,
        )
        stored.append(_decide(tx, received, book, desk=desk, act=act))
    _write(tx, stored, book, act=act)
    _tell(tx, stored, facts, desk=desk, act=act)
    return Imported(file_sha256=digest, lines=stored, known=len(lines) - len(fresh))


def _fresh(tx: Tx, lines: Sequence[BankLine], bank_account: str) -> list[BankLine]:
    """Leave out lines that were imported before; refuse one that says something else now."""
    known = bank.known(tx, bank_account, [line.bank_line_id for line in lines])
    fresh = []
    for line in lines:
        before = known.get(line.bank_line_id)
        if before is None:
            fresh.append(line)
        elif before.fingerprint != line.fingerprint:
            raise BankLineReused(id=line.bank_line_id)
    return fresh


def _look_up(tx: Tx, lines: Sequence[BankLine]) -> _Book:
    def quoted(kind: ReferenceKind) -> list[str]:
        return sorted({each for line in lines for each in references_in(line.text, kind)})

    named = quoted(ReferenceKind.ORGANISATION)
    members = bank.members_of_references(tx, named)
    named_so: dict[str, list[MemberFound]] = {}
    for member in members:
        named_so.setdefault(member.id[-TAIL_CHARS:], []).append(member)
    keys = [key for line in lines for key in _keys(line)]
    top_ups: dict[str, list[StoredTopUp]] = {}
    for each in bank.top_ups_of_references(tx, keys):
        top_ups.setdefault(each.reference_key, []).append(each)
    found = payouts.payouts_of_references(tx, quoted(ReferenceKind.PAYOUT))
    owners = {each.id: each.state for each in members}
    for payout in found:
        if payout.organisation_id not in owners:
            owner = identity.organisation(tx, payout.organisation_id)
            owners[owner.id] = member_state(owner.state)
    return _Book(
        members=named_so,
        top_ups=top_ups,
        payouts={each.reference: each for each in found},
        returns={
            each.reference: each
            for each in bank.lines_of_references(tx, quoted(ReferenceKind.RETURN))
        },
        owners=owners,
        available={
            each.id: ledger.account_of(tx, each.id, AccountName.AVAILABLE, asset=CNY).id
            for each in members
            if each.state in _CREDITED
        },
    )


def _keys(line: BankLine) -> set[str]:
    return {key for key in (text_key(line.text), text_key(line.bank_line_id)) if key}


def _quoted(line: BankLine, book: _Book) -> Quoted:
    named = references_in(line.text, ReferenceKind.ORGANISATION)
    out = references_in(line.text, ReferenceKind.PAYOUT)
    back = references_in(line.text, ReferenceKind.RETURN)
    members = [one for each in named for one in book.members.get(each[2:-1], ())]
    top_ups = [each for key in sorted(_keys(line)) for each in book.top_ups.get(key, ())]
    due = PayoutState.SENT if line.amount.units < 0 else PayoutState.PAID
    return Quoted(
        members=members,
        top_ups=[
            TopUpFound(
                transfer_id=each.id, organisation_id=each.organisation_id, amount=each.amount
            )
            for each in top_ups
        ],
        payouts=[
            ThingFound(
                id=each.reference,
                organisation_id=each.organisation_id,
                amount=each.amount,
                is_due=each.state is due and book.owners[each.organisation_id] in _CREDITED,
            )
            for each in (book.payouts[one] for one in out if one in book.payouts)
        ],
        returns=[
            ThingFound(
                id=each.reference,
                organisation_id=each.organisation_id,
                amount=each.line.amount,
                is_due=each.state is LineState.RETURNING,
            )
            for each in (book.returns[one] for one in back if one in book.returns)
        ],
        references=len(named) + len(out) + len(back),
    )


def _decide(tx: Tx, received: StoredLine, book: _Book, *, desk: Desk, act: Act) -> StoredLine:
    """Decide about one line, and note what is to be done about it."""
    amount = received.line.amount
    found = match(amount, _quoted(received.line, book))
    if found.kind is None:
        return _doubted(received, found, book, desk=desk, act=act)
    known = replace(
        received,
        state=LINE.after(received.state, LineEvent.MATCH, subject=received.id),
        target_kind=found.kind,
        target_id=found.target_id,
        organisation_id=found.organisation_id,
    )
    assert found.target_id is not None, "what is matched is matched to something"
    if found.kind is TargetKind.TOP_UP:
        return _seen(known, book)
    if found.kind in (TargetKind.PAYOUT, TargetKind.PAYOUT_RETURN):
        return _settled(tx, known, book, act=act)
    if found.kind is TargetKind.RETURN:
        return _paid_back(known, book, desk=desk, act=act)
    assert found.organisation_id is not None, "a member was found"
    transfer = _line_move(
        known, debit=desk.bank, credit=book.available[found.organisation_id], act=act
    )
    book.transfers.append(transfer)
    return replace(known, transfer_id=transfer.id)


def _doubted(
    received: StoredLine, found: Match, book: _Book, *, desk: Desk, act: Act
) -> StoredLine:
    """Put what came in to suspense; what went out stays unbooked until somebody says why."""
    if received.line.amount.units < 0:
        state = LINE.after(received.state, LineEvent.LEAVE, subject=received.id)
        return replace(received, state=state, doubt=found.doubt)
    transfer = _line_move(received, debit=desk.bank, credit=desk.suspense, act=act)
    book.transfers.append(transfer)
    state = LINE.after(received.state, LineEvent.SUSPEND, subject=received.id)
    return replace(received, state=state, doubt=found.doubt, transfer_id=transfer.id)


def _seen(known: StoredLine, book: _Book) -> StoredLine:
    """Remember only that the line has come: the money was booked by hand."""
    for each in book.top_ups.values():
        each[:] = [top_up for top_up in each if top_up.id != known.target_id]
    assert known.target_id is not None, "a top-up was found"
    book.seen.append((known.target_id, known.id))
    return replace(known, transfer_id=known.target_id)  # type: ignore[arg-type]  # it is one


def _settled(tx: Tx, known: StoredLine, book: _Book, *, act: Act) -> StoredLine:
    """Let a payout leave the bank, or come back to it."""
    payout = book.payouts[str(known.target_id)]
    if any(each.id == payout.transfer_id for each in book.transfers):
        # The same file has both lines: only what is posted can be reversed.
        ledger.post(tx, book.transfers)
        book.transfers.clear()
    transfer, event, changes = settle_payout(tx, payout, known.line, act=act)
    book.transfers.append(transfer)
    book.stepped.append((payout, event, changes))
    state = PayoutState.PAID if event is PayoutEvent.PAY else PayoutState.RETURNED
    book.payouts[payout.reference] = replace(payout, state=state, **changes)
    return replace(known, target_id=payout.id, transfer_id=transfer.id)


def settle_payout(
    tx: Tx, payout: Payout, line: BankLine, *, act: Act
) -> tuple[Transfer, PayoutEvent, dict[str, Any]]:
    """Return the transfer that a line makes of a payout, what happens to it, and its new fields."""
    memo = {"what": "payout", "bank_line_id": line.bank_line_id}
    if line.amount.units < 0:
        paid = post(
            act.new_id(TransferId), payout.hold_id, at=act.now, group_id=payout.id, memo=memo
        )
        return paid, PayoutEvent.PAY, {"transfer_id": paid.id}
    assert payout.transfer_id is not None, "a paid payout knows what paid it"
    original, memo = ledger.transfer(tx, payout.transfer_id), memo | {"what": "payout-return"}
    back = reverse(act.new_id(TransferId), original, at=act.now, group_id=payout.id, memo=memo)
    return back, PayoutEvent.BOUNCE, {"return_id": back.id}


def _paid_back(known: StoredLine, book: _Book, *, desk: Desk, act: Act) -> StoredLine:
    """Let what came in by mistake go back to who sent it."""
    first = book.returns[str(known.target_id)]
    transfer = _line_move(known, debit=desk.suspense, credit=desk.bank, act=act)
    book.transfers.append(transfer)
    state = LINE.after(first.state, LineEvent.PAY_BACK, subject=first.id)
    done = replace(first, state=state, moved_id=transfer.id)
    book.returns[first.reference] = done
    book.paid_back.append(done)
    return replace(known, target_id=first.id, transfer_id=transfer.id)


def _line_move(line: StoredLine, *, debit: AccountId, credit: AccountId, act: Act) -> Transfer:
    return move(
        act.new_id(TransferId),
        Money(abs(line.line.amount.units), CNY),
        debit=debit,
        credit=credit,
        at=act.now,
        group_id=line.id,
        memo={"what": "bank-line", "bank_line_id": line.line.bank_line_id},
    )


def _write(tx: Tx, stored: Sequence[StoredLine], book: _Book, *, act: Act) -> None:
    ledger.post(tx, book.transfers)
    bank.add_lines(tx, stored)
    evidence.add(tx, [line_word(each, act=act) for each in stored])
    for top_up_id, line_id in book.seen:
        bank.top_up_seen(tx, top_up_id, line_id)
    for payout, event, changes in book.stepped:
        payout_step(tx, payout, event, act=act, **changes)
    for line in book.paid_back:
        save_line(tx, line, act=act)


def _tell(
    tx: Tx, stored: Sequence[StoredLine], facts: dict[str, Any], *, desk: Desk, act: Act
) -> None:
    for each in stored:
        if each.target_kind is TargetKind.MEMBER:
            tell_topped_up(tx, each, act=act)
    if stored:
        publish(
            tx,
            "bank.imported",
            subject=str(facts["file_sha256"]),
            organisation_id=desk.exchange_id,
            body=facts,
            act=act,
        )


def tell_topped_up(tx: Tx, line: StoredLine, *, act: Act) -> None:
    """Tell a member that its money has arrived, as a top-up by hand does."""
    assert line.organisation_id is not None, "it is a member's money"
    transfer_id = line.moved_id or line.transfer_id
    assert transfer_id is not None, "it was booked"
    publish(
        tx,
        "account.topped_up",
        subject=transfer_id,
        organisation_id=line.organisation_id,
        body={
            "organisation_id": line.organisation_id,
            "amount": str(line.line.amount),
            "currency": CNY.code,
            "reference": line.line.bank_line_id,
            "transfer_id": transfer_id,
        },
        act=act,
    )

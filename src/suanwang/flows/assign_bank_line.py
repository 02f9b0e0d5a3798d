"""Say whose a bank line is that names nobody, or that it is to go back: an operator's word.

assign   came in    org_…    suspense → that member's available
                    fees     suspense → fees (interest of the bank)
                    pay_…    that payout has come back
                    txf_…    the top-up that was booked by hand before
         went out   pay_…    that payout is paid
                    bln_…    what came in by mistake has gone back
                    fees     fees → bank (what the bank charges)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from suanwang.basics.ids import AccountId, OrganisationId, TransferId
from suanwang.basics.money import CNY, Money
from suanwang.flows.act import Act
from suanwang.flows.bank_desk import (
    Desk,
    open_desk,
    payout_step,
    save_line,
)
from suanwang.flows.import_bank_lines import settle_payout, tell_topped_up
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.flows.words import read_text
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.bank.errors import LineTargetWrong
from suanwang.ledger.bank.lines import LINE, LineEvent, LineState
from suanwang.ledger.bank.matching import TargetKind
from suanwang.ledger.transfers import Transfer, chained, move, reverse
from suanwang.store import bank, identity, ledger, payouts
from suanwang.store.bank import StoredLine
from suanwang.store.tx import Tx

FEES = "fees"
Changes = dict[str, Any]


def assign_bank_line(tx: Tx, line_id: str, target: str, *, reason: str, act: Act) -> StoredLine:
    """Book a line that waits to what an operator says it is.

    Raises: NotAllowed, NotFound, Invalid, TransitionRefused, LineTargetWrong, MemberNotVerified.
    """
    why = read_text(reason, "reason")
    desk = open_desk(tx)
    facts = {"line_id": line_id, "target": target, "reason": why}
    record_operator_action(tx, "assign-bank-line", facts, act=act)
    found = bank.line(tx, line_id)
    after = LINE.after(found.state, LineEvent.ASSIGN, subject=found.id)
    kind = target.partition("_")[0]
    way = (_IN if found.line.amount.units > 0 else _OUT).get(kind)
    if way is None:
        ways = _IN if found.line.amount.units > 0 else _OUT
        expected = ", ".join(name if name == FEES else f"{name}_…" for name in ways)
        raise _wrong(found, target, f"expected one of {expected}")
    changes = way(tx, found, target, desk, act=act)
    kept = save_line(tx, replace(found, state=after, reason=why, **changes), act=act)
    if kept.target_kind is TargetKind.MEMBER:
        tell_topped_up(tx, kept, act=act)
    return kept


def send_back(tx: Tx, line_id: str, *, reason: str, act: Act) -> StoredLine:
    """Mark what came in by mistake as to go back; its line out quotes the line's reference.

    Raises: NotAllowed, NotFound, Invalid, TransitionRefused.
    """
    return _mark(tx, line_id, LineEvent.SEND_BACK, reason=reason, act=act)


def keep_line(tx: Tx, line_id: str, *, reason: str, act: Act) -> StoredLine:
    """Take back that a line is to go back. Raises as `send_back`."""
    return _mark(tx, line_id, LineEvent.KEEP, reason=reason, act=act)


def _mark(tx: Tx, line_id: str, event: LineEvent, *, reason: str, act: Act) -> StoredLine:
    why = read_text(reason, "reason")
    open_desk(tx)
    facts = {"line_id": line_id, "reason": why}
    record_operator_action(tx, f"{event}-bank-line", facts, act=act)
    found = bank.line(tx, line_id)
    after = LINE.after(found.state, event, subject=found.id)
    return save_line(tx, replace(found, state=after, reason=why), act=act)


def _to_member(tx: Tx, line: StoredLine, target: str, desk: Desk, *, act: Act) -> Changes:
    owner = identity.organisation(tx, target)
    if owner.kind is not identity.OrganisationKind.MEMBER:
        raise _wrong(line, target, "it is the exchange itself")
    available = ledger.account_of(tx, owner.id, AccountName.AVAILABLE, asset=CNY).id
    moved = _post(tx, line, desk.suspense, available, act=act)
    return _changes(TargetKind.MEMBER, target, moved, organisation_id=owner.id)


def _to_fees(tx: Tx, line: StoredLine, target: str, desk: Desk, *, act: Act) -> Changes:
    if line.line.amount.units > 0:
        moved = _post(tx, line, desk.suspense, desk.fees, act=act)
        return _changes(TargetKind.FEES, target, moved)
    paid = _post(tx, line, desk.fees, desk.bank, act=act)
    return _changes(TargetKind.FEES, target, None, transfer_id=paid)


def _to_top_up(tx: Tx, line: StoredLine, target: str, _: Desk, *, act: Act) -> Changes:
    open_one = bank.top_up_open(tx, target)
    if open_one is None or open_one.amount != line.line.amount:
        raise _wrong(line, target, "no payment of this amount was booked by hand and waits")
    back = _unsuspend(tx, line, act=act)
    ledger.post(tx, [back])
    bank.top_up_seen(tx, open_one.id, line.id)
    return _changes(TargetKind.TOP_UP, target, back.id, organisation_id=open_one.organisation_id)


def _to_payout(tx: Tx, line: StoredLine, target: str, _: Desk, *, act: Act) -> Changes:
    payout = payouts.payout(tx, target)
    amount = Money(abs(line.line.amount.units), CNY)
    if payout.amount != amount:
        raise _wrong(line, target, f"it is over {payout.amount}")
    is_return = line.line.amount.units > 0
    if is_return and payout.transfer_id is None:
        raise _wrong(line, target, f"it is {payout.state} and cannot have come back")
    transfer, event, fields = settle_payout(tx, payout, line.line, act=act)
    payout_step(tx, payout, event, act=act, **fields)
    if not is_return:
        ledger.post(tx, [transfer])
        return _changes(
            TargetKind.PAYOUT, target, None, transfer_id=transfer.id,
            organisation_id=payout.organisation_id,
        )  # fmt: skip
    ledger.post(tx, chained(line.id, [_unsuspend(tx, line, act=act), transfer]))
    return _changes(
        TargetKind.PAYOUT_RETURN, target, transfer.id, organisation_id=payout.organisation_id
    )


def _to_line(tx: Tx, line: StoredLine, target: str, desk: Desk, *, act: Act) -> Changes:
    first = bank.line(tx, target)
    if first.line.amount != -line.line.amount:
        raise _wrong(line, target, f"it is over {first.line.amount}")
    state = first.state
    if state is LineState.SUSPENSE:
        state = LINE.after(state, LineEvent.SEND_BACK, subject=first.id)
    state = LINE.after(state, LineEvent.PAY_BACK, subject=first.id)
    paid = _post(tx, line, desk.suspense, desk.bank, act=act)
    save_line(tx, replace(first, state=state, moved_id=paid), act=act)
    return _changes(TargetKind.RETURN, target, None, transfer_id=paid)


_Way = Callable[..., Changes]
_IN: Mapping[str, _Way] = {
    "org": _to_member,
    FEES: _to_fees,
    "pay": _to_payout,
    "txf": _to_top_up,
}
_OUT: Mapping[str, _Way] = {"pay": _to_payout, "bln": _to_line, FEES: _to_fees}


def _changes(
    kind: TargetKind,
    target: str,
    moved: TransferId | None,
    *,
    transfer_id: TransferId | None = None,
    organisation_id: OrganisationId | None = None,
) -> Changes:
    found: Changes = {"target_kind": kind, "target_id": target, "organisation_id": organisation_id}
    if moved is not None:
        found["moved_id"] = moved
    if transfer_id is not None:
        found["transfer_id"] = transfer_id
    return found


def _post(tx: Tx, line: StoredLine, debit: AccountId, credit: AccountId, *, act: Act) -> TransferId:
    transfer = move(
        act.new_id(TransferId),
        Money(abs(line.line.amount.units), CNY),
        debit=debit,
        credit=credit,
        at=act.now,
        group_id=line.id,
        memo={"what": "bank-line-assigned", "bank_line_id": line.line.bank_line_id},
    )
    made: Sequence[Transfer] = ledger.post(tx, [transfer])
    assert made, "a fresh transfer is new"
    return transfer.id


def _unsuspend(tx: Tx, line: StoredLine, *, act: Act) -> Transfer:
    """Take back that a line was booked to suspense: what it is about is booked already."""
    assert line.transfer_id is not None, "a line in suspense was booked"
    original = ledger.transfer(tx, line.transfer_id)
    memo = {"what": "bank-line-assigned", "bank_line_id": line.line.bank_line_id}
    return reverse(act.new_id(TransferId), original, at=act.now, memo=memo)


def _wrong(line: StoredLine, target: str, reason: str) -> LineTargetWrong:
    return LineTargetWrong(id=line.id, target=target[:80], reason=reason)

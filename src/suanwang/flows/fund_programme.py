"""Fund a programme: yuan are pledged to it, and as many vouchers issued, in one chain."""

from __future__ import annotations

from dataclasses import replace

from suanwang.basics.errors import NotAllowed
from suanwang.basics.ids import OrganisationId, TransferId
from suanwang.basics.money import Money, voucher_of
from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.fill_programme import put_on_record
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.flows.voucher_accounts import must_fund, open_funder
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.transfers import chained, move
from suanwang.ledger.vouchers.errors import PoolExceeded, ProgrammeFunded
from suanwang.store import identity, ledger, vouchers
from suanwang.store.tx import Tx
from suanwang.store.vouchers import Running


def fund_programme(
    tx: Tx, programme_id: str, amount: Money, *, funder: OrganisationId, act: Act
) -> Running:
    """Pledge yuan of a funder to a programme; a programme has one funder.

    Raises: ProgrammeUnknown, ProgrammeFunded, PoolExceeded, FundsInsufficient, NotAllowed.
    """
    key = must_be(act, Role.FUNDER, Role.OPERATOR)
    if key.role is Role.FUNDER and funder != key.organisation_id:
        raise NotAllowed(needed=Role.OPERATOR, found=key.role)
    owner = identity.organisation(tx, funder).id
    running = vouchers.lock_programme(tx, programme_id, at=act.now)
    must_fund(running, act)
    if running.funder_id not in (None, owner):
        raise ProgrammeFunded(kind="programme", id=running.id, found=running.funder_id,
                              expected=owner)  # fmt: skip
    pledged, pool = running.pledged + amount, running.programme["pool"]
    if pool is not None and pledged > pool:
        raise PoolExceeded(id=running.id, pool=pool, found=amount)
    accounts = open_funder(tx, running.id, owner, act=act)
    available = ledger.account_of(tx, owner, AccountName.AVAILABLE).id
    first = act.new_id(TransferId)
    memo = {"what": "voucher-fund", "programme": running.id}
    units = Money(amount.units, voucher_of(running.id))
    moves = [
        move(first, amount, debit=available, credit=accounts.pledged.id, at=act.now,
             group_id=running.id, memo=memo),
        move(act.new_id(TransferId), units, debit=accounts.issued, credit=accounts.stock,
             at=act.now, group_id=running.id, memo=memo),
    ]  # fmt: skip
    ledger.post(tx, chained(first, moves))
    after = replace(running, funder_id=owner, pledged=pledged, changes=running.changes + 1)
    vouchers.save_programme(tx, after)
    body = {
        "programme": running.id,
        "funder_id": str(owner),
        "amount": str(amount),
        "pledged": str(pledged),
        "transfer_id": str(first),
    }
    if key.role is Role.OPERATOR:
        record_operator_action(tx, "fund-programme", dict(body), act=act)
    put_on_record(tx, after, {"what": "funded", **body}, act=act)
    return after

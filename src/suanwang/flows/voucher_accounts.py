"""The accounts that vouchers move between, and who may move them.

    funder   issued     of the vouchers      minus all that was issued
             available  of the vouchers      not granted yet
             vouchers:<programme>  in yuan   pledged: pays for what is redeemed, and nothing else
    firm     available  of the vouchers      granted, not spent yet

A programme issues vouchers only against yuan that it pledges, so neither pool can be overdrawn.
"""

from __future__ import annotations

from dataclasses import dataclass

from suanwang.basics.ids import AccountId, OrganisationId
from suanwang.basics.money import CNY, Asset, voucher_of
from suanwang.flows.act import Act, Role, must_be
from suanwang.ledger.accounts import Account, AccountName
from suanwang.ledger.vouchers.errors import NotTheFunder, ProgrammeIncomplete, ProgrammeUnfunded
from suanwang.store import ledger
from suanwang.store.tx import Tx
from suanwang.store.vouchers import Running


@dataclass(frozen=True, slots=True, kw_only=True)
class FunderAccounts:
    """A funder's three accounts of one programme."""

    funder_id: OrganisationId
    issued: AccountId
    stock: AccountId
    pledged: Account


def open_funder(tx: Tx, programme_id: str, funder: OrganisationId, *, act: Act) -> FunderAccounts:
    """Open a funder's accounts of a programme, or return those that it has."""
    asset = voucher_of(programme_id)
    issued = _open(tx, funder, AccountName.ISSUED.value, asset=asset, floor=None, act=act)
    stock = _open(tx, funder, AccountName.AVAILABLE.value, asset=asset, floor=0, act=act)
    pledged = _open(tx, funder, pledged_name(programme_id), asset=CNY, floor=0, act=act)
    return FunderAccounts(funder_id=funder, issued=issued.id, stock=stock.id, pledged=pledged)


def funder_accounts(tx: Tx, running: Running) -> FunderAccounts:
    """Return the accounts of a programme's funder. Raises ProgrammeUnfunded."""
    if running.funder_id is None:
        raise ProgrammeUnfunded(kind="programme", id=running.id, found="open", expected="funded")
    asset = voucher_of(running.id)
    owner = running.funder_id
    return FunderAccounts(
        funder_id=owner,
        issued=ledger.account_of(tx, owner, AccountName.ISSUED, asset=asset).id,
        stock=ledger.account_of(tx, owner, AccountName.AVAILABLE, asset=asset).id,
        pledged=ledger.account_of(tx, owner, pledged_name(running.id)),
    )


def open_firm(tx: Tx, programme_id: str, firm: OrganisationId, *, act: Act) -> AccountId:
    """Open a firm's account of a programme's vouchers, or return the one it has."""
    asset = voucher_of(programme_id)
    return _open(tx, firm, AccountName.AVAILABLE.value, asset=asset, floor=0, act=act).id


def firm_account(tx: Tx, programme_id: str, firm: OrganisationId) -> Account:
    """Return a firm's account of a programme's vouchers."""
    return ledger.account_of(tx, firm, AccountName.AVAILABLE, asset=voucher_of(programme_id))


def pledged_name(programme_id: str) -> str:
    """Name the account of the yuan that are pledged to a programme."""
    return f"vouchers:{programme_id}"


def must_fund(running: Running, act: Act) -> None:
    """Refuse a key that is neither the programme's funder's nor an operator's."""
    key = must_be(act, Role.FUNDER, Role.OPERATOR)
    if key.role is Role.FUNDER and running.funder_id not in (None, key.organisation_id):
        raise NotTheFunder(id=running.id, needed=Role.FUNDER, found=key.role)


def must_be_complete(running: Running) -> None:
    """Refuse a programme that an operator must fill first. Raises ProgrammeIncomplete."""
    missing = running.programme.missing
    if missing:
        raise ProgrammeIncomplete(kind="programme", id=running.id, found="incomplete",
                                  expected="complete", missing=", ".join(missing))  # fmt: skip


def _open(
    tx: Tx, owner: OrganisationId, name: str, *, asset: Asset, floor: int | None, act: Act
) -> Account:
    account = Account(
        id=act.new_id(AccountId), organisation_id=owner, name=name, asset=asset, floor_units=floor
    )
    return ledger.open_account(tx, account, at=act.now)

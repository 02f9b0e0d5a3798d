"""Applies transfers to accounts: all of a batch or none of it, and each id only once.

Pure: the store loads the accounts and holds that a batch touches, `apply` changes them, the store
writes them back. What always holds (DESIGN.md §6): every move takes from one account exactly what
it gives to another, so balances of an asset sum to zero; no account goes below its floor; an
account's `held` is the sum of what its open holds have left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from suanwang.basics.ids import AccountId, TransferId
from suanwang.basics.money import UNITS_MAX, Money
from suanwang.basics.slots import format_instant
from suanwang.ledger.accounts import Account
from suanwang.ledger.errors import (
    AccountUnknown,
    BalanceTooLarge,
    FundsInsufficient,
    HoldClosed,
    HoldExpired,
    HoldNotExpired,
    HoldTooSmall,
    HoldUnknown,
    TransferAssetWrong,
    TransferIdReused,
    TransferMalformed,
)
from suanwang.ledger.rules import (
    Closed,
    Original,
    check_chains,
    check_members,
    check_open,
    reversed_by,
)
from suanwang.ledger.transfers import Hold, HoldState, Rest, Transfer, TransferKind

NOTHING_CLOSED = Closed()


class AccountBook:
    """Accounts, holds and the fingerprints of transfers already made; changed only by `apply`."""

    def __init__(
        self,
        accounts: Iterable[Account] = (),
        holds: Iterable[Hold] = (),
        made: Mapping[TransferId, str] | None = None,
        *,
        originals: Iterable[Original] = (),
        chains: Mapping[str, frozenset[TransferId]] | None = None,
        closed: Closed = NOTHING_CLOSED,
    ) -> None:
        self.accounts = {account.id: account for account in accounts}
        self.holds = {hold.id: hold for hold in holds}
        self.made = dict(made or {})
        self.originals = {original.id: original for original in originals}
        self.chains = dict(chains or {})  # which transfers a chain's name stands for already
        self.closed = closed

    def account(self, account_id: AccountId) -> Account:
        """Return an account as it stands."""
        if account_id not in self.accounts:
            raise AccountUnknown(id=account_id)
        return self.accounts[account_id]

    def hold(self, hold_id: TransferId) -> Hold:
        """Return a hold as it stands."""
        if hold_id not in self.holds:
            raise HoldUnknown(id=hold_id)
        return self.holds[hold_id]

    def draft(self) -> AccountBook:
        """Return a book to try a batch in, which leaves this one as it is."""
        draft = AccountBook(closed=self.closed)
        draft.accounts, draft.holds = dict(self.accounts), dict(self.holds)
        draft.made, draft.originals = dict(self.made), dict(self.originals)
        return draft


def apply(book: AccountBook, transfers: Sequence[Transfer]) -> list[Transfer]:
    """Apply a batch, all or none; return what was newly applied, every field known.

    A transfer whose id was made before with the same body is passed over; with another body it is
    refused. Floors are checked after each transfer, in the order given.

    Raises: a leaf of `ledger.errors`; `book` is then as it was.
    """
    check_chains(transfers, made=book.made, elsewhere=book.chains)
    draft = book.draft()
    applied = [_applied(draft, each) for each in transfers if not _was_made(draft, each)]
    book.accounts, book.holds, book.made = draft.accounts, draft.holds, draft.made
    book.originals = draft.originals
    book.chains |= _chains_of(applied, book.chains)
    return applied


def _applied(book: AccountBook, transfer: Transfer) -> Transfer:
    check_open(transfer, book.closed)
    if transfer.reverses is not None:
        original = book.originals.get(transfer.reverses)
        book.originals[transfer.reverses] = reversed_by(transfer, original)
    return _VERBS[transfer.kind](book, transfer)


def _chains_of(
    applied: Sequence[Transfer], known: Mapping[str, frozenset[TransferId]]
) -> dict[str, frozenset[TransferId]]:
    found: dict[str, frozenset[TransferId]] = {}
    for transfer in applied:
        if transfer.chain is not None:
            name = transfer.chain.id
            found[name] = found.get(name, known.get(name, frozenset())) | {transfer.id}
    return found


def _was_made(book: AccountBook, transfer: Transfer) -> bool:
    before = book.made.get(transfer.id)
    if before is not None and before != transfer.fingerprint:
        raise TransferIdReused(id=transfer.id)
    book.made[transfer.id] = transfer.fingerprint
    return before is not None


def _posted(book: AccountBook, transfer: Transfer) -> Transfer:
    debit, credit, amount = _parties(transfer)
    _check_assets(book, transfer, amount, debit, credit)
    check_members(transfer, book.account(debit), book.account(credit))
    _change(book, debit, balance=-amount.units)
    _change(book, credit, balance=amount.units)
    _check_floor(book, debit, needed=amount)
    return transfer


def _pending(book: AccountBook, transfer: Transfer) -> Transfer:
    debit, credit, amount = _parties(transfer)
    _check_assets(book, transfer, amount, debit, credit)
    check_members(transfer, book.account(debit), book.account(credit))
    if transfer.expires_at is not None and transfer.expires_at <= transfer.at:
        raise TransferMalformed(id=transfer.id, reason="the hold would expire before it begins")
    _change(book, debit, held=amount.units)
    _check_floor(book, debit, needed=amount)
    book.holds[transfer.id] = Hold(
        id=transfer.id,
        debit=debit,
        credit=credit,
        asset=amount.asset,
        amount_units=amount.units,
        expires_at=transfer.expires_at,
    )
    return transfer


def _post(book: AccountBook, transfer: Transfer) -> Transfer:
    hold, amount = _open_hold(book, transfer)
    if hold.expires_at is not None and transfer.at >= hold.expires_at:
        raise HoldExpired(id=hold.id, expires_at=format_instant(hold.expires_at))
    credit = transfer.credit or hold.credit
    if credit == hold.debit:
        raise TransferMalformed(id=transfer.id, reason="debit and credit are one account")
    _check_assets(book, transfer, amount, hold.debit, credit)
    posted = replace(hold, posted_units=hold.posted_units + amount.units)
    if transfer.rest is Rest.RELEASE or not posted.left_units:
        posted = replace(posted, state=HoldState.POSTED)
    book.holds[hold.id] = posted
    # What was held goes out of the balance, and what is released out of the hold: the floor can
    # only be further away than before.
    _change(book, hold.debit, balance=-amount.units, held=posted.left_units - hold.left_units)
    _change(book, credit, balance=amount.units)
    return replace(transfer, amount=amount, debit=hold.debit, credit=credit)


def _void(book: AccountBook, transfer: Transfer) -> Transfer:
    hold, amount = _open_hold(book, transfer)
    smaller = replace(hold, amount_units=hold.amount_units - amount.units)
    if not smaller.left_units:
        # A hold of which something was posted ends as posted.
        ended = HoldState.POSTED if hold.posted_units else HoldState.VOIDED
        smaller = replace(smaller, state=ended)
    book.holds[hold.id] = smaller
    _change(book, hold.debit, held=-amount.units)
    return replace(transfer, amount=amount, debit=hold.debit, credit=hold.credit)


def _expire(book: AccountBook, transfer: Transfer) -> Transfer:
    hold, amount = _open_hold(book, transfer)
    if hold.expires_at is None or transfer.at < hold.expires_at:
        until = "ever" if hold.expires_at is None else format_instant(hold.expires_at)
        raise HoldNotExpired(id=hold.id, expires_at=until)
    if amount.units != hold.left_units:
        raise TransferMalformed(id=transfer.id, reason="a hold expires as a whole")
    book.holds[hold.id] = replace(hold, state=HoldState.EXPIRED)
    _change(book, hold.debit, held=-amount.units)
    return replace(transfer, amount=amount, debit=hold.debit, credit=hold.credit)


_VERBS: Mapping[TransferKind, Callable[[AccountBook, Transfer], Transfer]] = {
    TransferKind.POSTED: _posted,
    TransferKind.PENDING: _pending,
    TransferKind.POST: _post,
    TransferKind.VOID: _void,
    TransferKind.EXPIRE: _expire,
}


def _parties(transfer: Transfer) -> tuple[AccountId, AccountId, Money]:
    debit, credit, amount = transfer.debit, transfer.credit, transfer.amount
    assert debit is not None, "checked when the transfer was made"
    assert credit is not None, "checked when the transfer was made"
    assert amount is not None, "checked when the transfer was made"
    return debit, credit, amount


def _open_hold(book: AccountBook, transfer: Transfer) -> tuple[Hold, Money]:
    """Return the hold that a transfer is about, and how much of it; refuse more than is left."""
    assert transfer.pending_id is not None, "checked when the transfer was made"
    hold = book.hold(transfer.pending_id)
    if hold.state is not HoldState.OPEN:
        raise HoldClosed(id=hold.id, found=hold.state)
    amount = transfer.amount or hold.left
    if amount.asset != hold.asset:
        raise TransferAssetWrong(
            id=transfer.id, found=amount.asset, account=hold.debit, expected=hold.asset
        )
    if amount.units > hold.left_units:
        raise HoldTooSmall(id=hold.id, left=hold.left, needed=amount)
    return hold, amount


def _check_assets(
    book: AccountBook, transfer: Transfer, amount: Money, *account_ids: AccountId
) -> None:
    for account_id in account_ids:
        account = book.account(account_id)
        if account.asset != amount.asset:
            raise TransferAssetWrong(
                id=transfer.id, found=amount.asset, account=account_id, expected=account.asset
            )


def _change(book: AccountBook, account_id: AccountId, *, balance: int = 0, held: int = 0) -> None:
    account = book.account(account_id)
    changed = replace(
        account,
        balance_units=account.balance_units + balance,
        held_units=account.held_units + held,
    )
    assert changed.held_units >= 0, f"account {account_id} holds less than nothing"
    available = changed.balance_units - changed.held_units
    if max(abs(changed.balance_units), changed.held_units, abs(available)) > UNITS_MAX:
        raise BalanceTooLarge(account=account_id, asset=account.asset)
    book.accounts[account_id] = changed


def _check_floor(book: AccountBook, account_id: AccountId, *, needed: Money) -> None:
    account = book.accounts[account_id]
    if account.is_below_floor:
        before = Money(account.available.units + needed.units, account.asset)
        raise FundsInsufficient(
            needed=needed, asset=account.asset, available=before, account=account.name
        )

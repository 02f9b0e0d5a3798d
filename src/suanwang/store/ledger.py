"""The ledger in the store: loads what a batch touches, lets the pure ledger decide, writes back.

Locks are taken holds first, then transfers to reverse, then accounts, each in id order: two batches
wait, never deadlock.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date

from suanwang.basics.canonical import Json
from suanwang.basics.errors import NotFound
from suanwang.basics.ids import AccountId, OrganisationId, TransferId
from suanwang.basics.money import CNY, Asset, Money
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.ledger.accounts import Account
from suanwang.ledger.book import AccountBook, apply
from suanwang.ledger.check import AccountSums, LedgerCheck, check_ledger
from suanwang.ledger.errors import HoldUnknown, TransferIdReused
from suanwang.ledger.membership import member_state
from suanwang.ledger.rules import Closed, Original
from suanwang.ledger.transfers import Chain, Hold, HoldState, Transfer, TransferKind
from suanwang.store import evidence
from suanwang.store.evidence import Evidence
from suanwang.store.tx import Row, Tx


def post(
    tx: Tx, transfers: Sequence[Transfer], *, admit: Callable[[AccountBook], None] | None = None
) -> list[Transfer]:
    """Make transfers, all or none; return those newly made, every field known.

    The same transfer twice is made once. `admit` is shown the accounts as they would be, locked,
    and may refuse. Raises a leaf of `ledger.errors`, and nothing is changed.
    """
    book = load(tx, transfers)
    accounts, holds = dict(book.accounts), dict(book.holds)
    applied = apply(book, transfers)
    if admit is not None:
        admit(book)
    if tx.many("transfer_add", [transfer_row(t, book.made[t.id]) for t in applied]) != len(applied):
        # Made meanwhile over other accounts, so no lock of ours held it off.
        raise TransferIdReused(id=", ".join(t.id for t in applied))
    changed = [a for a in book.accounts.values() if accounts[a.id] != a]
    tx.many("account_save", map(_account_row, changed))
    tx.many("hold_save", [hold_row(h) for h in book.holds.values() if holds.get(h.id) != h])
    return applied


def load(tx: Tx, transfers: Sequence[Transfer]) -> AccountBook:
    """Lock and load everything that a batch touches, and what forbids it."""
    about = sorted({t.pending_id for t in transfers if t.pending_id is not None})
    holds = [_hold(r) for r in tx.all("holds_to_change", ids=about)] if about else []
    originals = _originals(tx, transfers)
    touched = {a for t in transfers for a in (t.debit, t.credit) if a is not None}
    touched |= {a for h in holds for a in (h.debit, h.credit)}
    rows = tx.all("accounts_to_change", ids=sorted(touched))
    # Looked up under the accounts' locks, so the same batch twice at once is seen by the second.
    made = tx.all("transfers_made", ids=[t.id for t in transfers])
    until = rows[0].closed_until if rows else None
    return AccountBook(
        [account_from(row) for row in rows],
        holds,
        {TransferId(r.id): r.fingerprint for r in made},
        originals=originals,
        chains=_chains(tx, transfers),
        closed=Closed(
            days=_closed_days(tx, transfers), until=None if until is None else from_micros(until)
        ),
    )


def _originals(tx: Tx, transfers: Sequence[Transfer]) -> list[Original]:
    """Lock the transfers that are taken back, so that two reversals at once see each other."""
    ids = sorted({t.reverses for t in transfers if t.reverses is not None})
    if not ids:
        return []
    rows = tx.all("transfers_to_reverse", ids=ids)
    taken_back = {row.id: row.units for row in tx.all("transfers_reversed", ids=ids)}
    return [
        Original(
            id=TransferId(row.id),
            kind=TransferKind(row.kind),
            debit=AccountId(row.debit_id),
            credit=AccountId(row.credit_id),
            asset=Asset(row.asset, row.scale),
            amount_units=row.amount_units,
            reversed_units=taken_back.get(row.id, 0),
            is_reversal=row.reverses is not None,
        )
        for row in rows
    ]


def _chains(tx: Tx, transfers: Sequence[Transfer]) -> dict[str, frozenset[TransferId]]:
    names = sorted({t.chain.id for t in transfers if t.chain is not None})
    found: dict[str, set[TransferId]] = defaultdict(set)
    for row in tx.all("transfers_of_chains", ids=names) if names else []:
        found[row.chain_id].add(TransferId(row.id))
    return {name: frozenset(ids) for name, ids in found.items()}


def _closed_days(tx: Tx, transfers: Sequence[Transfer]) -> frozenset[date]:
    days = sorted({t.day.isoformat() for t in transfers if t.day is not None})
    rows = tx.all("market_days_closed", ids=days) if days else []
    return frozenset(date.fromisoformat(row.day) for row in rows)


def open_account(tx: Tx, account: Account, *, at: Instant) -> Account:
    """Open an account, or return the one that its organisation has under that name and asset."""
    opened = tx.do(
        "account_add",
        id=account.id,
        organisation_id=account.organisation_id,
        name=account.name,
        asset=account.asset.code,
        scale=account.asset.scale,
        floor_units=account.floor_units,
        created_at=to_micros(at),
    )
    if opened:
        evidence.add(tx, [_opening(account, at=at)])
    return account_of(tx, account.organisation_id, account.name, asset=account.asset)


def lock_accounts(tx: Tx, ids: Iterable[AccountId]) -> list[Account]:
    """Return accounts, locked until the transaction ends, in order of id."""
    wanted = sorted(set(ids))
    return [account_from(r) for r in tx.all("accounts_to_change", ids=wanted)] if wanted else []


def account_of(
    tx: Tx, organisation_id: OrganisationId, name: str, *, asset: Asset = CNY
) -> Account:
    """Return an organisation's account by its name, as it stands, without locking it."""
    row = tx.first("account_by_owner", organisation_id=organisation_id, name=name, asset=asset.code)
    if row is None:
        raise NotFound(kind="account", id=f"{organisation_id}/{name}/{asset}")
    return account_from(row)


def account(tx: Tx, account_id: str) -> Account:
    """Return an account by its id."""
    row = tx.first("account_by_id", id=account_id)
    if row is None:
        raise NotFound(kind="account", id=account_id)
    return account_from(row)


def accounts_of(tx: Tx, organisation_id: OrganisationId) -> list[Account]:
    """Return every account of an organisation."""
    return [account_from(r) for r in tx.all("accounts_of", organisation_id=organisation_id)]


def accounts_of_for_update(tx: Tx, organisation_id: OrganisationId) -> list[Account]:
    """Lock every account of an organisation."""
    return lock_accounts(tx, (account.id for account in accounts_of(tx, organisation_id)))


def hold(tx: Tx, hold_id: str) -> Hold:
    """Return a hold as it stands."""
    row = tx.first("hold_by_id", id=hold_id)
    if row is None:
        raise HoldUnknown(id=hold_id)
    return _hold(row)


def lock_holds(tx: Tx, ids: Sequence[str]) -> list[Hold]:
    """Return holds as they stand, locked until the transaction ends."""
    return [_hold(row) for row in tx.all("holds_to_change", ids=sorted(set(ids)))]


def holds_expired(tx: Tx, *, now: Instant, limit: int) -> list[TransferId]:
    """Return open holds whose time is over, longest over first."""
    rows = tx.all("holds_expired", now=to_micros(now), limit=limit)
    return [TransferId(r.id) for r in rows]


def transfer(tx: Tx, transfer_id: str) -> Transfer:
    """Return a transfer as it was applied."""
    row = tx.first("transfer_by_id", id=transfer_id)
    if row is None:
        raise NotFound(kind="transfer", id=transfer_id)
    return _transfer(row)


def transfers_of(tx: Tx, group_id: str, *, limit: int = 1_000) -> list[Transfer]:
    """Return every transfer made for one purpose, in order."""
    return [_transfer(r) for r in tx.all("transfers_of_group", group_id=group_id, limit=limit)]


def save_floor(tx: Tx, account: Account) -> None:
    """Write how far an account may go; whoever calls has checked that it is not below."""
    tx.do("account_floor_save", id=account.id, floor_units=account.floor_units)


def account_for_update(tx: Tx, account_id: str) -> Account:
    """Return an account, locked until the transaction ends."""
    found = lock_accounts(tx, [AccountId(account_id)])
    if not found:
        raise NotFound(kind="account", id=account_id)
    return found[0]


def check(tx: Tx) -> LedgerCheck:
    """Check every account and asset against the sums of transfers and holds."""
    sums = [
        AccountSums(
            account=account_from(row),
            credited_units=row.credited_units,
            debited_units=row.debited_units,
            open_holds_units=row.open_holds_units,
        )
        for row in tx.all("ledger_sums")
    ]
    return check_ledger(sums, transfers=tx.one("transfers_count").transfers)


def _opening(account: Account, *, at: Instant) -> Evidence:
    record: dict[str, Json] = {
        "account_id": str(account.id),
        "organisation_id": str(account.organisation_id),
        "name": account.name,
        "asset": account.asset.code,
        "scale": account.asset.scale,
        "floor": None if account.floor_units is None else str(account.floor_units),
    }
    return Evidence(
        kind="account",
        id=account.id,
        record=record,
        at=at,
        organisation_id=account.organisation_id,
    )


def account_from(row: Row) -> Account:
    """Read an account's row."""
    return Account(
        id=AccountId(row["id"]),
        organisation_id=OrganisationId(row["organisation_id"]),
        name=row["name"],
        asset=Asset(row["asset"], row["scale"]),
        floor_units=row["floor_units"],
        balance_units=row["balance_units"],
        held_units=row["held_units"],
        owner_state=member_state(row["owner_state"]),
    )


def _account_row(account: Account) -> dict[str, object]:
    return {
        "id": account.id,
        "balance_units": account.balance_units,
        "held_units": account.held_units,
    }


def _hold(row: Row) -> Hold:
    return Hold(
        id=TransferId(row.id),
        debit=AccountId(row.debit_id),
        credit=AccountId(row.credit_id),
        asset=Asset(row.asset, row.scale),
        amount_units=row.amount_units,
        posted_units=row.posted_units,
        state=HoldState(row.state),
        expires_at=None if row.expires_at is None else from_micros(row.expires_at),
    )


def hold_row(hold: Hold) -> dict[str, object]:
    """Write a hold as its row."""
    return {
        "id": hold.id,
        "debit_id": hold.debit,
        "credit_id": hold.credit,
        "asset": hold.asset.code,
        "amount_units": hold.amount_units,
        "posted_units": hold.posted_units,
        "state": hold.state.value,
        "expires_at": None if hold.expires_at is None else to_micros(hold.expires_at),
    }


def _transfer(row: Row) -> Transfer:
    return Transfer(
        id=TransferId(row.id),
        kind=TransferKind(row.kind),
        at=from_micros(row.at),
        amount=Money(row.amount_units, Asset(row.asset, row.scale)),
        debit=AccountId(row.debit_id),
        credit=AccountId(row.credit_id),
        pending_id=row.pending_id and TransferId(row.pending_id),
        expires_at=None if row.expires_at is None else from_micros(row.expires_at),
        group_id=row.group_id,
        memo=json.loads(row.memo or "{}"),
        chain=row.chain_id and Chain(id=row.chain_id, place=row.chain_place, size=row.chain_size),
        reverses=row.reverses and TransferId(row.reverses),
        day=row.day and date.fromisoformat(row.day),
    )


def transfer_row(transfer: Transfer, fingerprint: str) -> dict[str, object]:
    """Write an applied transfer as its row."""
    assert transfer.amount is not None, "an applied transfer knows its amount"
    return {
        "id": transfer.id,
        "kind": transfer.kind.value,
        "debit_id": transfer.debit,
        "credit_id": transfer.credit,
        "asset": transfer.amount.asset.code,
        "amount_units": transfer.amount.units,
        "pending_id": transfer.pending_id,
        "expires_at": None if transfer.expires_at is None else to_micros(transfer.expires_at),
        "group_id": transfer.group_id,
        "memo": json.dumps(dict(transfer.memo), ensure_ascii=False) if transfer.memo else None,
        "fingerprint": fingerprint,  # of what was asked for, before its open fields were known
        "at": to_micros(transfer.at),
        "chain_id": transfer.chain and transfer.chain.id,
        "chain_place": transfer.chain and transfer.chain.place,
        "chain_size": transfer.chain and transfer.chain.size,
        "reverses": transfer.reverses,
        "day": transfer.day and transfer.day.isoformat(),
    }

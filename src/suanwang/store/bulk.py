"""Posts many moves in one transaction at a good part of the speed of the database itself.

The rules are those of `store.ledger.post`, and so is every row that it leaves. What it saves is
objects, look-ups and round trips: one load for the accounts, one pass over the columns, one COPY
or prepared statement for the rows, whose unique keys tell whether an id or a chain was used before.
Where anything stands in the way of a single move, `ledger.post` decides instead, and refuses by
name or passes over what was made before.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from suanwang.basics.slots import to_micros
from suanwang.ledger.accounts import Account
from suanwang.ledger.batch import Moves, apply_moves, cover, fingerprints
from suanwang.ledger.transfers import Transfer, TransferKind
from suanwang.store import ledger
from suanwang.store.filling import Column, Same
from suanwang.store.tx import Tx

BATCH_MAX = 200_000  # moves; a transaction keeps its rows in memory and its accounts locked


def post_many(tx: Tx, batch: Moves | Sequence[Transfer]) -> int:
    """Make many transfers, all or none; return how many were newly made.

    Moves of one asset, instant and day go the quick way, given as columns or as transfers. Raises a
    leaf of `ledger.errors`, and nothing is changed.
    """
    assert len(batch) <= BATCH_MAX, f"expected at most {BATCH_MAX} transfers, found {len(batch)}"
    moves = batch if isinstance(batch, Moves) else Moves.of(batch)
    if moves is not None and len(moves) and _post_moves(tx, moves):
        return len(moves)
    return len(ledger.post(tx, batch.transfers() if isinstance(batch, Moves) else batch))


def _post_moves(tx: Tx, moves: Moves) -> bool:
    """Make moves if nothing at all stands against them; say whether they were made."""
    if not moves.are_sound:
        return False
    book = ledger.load(tx, [moves.transfer(index) for index in cover(moves)])
    before = dict(book.accounts)
    asked = fingerprints(moves)
    if not apply_moves(book, moves, asked) or not tx.fill("transfers", _columns(moves, asked)):
        return False
    save_accounts(tx, [each for each in book.accounts.values() if before[each.id] != each])
    return True


def save_accounts(tx: Tx, accounts: Sequence[Account]) -> None:
    """Write the balances and holds of accounts in one statement."""
    rows = [
        {"id": each.id, "balance": each.balance_units, "held": each.held_units} for each in accounts
    ]
    tx.do("accounts_save", rows=json.dumps(rows))


def _columns(moves: Moves, asked: Sequence[str]) -> dict[str, Column]:
    nothing = Same(None)
    return {
        "id": moves.ids,
        "kind": Same(TransferKind.POSTED.value),
        "debit_id": moves.debits,
        "credit_id": moves.credits,
        "asset": Same(moves.asset.code),
        "amount_units": moves.units,
        "group_id": nothing if moves.group_ids is None else moves.group_ids,
        "memo": _memos(moves),
        "fingerprint": asked,
        "at": Same(to_micros(moves.at)),
        "chain_id": nothing if moves.chain_ids is None else moves.chain_ids,
        "chain_place": nothing if moves.chain_places is None else moves.chain_places,
        "chain_size": nothing if moves.chain_sizes is None else moves.chain_sizes,
        "day": Same(None if moves.day is None else moves.day.isoformat()),
    }


def _memos(moves: Moves) -> Column:
    if moves.memos is None or not any(moves.memos):
        return Same(None)
    return [json.dumps(dict(m), ensure_ascii=False) if m else None for m in moves.memos]

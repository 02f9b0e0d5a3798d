"""Many moves at once, as columns: a round's or a day's settlement of one asset at one instant.

    ids      debits   credits  units  chain_ids  chain_places  chain_sizes
    txf_…1   acc_a    acc_b      960  bil_…1     1             2
    txf_…2   acc_a    acc_fee     40  bil_…1     2             2

A transfer as an object costs more than deciding on it. Here a batch that is beyond doubt is decided
on its columns; of any other `apply_moves` says that it cannot tell, and `book.apply` decides, on
the same transfers as objects. So there is one set of rules, and this is a quick way to see that
none of them bites.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from itertools import repeat
from json.encoder import encode_basestring
from operator import eq
from typing import Self

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.ids import AccountId, TransferId
from suanwang.basics.money import UNITS_MAX, Asset, Money
from suanwang.basics.slots import Instant
from suanwang.ledger.book import AccountBook
from suanwang.ledger.membership import MemberState
from suanwang.ledger.rules import CHAIN_MAX
from suanwang.ledger.transfers import Chain, Rest, Transfer, TransferKind

_NO_FLOOR = 1 << 80  # room of an account without a floor: more than 63 bits can use up


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """Moves of one asset at one instant, a column for each thing that differs between them.

    The columns for chains come together: a move in none has `None` in each of them.
    """

    asset: Asset
    at: Instant
    ids: Sequence[TransferId]
    debits: Sequence[AccountId]
    credits: Sequence[AccountId]
    units: Sequence[int]
    group_ids: Sequence[str | None] | None = None
    memos: Sequence[Mapping[str, str]] | None = None
    chain_ids: Sequence[str | None] | None = None
    chain_places: Sequence[int | None] | None = None
    chain_sizes: Sequence[int | None] | None = None
    day: date | None = None

    def __post_init__(self) -> None:
        chains = (self.chain_ids, self.chain_places, self.chain_sizes)
        told = [column is not None for column in chains]
        assert all(told) or not any(told), "the columns for chains come together"
        columns = (self.debits, self.credits, self.units, self.group_ids, self.memos, *chains)
        lengths = {len(column) for column in columns if column is not None}
        assert lengths == {len(self.ids)}, f"columns of one length, found {sorted(lengths)}"

    def __len__(self) -> int:
        """Return how many moves there are."""
        return len(self.ids)

    @classmethod
    def of(cls, transfers: Sequence[Transfer]) -> Self | None:
        """Write transfers as columns; None where they are not plain moves of one kind."""
        if not transfers or not _are_alike(transfers):
            return None
        first = transfers[0]
        assert first.amount is not None, "a move has an amount"
        parts = [(t.amount, t.debit, t.credit) for t in transfers]
        chains = [t.chain for t in transfers]
        return cls(
            asset=first.amount.asset,
            at=first.at,
            day=first.day,
            ids=[t.id for t in transfers],
            debits=[debit for _, debit, _ in parts if debit is not None],
            credits=[credit for _, _, credit in parts if credit is not None],
            units=[amount.units for amount, _, _ in parts if amount is not None],
            group_ids=[t.group_id for t in transfers],
            memos=[t.memo for t in transfers],
            chain_ids=[chain.id if chain else None for chain in chains],
            chain_places=[chain.place if chain else None for chain in chains],
            chain_sizes=[chain.size if chain else None for chain in chains],
        )

    @property
    def are_sound(self) -> bool:
        """Say whether each could be a transfer: an amount above zero, between two accounts."""
        return min(self.units, default=1) > 0 and not any(map(eq, self.debits, self.credits))

    def transfer(self, index: int) -> Transfer:
        """Return one of the moves as a transfer. Raises TransferMalformed."""
        return Transfer(
            id=self.ids[index],
            kind=TransferKind.POSTED,
            at=self.at,
            amount=Money(self.units[index], self.asset),
            debit=self.debits[index],
            credit=self.credits[index],
            group_id=self.group_ids[index] if self.group_ids is not None else None,
            memo=self.memos[index] if self.memos is not None else {},
            chain=self._chain(index),
            day=self.day,
        )

    def _chain(self, index: int) -> Chain | None:
        if self.chain_ids is None or self.chain_places is None or self.chain_sizes is None:
            return None
        name, place, size = self.chain_ids[index], self.chain_places[index], self.chain_sizes[index]
        if name is None or place is None or size is None:
            return None
        return Chain(id=name, place=place, size=size)

    def transfers(self) -> list[Transfer]:
        """Return the moves as transfers. Raises TransferMalformed."""
        return [self.transfer(index) for index in range(len(self.ids))]


def apply_moves(book: AccountBook, moves: Moves, fingerprints: Sequence[str]) -> bool:
    """Apply moves if `book.apply` would make them all; say whether they were applied.

    False says nothing about them: the book is as it was, and `book.apply` decides. Only accounts,
    ids and chains that the book knows are looked at; the store's unique keys know the others.
    """
    if not moves.are_sound or not _are_new(book, moves) or not _chains_are_whole(book, moves):
        return False
    if moves.day in book.closed.days:
        return False
    if book.closed.until is not None and moves.at < book.closed.until:
        return False
    changed = _rooms_after(book, moves)
    if changed is None:
        return False
    for account_id, units in changed.items():
        account = book.accounts[account_id]
        book.accounts[account_id] = replace(account, balance_units=account.balance_units + units)
    book.made.update(zip(moves.ids, fingerprints, strict=True))
    book.chains |= _members(moves)
    return True


def fingerprints(moves: Moves) -> list[str]:
    """Return `Transfer.fingerprint` of each move, written by template."""
    count = len(moves)
    day = "" if moves.day is None else f'"day":"{moves.day.isoformat()}",'
    after = f',{day}"debit":'
    columns = zip(
        moves.units,
        _chains_written(moves),
        _written(moves.credits),
        _written(moves.debits),
        repeat("null", count) if moves.group_ids is None else _written(moves.group_ids),
        _memos_written(moves),
        strict=True,
    )
    asset, rest = encode_basestring(moves.asset.code), Rest.RELEASE.value
    return [
        sha256(
            f'{{"amount":{units},"asset":{asset},{chain}"credit":{credit}{after}{debit},'
            f'"expires_at":null,"group_id":{group},"kind":"posted","memo":{memo},'
            f'"pending_id":null,"rest":"{rest}"}}'.encode()
        ).hexdigest()
        for units, chain, credit, debit, group, memo in columns
    ]


def cover(moves: Moves) -> list[int]:
    """Return which moves to look at so that every account of all of them was seen."""
    seen: set[AccountId] = set()
    chosen = []
    for index, (debit, credit) in enumerate(zip(moves.debits, moves.credits, strict=True)):
        if debit not in seen or credit not in seen:
            seen.add(debit)
            seen.add(credit)
            chosen.append(index)
    return chosen


def _are_alike(transfers: Sequence[Transfer]) -> bool:
    """Say whether transfers are plain moves that one `Moves` can hold."""
    first = transfers[0]
    return first.amount is not None and all(
        each.kind is TransferKind.POSTED
        and each.at == first.at
        and each.day == first.day
        and each.reverses is None
        and each.pending_id is None
        and each.expires_at is None
        and each.rest is Rest.RELEASE
        and each.amount is not None
        and each.amount.asset == first.amount.asset
        for each in transfers
    )


def _are_new(book: AccountBook, moves: Moves) -> bool:
    ids = set(moves.ids)
    return len(ids) == len(moves) and ids.isdisjoint(book.made)


def _chains_are_whole(book: AccountBook, moves: Moves) -> bool:
    """Say whether every chain is new and stands in the batch from its first place to its last."""
    if moves.chain_ids is None or moves.chain_places is None or moves.chain_sizes is None:
        return True
    names: set[str] = set()
    name: str | None = None
    expected = size = 0
    columns = zip(moves.chain_ids, moves.chain_places, moves.chain_sizes, strict=True)
    for its_name, its_place, its_size in columns:
        if expected > size or name is None:  # the chain before is complete
            if its_name is None:
                name = None
                continue
            if its_place != 1 or its_name in names or its_size is None or its_size > CHAIN_MAX:
                return False
            names.add(its_name)
            name, expected, size = its_name, 2, its_size
        elif its_name == name and its_place == expected and its_size == size:
            expected += 1
        else:
            return False
    return (name is None or expected > size) and names.isdisjoint(book.chains)


def _rooms_after(book: AccountBook, moves: Moves) -> dict[AccountId, int] | None:
    """Return what each account gains or loses; None where an account or a floor stands against."""
    before: dict[AccountId, int] = {}
    reach = sum(moves.units)  # no account can move further than by all there is
    for account_id in {*moves.debits, *moves.credits}:
        account = book.accounts.get(account_id)
        if (
            account is None
            or account.asset != moves.asset
            or account.owner_state is not MemberState.VERIFIED
            or abs(account.balance_units) + account.held_units + reach > UNITS_MAX
        ):
            return None
        floor = -_NO_FLOOR if account.floor_units is None else account.floor_units
        before[account_id] = account.balance_units - account.held_units - floor
    room = dict(before)
    for debit, credit, units in zip(moves.debits, moves.credits, moves.units, strict=True):
        left = room[debit] - units
        if left < 0:
            return None
        room[debit] = left
        room[credit] += units
    return {account_id: room[account_id] - was for account_id, was in before.items()}


def _members(moves: Moves) -> dict[str, frozenset[TransferId]]:
    found: dict[str, set[TransferId]] = {}
    for name, transfer_id in zip(moves.chain_ids or (), moves.ids, strict=False):
        if name is not None:
            found.setdefault(name, set()).add(transfer_id)
    return {name: frozenset(ids) for name, ids in found.items()}


def _chains_written(moves: Moves) -> Sequence[str] | repeat[str]:
    if moves.chain_ids is None or moves.chain_places is None or moves.chain_sizes is None:
        return repeat("", len(moves))
    names = _written(moves.chain_ids)
    columns = zip(names, moves.chain_places, moves.chain_sizes, strict=True)
    return [
        "" if place is None else f'"chain":[{name},{place},{of}],' for name, place, of in columns
    ]


def _memos_written(moves: Moves) -> Sequence[str] | repeat[str]:
    if moves.memos is None or not any(moves.memos):
        return repeat("{}", len(moves))
    return [canonical_bytes(dict(memo)).decode() if memo else "{}" for memo in moves.memos]


def _written(texts: Sequence[str | None]) -> list[str]:
    """Write texts as JSON does; ids, as they are, need no look at each character."""
    told = "".join([each for each in texts if each is not None])
    if len(encode_basestring(told)) == len(told) + 2:
        return ["null" if each is None else f'"{each}"' for each in texts]
    return ["null" if each is None else encode_basestring(each) for each in texts]

"""Rules about a batch of transfers beside what accounts and holds say.

chain       all of its transfers are in one batch, and were all made before, or none
reversal    swaps the two accounts of an earlier move, and never takes back more than it moved
day, time   nothing touches a market day or a month that is closed
member      verified before the first transfer; a suspended one starts to spend nothing new
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from suanwang.basics.ids import AccountId, TransferId
from suanwang.basics.money import Asset, Money
from suanwang.basics.slots import Instant, format_instant
from suanwang.ledger.accounts import Account
from suanwang.ledger.errors import (
    ChainBroken,
    DayClosed,
    MemberNotVerified,
    MemberSuspended,
    PeriodClosed,
    ReversalTooLarge,
    ReversalWrong,
)
from suanwang.ledger.membership import MemberState
from suanwang.ledger.transfers import Transfer, TransferKind

CHAIN_MAX = 8_190  # transfers in one chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A transfer that was made, as far as reversing it goes."""

    id: TransferId
    kind: TransferKind
    debit: AccountId
    credit: AccountId
    asset: Asset
    amount_units: int
    reversed_units: int = 0
    is_reversal: bool = False

    @property
    def left(self) -> Money:
        """What of it can still be taken back."""
        return Money(self.amount_units - self.reversed_units, self.asset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What no transfer may touch any more."""

    days: frozenset[date] = frozenset()
    until: Instant | None = None  # the end of the last month whose books were closed


def check_chains(
    transfers: Sequence[Transfer],
    *,
    made: Collection[TransferId],
    elsewhere: Mapping[str, frozenset[TransferId]],
) -> None:
    """Refuse a batch with part of a chain.

    `made` are ids that were made before, `elsewhere` the ids that a chain's name stands for
    already. Raises ChainBroken.
    """
    chains: dict[str, list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        if transfer.chain is not None:
            chains[transfer.chain.id].append(transfer)
    for name, members in chains.items():
        _check_whole(name, members)
        ids = {each.id for each in members}
        again = sum(each.id in made for each in members)
        if again not in (0, len(members)):
            raise ChainBroken(chain=name, reason=f"{again} of its transfers were made before")
        if elsewhere.get(name, frozenset()) - ids:
            raise ChainBroken(chain=name, reason="another chain has this name")


def _check_whole(name: str, members: list[Transfer]) -> None:
    chains = [each.chain for each in members if each.chain is not None]
    sizes = {chain.size for chain in chains}
    if len(sizes) != 1:
        raise ChainBroken(chain=name, reason="its transfers do not agree on its size")
    (size,) = sizes
    if size > CHAIN_MAX:
        raise ChainBroken(chain=name, reason=f"expected at most {CHAIN_MAX} transfers")
    places = sorted(chain.place for chain in chains)
    if places != list(range(1, size + 1)):
        found = ", ".join(map(str, places[:20]))
        raise ChainBroken(chain=name, reason=f"expected places 1 to {size}, found {found}")


def check_open(transfer: Transfer, closed: Closed) -> None:
    """Refuse a transfer that touches what is closed. Raises DayClosed, PeriodClosed."""
    if transfer.day is not None and transfer.day in closed.days:
        raise DayClosed(id=transfer.id, day=transfer.day.isoformat(), kind="day")
    if closed.until is not None and transfer.at < closed.until:
        raise PeriodClosed(
            id=transfer.id, until=format_instant(closed.until), at=format_instant(transfer.at)
        )


def check_members(transfer: Transfer, debit: Account, credit: Account) -> None:
    """Refuse members that may not move anything. Raises MemberNotVerified, MemberSuspended.

    What is corrected is no new spending: a reversal may debit a suspended member. Nor is what
    moves between a member's own accounts, as its earnings do when their day is settled.
    """
    for account in (debit, credit):
        if account.owner_state in (MemberState.APPLIED, MemberState.CLOSED):
            raise MemberNotVerified(organisation=account.organisation_id, found=account.owner_state)
    is_spending = transfer.reverses is None and debit.organisation_id != credit.organisation_id
    if is_spending and debit.owner_state is MemberState.SUSPENDED:
        raise MemberSuspended(organisation=debit.organisation_id)


def reversed_by(transfer: Transfer, original: Original | None) -> Original:
    """Return the original as it stands after the reversal. Raises ReversalWrong or -TooLarge."""
    reason = None if original is None else _why_not(transfer, original)
    if original is None or reason is not None:
        raise ReversalWrong(
            id=transfer.id, original=transfer.reverses, reason=reason or "there is no such transfer"
        )
    amount = transfer.amount
    assert amount is not None, "checked when the transfer was made"
    if amount > original.left:
        raise ReversalTooLarge(original=original.id, left=original.left, needed=amount)
    return replace(original, reversed_units=original.reversed_units + amount.units)


def _why_not(transfer: Transfer, original: Original) -> str | None:
    if original.kind not in (TransferKind.POSTED, TransferKind.POST):
        return f"it moved nothing, it is of kind {original.kind}"
    if original.is_reversal:
        return "it is a reversal itself"
    if transfer.kind is not TransferKind.POSTED:
        return f"a reversal moves at once; its kind is {transfer.kind}"
    if (transfer.debit, transfer.credit) != (original.credit, original.debit):
        return "it does not swap the accounts that were debited and credited"
    if transfer.amount is not None and transfer.amount.asset != original.asset:
        return f"it moves {transfer.amount.asset}, the original {original.asset}"
    return None

"""The second reading's money: accounts, holds, chains and reversals, replayed transfer by transfer.

    posted    debit ──▶ credit at once          pending   a part of debit is held
    post      out of a hold ──▶ credit          void, expire   a part, or all that is left, is freed

A row does not say whether what a post leaves of its hold is kept or freed. It counts as freed, so
that an account may seem to have more than it had and nobody is accused wrongly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from suanwang.basics.money import UNITS_MAX, Asset, Money
from suanwang.ledger.archive.once import Once
from suanwang.ledger.archive.proven import Facts, Opened
from suanwang.ledger.log.verdict import wrong

CLOCKS_MICROS = 60 * 10**6  # servers' clocks may differ by so much
_MOVES = frozenset(["posted", "post"])


@dataclass(slots=True)
class Balance:
    """What an account has, as far as the transfers that were read lead to it."""

    opened: Opened | None
    asset: str
    balance: int = 0
    held: int = 0

    def floor(self, at: int) -> int | None:
        """Return the lowest floor that may have been in force at about a time."""
        opened = self.opened
        if opened is None or (opened.floor is None and not opened.limits):
            return None
        last, lowest = opened.floor, []
        for since, floor in opened.limits:
            if since > at + CLOCKS_MICROS:
                break
            if since > at - CLOCKS_MICROS:
                lowest.append(last)
            last = floor
        known = [each for each in (*lowest, last) if each is not None]
        return min(known) if len(known) == len(lowest) + 1 else None


@dataclass(slots=True)
class _Hold:
    debit: str
    asset: str
    left: int
    counted: int  # what of it is still counted as held


@dataclass(slots=True)
class _Original:
    row: Mapping[str, Any]
    left: int


@dataclass(slots=True)
class Books:
    """All accounts, and what is under way."""

    facts: Facts
    accounts: dict[str, Balance] = field(default_factory=dict)
    unopened: int = 0  # accounts older than any record of accounts
    holds: dict[str, _Hold] = field(default_factory=dict)
    originals: dict[str, _Original] = field(default_factory=dict)
    chains: dict[str, tuple[int, set[int], str, int]] = field(default_factory=dict)
    names: Once = field(default_factory=Once)  # of transfers and of whole chains

    def take(self, row: Mapping[str, Any], place: str, *, index: int) -> None:
        """Replay one transfer. Raises BundleWrong."""
        units, kind = row["amount_units"], row["kind"]
        debit, credit = self._account(row, "debit_id"), self._account(row, "credit_id")
        if not 0 < units <= UNITS_MAX or row["debit_id"] == row["credit_id"]:
            wrong(place, "an amount above 0 from one account to another", units)
        if not row["asset"] == debit.asset == credit.asset:
            expected = f"accounts of {row['asset']}"
            wrong(place, expected, f"{debit.asset} and {credit.asset}")
        self.names.add(f"transfer {row['id']}")
        if kind == "posted":
            debit.balance -= units
        elif kind == "pending":
            debit.held += units
            self.holds[row["id"]] = _Hold(row["debit_id"], row["asset"], units, units)
        elif kind in ("post", "void", "expire"):
            self._about_hold(row, debit, place)
        else:
            wrong(place, "a kind of transfer", kind)
        if kind in _MOVES:
            credit.balance += units
        self._check_floor(row, debit, place)
        self._check_chain(row, place, index)
        self._check_reversal(row, place)

    def _account(self, row: Mapping[str, Any], side: str) -> Balance:
        found = self.accounts.get(row[side])
        if found is None:
            opened = self.facts.accounts.get(row[side])
            self.unopened += opened is None
            asset = row["asset"] if opened is None else opened.asset.code
            found = self.accounts[row[side]] = Balance(opened, asset)
        return found

    def _about_hold(self, row: Mapping[str, Any], debit: Balance, place: str) -> None:
        units, kind = row["amount_units"], row["kind"]
        hold = self.holds.get(str(row["pending_id"]))
        if hold is None:
            wrong(place, f"an open hold {row['pending_id']}", "none")
        if (hold.debit, hold.asset) != (row["debit_id"], row["asset"]) or units > hold.left:
            found = f"{units} of {hold.left} that is left for {hold.debit}"
            wrong(place, f"no more of the hold {row['pending_id']} than is left", found)
        hold.left -= units
        freed = hold.counted if kind != "void" else min(units, hold.counted)
        hold.counted -= freed
        debit.held -= freed
        if kind == "post":
            debit.balance -= units
        if not hold.left or kind == "expire":
            del self.holds[row["pending_id"]]

    def _check_floor(self, row: Mapping[str, Any], debit: Balance, place: str) -> None:
        if row["kind"] not in ("posted", "pending"):
            return
        floor = debit.floor(row["at"])
        if floor is not None and debit.balance - debit.held < floor:
            asset = Asset("", 0) if debit.opened is None else debit.opened.asset
            least, found = Money(floor, asset), Money(debit.balance - debit.held, asset)
            wrong(place, f"at least {least} left in {row['debit_id']}", found)

    def _check_chain(self, row: Mapping[str, Any], place: str, index: int) -> None:
        name = row["chain_id"]
        if name is None:
            return
        at, size = row["chain_place"], row["chain_size"]
        told = self.chains.setdefault(name, (size, set(), place, index))
        if told[0] != size or at in told[1] or not 0 < at <= size:
            wrong(place, f"place {at} of {size} once in the chain {name}", "another")
        told[1].add(at)
        if len(told[1]) == size:
            self.names.add(f"chain {name}")
            del self.chains[name]

    def _check_reversal(self, row: Mapping[str, Any], place: str) -> None:
        if row["id"] in self.facts.reversed:
            self.originals[row["id"]] = _Original(row, row["amount_units"])
        if row["reverses"] is None:
            return
        original = self.originals.get(row["reverses"])
        swapped = original is not None and (
            original.row["debit_id"], original.row["credit_id"], original.row["asset"]
        ) == (row["credit_id"], row["debit_id"], row["asset"])  # fmt: skip
        if (
            original is None
            or not swapped
            or row["kind"] != "posted"
            or original.row["kind"] not in _MOVES
            or original.row["reverses"] is not None
        ):
            wrong(place, f"a transfer {row['reverses']} to take back", "none that it reverses")
        original.left -= row["amount_units"]
        if original.left < 0:
            expected = f"at most what {row['reverses']} moved taken back"
            wrong(place, expected, f"{-original.left} more")

    def check_end(self, *, tail: int) -> None:
        """Check what must be over at the end, and that every asset sums to zero.

        A head may be signed in the midst of a chain: those that begin at `tail` or later are under
        way.
        """
        for name, (size, places, place, index) in self.chains.items():
            if index < tail:
                wrong(place, f"{size} transfers in the chain {name}", f"{len(places)}")
        for asset, units in self.sums():
            if units:
                wrong(f"asset {asset}", "balances that sum to zero", units)

    def sums(self) -> Iterator[tuple[str, int]]:
        """Yield what the balances of each asset sum to."""
        for asset in sorted({each.asset for each in self.accounts.values()}):
            yield asset, sum(e.balance for e in self.accounts.values() if e.asset == asset)

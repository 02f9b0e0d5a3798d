"""What a ledger must satisfy, checked from sums that are taken apart from the ledger's own code.

The store adds up transfers and holds in SQL; this compares them with what the accounts say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from suanwang.ledger.accounts import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSums:
    """An account, and what its transfers and open holds add up to."""

    account: Account
    credited_units: int
    debited_units: int
    open_holds_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that does not add up. `expected` and `found` are smallest units."""

    rule: str  # "sum-not-zero", "below-floor", "balance-wrong" or "held-wrong"
    subject: str  # an account's id, or an asset's code
    expected: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCheck:
    """What a check looked at and what it found."""

    accounts: int
    transfers: int
    problems: tuple[Problem, ...]

    @property
    def balanced(self) -> bool:
        """Say whether everything adds up."""
        return not self.problems


def check_ledger(sums: Sequence[AccountSums], *, transfers: int) -> LedgerCheck:
    """Check every account and every asset."""
    problems = [p for one in sums for p in _account_problems(one)]
    problems += _asset_problems(sums)
    return LedgerCheck(accounts=len(sums), transfers=transfers, problems=tuple(problems))


def _account_problems(sums: AccountSums) -> Iterator[Problem]:
    account = sums.account
    moved = sums.credited_units - sums.debited_units
    if moved != account.balance_units:
        yield Problem(
            rule="balance-wrong", subject=account.id, expected=moved, found=account.balance_units
        )
    if sums.open_holds_units != account.held_units:
        yield Problem(
            rule="held-wrong",
            subject=account.id,
            expected=sums.open_holds_units,
            found=account.held_units,
        )
    if account.is_below_floor:
        assert account.floor_units is not None, "an account without a floor is never below it"
        yield Problem(
            rule="below-floor",
            subject=account.id,
            expected=account.floor_units,
            found=account.available.units,
        )


def _asset_problems(sums: Sequence[AccountSums]) -> Iterator[Problem]:
    accounts = sorted((one.account for one in sums), key=lambda a: a.asset.code)
    for code, group in groupby(accounts, key=lambda a: a.asset.code):
        total = sum(account.balance_units for account in group)
        if total:
            yield Problem(rule="sum-not-zero", subject=code, expected=0, found=total)

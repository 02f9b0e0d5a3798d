"""Accounts: whose they are, how much is in them, how much of that is spoken for.

    organisation   available   what it may spend          floor 0
                   receivable  earned, not yet settled    floor 0
                   margin      put up for positions       floor 0
                   issued      minus what it has issued: vouchers, card-hours, budgets
    exchange       fees, tax   what the exchange takes    floor 0
                   suspense    arrived, not known whose   floor 0
                   bank        the world outside: its balance is minus what was paid in; no floor

A debit lessens a balance, a credit adds to it. Over all accounts of an asset balances sum to zero.
What is held is a part of its account that open holds have set aside, not an account of its own.
Members' money stands in members' accounts only: what the exchange owns is in fees.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from suanwang.basics.ids import AccountId, OrganisationId
from suanwang.basics.money import CNY, Asset, Money
from suanwang.ledger.membership import MemberState


class AccountName(StrEnum):
    """The accounts that an organisation has, by name."""

    AVAILABLE = "available"
    RECEIVABLE = "receivable"
    MARGIN = "margin"
    FEES = "fees"
    TAX = "tax"
    BANK = "bank"
    SUSPENSE = "suspense"
    ISSUED = "issued"


MEMBER_ACCOUNTS = (AccountName.AVAILABLE, AccountName.RECEIVABLE, AccountName.MARGIN)
EXCHANGE_ACCOUNTS = (
    *MEMBER_ACCOUNTS,
    AccountName.FEES,
    AccountName.TAX,
    AccountName.BANK,
    AccountName.SUSPENSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account of one asset. All amounts are whole smallest units of it."""

    id: AccountId
    organisation_id: OrganisationId
    name: str
    asset: Asset = CNY
    floor_units: int | None = 0  # None: may go as far below zero as 63 bits allow
    balance_units: int = 0
    held_units: int = 0  # in open holds: still in the balance, no longer available
    owner_state: MemberState = MemberState.VERIFIED

    @property
    def balance(self) -> Money:
        """What is in the account, holds included."""
        return Money(self.balance_units, self.asset)

    @property
    def held(self) -> Money:
        """What open holds have set aside."""
        return Money(self.held_units, self.asset)

    @property
    def available(self) -> Money:
        """What may be spent now: balance less holds."""
        return Money(self.balance_units - self.held_units, self.asset)

    @property
    def is_below_floor(self) -> bool:
        """Say whether holds and balance together break the floor."""
        return (
            self.floor_units is not None and self.balance_units - self.held_units < self.floor_units
        )


def floor_of(name: AccountName) -> int | None:
    """Return the floor that an account of this name is opened with."""
    return None if name is AccountName.BANK else 0

"""A journal of the ledger, piece by piece: what each account begins with, what moves, how it ends.

    header(…)      commodities, accounts, opening balances
    moved(…)       one entry a transfer; holds move nothing and are told beside
    footer(…)      each account's balance, for the other program to check against its own sums

A transfer takes from its debit account and gives to its credit account. In one organisation's
journal whoever it deals with is Equity:Others:<organisation>.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from suanwang.basics.money import Asset, Money
from suanwang.basics.slots import Instant, Slot, format_instant, market_day

OPENING = "Equity:Opening-Balances"
_COMMODITY_CHARS_MAX = 24  # Beancount's
_MOVES = frozenset({"posted", "post"})
_PLAIN = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PLAIN_ASSET = re.compile(r"[A-Z][A-Z0-9_]*[A-Z0-9](:[a-z0-9]+(-[a-z0-9]+)*)?")
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Place:
    """An account: its id, whose it is, and its name."""

    id: str
    owner: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What an account holds."""

    place: Place
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One transfer, every field known."""

    id: str
    kind: str
    debit: Place
    credit: Place
    amount: Money
    at: Instant
    hold_id: str | None = None
    group_id: str | None = None
    chain_id: str | None = None
    reverses: str | None = None

    @property
    def moves(self) -> bool:
        """Say whether balances change; holds and their releases change none."""
        return self.kind in _MOVES

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What is told beside the amounts."""
        said = (
            ("at", format_instant(self.at)),
            ("kind", self.kind),
            ("hold", self.hold_id),
            ("group", self.group_id),
            ("chain", self.chain_id),
            ("reverses", self.reverses),
        )
        return tuple((name, value) for name, value in said if value)


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount on an account of the journal."""

    account: str
    amount: Money


class Grammar(Protocol):
    """How one program writes a journal."""

    def begin(self, title: str) -> str:
        """Write what comes before everything."""

    def commodity(self, day: date, asset: Asset) -> str:
        """Declare a commodity with its own name."""

    def account(self, day: date, name: str) -> str:
        """Declare an account."""

    def entry(self, day: date, title: str, rest: Movement | None, to: Iterable[Posting]) -> str:
        """Write a transaction; its amounts sum to zero."""

    def aside(self, day: date, movement: Movement, account: str) -> str:
        """Write what moves nothing: a hold, or the end of one."""

    def balance(self, day: date, posting: Posting) -> str:
        """Claim what an account holds at the end of a day."""


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal of everybody's accounts, or (`owner`) of one organisation's."""

    grammar: Grammar
    period: Slot
    owner: str | None = None

    def header(self, title: str, opening: Iterable[Balance]) -> str:
        """Write commodities, accounts, and what the accounts begin with."""
        day, write = market_day(self.period.start), self.grammar
        found = list(opening)
        assets = sorted({each.amount.asset for each in found}, key=lambda asset: asset.code)
        pieces = [write.begin(title), *(write.commodity(day, asset) for asset in assets)]
        names = dict.fromkeys([OPENING, *(self.name_of(each.place) for each in found)])
        pieces += [write.account(day, name) for name in names]
        for each in found:
            if each.amount:
                to = [
                    Posting(self.name_of(each.place), each.amount),
                    Posting(OPENING, -each.amount),
                ]
                pieces.append(write.entry(day, "Opening balance", None, to))
        return "".join(pieces)

    def moved(self, movements: Iterable[Movement], known: set[str]) -> str:
        """Write transfers; `known` are the others' accounts declared so far, and is added to."""
        pieces = []
        for each in movements:
            day = market_day(each.at)
            names = [self.name_of(each.debit), self.name_of(each.credit)]
            for name in names:
                if name.startswith("Equity:Others:") and name not in known:
                    known.add(name)
                    pieces.append(self.grammar.account(market_day(self.period.start), name))
            if not each.moves:
                pieces.append(self.grammar.aside(day, each, names[0]))
                continue
            to = [Posting(names[0], -each.amount), Posting(names[1], each.amount)]
            pieces.append(self.grammar.entry(day, each.id, each, to))
        return "".join(pieces)

    def footer(self, closing: Iterable[Balance]) -> str:
        """Write what each account holds at the end, for the other program to check."""
        day = market_day(self.period.end - _MICROSECOND)
        return "".join(
            self.grammar.balance(day, Posting(self.name_of(each.place), each.amount))
            for each in closing
        )

    def name_of(self, place: Place) -> str:
        """Name an account in the journal; two accounts never share a name."""
        owner = place.owner.replace("_", "-")
        owner = owner[:1].upper() + owner[1:]
        if self.owner is not None and place.owner != self.owner:
            return f"Equity:Others:{owner}"
        root = "Liabilities" if place.name == "issued" else "Assets"
        return f"{root}:{owner}:{_part(place.name)}"


def commodity_name(asset: Asset) -> str:
    """Name an asset as Beancount allows: capitals, digits and . - _, at most 24 characters."""
    name = asset.code.upper().replace(":", ".")
    if _PLAIN_ASSET.fullmatch(asset.code) and len(name) <= _COMMODITY_CHARS_MAX:
        return name
    mark = hashlib.sha256(asset.code.encode()).hexdigest()[:6].upper()
    kept = re.sub(r"[^A-Z0-9._-]", "-", name)[: _COMMODITY_CHARS_MAX - len(mark) - 1]
    return f"{kept if kept[:1].isalpha() else 'A' + kept[1:]}-{mark}"


def _part(name: str) -> str:
    """Write an account's name as one part of a journal's; a changed one gets a mark of its own."""
    if _PLAIN.fullmatch(name):
        return name[:1].upper() + name[1:]
    kept = re.sub(r"[^A-Za-z0-9-]", "-", name)
    mark = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{kept[:1].upper() + kept[1:]}-{mark}" if kept[:1].isalnum() else f"X{kept}-{mark}"

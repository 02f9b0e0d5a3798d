"""How the capacity of one job is sold: by its centre, by a broker, and who carries its data.

    direct     buyer ── price ──▶ centre
    agency     buyer ── list price ──▶ centre ── commission ──▶ broker
    self_run   buyer ── broker's price ──▶ broker ── purchase price ──▶ centre
    and in each, of the data lines: ── carriage ──▶ carrier

A deal is fixed when a job is cleared and kept with its terms: a bill looks nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from math import ceil

from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import Money
from suanwang.basics.slots import Instant, Slot
from suanwang.grid.list_price import ListPrice


class Mode(StrEnum):
    """How the capacity of a bill was sold."""

    DIRECT = "direct"  #: by the centre itself
    AGENCY = "agency"  #: by a broker in the centre's name, for a commission
    SELF_RUN = "self_run"  #: by a broker that buys it from the centre, at its own price


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """Who sells and carries, and at what rates, under which word of which contract."""

    mode: Mode = Mode.DIRECT
    broker: OrganisationId | None = None
    contract: str | None = None  # the record that was in force, e.g. "con_01JB…#2"
    commission: Fraction = Fraction(0)  # agency: of what is the centre's
    purchase: Money | None = None  # self-run: per card-hour, to the centre
    purchased: Sequence[tuple[Slot, Money]] = ()  # overrides it in given slots
    purchase_source: str | None = None  # the list that a discount is off; None: the contract's own
    carrier: OrganisationId | None = None
    carriage_contract: str | None = None
    carriage: Fraction = Fraction(0)  # of the data lines

    def purchase_at(self, instant: Instant) -> Money | None:
        """Return what the broker buys a card-hour at; None where it does not."""
        return next((price for slot, price in self.purchased if instant in slot), self.purchase)


DIRECT = Deal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """How one pool is sold to a demand: at what price, from which list, and by what deal."""

    deal: Deal = DIRECT
    price: ListPrice | None = None  # None: the centre's own list
    source: str | None = None  # of that price
    purchase: ListPrice | None = None  # self-run: what its broker buys at
    funds: Money | None = None  # what its broker has, against a loss

    def at(self, slot: Slot) -> Deal:
        """Return the deal with what its broker buys at over a slot."""
        if self.purchase is None:
            return self.deal
        return replace(
            self.deal,
            purchase=self.purchase.price_at(slot.start),
            purchased=tuple(self.purchase.prices_over(slot)),
        )

    def loss_at_most(self, list_price: ListPrice, *, cards: int, limit: timedelta) -> Money:
        """Return what its broker may lose by a job: its worst hour, for the whole time limit.

        Each hour's lines are rounded by themselves, so a unit for each hour begun is added.
        """
        nothing = Money.zero()
        if self.purchase is None:
            return nothing
        sold = (self.price or list_price).hourly
        worst = max(buy - sell for buy, sell in zip(self.purchase.hourly, sold, strict=True))
        if worst <= 0:
            return nothing
        hours = Fraction(limit // timedelta(microseconds=1), 3_600_000_000)
        return Money(ceil(worst * cards * hours) + 2 * (ceil(hours) + 2))

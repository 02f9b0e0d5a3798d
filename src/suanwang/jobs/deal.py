"""How the capacity of one job is sold: by its centre, by a broker, and who carries its data.

    direct     buyer ── price ──▶ centre
    agency     buyer ── list price ──▶ centre ── commission ──▶ broker
    self_run   buyer ── broker's price ──▶ broker ── purchase price ──▶ centre
    and in each, of the data lines: ── carriage ──▶ carrier

A deal is fixed when a job is cleared and kept with its terms: a bill looks nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import Money
from suanwang.basics.slots import Instant, Slot


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
    contract: str | None = None  # the record that was in force, e.g. "ctr_01JB…#2"
    commission: Fraction = Fraction(0)  # agency: of what is the centre's
    purchase: Money | None = None  # self-run: per card-hour, to the centre
    purchased: Sequence[tuple[Slot, Money]] = ()  # overrides it in given slots
    carrier: OrganisationId | None = None
    carriage_contract: str | None = None
    carriage: Fraction = Fraction(0)  # of the data lines

    def purchase_at(self, instant: Instant) -> Money | None:
        """Return what the broker buys a card-hour at; None where it does not."""
        return next((price for slot, price in self.purchased if instant in slot), self.purchase)


DIRECT = Deal()

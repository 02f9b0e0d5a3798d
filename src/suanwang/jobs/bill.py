"""One job's bill: usage × cleared price, a line each, and shares that sum to the total exactly.

Fee and the tax on it come on top of the charge, by the schedule in force when the job was cleared
(`grid/tables/fees.csv`). What would exceed the hold is not charged: a `cap` line
says how much, so every other line still reads quantity × price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from math import ceil

from suanwang.basics.canonical import Json
from suanwang.basics.ids import UsageId
from suanwang.basics.money import Money
from suanwang.basics.slots import Instant, Slot, format_instant
from suanwang.basics.units import Unit
from suanwang.grid.deal import DIRECT, Deal
from suanwang.grid.energy import CARBON_LABEL, carbon_g, factor
from suanwang.grid.errors import FactorUnpublished
from suanwang.grid.fees import TAKE_RATES, TakeRates
from suanwang.jobs.usage import UsageRecord

_GB = 10**9
_HOUR_SECONDS = 3600
_QUANTITY_PLACES = Decimal("1e-9")
_SECOND = timedelta(seconds=1)


class LineKind(StrEnum):
    """What a line is for."""

    COMPUTE = "compute"
    DATA_IN = "data_in"
    DATA_OUT = "data_out"
    STORE = "store"
    CAP = "cap"  # above the hold: not charged
    FEE = "fee"
    TAX = "tax"
    ENERGY = "energy"  # at the meter, PUE included; costs nothing, it is told
    CARBON = "carbon"  # location-based; costs nothing, it is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. `quantity` is exact; `price` is per unit, with the place that it came from."""

    kind: LineKind
    quantity: Fraction
    unit: str
    price: Money
    amount: Money
    price_source: str
    usage_id: UsageId
    at: Instant
    purchase: Money | None = None  # per unit, what the broker that sells it buys it at

    @property
    def cost(self) -> Money | None:
        """What the broker that sells it owes the centre for it."""
        return None if self.purchase is None else self.purchase.times(self.quantity)

    def to_wire(self) -> dict[str, Json]:
        """Write the line; the quantity is cut to nine decimal places for reading."""
        wire: dict[str, Json] = {
            "kind": str(self.kind),
            "quantity": _decimal(self.quantity),
            "unit": self.unit,
            "price": str(self.price),
            "amount": str(self.amount),
            "currency": self.amount.asset.code,
            "price_source": self.price_source,
            "usage_id": str(self.usage_id),
            "at": format_instant(self.at),
        }
        return wire if self.purchase is None else wire | {"purchase": str(self.purchase)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Who gets what of the total."""

    provider: Money
    fees: Money
    tax: Money

    @property
    def total(self) -> Money:
        """The sum of all shares."""
        return self.provider + self.fees + self.tax


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Lines, their total, and the shares that sum to it. `charge` is before fee and tax."""

    lines: tuple[Line, ...]
    charge: Money
    total: Money
    shares: Shares

    def __post_init__(self) -> None:
        whole = sum((line.amount for line in self.lines), Money.zero(self.total.asset))
        assert whole == self.total, f"lines sum to {whole}, the bill says {self.total}"
        assert self.shares.total == self.total, "shares do not sum to the total"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The prices that applied when the job was cleared, and where each came from.

    `price` is per card-hour; `priced` overrides it in given slots, for prices that change by hour.
    """

    price: Money
    price_source: str  # e.g. "list:pool_01JB…" or "round:rnd_01JB…"
    data_price_gb: Money = field(default_factory=Money.zero)
    data_price_source: str = "tariff"
    cold_price_gb_month: Money | None = None
    cold_price_source: str = "tariff"
    store_gb_months: Fraction = Fraction(0)
    priced: Sequence[tuple[Slot, Money]] = ()
    province: str | None = None  # where the electricity comes from; None: not told
    pue: Fraction = Fraction(1)
    deal: Deal = DIRECT
    take: TakeRates = TAKE_RATES  # the fee schedule that was in force


def bill_for(
    usage: UsageRecord, terms: Terms, *, hold: Money, time_limit_seconds: int | None = None
) -> Bill:
    """Make the bill of one accepted usage record, never above the hold.

    Seconds are counted whole, a begun second in full, and not beyond the time limit: what a centre
    needs to kill a process is not the buyer's.
    """
    assert hold.units >= 0, f"a hold cannot be negative: {hold}"
    lines = [*_compute(usage, terms, time_limit_seconds), *_data(usage, terms)]
    lines += _stored(usage, terms)
    asked = sum((line.amount for line in lines), Money.zero(hold.asset))
    charge = min(asked, charge_within(hold, terms.take))
    if charge < asked:
        lines.append(_whole(LineKind.CAP, charge - asked, usage, "hold"))
    fee, tax = terms.take.parts(charge)
    lines.append(_rate(LineKind.FEE, fee, usage, base=charge, take=terms.take))
    lines.append(_rate(LineKind.TAX, tax, usage, base=fee, take=terms.take))
    lines += _green(usage, terms)
    return Bill(
        lines=tuple(lines),
        charge=charge,
        total=charge + fee + tax,
        shares=Shares(provider=charge, fees=fee, tax=tax),
    )


def charge_within(total: Money, take: TakeRates = TAKE_RATES) -> Money:
    """Return the largest charge that stays within `total` once fee and tax are added."""
    factor = 1 + take.fee * (1 + take.tax)
    charge = Money(int(total.units / factor) + 2, total.asset)
    while charge.units > 0 and take.total(charge) > total:
        charge = Money(charge.units - 1, charge.asset)
    return charge


def billed_seconds(usage: UsageRecord, limit: int | None = None) -> int:
    """Return the whole seconds that are billed for a usage record."""
    seconds = ceil(usage.wall_seconds)
    return seconds if limit is None else min(seconds, limit)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Seconds of a run in which one price applied, and what a broker bought them at."""

    begin: int
    end: int
    prices: tuple[Money, Money | None]


def _compute(usage: UsageRecord, terms: Terms, limit: int | None) -> list[Line]:
    """One line for each price that applied while the job ran, in the order of time."""
    seconds = billed_seconds(usage, limit)
    start = usage.started_at
    priced = (*terms.priced, *terms.deal.purchased)
    edges = {edge for slot, _ in priced for edge in (slot.start, slot.end)}
    inside = {ceil((edge - start) / _SECOND) for edge in edges}
    cuts = sorted({0, seconds} | {cut for cut in inside if 0 < cut < seconds})
    pieces: list[_Piece] = []
    for begin, end in pairwise(cuts):
        at = start + begin * _SECOND
        prices = (_price_at(terms, at), terms.deal.purchase_at(at))
        if pieces and pieces[-1].prices == prices:
            pieces[-1] = replace(pieces[-1], end=end)
        else:
            pieces.append(_Piece(begin, end, prices))
    pieces = pieces or [_Piece(0, 0, (terms.price, terms.deal.purchase))]
    return [_card_hours(usage, terms, piece=piece) for piece in pieces]


def _price_at(terms: Terms, instant: Instant) -> Money:
    return next((price for slot, price in terms.priced if instant in slot), terms.price)


def _card_hours(usage: UsageRecord, terms: Terms, *, piece: _Piece) -> Line:
    quantity = Fraction(usage.cards * (piece.end - piece.begin), _HOUR_SECONDS)
    price, purchase = piece.prices
    return Line(
        kind=LineKind.COMPUTE,
        quantity=quantity,
        unit=Unit.CARD_HOUR,
        price=price,
        amount=price.times(quantity),
        price_source=terms.price_source,
        usage_id=usage.usage_id,
        at=usage.started_at + piece.begin * _SECOND,
        purchase=purchase,
    )


def _data(usage: UsageRecord, terms: Terms) -> list[Line]:
    moved = ((LineKind.DATA_IN, usage.bytes_in), (LineKind.DATA_OUT, usage.bytes_out))
    return [
        Line(
            kind=kind,
            quantity=Fraction(size, _GB),
            unit=Unit.GB,
            price=terms.data_price_gb,
            amount=terms.data_price_gb.times(Fraction(size, _GB)),
            price_source=terms.data_price_source,
            usage_id=usage.usage_id,
            at=usage.ended_at,
        )
        for kind, size in moved
        if size
    ]


def _stored(usage: UsageRecord, terms: Terms) -> list[Line]:
    if not terms.store_gb_months:
        return []
    price = terms.cold_price_gb_month
    assert price is not None, "a stored job was cleared without a cold price"
    return [
        Line(
            kind=LineKind.STORE,
            quantity=terms.store_gb_months,
            unit=Unit.GB_MONTH,
            price=price,
            amount=price.times(terms.store_gb_months),
            price_source=terms.cold_price_source,
            usage_id=usage.usage_id,
            at=usage.ended_at,
        )
    ]


def _green(usage: UsageRecord, terms: Terms) -> list[Line]:
    """Tell energy and carbon of the use: metered Wh × PUE × the province's hourly factor.

    No carbon line where the ministry publishes no factor: an unlabelled guess is worse than none.
    """
    if terms.province is None or usage.ended_at <= usage.started_at:
        return []
    watt_hours = Fraction(usage.energy_wh) * terms.pue
    basis = f"{usage.energy_basis} x PUE"
    lines = [_told(LineKind.ENERGY, watt_hours, Unit.WATT_HOUR, basis, usage=usage)]
    try:
        official = factor(terms.province)
    except FactorUnpublished:
        return lines
    hours = Fraction((usage.ended_at - usage.started_at) / _SECOND) / _HOUR_SECONDS
    slot = Slot(usage.started_at, usage.ended_at)
    grams = Fraction(carbon_g(terms.province, slot, float(watt_hours / hours)))
    source = f"{official.source} {official.year}, {CARBON_LABEL}"
    return [*lines, _told(LineKind.CARBON, grams, Unit.GRAM_CO2E, source, usage=usage)]


def _told(
    kind: LineKind, quantity: Fraction, unit: str, source: str, *, usage: UsageRecord
) -> Line:
    nothing = Money.zero()
    return Line(
        kind=kind,
        quantity=quantity,
        unit=unit,
        price=nothing,
        amount=nothing,
        price_source=source,
        usage_id=usage.usage_id,
        at=usage.ended_at,
    )


def _whole(kind: LineKind, amount: Money, usage: UsageRecord, source: str) -> Line:
    return Line(
        kind=kind,
        quantity=Fraction(1),
        unit="",
        price=amount,
        amount=amount,
        price_source=source,
        usage_id=usage.usage_id,
        at=usage.ended_at,
    )


def _rate(
    kind: LineKind, amount: Money, usage: UsageRecord, *, base: Money, take: TakeRates
) -> Line:
    rate = take.fee if kind is LineKind.FEE else take.tax
    percent = _decimal(rate * 100)
    return Line(
        kind=kind,
        quantity=rate,
        unit=f"{percent} %",
        price=base,
        amount=amount,
        price_source=take.source,
        usage_id=usage.usage_id,
        at=usage.ended_at,
    )


def _decimal(value: Fraction) -> str:
    exact = (Decimal(value.numerator) / value.denominator).quantize(_QUANTITY_PLACES)
    text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") or "0"

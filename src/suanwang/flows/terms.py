"""The prices that applied when a job was cleared, kept with the job: a bill looks nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from suanwang.basics.canonical import Json
from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import Money
from suanwang.basics.slots import Slot, from_micros, to_micros
from suanwang.grid.deal import DIRECT, Deal, Mode
from suanwang.grid.fees import TAKE_RATES, TakeRates
from suanwang.jobs.bill import Terms
from suanwang.store.jobs import Job


def terms_of(job: Job) -> Terms:
    """Return the terms that a job was cleared at."""
    assert job.terms is not None, f"job {job.id} was never cleared"
    return read_terms(job.terms)


def deal_of(job: Job) -> Deal:
    """Return the deal that a job was cleared with; one that never was is nobody's."""
    return _deal_in(job.terms or {})


def write_terms(terms: Terms) -> dict[str, Json]:
    """Write terms as JSON, exactly: money in units, instants in microseconds."""
    cold = terms.cold_price_gb_month
    return {
        "price": terms.price.units,
        "price_source": terms.price_source,
        "data_price_gb": terms.data_price_gb.units,
        "data_price_source": terms.data_price_source,
        "cold_price_gb_month": None if cold is None else cold.units,
        "cold_price_source": terms.cold_price_source,
        "store_gb_months": str(terms.store_gb_months),
        "priced": _write_priced(terms.priced),
        "province": terms.province,
        "pue": str(terms.pue),
        "take": [str(terms.take.fee), str(terms.take.tax), terms.take.source],
        "deal": None if terms.deal == DIRECT else _write_deal(terms.deal),
    }


def read_terms(wire: Mapping[str, Any]) -> Terms:
    """Read what `write_terms` wrote."""
    cold = wire["cold_price_gb_month"]
    return Terms(
        price=Money(wire["price"]),
        price_source=wire["price_source"],
        data_price_gb=Money(wire["data_price_gb"]),
        data_price_source=wire["data_price_source"],
        cold_price_gb_month=None if cold is None else Money(cold),
        cold_price_source=wire["cold_price_source"],
        store_gb_months=Fraction(wire["store_gb_months"]),
        priced=_read_priced(wire["priced"]),
        province=wire["province"],
        pue=Fraction(wire["pue"]),
        deal=_deal_in(wire),
        take=_read_take(wire["take"]) if "take" in wire else TAKE_RATES,
    )


def _read_take(wire: Sequence[str]) -> TakeRates:
    fee, tax, source = wire
    return TakeRates(Fraction(fee), Fraction(tax), source)


def _write_deal(deal: Deal) -> dict[str, Json]:
    return {
        "mode": str(deal.mode),
        "broker": deal.broker,
        "contract": deal.contract,
        "commission": str(deal.commission),
        "purchase": None if deal.purchase is None else deal.purchase.units,
        "purchased": _write_priced(deal.purchased),
        "purchase_source": deal.purchase_source,
        "carrier": deal.carrier,
        "carriage_contract": deal.carriage_contract,
        "carriage": str(deal.carriage),
    }


def _deal_in(terms: Mapping[str, Any]) -> Deal:
    wire = terms.get("deal")
    return _read_deal(wire) if wire else DIRECT


def _read_deal(wire: Mapping[str, Any]) -> Deal:
    broker, carrier, purchase = wire["broker"], wire["carrier"], wire["purchase"]
    return Deal(
        mode=Mode(wire["mode"]),
        broker=None if broker is None else OrganisationId(broker),
        contract=wire["contract"],
        commission=Fraction(wire["commission"]),
        purchase=None if purchase is None else Money(purchase),
        purchased=_read_priced(wire["purchased"]),
        purchase_source=wire.get("purchase_source"),
        carrier=None if carrier is None else OrganisationId(carrier),
        carriage_contract=wire["carriage_contract"],
        carriage=Fraction(wire["carriage"]),
    )


def _write_priced(priced: Sequence[tuple[Slot, Money]]) -> list[Json]:
    return [[to_micros(slot.start), to_micros(slot.end), price.units] for slot, price in priced]


def _read_priced(wire: Sequence[Any]) -> tuple[tuple[Slot, Money], ...]:
    return tuple(
        (Slot(from_micros(start), from_micros(end)), Money(units)) for start, end, units in wire
    )

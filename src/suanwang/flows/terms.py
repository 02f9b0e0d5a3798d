"""The prices that applied when a job was cleared, kept with the job: a bill looks nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from suanwang.basics.canonical import Json
from suanwang.basics.money import Money
from suanwang.basics.slots import Slot, from_micros, to_micros
from suanwang.jobs.bill import Terms
from suanwang.store.jobs import Job


def terms_of(job: Job) -> Terms:
    """Return the terms that a job was cleared at."""
    assert job.terms is not None, f"job {job.id} was never cleared"
    return read_terms(job.terms)


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
        "priced": [
            [to_micros(slot.start), to_micros(slot.end), price.units]
            for slot, price in terms.priced
        ],
        "province": terms.province,
        "pue": str(terms.pue),
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
        priced=tuple(
            (Slot(from_micros(start), from_micros(end)), Money(units))
            for start, end, units in wire["priced"]
        ),
        province=wire["province"],
        pue=Fraction(wire["pue"]),
    )

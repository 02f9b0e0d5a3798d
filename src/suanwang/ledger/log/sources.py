"""Which records, of no one job, a bill rests on: contracts, price lists, fee schedules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

#: How a line's price_source begins, and the kind of the record that it names.
KINDS = {"list:": "list_price", "broker:": "broker_price", "fees:": "fee_schedule"}
SHARED = frozenset(["contract", *KINDS.values()])


def named_by(lines: Iterable[Mapping[str, Any]], terms: object) -> set[tuple[str, str]]:
    """Return the kinds and ids of what lines and terms name; not all of it need exist.

    Prices from before there were records name a pool or a day, and no record.
    """
    told = terms if isinstance(terms, Mapping) else {}
    deal = told.get("deal")
    deal = deal if isinstance(deal, Mapping) else {}
    sources = [each.get("price_source") for each in lines]
    sources += [told.get(f"{each}price_source") for each in ("", "data_", "cold_")]
    sources.append(deal.get("purchase_source"))
    found = {record_of(each) for each in sources if isinstance(each, str)}
    words = [deal.get(each) for each in ("contract", "carriage_contract")]
    found |= {("contract", str(each)) for each in words if each is not None}
    return {each for each in found if each is not None}


def record_of(source: str) -> tuple[str, str] | None:
    """Return the kind and id of the record that a price source names, if it names one."""
    begin, mark, rest = source.partition(":")
    kind = KINDS.get(begin + mark)
    return None if kind is None else (kind, rest)

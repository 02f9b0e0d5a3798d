"""The list price that a bill's line names, against the word of it that is on record."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from suanwang.basics.errors import Invalid
from suanwang.basics.money import Money
from suanwang.basics.slots import BEIJING, Instant, parse_instant, to_micros
from suanwang.ledger.log.billed_lines import Line
from suanwang.ledger.log.leaves import EVIDENCE
from suanwang.ledger.log.said import Said
from suanwang.ledger.log.sources import record_of
from suanwang.ledger.log.verdict import Leaf, wrong

LIST_PRICE = "list_price"
_DATA = {"data_in": "data_price_gb", "data_out": "data_price_gb", "store": "cold_price_gb_month"}
HOURS = 24


def check_listed(leaves: Sequence[Leaf], bill: Said, lines: Sequence[Line]) -> None:
    """Check each line's price against the version of the list that it names; raises BundleWrong."""
    for line in lines:
        source = line.said.text("price_source")
        listed = listed_at(leaves, source, asked_by=line.said.at("price_source"))
        if listed is None:
            continue
        if line.kind in _DATA:
            field = _DATA[line.kind]
            expected = {listed.money(field)}
        elif line.kind == "compute":
            expected = _compute_prices(bill, line, listed)
        else:
            wrong(line.said.at("price_source"), "the source of such a line", source)
        if line.price not in expected:
            wrong(line.said.at("price"), f"a price of {listed.place} at that hour", line.price)


def listed_at(leaves: Sequence[Leaf], source: str, *, asked_by: str) -> Said | None:
    """Return the record of a list price; None where the source names no list, or an old one.

    Prices from before list prices were on record have no number and no record.
    """
    named = record_of(source)
    if named is None or named[0] != LIST_PRICE:
        return None
    found = [each for each in leaves if each.source == EVIDENCE and (each.kind, each.id) == named]
    if len(found) == 1:
        return Said(found[0].place, found[0].record)
    if found or "#" in named[1]:
        wrong(asked_by, f"the record list_price {named[1]} in the bundle", f"{len(found)} of it")
    return None


def price_at(listed: Said, hour: int, *, less: Fraction = Fraction(0)) -> Money:
    """Return what a list asks in an hour of the Beijing day, its plain price taken down by a rate.

    A factor applies to the plain price and is rounded half up once.
    """
    price = listed.inner("price")
    plain = price.money("price").times(1 - less)
    if price.text("kind") == "flat":
        return plain
    hours, factors = price.inner("hours"), price.inner("factors")
    for period, named in hours.fields.items():
        if isinstance(named, list) and hour in named:
            return plain.times(factors.number(period))
    return plain


def hour_of(line: Line) -> int:
    """Return the hour of the Beijing day in which a line begins."""
    return _begins(line).astimezone(BEIJING).hour


def cleared_slot(told: object, line: Line) -> bool:
    """Say whether prices were cleared hour by hour for when a line begins."""
    at = to_micros(_begins(line))
    rows = told if isinstance(told, list) else []
    slots = [row[:2] for row in rows if isinstance(row, list)]
    return any(
        [type(each) for each in slot] == [int, int] and slot[0] <= at < slot[1] for slot in slots
    )


def _compute_prices(bill: Said, line: Line, listed: Said) -> set[Money]:
    terms = bill.fields.get("terms")
    priced = terms.get("priced") if isinstance(terms, dict) else None
    if cleared_slot(priced, line):
        return {price_at(listed, hour_of(line))}
    # It began before or after what was cleared: one price applies, of the hour it was cleared for.
    return {price_at(listed, hour) for hour in range(HOURS)}


def _begins(line: Line) -> Instant:
    try:
        return parse_instant(line.said.text("at"))
    except Invalid:
        wrong(line.said.at("at"), "an instant", line.said.text("at"))

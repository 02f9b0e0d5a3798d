"""What a bill's parts say against the contracts that its deal names.

deal (in the bill's terms) ── contract ──▶ its word: agreed, these parties, this rate
                           ── carriage_contract ──▶ likewise
each line's parts ── commission, purchase, carriage ──▶ to the micro-yuan
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.money import Money
from suanwang.ledger.log.billed_lines import Line
from suanwang.ledger.log.billed_use import find
from suanwang.ledger.log.leaves import EVIDENCE
from suanwang.ledger.log.listed import HOURS, cleared_slot, hour_of, listed_at, price_at
from suanwang.ledger.log.said import Said
from suanwang.ledger.log.verdict import Leaf, wrong

_DATA = ("data_in", "data_out")
_SOLD = ("compute", "store", *_DATA)
_HOUR_SECONDS = 3600
_BROKER = "broker:"
_BY_DEAL = frozenset(["broker", "carrier"])  # roles that a contract alone gives
_CLAUSE = {"agency": "commission", "carriage": "carriage"}


def check_deal(leaves: Sequence[Leaf], bill: Said, lines: Sequence[Line]) -> None:
    """Check a bill's split by the deal that it was cleared with; raises BundleWrong.

    A bill that its centre sold alone, without a carrier, has none in its terms.
    """
    terms = bill.fields.get("terms")
    told = terms.get("deal") if isinstance(terms, dict) else None
    if not isinstance(told, dict):
        roles = {part.role for line in lines for part in line.parts} & _BY_DEAL
        if roles:
            parts = " and ".join(sorted(roles))
            wrong(f"{bill.place}.terms.deal", f"a deal that gives a part to a {parts}", told)
        return
    deal = Said(f"{bill.place}.terms.deal", told)
    if deal.text("mode") != bill.text("mode"):
        wrong(bill.at("mode"), deal.text("mode"), bill.text("mode"))
    if bill.text_or_none("contract_id") != deal.text_or_none("contract"):
        wrong(bill.at("contract_id"), deal.text_or_none("contract"), bill.fields["contract_id"])
    _check_record(leaves, bill, deal)
    mode, carrier = deal.text("mode"), deal.text_or_none("carrier")
    contract = None
    if mode != "direct":
        contract = _contract(leaves, bill, deal, mode, named="contract", party="broker")
    if carrier is not None:
        _contract(leaves, bill, deal, "carriage", named="carriage_contract", party="carrier")
    for line in lines:
        if line.kind in _SOLD:
            _check_line(leaves, line, deal, contract)
        if line.kind == "compute" and mode == "self_run":
            _check_price(leaves, line, deal)


def _check_record(leaves: Sequence[Leaf], bill: Said, deal: Said) -> None:
    """Check that the record of the split, where it names a deal, names this one."""
    bill_id = bill.text("bill_id") if "bill_id" in bill.fields else ""
    for each in leaves:
        if each.source == EVIDENCE and (each.kind, each.id) == ("commission", bill_id):
            found = each.record.get("deal")
            if canonical_bytes(found) != canonical_bytes(dict(deal.fields)):
                wrong(f"{each.place}.deal", "the deal of the bill's terms", found)


def _contract(
    leaves: Sequence[Leaf], bill: Said, deal: Said, kind: str, *, named: str, party: str
) -> Said:
    """Return the record of a contract that a deal names, which must say what the deal says."""
    leaf = find(leaves, "contract", deal.text(named), asked_by=deal.place)
    said = Said(leaf.place, leaf.record)
    for field, expected in (
        ("state", "agreed"),
        ("kind", kind),
        ("partner_id", deal.text(party)),
        ("owner_id", bill.text("provider_id")),
    ):
        if said.text(field) != expected:
            wrong(said.at(field), expected, said.text(field))
    clause = _CLAUSE.get(kind)
    if clause is not None:
        rate = said.inner("clauses").number(clause)
        if _rate(deal, clause) != rate:
            wrong(deal.at(clause), f"{rate} by {leaf.id}", deal.text(clause))
    return said


def _check_line(leaves: Sequence[Leaf], line: Line, deal: Said, contract: Said | None) -> None:
    """Check who gets what of one line."""
    carriage = Fraction(0)
    if line.kind in _DATA and deal.text_or_none("carrier") is not None:
        carriage = _rate(deal, "carriage")
        _check_part(line, "carrier", carriage)
    mode = deal.text("mode")
    if mode == "agency":
        _check_part(line, "broker", (1 - carriage) * _rate(deal, "commission"))
    if mode == "self_run" and line.kind == "compute":
        assert contract is not None, "a broker's own account has a contract"
        purchase = line.said.money("purchase")
        seconds = Fraction(round(line.quantity * _HOUR_SECONDS), _HOUR_SECONDS)
        if _of(line, "centre") != purchase.times(seconds).units:
            wrong(line.said.at("parts"), f"{purchase.times(seconds)} to the centre", "another")
        prices = contract.inner("clauses").fields.get("prices")
        known = prices.values() if isinstance(prices, dict) else ()
        if known and str(purchase) not in known:
            wrong(line.said.at("purchase"), f"a price of {contract.place}", purchase)
        if not known:
            _check_discount(leaves, line, deal, contract)


def _check_discount(leaves: Sequence[Leaf], line: Line, deal: Said, contract: Said) -> None:
    """Check what a broker buys at against the list price that its contract's discount is off."""
    source = deal.text_or_none("purchase_source")
    listed = source and listed_at(leaves, source, asked_by=deal.at("purchase_source"))
    if not listed:
        return  # it was cleared before list prices were on record
    clauses = contract.inner("clauses")
    less, purchase = clauses.number("discount"), line.said.money("purchase")
    slots = cleared_slot(deal.fields.get("purchased"), line)
    hours = [hour_of(line)] if slots else range(HOURS)
    if purchase not in {price_at(listed, hour, less=less) for hour in hours}:
        wrong(line.said.at("purchase"), f"a price of {listed.place} less {less}", purchase)


def _check_price(leaves: Sequence[Leaf], line: Line, deal: Said) -> None:
    """Check that the price of a line is one that its broker's list names."""
    source = line.said.text("price_source")
    if not source.startswith(_BROKER):
        wrong(line.said.at("price_source"), "a price list of the broker", source)
    leaf = find(leaves, "broker_price", source.removeprefix(_BROKER), asked_by=line.said.place)
    listed = Said(leaf.place, leaf.record)
    if listed.text("broker_id") != deal.text("broker"):
        wrong(listed.at("broker_id"), deal.text("broker"), listed.text("broker_id"))
    prices = listed.inner("prices")
    for name, each in prices.inner("classes").fields.items():
        if isinstance(each, dict) and line.price in _named(Said(f"{prices.place}.{name}", each)):
            return
    wrong(line.said.at("price"), f"a price of {leaf.place}", line.price)


def _named(row: Said) -> set[Money]:
    """Return the prices that one class of a list names: its own, and by the hour its factors'."""
    price = row.money("price")
    factors = row.fields.get("factors")
    told = Said(row.at("factors"), factors if isinstance(factors, dict) else {})
    return {price, *(price.times(told.number(each)) for each in told.fields)}


def _check_part(line: Line, role: str, rate: Fraction) -> None:
    """Check a part against its rate of the line; it is rounded to a micro-yuan beside it."""
    expected = line.amount.units * rate
    if abs(_of(line, role) - expected) >= 1:
        share = Money(round(expected))
        wrong(line.said.at("parts"), f"{share} to the {role}", Money(_of(line, role)))


def _of(line: Line, role: str) -> int:
    return sum(part.amount.units for part in line.parts if part.role == role)


def _rate(said: Said, key: str) -> Fraction:
    """Read a rate as terms keep it: "1/20"."""
    text = said.text(key)
    top, _, bottom = text.partition("/")
    digits = top + (bottom or "1")
    if not digits.isdecimal() or not digits.isascii() or not int(bottom or "1"):
        wrong(said.at(key), "a rate", text)
    return Fraction(int(top), int(bottom or "1"))

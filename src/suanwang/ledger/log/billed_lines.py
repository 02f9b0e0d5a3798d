"""The lines of a bill: quantity × price is the amount, parts sum to lines, lines to the bill."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from suanwang.basics.money import CNY, Money
from suanwang.ledger.log.said import Said
from suanwang.ledger.log.verdict import wrong

VOUCHER = "voucher"
FUNDER = "funder"
# A quantity is written with nine decimal places, an amount is rounded to the micro-yuan.
QUANTITY_SLACK = Fraction(1, 2 * 10**9)
_AMOUNT_SLACK = Fraction(1, 2)
_ROLES = frozenset(["centre", "broker", "carrier", "exchange", "tax", FUNDER])


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Who gets how much of a line."""

    organisation_id: str
    role: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a bill, as its evidence says it."""

    said: Said
    kind: str
    quantity: Fraction
    price: Money
    amount: Money
    parts: tuple[Part, ...]

    @property
    def is_voucher(self) -> bool:
        """Say whether a funder pays this line instead of the buyer."""
        return self.kind == VOUCHER


def lines_of(bill: Said) -> tuple[Line, ...]:
    """Read and check each line of a bill. Raises BundleWrong."""
    return tuple(_line(each) for each in bill.rows("lines"))


def _line(said: Said) -> Line:
    line = Line(
        said=said,
        kind=said.text("kind"),
        quantity=said.number("quantity"),
        price=said.money("price"),
        amount=said.money("amount"),
        parts=_parts(said),
    )
    for field in ("unit", "price_source", "at"):
        said.text(field)
    if said.text("currency") != CNY.code:
        wrong(said.at("currency"), CNY.code, said.text("currency"))
    found = _sum(part.amount for part in line.parts)
    if found != line.amount:
        wrong(said.at("parts"), f"parts that sum to {line.amount}", found)
    if line.is_voucher:
        _check_voucher(line)
    elif abs(line.amount.units - line.quantity * line.price.units) > (
        _AMOUNT_SLACK + abs(line.price.units) * QUANTITY_SLACK
    ):
        product = f"{float(line.quantity * line.price.units) / 10**6:.6f}"
        wrong(said.at("amount"), f"quantity × price, {product}", line.amount)
    return line


def _parts(said: Said) -> tuple[Part, ...]:
    parts = tuple(
        Part(
            organisation_id=each.text("organisation_id"),
            role=each.text("role"),
            amount=each.money("amount"),
        )
        for each in said.rows("parts")
    )
    for each in parts:
        if each.role not in _ROLES:
            wrong(said.at("parts"), f"a role of {', '.join(sorted(_ROLES))}", each.role)
        if (each.role == FUNDER) != (said.text("kind") == VOUCHER):
            wrong(said.at("parts"), "a funder on voucher lines and nowhere else", each.role)
    return parts


def _check_voucher(line: Line) -> None:
    """Check that a voucher takes off no more than its rate of its base."""
    most = line.quantity * line.price.units + _AMOUNT_SLACK
    if line.amount.units > 0 or -line.amount.units > most:
        wrong(line.said.at("amount"), "at most rate × base taken off", line.amount)


def check_totals(bill: Said, lines: Sequence[Line]) -> tuple[Money, Money, Money]:
    """Return gross, vouchers and total of a bill, which its lines and parts must sum to."""
    figures = {
        "gross": _sum(line.amount for line in lines if not line.is_voucher),
        "vouchers": -_sum(line.amount for line in lines if line.is_voucher),
    }
    figures["total"] = figures["gross"] - figures["vouchers"]
    for name, expected in figures.items():
        if bill.money(name) != expected:
            wrong(bill.at(name), f"{expected} by the lines", bill.money(name))
    if figures["total"].units < 0:
        wrong(bill.at("total"), "an amount that is not below zero", figures["total"])
    due: Counter[tuple[str, str]] = Counter()
    for part in (part for line in lines for part in line.parts if part.role != FUNDER):
        due[part.organisation_id, part.role] += part.amount.units
    told: Counter[tuple[str, str]] = Counter()
    for each in bill.rows("parts"):
        told[each.text("organisation_id"), each.text("role")] += each.money("amount").units
    if _nonzero(due) != _nonzero(told):
        wrong(bill.at("parts"), "for each party the sum of its parts of the lines", dict(told))
    return figures["gross"], figures["vouchers"], figures["total"]


def _nonzero(sums: Counter[tuple[str, str]]) -> dict[tuple[str, str], int]:
    return {key: units for key, units in sums.items() if units}


def _sum(amounts: object) -> Money:
    return sum(amounts, Money.zero(CNY))  # type: ignore[call-overload, no-any-return] # of Money

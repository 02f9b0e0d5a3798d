"""What the credit notes of a bundle must say to its bill, and to the transfers that paid them.

dispute (decided) ─▶ credit note ─▶ items: parts sum to amounts, at most the bill's lines
                          └──────▶ its chain: takes what the parts say, pays the buyer `total`
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from suanwang.basics.money import CNY, Money
from suanwang.ledger.log.billing import OWN_ACCOUNT, amounts, chain_of, check_holds
from suanwang.ledger.log.leaves import EVIDENCE, TRANSFERS
from suanwang.ledger.log.said import Said
from suanwang.ledger.log.verdict import BillFigures, CreditFigures, Leaf, wrong

_DECIDED = ("accepted", "upheld")
_NOTE = "credit_note"
_VOUCHERS = "VOUCHER:"


@dataclass(frozen=True, slots=True)
class _Sums:
    """What the items of a note add up to; `parts` by account, below zero: gets back."""

    amount: int
    parts: Counter[tuple[str, str]]
    vouchers: Counter[str]


def check_credits(
    leaves: Sequence[Leaf], bills: Sequence[BillFigures]
) -> tuple[CreditFigures, ...]:
    """Check every credit note of a bundle against its bill. Raises BundleWrong."""
    notes = [each for each in leaves if each.source == EVIDENCE and each.kind == _NOTE]
    if not notes:
        return ()
    if not bills:
        wrong(notes[0].place, "the bill of the credit note in the bundle", "none of it")
    lines = _lines_of(leaves, bills[-1])
    credited: Counter[int] = Counter()
    found = [_check_note(leaves, each, bills[-1], credited) for each in notes]
    for line, units in credited.items():
        most = lines.get(line, 0)
        if units > most:
            wrong(notes[-1].place, f"at most {Money(most, CNY)} credited of line {line}",
                  Money(units, CNY))  # fmt: skip
    _at_most(notes[-1], "gross", bills[-1].gross, sum(each.amount.units for each in found))
    _at_most(notes[-1], "total", bills[-1].total, sum(each.total.units for each in found))
    return tuple(found)


def _lines_of(leaves: Sequence[Leaf], bill: BillFigures) -> Mapping[int, int]:
    (leaf,) = (each for each in leaves if each.kind == "bill" and each.id == bill.id)
    rows = Said(leaf.place, leaf.record).rows("lines")
    return {place: each.money("amount").units for place, each in enumerate(rows)}


def _check_note(
    leaves: Sequence[Leaf], leaf: Leaf, bill: BillFigures, credited: Counter[int]
) -> CreditFigures:
    said = Said(leaf.place, leaf.record)
    for field, expected in (
        ("credit_note_id", leaf.id),
        ("job_id", bill.job_id),
        ("bill_id", bill.id.partition("#")[0]),
        ("currency", CNY.code),
    ):
        if said.text(field) != expected:
            wrong(said.at(field), expected, said.text(field))
    sums = _sums(said, credited)
    amount, back = Money(sums.amount, CNY), sum(sums.vouchers.values())
    if said.money("amount") != amount:
        wrong(said.at("amount"), f"{amount} by its items", said.money("amount"))
    total = Money(sums.amount - back, CNY)
    if said.money("total") != total or total.units < 0:
        wrong(said.at("total"), f"{total} by its items", said.money("total"))
    chain = _check_money(leaves, leaf, sums, total=total)
    told = said.fields.get("transfers")
    if told != [each.id for each in chain]:
        wrong(said.at("transfers"), [each.id for each in chain], told)
    _check_dispute(leaves, said)
    return CreditFigures(
        id=leaf.id,
        number=said.text("number"),
        amount=amount,
        total=total,
        dispute_id=said.text_or_none("dispute_id"),
        transfers=len(chain),
    )


def _sums(said: Said, credited: Counter[int]) -> _Sums:
    whole, parts, returned = 0, Counter[tuple[str, str]](), Counter[str]()
    told: Counter[str] = Counter()
    for item in said.rows("items"):
        amount = item.money("amount").units
        if amount <= 0:
            wrong(item.at("amount"), "an amount above zero", item.money("amount"))
        whole += amount
        credited[item.whole("line")] += amount
        by_item = 0
        for part in item.rows("parts"):
            units, role = part.money("amount").units, part.text("role")
            own = role if role in OWN_ACCOUNT else ""
            parts[part.text("organisation_id"), own] += units
            by_item += units
        if by_item != amount:
            wrong(item.at("parts"), f"parts that sum to {Money(amount, CNY)}", Money(by_item, CNY))
        for share in item.rows("vouchers"):
            told[share.text("programme")] += share.money("amount").units
    for each in said.rows("vouchers"):
        returned[each.text("programme")] += each.money("amount").units
        most = told[each.text("programme")]
        if not 0 <= each.money("amount").units <= most:
            wrong(each.at("amount"), f"at most {Money(most, CNY)}", each.money("amount"))
    return _Sums(whole, parts, returned)


def _check_money(leaves: Sequence[Leaf], note: Leaf, sums: _Sums, *, total: Money) -> list[Leaf]:
    """Check that the note's chain took what its parts say, and paid whom it says.

    A party may pay out of two accounts, what was due and what it has; so what was taken is compared
    as a whole, what was paid account by account.
    """
    transfers = [each for each in leaves if each.source == TRANSFERS]
    chain = chain_of(transfers, note)
    yuan = [each for each in chain if each.row["asset"] == CNY.code]
    for each in yuan:
        if each.row["kind"] not in ("post", "posted") or each.row["reverses"]:
            wrong(each.place, "a transfer that moves money", each.row["kind"])
    check_holds(transfers, yuan, job_id=str(note.record["job_id"]))
    net: Counter[str] = Counter()
    for each in yuan:
        net[each.row["debit_id"]] -= each.row["amount_units"]
        net[each.row["credit_id"]] += each.row["amount_units"]
    taken = -sum(units for units in net.values() if units < 0)
    given = sum(units for units in sums.parts.values() if units > 0)
    if taken != given:
        wrong(note.place, f"transfers of {Money(given, CNY)} from its parties", Money(taken, CNY))
    back = [-units for units in sums.parts.values() if units < 0]
    owed = sorted(u for u in [total.units, *back, *sums.vouchers.values()] if u)
    got = sorted(units for units in net.values() if units > 0)
    if got != owed:
        wrong(note.place, f"transfers to buyer and funders of {amounts(owed)}", amounts(got))
    returned: Counter[str] = Counter()
    for each in chain:
        if each.row["asset"].startswith(_VOUCHERS):
            returned[each.row["asset"].removeprefix(_VOUCHERS)] += each.row["amount_units"]
    if returned != +sums.vouchers:
        wrong(note.place, f"vouchers returned of {amounts(sums.vouchers.values())}",
              amounts(returned.values()))  # fmt: skip
    return chain


def _check_dispute(leaves: Sequence[Leaf], note: Said) -> None:
    """Check that a note that a dispute asked for has the decision beside it."""
    dispute_id = note.text_or_none("dispute_id")
    if dispute_id is None:
        return
    words = [
        Said(each.place, each.record)
        for each in leaves
        if each.kind == "dispute" and each.id.partition("#")[0] == dispute_id
    ]
    decided = [each for each in words if each.text("state") in _DECIDED]
    if not decided:
        wrong(
            note.at("dispute_id"), f"the decided dispute {dispute_id} in the bundle", "none of it"
        )
    said = decided[-1]
    if said.text("credit_note_id") != note.text("credit_note_id"):
        wrong(said.at("credit_note_id"), note.text("credit_note_id"), said.text("credit_note_id"))
    if said.money("credited") != note.money("amount"):
        wrong(said.at("credited"), note.money("amount"), said.money("credited"))


def _at_most(note: Leaf, name: str, most: Money, units: int) -> None:
    if units > most.units:
        wrong(note.place, f"credits of at most the bill's {name}, {most}", Money(units, CNY))

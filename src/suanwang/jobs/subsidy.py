"""What vouchers pay of one bill: the lines that say so, and the money and units behind each.

line   kind "voucher"  quantity = rate  price = eligible base  amount = minus what is paid
refused: amount 0, and the reason with its facts
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from suanwang.basics.canonical import Json
from suanwang.basics.ids import AccountId, ClaimId, OrganisationId
from suanwang.basics.money import CNY, Asset, Money, split
from suanwang.basics.slots import format_instant
from suanwang.jobs.parts import PartRole
from suanwang.ledger.vouchers.engine import Decision, Item, Said
from suanwang.ledger.vouchers.reasons import sentence

Wire = Mapping[str, Json]
_NOTHING = Money.zero(CNY)
# What a bill does not charge because it is above the hold lessens these, in proportion.
_CAPPED = ("compute", "data_in", "data_out", "store")
_NOT_EARNED = ("fee", "tax", "voucher")  # by those who sell
_NOT_SPENDING = ("energy", "carbon", "cap", "fee", "tax", "voucher")


@dataclass(frozen=True, slots=True, kw_only=True)
class Funding:
    """What one funder pays of one bill, out of which account, for which vouchers."""

    programme: str
    funder_id: OrganisationId
    funder_account: AccountId  # yuan that are pledged to the programme
    voucher_account: AccountId  # the buyer's vouchers
    issuer_account: AccountId  # where they go back to
    asset: Asset
    amount: Money
    claim_id: ClaimId
    weights: Mapping[OrganisationId, Money]  # who earns the eligible lines, and gets how much


@dataclass(frozen=True, slots=True, kw_only=True)
class Subsidy:
    """All that vouchers pay of one bill."""

    lines: tuple[Wire, ...] = ()
    fundings: tuple[Funding, ...] = ()

    @property
    def total(self) -> Money:
        """What the buyer need not pay."""
        return sum((each.amount for each in self.fundings), _NOTHING)

    def paid_to(self, organisation_id: OrganisationId) -> Money:
        """Return what funders pay to one payee instead of the buyer."""
        return sum(
            (share for each in self.fundings for owner, share in shares_of(each)
             if owner == organisation_id), _NOTHING,
        )  # fmt: skip


def shares_of(funding: Funding) -> list[tuple[OrganisationId, Money]]:
    """Split a funding over those who earn the eligible lines, to the last micro-yuan."""
    owners = list(funding.weights)
    weights = [Fraction(funding.weights[each].units) for each in owners]
    return list(zip(owners, split(funding.amount, weights), strict=True))


def items_of(lines: Sequence[Wire]) -> tuple[Item, ...]:
    """Read the lines that may be subsidised, less what the hold's limit took off them."""
    costs = [line for line in lines if line["kind"] not in _NOT_SPENDING]
    amounts = [Money.parse(str(line["amount"])) for line in costs]
    capped = sum(
        (Money.parse(str(line["amount"])) for line in lines if line["kind"] == "cap"), _NOTHING
    )
    if capped:
        weights = [
            Fraction(amount.units if line["kind"] in _CAPPED else 0)
            for line, amount in zip(costs, amounts, strict=True)
        ]
        less = split(-capped, weights)
        amounts = [each - off for each, off in zip(amounts, less, strict=True)]
    return tuple(
        Item(kind=str(line["kind"]), amount=amount)
        for line, amount in zip(costs, amounts, strict=True)
    )


def earners(lines: Sequence[Wire], said: Sequence[Said]) -> dict[OrganisationId, Money]:
    """Return who earns the lines that were subsidised, and how much of them."""
    costs = [line for line in lines if line["kind"] not in _NOT_SPENDING]
    found: dict[OrganisationId, Money] = {}
    for line, each in zip(costs, said, strict=True):
        parts = line["parts"] if each.taken else ()
        assert isinstance(parts, list | tuple), "a line has parts"
        for part in parts:
            assert isinstance(part, Mapping), "a part is an object"
            owner = OrganisationId(str(part["organisation_id"]))
            amount = Money.parse(str(part["amount"]))
            if amount.units > 0:
                found[owner] = found.get(owner, _NOTHING) + amount
    return found


def shares_within(
    amount: Money, lines: Sequence[Wire], said: Sequence[Said], *, paid: Sequence[Funding]
) -> dict[OrganisationId, Money]:
    """Share a funding over those who earn the subsidised lines, nobody more than it earns.

    What was taken off for the hold's limit, and rounding, may leave somebody less of the bill than
    its share of those lines: the rest goes to whoever still earns.
    """
    weights = earners(lines, said)
    room = _earned(lines)
    for owner, share in (pair for each in paid for pair in shares_of(each)):
        room[owner] -= share
    wanted = split(amount, [Fraction(each.units) for each in weights.values()])
    shares = {owner: min(each, room[owner]) for owner, each in zip(weights, wanted, strict=True)}
    left = amount - sum(shares.values(), _NOTHING)
    for owner in [*weights, *(each for each in room if each not in weights)]:
        had = shares.get(owner, _NOTHING)
        more = min(left, room[owner] - had)
        if more:
            shares[owner] = had + more
            left -= more
    assert not left, "vouchers pay no more than is earned"
    return {owner: share for owner, share in shares.items() if share}


def _earned(lines: Sequence[Wire]) -> dict[OrganisationId, Money]:
    """Return what each earner gets of the whole bill, party by party above zero."""
    sums: dict[tuple[OrganisationId, str], Money] = {}
    for line in (each for each in lines if each["kind"] not in _NOT_EARNED):
        parts = line["parts"]
        assert isinstance(parts, list | tuple), "a line has parts"
        for part in parts:
            assert isinstance(part, Mapping), "a part is an object"
            key = (OrganisationId(str(part["organisation_id"])), str(part["role"]))
            sums[key] = sums.get(key, _NOTHING) + Money.parse(str(part["amount"]))
    room: dict[OrganisationId, Money] = {}
    for (owner, _), amount in sums.items():
        room[owner] = room.get(owner, _NOTHING) + max(amount, _NOTHING)
    return room


def voucher_line(
    programme: str,
    decision: Decision,
    *,
    funder: OrganisationId,
    usage_id: str,
    at: datetime,
) -> dict[str, Json]:
    """Write what a programme paid of a bill, or why it paid nothing, line by line."""
    amount = -decision.amount
    line: dict[str, Json] = {
        "kind": "voucher",
        "quantity": f"{Decimal(decision.rate.numerator) / decision.rate.denominator:f}",
        "unit": f"{float(decision.rate * 100):g} %",
        "price": str(decision.base),
        "amount": str(amount),
        "currency": CNY.code,
        "price_source": f"voucher:{programme}",
        "usage_id": usage_id,
        "at": format_instant(at),
        "explained": [_explained(each) for each in decision.lines],
        "parts": [
            {"organisation_id": str(funder), "role": PartRole.FUNDER.value, "amount": str(amount)}
        ]
        if decision.amount
        else [],
    }
    if decision.reason is not None:
        line["reason"] = reason_wire(decision)
    return line


def reason_wire(decision: Decision | Said) -> dict[str, Json]:
    """Write a reason: its code, its facts, and the sentence in both languages."""
    assert decision.reason is not None, "there is a reason to write"
    return {
        "code": decision.reason.value,
        "facts": dict(decision.facts),
        "en": sentence(decision.reason, decision.facts, "en"),
        "zh": sentence(decision.reason, decision.facts, "zh"),
    }


def _explained(said: Said) -> dict[str, Json]:
    line: dict[str, Json] = {
        "kind": said.kind,
        "amount": str(said.amount),
        "taken": str(said.taken),
    }
    return line if said.reason is None else {**line, "reason": reason_wire(said)}

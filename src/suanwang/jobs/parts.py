"""Who gets what of a bill, line by line; the parts of a line sum to it to the last micro-yuan.

    line           direct    agency                          self-run
    compute        centre    centre 1 − c, broker c          centre purchase price, broker the rest
    data           centre    centre 1 − c, broker c          centre
    store          centre    centre 1 − c, broker c          centre
    cap            whoever earns the lines above it, in proportion
    fee, tax       exchange

Of data lines a carrier gets its rate first; what is said above is then about what it leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from suanwang.basics.canonical import Json
from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import CNY, Money, split
from suanwang.grid.deal import DIRECT, Deal, Mode
from suanwang.jobs.bill import Line, LineKind

_NOTHING = Money.zero(CNY)
_DATA = (LineKind.DATA_IN, LineKind.DATA_OUT)


class PartRole(StrEnum):
    """What a party is to a bill."""

    CENTRE = "centre"
    BROKER = "broker"
    CARRIER = "carrier"
    EXCHANGE = "exchange"
    TAX = "tax"
    FUNDER = "funder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one party gets of a line or a bill. Below zero it pays."""

    organisation_id: OrganisationId
    role: PartRole
    amount: Money

    def to_wire(self) -> dict[str, Json]:
        """Write the part."""
        return {
            "organisation_id": str(self.organisation_id),
            "role": str(self.role),
            "amount": str(self.amount),
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, object]) -> Part:
        """Read what `to_wire` wrote."""
        return cls(
            organisation_id=OrganisationId(str(wire["organisation_id"])),
            role=PartRole(str(wire["role"])),
            amount=Money.parse(str(wire["amount"])),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Who stands behind the roles of a bill, and the deal that says how they share it."""

    centre: OrganisationId
    exchange: OrganisationId
    deal: Deal = DIRECT


_ROLE_OF = {LineKind.FEE: PartRole.EXCHANGE, LineKind.TAX: PartRole.TAX}


def parts_of_lines(lines: Sequence[Line], parties: Parties) -> list[tuple[Part, ...]]:
    """Say of each line who gets it; one that costs nothing has no parts."""
    found: list[tuple[Part, ...]] = []
    for line in lines:
        if line.kind is LineKind.CAP:
            found.append(_cap_parts(line, sum_parts(found), parties))
        else:
            found.append(_parts(line, parties))
    return found


def _parts(line: Line, parties: Parties) -> tuple[Part, ...]:
    if line.kind in _ROLE_OF:
        return _some((parties.exchange, _ROLE_OF[line.kind], line.amount))
    deal = parties.deal
    if line.cost is not None:
        assert deal.broker is not None, "only a broker buys what it sells"
        return _some(
            (parties.centre, PartRole.CENTRE, line.cost),
            (deal.broker, PartRole.BROKER, line.amount - line.cost),
        )
    if not line.amount:
        return ()
    shares = _shares(line, parties)
    amounts = split(line.amount, [share for _, _, share in shares])
    return _some(
        *((owner, role, amount) for (owner, role, _), amount in zip(shares, amounts, strict=True))
    )


def _shares(line: Line, parties: Parties) -> list[tuple[OrganisationId, PartRole, Fraction]]:
    """Return who gets which fraction of a line, the centre first."""
    deal, left = parties.deal, Fraction(1)
    others: list[tuple[OrganisationId, PartRole, Fraction]] = []
    if deal.carrier is not None and line.kind in _DATA:
        others.append((deal.carrier, PartRole.CARRIER, deal.carriage))
        left -= deal.carriage
    if deal.mode is Mode.AGENCY:
        assert deal.broker is not None, "an agency has a broker"
        others.append((deal.broker, PartRole.BROKER, left * deal.commission))
        left -= left * deal.commission
    return [(parties.centre, PartRole.CENTRE, left), *others]


def _cap_parts(line: Line, earned: Sequence[Part], parties: Parties) -> tuple[Part, ...]:
    """Take what is not charged off those who earn, in proportion; who loses already loses no more.

    The sum of what is earned is at least what was asked, so nobody falls below nothing by this.
    """
    earning = [each for each in earned if each.amount.units > 0]
    if not earning:
        return _some((parties.centre, PartRole.CENTRE, line.amount))
    off = split(-line.amount, [Fraction(each.amount.units) for each in earning])
    return _some(
        *((p.organisation_id, p.role, -amount) for p, amount in zip(earning, off, strict=True))
    )


def _some(*parts: tuple[OrganisationId, PartRole, Money]) -> tuple[Part, ...]:
    return tuple(
        Part(organisation_id=owner, role=role, amount=amount)
        for owner, role, amount in parts
        if amount
    )


def sum_parts(lines: Iterable[Sequence[Part]]) -> tuple[Part, ...]:
    """Add up the parts of lines, party by party, in the order in which they first appear."""
    sums: dict[tuple[OrganisationId, PartRole], Money] = {}
    for parts in lines:
        for part in parts:
            key = (part.organisation_id, part.role)
            sums[key] = sums.get(key, _NOTHING) + part.amount
    return tuple(
        Part(organisation_id=owner, role=role, amount=amount)
        for (owner, role), amount in sums.items()
        if amount
    )


def line_to_wire(line: Line, parts: Sequence[Part]) -> dict[str, Json]:
    """Write a line with who gets what of it."""
    assert sum((p.amount for p in parts), _NOTHING) == line.amount, "parts sum to the line"
    wire: Mapping[str, Json] = line.to_wire()
    return {**wire, "parts": [part.to_wire() for part in parts]}

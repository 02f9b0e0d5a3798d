"""Who gets what of a bill, line by line; the parts of a line sum to it to the last micro-yuan.

direct   compute, data, store, cap → centre    fee → exchange    tax → tax
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from suanwang.basics.canonical import Json
from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import CNY, Money
from suanwang.jobs.bill import Line, LineKind


class PartRole(StrEnum):
    """What a party is to a bill."""

    CENTRE = "centre"
    BROKER = "broker"
    CARRIER = "carrier"
    EXCHANGE = "exchange"
    TAX = "tax"
    FUNDER = "funder"


class Mode(StrEnum):
    """How the capacity of a bill was sold."""

    DIRECT = "direct"  #: by the centre itself


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Who stands behind the roles of a bill that is sold directly."""

    centre: OrganisationId
    exchange: OrganisationId


_ROLE_OF = {LineKind.FEE: PartRole.EXCHANGE, LineKind.TAX: PartRole.TAX}


def parts_of_line(line: Line, parties: Parties) -> tuple[Part, ...]:
    """Say who gets a line; one that costs nothing has no parts."""
    if not line.amount:
        return ()
    role = _ROLE_OF.get(line.kind, PartRole.CENTRE)
    owner = parties.centre if role is PartRole.CENTRE else parties.exchange
    return (Part(organisation_id=owner, role=role, amount=line.amount),)


def sum_parts(lines: Iterable[Sequence[Part]]) -> tuple[Part, ...]:
    """Add up the parts of lines, party by party, in the order in which they first appear."""
    sums: dict[tuple[OrganisationId, PartRole], Money] = {}
    for parts in lines:
        for part in parts:
            key = (part.organisation_id, part.role)
            sums[key] = sums.get(key, Money.zero(CNY)) + part.amount
    return tuple(
        Part(organisation_id=owner, role=role, amount=amount)
        for (owner, role), amount in sums.items()
        if amount
    )


def line_to_wire(line: Line, parts: Sequence[Part]) -> dict[str, Json]:
    """Write a line with who gets what of it."""
    assert sum((p.amount for p in parts), Money.zero(CNY)) == line.amount, "parts sum to the line"
    wire: Mapping[str, Json] = line.to_wire()
    return {**wire, "parts": [part.to_wire() for part in parts]}

"""What of a bill can still be credited, and who gives back what of it.

    line         what is left of it   = what was charged − what was credited or is disputed
    fee, tax     follow the lines that they were taken on, in proportion to what is left
    parts        each party gives back its share of a line, by what is left of its part
    vouchers     what a funder paid of a line goes back to the funder

Every share is split by largest remainders over what is left, so no party ever gives back more than
it got, and whoever credits all that is left has credited the whole, to the last micro-yuan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from suanwang.basics.canonical import Json
from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import CNY, Money, split
from suanwang.jobs.parts import Part, PartRole
from suanwang.ledger.disputes import CreditTooLarge, LineNotCharged

Wire = Mapping[str, Any]
Party = tuple[OrganisationId, PartRole]
_NOTHING = Money.zero(CNY)
_FOLLOW = ("fee", "tax")
_NOT_CHARGED = ("energy", "carbon", "voucher")


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherShare:
    """What a programme paid of an amount, in its buyer's place."""

    programme: str
    organisation_id: OrganisationId  # the funder
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An amount of one line, who gives it back, and what of it goes to funders."""

    line: int  # counted from 0, as the bill lists them
    kind: str
    amount: Money
    parts: tuple[Part, ...]
    vouchers: tuple[VoucherShare, ...] = ()

    @property
    def cash(self) -> Money:
        """What of it the buyer itself paid."""
        return self.amount - total_of(self.vouchers)

    def to_wire(self) -> dict[str, Json]:
        """Write the item."""
        return {
            "line": self.line,
            "kind": self.kind,
            "amount": str(self.amount),
            "parts": [part.to_wire() for part in self.parts],
            "vouchers": [
                {
                    "programme": each.programme,
                    "organisation_id": str(each.organisation_id),
                    "amount": str(each.amount),
                }
                for each in self.vouchers
            ],
        }

    @classmethod
    def read(cls, wire: Wire) -> Item:
        """Read what `to_wire` wrote."""
        return cls(
            line=wire["line"],
            kind=wire["kind"],
            amount=Money.parse(wire["amount"]),
            parts=tuple(map(read_part, wire["parts"])),
            vouchers=tuple(
                VoucherShare(
                    programme=each["programme"],
                    organisation_id=OrganisationId(each["organisation_id"]),
                    amount=Money.parse(each["amount"]),
                )
                for each in wire["vouchers"]
            ),
        )


def read_part(wire: Wire) -> Part:
    """Read a part as bills write it."""
    return Part.from_wire(wire)


def total_of(things: Iterable[Item | Part | VoucherShare]) -> Money:
    """Add up amounts."""
    return sum((each.amount for each in things), _NOTHING)


def lines_left(lines: Sequence[Wire], taken: Iterable[Item] = ()) -> dict[int, Item]:
    """Say what of each line can be credited, once `taken` was; lines without a charge are left out.

    What a bill takes off (a cap on the hold, a correction) lessens its charges in proportion.
    """
    left = _charged(lines)
    for item in taken:
        # A later version of a bill may charge less of a line, or nothing.
        if item.line in left:
            left[item.line] = _less(left[item.line], item)
    return left


def asked_for(
    bill_id: str, left: Mapping[int, Item], wanted: Mapping[int, Money | None]
) -> tuple[Item, ...]:
    """Say what crediting these amounts (None: all that is left) of these lines means.

    Raises: LineNotCharged, CreditTooLarge.
    """
    amounts: dict[int, Money] = {}
    for line, amount in wanted.items():
        if line not in left:
            possible = ", ".join(map(str, left)) or "none"
            raise LineNotCharged(line=line, id=bill_id, possible=possible)
        most = left[line].amount
        amounts[line] = most if amount is None else amount
        if not 0 < amounts[line].units <= most.units:
            raise CreditTooLarge(line=line, id=bill_id, left=most, asked=amounts[line])
    amounts |= _following(left, amounts)
    return tuple(_share(left[line], amounts[line]) for line in sorted(amounts) if amounts[line])


def paid_by(items: Sequence[Item], payer: Party) -> tuple[Item, ...]:
    """Let one party give back everything, whoever had got it."""
    owner, role = payer
    return tuple(
        replace(each, parts=(Part(organisation_id=owner, role=role, amount=each.amount),))
        for each in items
    )


def within(items: Sequence[Item], payable: Mapping[Party, Money]) -> tuple[Item, ...]:
    """Lessen items to what each of their givers can pay; what becomes nothing is left out."""
    owed = sums_of(items)
    parts = [list(each.parts) for each in items]
    for party, amount in owed.items():
        most = payable.get(party, _NOTHING)
        if most < amount:
            _lessen(parts, party, most)
    found = [_within(item, now) for item, now in zip(items, parts, strict=True)]
    return tuple(each for each in found if each.amount)


def sums_of(items: Iterable[Item]) -> dict[Party, Money]:
    """Add up what each party gives back; what parties get back is not among it."""
    sums: dict[Party, Money] = {}
    for part in (part for item in items for part in item.parts if part.amount.units > 0):
        party = (part.organisation_id, part.role)
        sums[party] = sums.get(party, _NOTHING) + part.amount
    return sums


def gets_of(items: Iterable[Item]) -> dict[Party, Money]:
    """Add up what parties get back that had paid a part of a line."""
    sums: dict[Party, Money] = {}
    for part in (part for item in items for part in item.parts if part.amount.units < 0):
        party = (part.organisation_id, part.role)
        sums[party] = sums.get(party, _NOTHING) - part.amount
    return sums


def vouchers_of(items: Iterable[Item]) -> dict[str, VoucherShare]:
    """Add up what goes back to each programme."""
    sums: dict[str, VoucherShare] = {}
    for share in (share for item in items for share in item.vouchers if share.amount):
        before = sums.get(share.programme)
        sums[share.programme] = (
            share if before is None else replace(before, amount=before.amount + share.amount)
        )
    return sums


def _charged(lines: Sequence[Wire]) -> dict[int, Item]:
    """Return every line that charges something, after what the bill takes off."""
    plus = {
        place: Money.parse(line["amount"])
        for place, line in enumerate(lines)
        if line["kind"] not in _NOT_CHARGED and not line["amount"].startswith("-")
    }
    plus = {place: amount for place, amount in plus.items() if amount}
    off = [
        Money.parse(line["amount"])
        for line in lines
        if line["kind"] not in _NOT_CHARGED and line["amount"].startswith("-")
    ]
    bears = [place for place in plus if lines[place]["kind"] not in _FOLLOW]
    if off and bears:
        less = split(-sum(off, _NOTHING), [Fraction(plus[place].units) for place in bears])
        plus |= {place: plus[place] - each for place, each in zip(bears, less, strict=True)}
    paid = _vouchers(lines, plus)
    return {
        place: Item(
            line=place,
            kind=lines[place]["kind"],
            amount=amount,
            parts=_shared(tuple(map(read_part, lines[place]["parts"])), amount),
            vouchers=tuple(paid.get(place, ())),
        )
        for place, amount in plus.items()
        if amount.units > 0 and lines[place].get("parts")
    }


def _vouchers(lines: Sequence[Wire], charged: Mapping[int, Money]) -> dict[int, list[VoucherShare]]:
    """Say what vouchers paid of which line: by what each voucher line says that it took."""
    costs = [
        place
        for place, line in enumerate(lines)
        if line["kind"] not in (*_NOT_CHARGED, *_FOLLOW, "cap")
    ]
    found: dict[int, list[VoucherShare]] = {}
    for line in lines:
        amount = Money.parse(line["amount"])
        if line["kind"] != "voucher" or not amount:
            continue
        taken = [Fraction(Money.parse(each["taken"]).units) for each in line["explained"]]
        owner = OrganisationId(line["parts"][0]["organisation_id"])
        programme = str(line["price_source"]).partition(":")[2]
        for place, share in zip(costs, split(-amount, taken), strict=False):
            if share and place in charged:
                found.setdefault(place, []).append(
                    VoucherShare(programme=programme, organisation_id=owner, amount=share)
                )
    return found


def _following(left: Mapping[int, Item], amounts: Mapping[int, Money]) -> dict[int, Money]:
    """Return how much of fee and tax goes with what is asked for of the other lines."""
    bears = [item for item in left.values() if item.kind not in _FOLLOW]
    now = sum((amounts.get(item.line, _NOTHING) for item in bears), _NOTHING)
    whole = total_of(bears)
    if not now:
        return {}
    return {
        item.line: item.amount.times(Fraction(now.units, whole.units))
        for item in left.values()
        if item.kind in _FOLLOW and item.line not in amounts
    }


def _share(item: Item, amount: Money) -> Item:
    """Take an amount out of what is left of a line."""
    payers = [*(each.amount for each in item.vouchers), item.cash]  # funders, then the buyer
    *shares, _ = split(amount, [Fraction(each.units) for each in payers])
    return replace(
        item,
        amount=amount,
        parts=_shared(item.parts, amount),
        vouchers=tuple(
            replace(each, amount=share) for each, share in zip(item.vouchers, shares, strict=True)
        ),
    )


def _shared(parts: Sequence[Part], amount: Money) -> tuple[Part, ...]:
    weights = [Fraction(each.amount.units) for each in parts]
    shares = split(amount, weights)
    return tuple(
        replace(each, amount=share) for each, share in zip(parts, shares, strict=True) if share
    )


def _less(item: Item, taken: Item) -> Item:
    given = {(part.organisation_id, part.role): part.amount for part in taken.parts}
    paid = {share.programme: share.amount for share in taken.vouchers}
    return replace(
        item,
        amount=item.amount - taken.amount,
        parts=tuple(
            replace(
                part, amount=part.amount - given.get((part.organisation_id, part.role), _NOTHING)
            )
            for part in item.parts
        ),
        vouchers=tuple(
            replace(share, amount=share.amount - paid.get(share.programme, _NOTHING))
            for share in item.vouchers
        ),
    )


def _lessen(parts: Sequence[list[Part]], party: Party, most: Money) -> None:
    """Cut what one party gives, over all items, down to `most`."""
    places = [
        (item, place)
        for item, each in enumerate(parts)
        for place, part in enumerate(each)
        if (part.organisation_id, part.role) == party and part.amount.units > 0
    ]
    weights = [Fraction(parts[item][place].amount.units) for item, place in places]
    for (item, place), share in zip(places, split(most, weights), strict=True):
        parts[item][place] = replace(parts[item][place], amount=share)


def _within(item: Item, parts: Sequence[Part]) -> Item:
    """Make an item of lessened parts: what parties and funders get of it is lessened with them."""
    before = sum((part.amount.units for part in item.parts if part.amount.units > 0), 0)
    now = sum((part.amount.units for part in parts if part.amount.units > 0), 0)
    if now == before:
        return item
    kept = [
        part if part.amount.units >= 0 else replace(part, amount=_down(part.amount, now, before))
        for part in parts
    ]
    amount = total_of(kept)
    ratio = (amount.units, item.amount.units)
    return replace(
        item,
        amount=amount,
        parts=tuple(part for part in kept if part.amount),
        vouchers=tuple(
            replace(share, amount=_down(share.amount, *ratio)) for share in item.vouchers
        ),
    )


def _down(amount: Money, over: int, under: int) -> Money:
    """Take a fraction of an amount, rounded toward nothing."""
    units = abs(amount.units) * over // under
    return Money(-units if amount.units < 0 else units, amount.asset)

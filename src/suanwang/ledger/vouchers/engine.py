"""Decide what a programme pays of a contract or a bill, and say why, line by line.

    eligible base = lines in scope − excluded lines − what other programmes have paid of them
    subsidy       = min(rate × base, claim cap, firm's cap of the year − used, pool left)

Rates may have tiers, marginal or whole. Rounded down to the micro-yuan: never more than the rate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from suanwang.basics.money import CNY, Money, split
from suanwang.ledger.vouchers.programme import Programme, Stacking, Tier, Tiering
from suanwang.ledger.vouchers.reasons import Reason

_NOTHING = Money.zero(CNY)
_IN_SCOPE = ("compute",)  # where a programme does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """What is on record of a firm. None: not on record."""

    id: str
    region: str | None = None
    kinds: frozenset[str] | None = None
    credit_years: int | None = None
    legal_representative: str | None = None
    shares: Mapping[str, Fraction] = field(default_factory=dict)  # of whom it owns how much


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a contract or a bill. `taken` is what other programmes pay of it."""

    kind: str
    amount: Money
    taken: Money = _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for."""

    contract_id: str
    on: date  # the day in Shanghai
    firm: Party
    supplier: Party
    items: Sequence[Item]
    signed_on: date | None = None
    contract_days: int | None = None
    days_since_bill: int = 0
    pflops: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the programme has paid and has left. None: no such limit."""

    used_firm_year: Money = _NOTHING
    pool_left: Money | None = None
    voucher_left: Money | None = None
    contract_claimed: bool = False
    other_side_claimed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What became of one line: what was taken of it, or why nothing."""

    kind: str
    amount: Money
    taken: Money = _NOTHING
    reason: Reason | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is paid. `reason` says why nothing, or which limit made it less than rate × base."""

    amount: Money
    base: Money = _NOTHING
    rate: Fraction = Fraction(0)  # the highest of the tiers that the base reaches
    reason: Reason | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[Said, ...] = ()


def decide(programme: Programme, asked: Asked, standing: Standing) -> Decision:
    """Decide what `programme` pays of what is asked for."""
    why = next(_refusals(programme, asked, standing), None)
    if why is not None:
        return _refused(*why, items=asked.items)
    lines = [_line(programme, item) for item in asked.items]
    bases = [
        _NOTHING if said.reason else item.amount - item.taken
        for item, said in zip(asked.items, lines, strict=True)
    ]
    base = sum(bases, _NOTHING)
    if base.units <= 0:
        return Decision(amount=_NOTHING, reason=Reason.NOTHING_ELIGIBLE, lines=tuple(lines))
    rate, amount = rated(base, programme["rates"], programme["tiering"] or Tiering.MARGINAL)
    limit: tuple[Reason, Mapping[str, str]] | None = None
    for reason, most, facts in _limits(programme, asked, standing):
        if most < amount:
            amount, limit = max(most, _NOTHING), (reason, facts)
    return Decision(
        amount=amount,
        base=base,
        rate=rate,
        reason=limit and limit[0],
        facts=limit[1] if limit else {},
        lines=_spread(lines, bases, amount),
    )


def rated(base: Money, tiers: Sequence[Tier], tiering: Tiering) -> tuple[Fraction, Money]:
    """Return the rate × base by tiers, rounded down, and the highest rate that was applied."""
    reached = [tier for tier in tiers if tier.above < base] or [tiers[0]]
    if tiering is Tiering.WHOLE:
        rate = reached[-1].rate
        return rate, _floor(rate * base.units)
    edges = [tier.above.units for tier in reached[1:]] + [base.units]
    due = sum(
        (tier.rate * (edge - tier.above.units) for tier, edge in zip(reached, edges, strict=True)),
        Fraction(0),
    )
    return max(tier.rate for tier in reached), _floor(due)


def share_out(claims: Sequence[Money], pool: Money) -> list[Money]:
    """Give each claim of a window its share of a pool that is too small for all (pro rata)."""
    wanted = sum(claims, _NOTHING)
    if wanted <= pool or not wanted:
        return list(claims)
    return split(pool, [Fraction(each.units) for each in claims])


def relation(one: Party, other: Party, most: Fraction | None) -> str | None:
    """Say how two parties are related; None if they are not, by what is on record."""
    if one.id == other.id:
        return "one and the same organisation"
    if one.legal_representative and one.legal_representative == other.legal_representative:
        return f"one legal representative, {one.legal_representative}"
    for owner, owned in ((one, other), (other, one)):
        held = owner.shares.get(owned.id, Fraction(0))
        if most is not None and held >= most:
            return f"{owner.id} holds {float(held * 100):g} % of {owned.id}"
    return None


_Why = tuple[Reason, Mapping[str, str]]


def _refusals(programme: Programme, asked: Asked, standing: Standing) -> Iterator[_Why]:
    if programme.missing:
        yield Reason.INCOMPLETE, {"missing": ", ".join(programme.missing)}
        return
    yield from _time_refusals(programme, asked)
    yield from _firm_refusals(programme, asked.firm)
    if programme["unrelated"]:
        yield from _related(programme, asked)
    if programme["one_claim_per_contract"] and standing.contract_claimed:
        yield Reason.CONTRACT_CLAIMED, {"contract": asked.contract_id}
    if programme["one_side"] and standing.other_side_claimed:
        yield Reason.OTHER_SIDE, {}
    scale = programme["scale_min_pflops"]
    if scale is not None and (asked.pflops or 0) < scale:
        yield Reason.SCALE, _differs(asked.pflops or 0, scale)


def _time_refusals(programme: Programme, asked: Asked) -> Iterator[_Why]:
    since, until = programme["valid_from"], programme["valid_until"]
    day = asked.signed_on or asked.on
    if (since and day < since) or (until and day > until):
        yield Reason.NOT_IN_FORCE, {"since": str(since or "–"), "until": str(until or "–")}
    first = programme["signed_from"]
    if first and asked.signed_on and asked.signed_on < first:
        yield Reason.SIGNED_EARLY, _differs(asked.signed_on, first)
    longest = programme["contract_days_max"]
    if longest and (asked.contract_days or 0) > longest:
        yield Reason.CONTRACT_LONG, _differs(asked.contract_days, longest)
    window = programme["claim_window_days"]
    if window and asked.days_since_bill > window:
        yield Reason.WINDOW_OVER, _differs(asked.days_since_bill, window)


def _firm_refusals(programme: Programme, firm: Party) -> Iterator[_Why]:
    regions, kinds, years = (programme[each] for each in ("regions", "firm_kinds", "credit_years"))
    needed = {"region": (regions, firm.region), "kinds": (kinds, firm.kinds),
              "credit_years": (years, firm.credit_years)}  # fmt: skip
    missing = [name for name, (rule, fact) in needed.items() if rule and fact is None]
    if missing:
        yield Reason.FACTS_MISSING, {"party": firm.id, "facts": ", ".join(missing)}
        return
    if regions and firm.region not in regions:
        yield Reason.REGION, _differs(firm.region, ", ".join(regions))
    if kinds and not (firm.kinds or frozenset()) & set(kinds):
        yield Reason.FIRM_KIND, _differs(", ".join(sorted(firm.kinds or ())), ", ".join(kinds))
    if years and (firm.credit_years or 0) < years:
        yield Reason.CREDIT, _differs(firm.credit_years, years)


def _related(programme: Programme, asked: Asked) -> Iterator[_Why]:
    how = relation(asked.firm, asked.supplier, programme["shareholding_max"])
    if how is not None:
        yield Reason.RELATED, {"how": how}
        return
    for party in (asked.firm, asked.supplier):
        # Silence proves nothing: who they are must be on record before they count as unrelated.
        if party.legal_representative is None:
            yield Reason.FACTS_MISSING, {"party": party.id, "facts": "legal_representative"}


def _line(programme: Programme, item: Item) -> Said:
    included = programme["included"] or _IN_SCOPE
    said: _Why | None = None
    if item.kind in (programme["excluded"] or ()):
        said = Reason.EXCLUDED, {"kind": item.kind}
    elif item.kind not in included:
        said = Reason.NOT_INCLUDED, {"expected": ", ".join(included)}
    elif item.taken and programme["stacking"] is not Stacking.REMAINDER:
        said = Reason.SUBSIDISED, {}
    if said is None:
        return Said(kind=item.kind, amount=item.amount)
    return Said(kind=item.kind, amount=item.amount, reason=said[0], facts=said[1])


def _limits(
    programme: Programme, asked: Asked, standing: Standing
) -> Iterator[tuple[Reason, Money, Mapping[str, str]]]:
    if programme["claim_cap"] is not None:
        cap = programme["claim_cap"]
        yield Reason.CLAIM_CAP, cap, {"cap": str(cap)}
    cap = programme["firm_year_cap"]
    left = cap - standing.used_firm_year
    facts = {"cap": str(cap), "left": str(left), "year": str(asked.on.year)}
    yield Reason.FIRM_YEAR_CAP, left, facts
    if standing.pool_left is not None:
        yield Reason.POOL_EMPTY, standing.pool_left, {"left": str(standing.pool_left)}
    if standing.voucher_left is not None:
        yield Reason.VOUCHER_SPENT, standing.voucher_left, {"left": str(standing.voucher_left)}


def _spread(lines: Sequence[Said], bases: Sequence[Money], amount: Money) -> tuple[Said, ...]:
    shares = split(amount, [Fraction(each.units) for each in bases])
    return tuple(
        Said(kind=s.kind, amount=s.amount, taken=taken, reason=s.reason, facts=s.facts)
        for s, taken in zip(lines, shares, strict=True)
    )


def _refused(reason: Reason, facts: Mapping[str, str], *, items: Sequence[Item]) -> Decision:
    lines = tuple(
        Said(kind=each.kind, amount=each.amount, reason=reason, facts=facts) for each in items
    )
    return Decision(amount=_NOTHING, reason=reason, facts=facts, lines=lines)


def _differs(found: object, expected: object) -> dict[str, str]:
    return {"found": str(found), "expected": str(expected)}


def _floor(units: Fraction) -> Money:
    return Money(units.numerator // units.denominator, CNY)

"""A voucher programme as data: read from TOML, checked rule by rule, each rule with its source.

    programmes/*.toml ──▶ Programme          a rule without a value is empty, not zero
    fill(programme, {rule: value, source}) ──▶ the same, one gap less

While one of REQUIRED is empty the programme is incomplete, and nothing is paid under it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any

from suanwang.basics.errors import Invalid
from suanwang.basics.money import Money
from suanwang.ledger.vouchers.errors import ProgrammeRuleWrong, ProgrammeUnknown, RuleGiven

PERCENT = 100
RATE_UNITS = 10**9
TIERS_MAX = 20
DAYS_MAX = 36_525
#: What a programme must say before anything is paid under it.
REQUIRED = ("base", "rates", "firm_year_cap", "redemption")
FOLDER = "programmes"


class Base(StrEnum):
    """What the rate is a share of."""

    CONTRACT = "contract"  #: what was agreed
    PAID = "paid"  #: what was paid
    ABSORBED = "absorbed"  #: compute that was built or used, in PFLOPS


class Tiering(StrEnum):
    """How a base above one threshold is counted."""

    MARGINAL = "marginal"  #: each slice at its own rate
    WHOLE = "whole"  #: all of it at the rate of the slice that it ends in


class Exhaustion(StrEnum):
    """Who gets what the pool still has."""

    FIRST_COME = "first-come"
    PRO_RATA = "pro-rata"  #: of all claims of the window, at its end


class Stacking(StrEnum):
    """What becomes of lines that another programme has paid a share of."""

    EXCLUSIVE = "exclusive"  #: they are no base at all
    REMAINDER = "remainder"  #: what the other has left of them is


class Redemption(StrEnum):
    """When the funder pays."""

    OFFSET = "offset"  #: on the bill, before money
    REIMBURSE = "reimburse"  #: to the firm, after the bill is settled and the claim reviewed


class Status(StrEnum):
    """Whether a programme may pay."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Tier:
    """The rate of what lies above a threshold."""

    above: Money
    rate: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule as written. `value` None: the notice does not say."""

    value: Any
    source: str
    assumed: bool = False  # ours, where the notice is silent and nothing hangs on it alone
    filled_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """One programme. `said` is every rule as written; the rest is the same, read."""

    id: str
    version: int
    place: str
    name_en: str
    name_zh: str
    invented: bool
    parent: str | None
    said: Mapping[str, Rule]
    read: Mapping[str, Any] = field(repr=False)

    def __getitem__(self, rule: str) -> Any:  # noqa: ANN401 - each rule has its own type
        """Return a rule's value; None where it is empty."""
        return self.read[rule]

    @property
    def missing(self) -> tuple[str, ...]:
        """Name the rules that must be filled before anything is paid."""
        return tuple(name for name in REQUIRED if self.read[name] is None)

    @property
    def status(self) -> Status:
        """Say whether the programme may pay."""
        return Status.INCOMPLETE if self.missing else Status.COMPLETE

    def name(self, lang: str) -> str:
        """Name the programme in a language."""
        return self.name_zh if lang.startswith("zh") else self.name_en


@cache
def programmes() -> Mapping[str, Programme]:
    """Return our programme files, by id, companions included."""
    folder = resources.files("suanwang.ledger.vouchers").joinpath(FOLDER)
    found: dict[str, Programme] = {}
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.name.endswith(".toml"):
            for each in read_programme(entry.read_text("utf-8"), name=entry.name):
                assert each.id not in found, f"{entry.name}: {each.id} stands in two files"
                found[each.id] = each
    return found


def programme(programme_id: str) -> Programme:
    """Return one programme as its file has it. Raises ProgrammeUnknown."""
    found = programmes().get(programme_id)
    if found is None:
        raise ProgrammeUnknown(kind="programme", id=programme_id)
    return found


def read_programme(text: str, *, name: str) -> Iterator[Programme]:
    """Read a programme and its companions. Raises ProgrammeRuleWrong."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProgrammeRuleWrong(
            programme=name, field="file", expected="TOML", found=str(error)
        ) from None
    main = _programme(document, rules=document.get("rules", {}), where=name)
    yield main
    for each, companion in document.get("companions", {}).items():
        whole = {**document, "name": companion["name"], "id": f"{main.id}.{each}"}
        rules = {**document.get("rules", {}), **companion.get("rules", {})}
        yield _programme(whole, rules=rules, where=f"{name} {each}", parent=main.id)


def fill(programme: Programme, rules: Mapping[str, Rule]) -> Programme:
    """Fill rules that the notice leaves empty, or correct what was filled or assumed.

    Raises: RuleGiven, ProgrammeRuleWrong.
    """
    for each, rule in rules.items():
        if each not in RULES:
            _wrong(programme.id, each, f"one of {', '.join(RULES)}", each)
        now = programme.said[each]
        if now.value is not None and not now.assumed and now.filled_by is None:
            raise RuleGiven(kind="programme", id=programme.id, field=each, found="given",
                            expected="empty")  # fmt: skip
        if not rule.source.strip():
            _wrong(programme.id, f"{each}.source", "where the value comes from", rule.source)
        if rule.value is None:
            _wrong(programme.id, each, "a value", None)
    said = {**programme.said, **rules}
    return Programme(
        id=programme.id,
        version=programme.version,
        place=programme.place,
        name_en=programme.name_en,
        name_zh=programme.name_zh,
        invented=programme.invented,
        parent=programme.parent,
        said=said,
        read=_read_all(said, programme.id),
    )


def _programme(
    document: Mapping[str, Any], *, rules: Mapping[str, Any], where: str, parent: str | None = None
) -> Programme:
    try:
        said = {each: _rule(rules.get(each, {}), f"{where} {each}") for each in RULES}
        unknown = sorted(rules.keys() - RULES.keys())
        if unknown:
            _wrong(where, "rules", f"some of {', '.join(RULES)}", ", ".join(unknown))
        return Programme(
            id=document["id"],
            version=document["version"],
            place=document["place"],
            name_en=document["name"]["en"],
            name_zh=document["name"]["zh"],
            invented=document["invented"],
            parent=parent,
            said=said,
            read=_read_all(said, document["id"]),
        )
    except KeyError as error:
        _wrong(where, str(error.args[0]), "to be there", None)
        raise


def _rule(said: Mapping[str, Any], where: str) -> Rule:
    if said and not str(said.get("source", "")).strip():
        _wrong(where, "source", "where the value comes from", said.get("source"))
    return Rule(
        value=said.get("value"),
        source=said.get("source", "the notice, as we have it, does not say"),
        assumed=bool(said.get("assumed", False)),
    )


def _read_all(said: Mapping[str, Rule], programme_id: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each, (expected, read) in RULES.items():
        value = said[each].value
        if value is None:
            found[each] = None
            continue
        try:
            found[each] = read(value)
        except (ValueError, TypeError, KeyError, AttributeError, Invalid, InvalidOperation):
            _wrong(programme_id, each, expected, value)
    return found


def _wrong(where: str, name: str, expected: str, found: object) -> None:
    raise ProgrammeRuleWrong(programme=where, field=name, expected=expected, found=found)


def _money(value: object) -> Money:
    amount = Money.parse(value) if isinstance(value, str) else Money.zero()
    if amount.units <= 0:
        raise ValueError(value)
    return amount


def _share(value: object) -> Fraction:
    share = Fraction(Decimal(value)) / PERCENT if isinstance(value, str) else Fraction(0)
    # Bills write a rate with nine decimal places, so it must have no more.
    if not 0 < share <= 1 or (share * RATE_UNITS).denominator != 1:
        raise ValueError(value)
    return share


def _tiers(value: object) -> tuple[Tier, ...]:
    """Read "20" (one rate for all), or thresholds from nothing upwards."""
    rows = [{"above": "0", "rate": value}] if isinstance(value, str) else value
    if not isinstance(rows, list) or not 0 < len(rows) <= TIERS_MAX:
        raise ValueError(value)
    tiers = tuple(Tier(Money.parse(each["above"]), _share(each["rate"])) for each in rows)
    edges = [each.above for each in tiers]
    if edges[0].units or edges != sorted(set(edges)):
        raise ValueError(value)
    return tiers


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ValueError(value)
    return tuple(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _whole(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)  # as a command line gives it
    if type(value) is not int or not 0 < value <= DAYS_MAX:
        raise ValueError(value)
    return value


def _day(value: object) -> date:
    if not isinstance(value, str):
        raise TypeError(value)
    return date.fromisoformat(value)


_MONEY = ("an amount in yuan above 0, as text", _money)
_DAYS = ("a whole number from 1 to 36525", _whole)
_LIST = ("a list of names", _names)
_YES = ("true or false", _flag)
_DATE = ('a day, "2023-09-01"', _day)

#: Every rule there is: what it expects, and how it is read.
RULES: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "base": ("contract, paid or absorbed", Base),
    "rates": ('a percentage as text, "20", or a list of {above, rate}', _tiers),
    "tiering": ("marginal or whole", Tiering),
    "claim_cap": _MONEY,
    "firm_year_cap": _MONEY,
    "pool": _MONEY,
    "exhaustion": ("first-come or pro-rata", Exhaustion),
    "valid_from": _DATE,
    "valid_until": _DATE,
    "signed_from": _DATE,
    "contract_days_max": _DAYS,
    "regions": _LIST,
    "firm_kinds": _LIST,
    "credit_years": _DAYS,
    "included": _LIST,
    "excluded": _LIST,
    "unrelated": _YES,
    "shareholding_max": ('a percentage as text, "25"', _share),
    "evidence": _LIST,
    "claim_window_days": _DAYS,
    "grant_days": _DAYS,
    "stacking": ("exclusive or remainder", Stacking),
    "claw_back": _LIST,
    "redemption": ("offset or reimburse", Redemption),
    "one_claim_per_contract": _YES,
    "one_side": _YES,
    "scale_min_pflops": _DAYS,
}

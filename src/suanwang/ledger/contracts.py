"""Contracts: who sells and carries for whom, at what rates; agreement among the five trusts.

    agency     a broker sells a centre's capacity at its list price, for a commission of the charge
    self_run   a broker buys it at a price per class, or at list less a discount, and resells it
    carriage   a carrier gets a rate of what data in and out of a centre costs

Each names its clauses as fields and the SHA-256 of its text; it is in force once the other party
has agreed, from its first instant to its last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from typing import Any

from suanwang.basics.errors import Invalid
from suanwang.basics.ids import ContractId, OrganisationId
from suanwang.basics.lifecycle import Lifecycle
from suanwang.basics.money import Money
from suanwang.basics.slots import Instant

POOLS_MAX = 500
CLASSES_MAX = 500
_PLACES_MAX = 6
_HEX = frozenset("0123456789abcdef")
_SHA256_DIGITS = 64


class ContractKind(StrEnum):
    """What a contract is about."""

    AGENCY = "agency"
    SELF_RUN = "self_run"
    CARRIAGE = "carriage"


class ContractState(StrEnum):
    """Where a contract stands."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


class ContractEvent(StrEnum):
    """What its parties do."""

    AGREE = "agree"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    END = "end"


CONTRACT = Lifecycle(
    kind="contract",
    first=ContractState.PROPOSED,
    table={
        ContractState.PROPOSED: {
            ContractEvent.AGREE: ContractState.AGREED,
            ContractEvent.REFUSE: ContractState.REFUSED,
            ContractEvent.WITHDRAW: ContractState.WITHDRAWN,
        },
        ContractState.AGREED: {ContractEvent.END: ContractState.ENDED},
    },
    final=frozenset({ContractState.ENDED, ContractState.WITHDRAWN, ContractState.REFUSED}),
)


class ContractClauseWrong(Invalid):
    """The clause {clause} of a contract is wrong: expected {expected}, found {found}."""

    zh = "合同条款 {clause} 有误：应为 {expected}，实为 {found}。"
    code = "contract-clause-wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One contract. `clauses` are as `read_clauses` let them through."""

    id: ContractId
    kind: ContractKind
    owner_id: OrganisationId  # of the centres that are sold
    partner_id: OrganisationId  # the broker or carrier
    proposer_id: OrganisationId
    pools: tuple[str, ...]  # empty: all of the owner's
    from_at: Instant
    until_at: Instant | None
    clauses: Mapping[str, Any]
    text_sha256: str
    state: ContractState
    said: tuple[Mapping[str, Any], ...]  # who did what, by which key, when
    created_at: Instant
    updated_at: Instant

    @property
    def parties(self) -> tuple[OrganisationId, OrganisationId]:
        """Both of them."""
        return self.owner_id, self.partner_id

    @property
    def word(self) -> str:
        """The record by which both had agreed: the second word about it."""
        return f"{self.id}#2"

    def covers(self, pool_id: str, owner_id: str, now: Instant) -> bool:
        """Say whether it is in force for a pool now."""
        in_time = self.from_at <= now and (self.until_at is None or now < self.until_at)
        ours = owner_id == self.owner_id and (not self.pools or pool_id in self.pools)
        return self.state is ContractState.AGREED and in_time and ours


def read_clauses(kind: ContractKind, clauses: Mapping[str, Any]) -> dict[str, Any]:
    """Check the clauses that a kind of contract has. Raises ContractClauseWrong."""
    if kind is ContractKind.AGENCY:
        return _only(clauses, "commission")
    if kind is ContractKind.CARRIAGE:
        return _only(clauses, "carriage")
    if "discount" in clauses:
        return _only(clauses, "discount")
    prices = clauses.get("prices")
    if set(clauses) != {"prices"} or not isinstance(prices, Mapping) or not prices:
        raise _wrong("prices", "prices by class, or a discount", sorted(clauses))
    if len(prices) > CLASSES_MAX:
        raise _wrong("prices", f"at most {CLASSES_MAX} classes", len(prices))
    return {"prices": {str(name): _price(str(name), each) for name, each in prices.items()}}


def rate_of(contract: Contract, clause: str) -> Fraction:
    """Return a rate that a contract names."""
    return Fraction(Decimal(contract.clauses[clause]))


def check_sha256(text: str) -> str:
    """Return the SHA-256 of a contract's text, or refuse what is none."""
    if len(text) != _SHA256_DIGITS or not _HEX.issuperset(text):
        raise _wrong("text_sha256", "64 hex digits", text[:80])
    return text


def _only(clauses: Mapping[str, Any], name: str) -> dict[str, Any]:
    if set(clauses) != {name}:
        raise _wrong(name, f"{name} and nothing else", sorted(clauses))
    found = clauses[name]
    try:
        rate = Decimal(found) if isinstance(found, str) else Decimal("NaN")
    except InvalidOperation:
        rate = Decimal("NaN")
    exponent = rate.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > _PLACES_MAX or not 0 <= rate <= 1:
        raise _wrong(name, "a rate from 0 to 1 with at most 6 decimal places", found)
    return {name: f"{rate:f}"}


def _price(name: str, found: object) -> str:
    try:
        price = Money.parse(found) if isinstance(found, str) else Money(-1)
    except Invalid:
        price = Money(-1)
    if price.units < 0:
        raise _wrong(f"prices.{name}", "yuan per card-hour, zero or more", found)
    return str(price)


def _wrong(clause: str, expected: str, found: object) -> ContractClauseWrong:
    return ContractClauseWrong(clause=clause, expected=expected, found=str(found)[:80])
